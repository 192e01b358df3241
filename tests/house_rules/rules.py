"""Every rule by its name: the one list."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tests.house_rules import code, gate, prose
from tests.house_rules.source import Rule

RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "banner": code.banner,
        "built-on-import": code.built_on_import,
        "clock": code.clock,
        "commit": code.commit,
        "delivery-hook": gate.delivery_hook,
        "file-length": code.file_length,
        "human-origin": gate.human_origin,
        "init-docstring": code.init_docstring,
        "label-record": gate.label_record,
        "print": code.no_print,
        "restored-event": gate.restored_event,
        "seal": gate.seal,
        "sleep": code.sleep,
        "todo-issue": code.todo_issue,
        "user-text": prose.user_text,
        "waiver": gate.waiver,
    }
)
