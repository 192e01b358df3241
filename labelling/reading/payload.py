"""The value of an `AIGC` label as it was found, however sloppily it was written."""

import base64
import binascii
import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from labelling.errors import ProducerCodeInvalidError
from labelling.identity import ProducerCode
from labelling.output import Aigc

KEYS = (
    "Label",
    "ContentProducer",
    "ProduceID",
    "ReservedCode1",
    "ContentPropagator",
    "PropagateID",
    "ReservedCode2",
)
_LARGEST = 64 << 10
_DEEPEST = 8
_LONGEST_SALVAGED = 2048
_CANONICAL = {key.casefold(): key for key in KEYS} | {
    # Seen in use: blogs, iFlow and metatoolkit write these.
    "reservecode1": "ReservedCode1",
    "reservecode2": "ReservedCode2",
    "propagator": "ContentPropagator",
    "propatorid": "PropagateID",
    "propagatorid": "PropagateID",
    "producerid": "ProduceID",
    "producer": "ContentProducer",
}
_POSITIVE = frozenset({"aigc", "true", "yes", "ai", "ai生成", "ai合成", "人工智能生成", "1.0"})
_WRITABLE = re.compile(r"[\x21-\x7e]*", re.ASCII)
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]{24,}={0,2}\s*", re.ASCII)
_QUOTED = r"""(?:"([^"\\]*(?:\\.[^"\\]*)*)"|'([^'\\]*(?:(?:\\.|'')[^'\\]*)*)')"""
_PAIR = re.compile(
    rf"\s*(?:{_QUOTED}|([A-Za-z_][\w-]*))\s*[:=]\s*"
    rf"(?:{_QUOTED}|(\{{[^{{}}]*\}})|([^,{{}}\[\]\"'\n]*?))\s*(?:,\s*|$)"
)
# Bounded, so that a value without an end costs no more than this for every key.
_SALVAGED = re.compile(
    r"""["']?(?<![\w-])(\w{5,20})["']?\s*[:=]\s*"""
    rf"""(?:"([^"]{{0,{_LONGEST_SALVAGED}}})|'([^']{{0,{_LONGEST_SALVAGED}}})|([\w.+/-]{{1,64}}))"""
)


@dataclass(frozen=True, slots=True)
class Payload:
    """What stands in one label."""

    fields: Mapping[str, str] = field(default_factory=dict)
    """By the standard's key; what is missing is left out."""
    label: str | None = None
    """`1`, `2` or `3`; None where the value says neither, which never means "not AI"."""
    issues: tuple[str, ...] = ()
    broken: bool = False

    @property
    def aigc(self) -> Aigc:
        """The seven values as they stand there, empty where missing."""
        return Aigc(*(self.fields.get(key, "") for key in KEYS))


def canonical(key: str) -> str | None:
    """Give the standard's name of a key, or None for a key that is none of the seven."""
    return _CANONICAL.get(key.strip().replace("_", "").replace("-", "").casefold())


def parse(text: str) -> Payload:
    """Read the value of a label.

    It never fails: what cannot be read is said in `issues` and `broken`.
    """
    text = text.strip("\ufeff\0 \t\r\n")
    if not text:
        return Payload(issues=("empty",), broken=True)
    if len(text) > _LARGEST:
        return Payload(issues=("too-large",), broken=True)
    issues: list[str] = []
    value = _value(text, issues, levels=3)
    if value is not None:
        return of_pairs(value, issues)
    pairs = [
        (found[1], found[2] or found[3] or found[4] or "")
        for found in _SALVAGED.finditer(text)
        if canonical(found[1])
    ]
    return of_pairs(pairs, [*issues, "broken-json"], broken=True)


def of_pairs(
    pairs: Sequence[tuple[str, object]], issues: Sequence[str] = (), *, broken: bool = False
) -> Payload:
    """Read keys and values that the container's own format told apart."""
    found = list(issues)
    fields: dict[str, str] = {}
    for key, value in pairs:
        name = canonical(str(key))
        if name is None:
            found.append("unknown-key")
            continue
        if name != key:
            found.append("key-name")
        text = _text(value, found)
        if fields.get(name, text) != text:
            # Nobody knows which of the two counts.
            found.append("duplicate-key")
            broken = True
        fields.setdefault(name, text)
    if sum(map(len, fields.values())) > _LARGEST:
        return Payload(issues=("too-large",), broken=True)
    label = _label(fields.get("Label"), found)
    _conformance(fields, label, found)
    unique = tuple(dict.fromkeys(found))
    return Payload(fields, label, unique, broken or label is None)


def object_at(text: str) -> str:
    """Give the object at the start of a text, without what follows it."""
    depth = 0
    for place, character in enumerate(text[:_LARGEST]):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if depth == 0:
            return text[: place + 1]
    return text


class _Object(list[tuple[str, object]]):
    """An object of JSON whose keys may stand there twice."""


def _value(text: str, issues: list[str], levels: int) -> _Object | None:
    """Give the object in a text, through wrappers, quotes and encodings."""
    value = _json(text, issues)
    if isinstance(value, str) and levels:
        issues.append("nested-string")
        return _value(value, issues, levels - 1)
    if not isinstance(value, _Object):
        return _otherwise(text, issues, levels)
    inner = _unwrapped(value)
    if inner is value:
        return value
    issues.append("wrapped")
    if isinstance(inner, str) and levels:
        issues.append("nested-string")
        return _value(inner, issues, levels - 1)
    return inner if isinstance(inner, _Object) else None


def _json(text: str, issues: list[str]) -> object:
    try:
        value: object = json.loads(text, object_pairs_hook=_Object)
        _plain(value)
    except RecursionError:
        issues.append("too-deep")
        return None
    except ValueError:
        return None
    return value


def _plain(value: object, depth: int = 0) -> object:
    """Give ordinary containers.

    Raises:
        RecursionError: They are nested deeper than any label.
    """
    if depth > _DEEPEST:
        raise RecursionError
    if isinstance(value, _Object):
        return {key: _plain(inner, depth + 1) for key, inner in value}
    if isinstance(value, list):
        return [_plain(inner, depth + 1) for inner in value]
    return value


def _unwrapped(value: _Object) -> object:
    if any(canonical(key) for key, _ in value):
        return value
    return next((inner for key, inner in value if key.strip().casefold() == "aigc"), value)


def _otherwise(text: str, issues: list[str], levels: int) -> _Object | None:
    """Read what is no JSON: entities, base64, or pairs with the wrong quotes."""
    if "&" in text and levels and (unescaped := html.unescape(text)) != text:
        issues.append("entities")
        return _value(unescaped, issues, levels - 1)
    if levels and _BASE64.fullmatch(text) and (unpacked := _from_base64(text)):
        issues.append("base64")
        return _value(unpacked, issues, levels - 1)
    if not text.startswith("{"):
        return None
    pairs = _relaxed(text)
    if pairs is not None:
        issues.append("not-json")
    return pairs


def _from_base64(text: str) -> str | None:
    try:
        unpacked = base64.b64decode(text).decode()
    except (binascii.Error, ValueError):
        return None
    return unpacked if unpacked.startswith("{") else None


def _relaxed(text: str) -> _Object | None:
    """Read single quotes, bare words and trailing commas; None if anything else is wrong."""
    if not text.endswith("}"):
        return None
    body = text[1:-1].strip()
    wrapper = re.match(r"""["']?AIGC["']?\s*[:=]\s*(?=\{)""", body, re.IGNORECASE)
    if wrapper:
        body = body[wrapper.end() :].rstrip(", \t\r\n}").removeprefix("{").strip()
    pairs = _Object()
    place = 0
    while place < len(body):
        found = _PAIR.match(body, place)
        if found is None:
            return None
        key = found[1] or found[2] or found[3] or ""
        value = next((part for part in found.group(4, 5, 6, 7) if part is not None), "")
        pairs.append((key, value.replace("''", "'") if found[5] is not None else value))
        place = found.end()
    return pairs


def _text(value: object, issues: list[str]) -> str:
    """Give a value as the string it ought to be."""
    if isinstance(value, str):
        if not _WRITABLE.fullmatch(value):
            issues.append("value-characters")
        return value
    issues.append("value-type")
    if value is None:
        return ""
    if isinstance(value, list):
        return json.dumps(_plain(value), separators=(",", ":"), ensure_ascii=False)
    return json.dumps(value)


def _label(value: str | None, issues: list[str]) -> str | None:
    if value in {"1", "2", "3"}:
        return value
    bare = (value or "").strip().casefold()
    issues.append("label-value" if value is not None else "label-missing")
    if bare in {"1", "2", "3"}:
        return bare
    return "1" if bare in _POSITIVE else None


def _conformance(fields: Mapping[str, str], label: str | None, issues: list[str]) -> None:
    """Say what a strict writer would not have written (GB 45438-2025 Annex E)."""
    if any(key not in fields for key in KEYS):
        issues.append("key-missing")
    if list(fields) != [key for key in KEYS if key in fields]:
        issues.append("key-order")
    providers = (fields.get("ContentProducer"), fields.get("ContentPropagator"))
    if not all(_is_code(provider) for provider in providers if provider):
        issues.append("provider-code")
    # A propagator that found nothing leaves the producer empty; a producer knows itself.
    needed = ("ContentPropagator", "PropagateID") + (
        ("ContentProducer", "ProduceID") if label == "1" else ()
    )
    if any(not fields.get(key) for key in needed):
        issues.append("value-missing")


def _is_code(value: str) -> bool:
    try:
        ProducerCode.parse(value)
    except ProducerCodeInvalidError:
        return False
    return True
