"""The explicit label in a message of plain text: the notice at its end."""

import re

from labelling.wording import compliant
from labelling.writers.base import Kind, Label

_AT_THE_END = re.compile(r"（([^（）]+)）\Z")


class TextNoticeWriter:
    """Puts `（内容由AI生成）` at the end of a message (GB 45438-2025 §5.1)."""

    name = "text-notice"
    kind = Kind.EXPLICIT

    def write(self, content: bytes, label: Label) -> bytes:
        notice = f"（{label.notice}）".encode()
        return content if content.endswith(notice) else content + notice

    def read(self, content: bytes) -> str | None:
        found = _AT_THE_END.search(content.decode())
        return found[1] if found and compliant(found[1]) else None
