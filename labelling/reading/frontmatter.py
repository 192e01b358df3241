"""The label in Markdown: front matter where it belongs, and wherever else it has been seen.

Only strings are read: no anchor is followed, no tag obeyed, no number made of a digit.
"""

import re
from collections.abc import Iterator
from itertools import islice

from labelling.reading.finds import Finds
from labelling.reading.payload import Payload, object_at, of_pairs, parse

_FENCE = re.compile(
    r"\A(?:\ufeff)?---[ \t]*\r?\n(.{0,65536}?\n)?(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL
)
_KEY = re.compile(
    r"^([\"']?)(AIGC)\1[ \t]*:(?=[\s{\"'|>]|$)[ \t]*(.*)$", re.MULTILINE | re.IGNORECASE
)
_FENCED = re.compile(r"^(?:```|~~~)[\w-]*[ \t]*$", re.MULTILINE)
_MEMBER = re.compile(r"^[ \t]+([\"']?)([\w-]{1,40})\1[ \t]*:[ \t]*(.*?)[ \t]*$")
_COMMENT = re.compile(r"<!--\s{0,9}AIGC\s{0,9}[:=]?", re.IGNORECASE)
# What ordinary loaders make something other than a string of.
_RETYPED = re.compile(
    r"[-+]?[\d][\d_.:eE+-]*|0[xo][\da-fA-F]+|true|false|yes|no|on|off|null|~|", re.IGNORECASE
)
_MARKS = ("&", "*", "!", "@", "`", "%")
_HOW_FAR = 64 << 10
_MOST_KEYS = 8


def scan(text: str, finds: Finds) -> None:
    """Look in the front matter, then in every place where a sloppy writer has put it."""
    text = text.replace("\r\n", "\n")
    first = _FENCE.match(text)
    rest = text
    if first:
        rest = text[first.end() :]
        _mapping(first[1] or "", finds, "markdown:front-matter")
        second = _FENCE.match(rest.lstrip("\n"))
        if second:
            _mapping(second[1] or "", finds, "markdown:second-front-matter")
            rest = rest.lstrip("\n")[second.end() :]
    if not finds.claims:
        for place, block in _elsewhere(rest):
            _mapping(block, finds, place)
            if finds.claims:
                return
        comment = _COMMENT.search(rest)
        if comment:
            inside = rest[comment.end() : comment.end() + _HOW_FAR].partition("-->")[0]
            finds.claim("markdown:comment", inside.strip())


def body(text: str) -> str:
    """Give what follows the front matter."""
    first = _FENCE.match(text)
    return text[first.end() :] if first else text


def _elsewhere(text: str) -> Iterator[tuple[str, str]]:
    """Give blocks at the start and the end; an example in the middle of a text labels nothing."""
    bare = text.strip("\ufeff \n")
    fences = list(_FENCED.finditer(bare))
    pairs = [fences[place : place + 2] for place in range(0, len(fences) - 1, 2)]
    for opening, closing in pairs[:1] + pairs[1:][-1:]:
        if opening.start() == 0 or closing.end() == len(bare):
            yield "markdown:fenced", bare[opening.end() : closing.start()][:_HOW_FAR]
    if _KEY.match(bare):
        yield "markdown:unfenced", bare[:_HOW_FAR].split("\n\n")[0]
    tail = bare[-_HOW_FAR:].removesuffix("---").rstrip()
    keys = list(_KEY.finditer(tail))
    if keys and all(
        not line.strip() or line[:1] in " \t}" for line in tail[keys[-1].end() :].splitlines()
    ):
        yield "markdown:tail", tail[keys[-1].start() :]


def _mapping(block: str, finds: Finds, place: str) -> None:
    for found in islice(_KEY.finditer(block), _MOST_KEYS):
        payload = _value(found[3].strip(), block[found.end() :])
        # Outside front matter, a line that begins so is a label only if it goes on like one.
        if payload.fields or place.endswith("front-matter"):
            finds.claim(place, payload, *(() if found[2] == "AIGC" else ("key-name",)))


def _value(inline: str, below: str) -> Payload:
    """Read a mapping below the key, or a flow mapping or a string beside it."""
    lines = _indented(below)
    if inline[:1] in {"|", ">"}:
        return _joined(" ".join(line.strip() for line in lines), "block-scalar")
    if inline.startswith("{"):
        whole = " ".join([inline, *(line.strip() for line in lines)])
        return _joined(object_at(whole), None)
    if inline:
        return _joined(_unquoted(inline)[0], "nested-string")
    pairs: list[tuple[str, object]] = []
    issues: list[str] = []
    for line in lines:
        member = _MEMBER.match(line)
        if member:
            value, problem = _unquoted(member[3])
            pairs.append((member[2], value))
            issues += [problem] if problem else []
        elif line.strip() and not line.lstrip().startswith("#"):
            issues.append("not-yaml")
    return of_pairs(pairs, issues, broken="not-yaml" in issues)


def _joined(text: str, issue: str | None) -> Payload:
    payload = parse(text)
    issues = (*payload.issues, *([issue] if issue else []))
    return Payload(payload.fields, payload.label, issues, payload.broken)


def _indented(below: str) -> list[str]:
    lines: list[str] = []
    for line in below.lstrip("\n").splitlines():
        if line.strip() and line[:1] not in {" ", "\t", "}"}:
            break
        lines.append(line)
    return lines


def _unquoted(value: str) -> tuple[str, str | None]:
    """Give a scalar as a string, and what is wrong with how it was written."""
    if len(value) > 1 and value[0] == value[-1] == "'":
        return value[1:-1].replace("''", "'"), None
    if len(value) > 1 and value[0] == value[-1] == '"':
        inner = value[1:-1]
        return inner.replace('\\"', '"').replace("\\\\", "\\"), None
    if value.startswith(_MARKS):
        return value, "not-yaml"
    value = re.sub(r"\s#.*$", "", value)
    return value, "unquoted" if _RETYPED.fullmatch(value) else None
