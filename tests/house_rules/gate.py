"""Rules that keep the labelling gate the only way out."""

import ast
from collections.abc import Iterator

from tests.house_rules.source import Source, dotted, last

Found = Iterator[tuple[int, str]]


def human_origin(source: Source) -> Found:
    """A model's words can never pass for a person's."""
    if source.under("labelling/", "runtime/", "tests/"):
        return
    remedy = "name a `Phrase`, or make a generated draft: what an agent words is labelled"
    for node in source.nodes:
        if isinstance(node, ast.Attribute) and dotted(node).endswith("Origin.HUMAN"):
            yield node.lineno, remedy
    for line, name, call in source.calls:
        if last(name) == "Origin" and any(
            isinstance(argument, ast.Constant) and argument.value == "human"
            for argument in call.args
        ):
            yield line, remedy


def waiver(source: Source) -> Found:
    """A waiver of the explicit label is loaded from the store, never made up."""
    if source.under("runtime/store/waivers.py", "labelling/policy.py", "tests/"):
        return
    for line, name, _ in source.calls:
        if last(name) == "Waiver":
            yield line, "load it from runtime/store/waivers.py, where agreement and person are kept"


def seal(source: Source) -> Found:
    """Nobody but the stage has the seal, and nobody goes round the constructor."""
    for node in source.nodes:
        if isinstance(node, ast.Attribute) and dotted(node) in {
            "object.__new__",
            "object.__setattr__",
        }:
            yield node.lineno, "make the value with its constructor, or label it"
    if source.under(
        "labelling/stage.py", "labelling/output.py", "tests/labelling/", "tests/typing/"
    ):
        return
    for line, module, name in _imports(source):
        sealed = {module, f"{module}.{name}"} & {"labelling._seal", "labelling.output._Seal"}
        if sealed or last(name) in {"SEAL", "_SEAL"}:
            yield line, "what may leave comes from `LabellingStage.label` or `.restore`"


def label_record(source: Source) -> Found:
    """A record of a labelling is written by the stage: `restore` trusts its digests."""
    if source.under("labelling/", "tests/"):
        return
    for line, name, _ in source.calls:
        if last(name) in {"LabelRecord", "PartRecord"}:
            yield line, "take the record from a `LabelledOutput`, or read it from the outbox"


def restored_event(source: Source) -> Found:
    """Only the outlet, which decrypts what it stored itself, makes events again."""
    if source.under("runtime/outlet.py", "labelling/", "tests/"):
        return
    for line, name, _ in source.calls:
        if last(name) == "restore_event":
            yield line, "follow the outlet: runtime/outlet.py restores what it stored"


def delivery_hook(source: Source) -> Found:
    """What an adapter does to send is called where the seal was checked."""
    if source.under("channels/base.py", "tests/"):
        return
    for line, name, _ in source.calls:
        if last(name) in {"_post", "_push"}:
            yield line, "call `Channel.send` or `Channel.push`, which check the seal"


def _imports(source: Source) -> Iterator[tuple[int, str, str]]:
    """Give every import: line, module, and the name taken from it."""
    for node in source.nodes:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.lineno, node.module or "", alias.name
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, ""
