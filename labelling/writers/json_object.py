"""The labels in a JSON object: members at its start."""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from labelling.writers.base import Kind, Label
from labelling.writers.payload import KEY, compact
from labelling.writers.refusal import refuse
from labelling.writers.statements import statement

NOTICE_KEY = "aigc_notice"
"""The member with the words, for a person who opens the file."""

_SPACE = re.compile(r"[ \t\r\n]*")
_MOST_BYTES = 64 * 1024 * 1024


class JsonNoticeWriter:
    """Puts the words into the first member; only an object has room for them."""

    name = "json-notice"
    kind = Kind.EXPLICIT

    def write(self, content: bytes, label: Label) -> bytes:
        return _with_member(content, NOTICE_KEY, json.dumps(label.notice, ensure_ascii=False))

    def read(self, content: bytes) -> str | None:
        words = _value(content, NOTICE_KEY)
        return statement(words) if isinstance(words, str) else None


class JsonMemberWriter:
    """Writes the member `AIGC`, an object of seven strings."""

    name = "json-member"
    kind = Kind.IMPLICIT

    def write(self, content: bytes, label: Label) -> bytes:
        return _with_member(content, KEY, compact(label.aigc))

    def read(self, content: bytes) -> str | None:
        value = _value(content, KEY)
        return json.dumps(value, separators=(",", ":")) if isinstance(value, dict) else None


class _Member(NamedTuple):
    key: str
    start: int
    value: object
    end: int


def _value(content: bytes, key: str) -> object:
    found = [member.value for member in _members(_decoded(content)) if member.key == key]
    return found[0] if len(found) == 1 else None


def _with_member(content: bytes, key: str, value: str) -> bytes:
    """Give the object with one member of that name, at its old place or at the start.

    What else stands there keeps its bytes: numbers their digits, text its escapes.
    """
    text = _decoded(content)
    members = list(_members(text))
    named = [member for member in members if member.key == key]
    if len(named) > 1:
        refuse(f"it has more than one member {key!r}")
    member = f'"{key}":{value}'
    if named:
        old = named[0]
        if text[old.start : old.end] == member:
            return content
        return (text[: old.start] + member + text[old.end :]).encode()
    start = text.index("{") + 1
    if not members:
        return (text[:start] + member + text[_past_space(text, start) :]).encode()
    # The first member's own indentation serves for both.
    space = text[start : members[0].start]
    return (text[:start] + space + member + "," + text[start:]).encode()


def _decoded(content: bytes) -> str:
    if len(content) > _MOST_BYTES:
        refuse(f"it has more than {_MOST_BYTES} bytes")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        refuse("it is not in UTF-8", error)


def _members(text: str) -> Iterator[_Member]:
    """Give the members of the object, each with its place.

    Raises:
        UnsupportedMediaError: It is no object, broken, or too deep.
    """
    decoder = json.JSONDecoder()
    try:
        at = _past_space(text, 0)
        if text[at : at + 1] != "{":
            refuse("only a JSON object has a place for a label; wrap it in one")
        at = _past_space(text, at + 1)
        if text[at : at + 1] != "}":
            member = _member(decoder, text, at)
            yield member
            at = _past_space(text, member.end)
            while text[at : at + 1] == ",":
                member = _member(decoder, text, _past_space(text, at + 1))
                yield member
                at = _past_space(text, member.end)
        at = _past_space(text, _expected(text, at, "}"))
        if at != len(text):
            refuse("something follows the JSON object")
    except (ValueError, RecursionError) as error:
        refuse("it is no valid JSON, or too deep", error)


def _member(decoder: json.JSONDecoder, text: str, start: int) -> _Member:
    key, at = decoder.raw_decode(text, start)
    if not isinstance(key, str):
        refuse("it is no valid JSON")
    at = _expected(text, _past_space(text, at), ":")
    value, end = decoder.raw_decode(text, _past_space(text, at))
    return _Member(key, start, value, end)


def _past_space(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    assert space is not None
    return space.end()


def _expected(text: str, at: int, sign: str) -> int:
    if text[at : at + 1] != sign:
        refuse("it is no valid JSON")
    return at + 1
