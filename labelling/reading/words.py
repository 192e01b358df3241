"""Media that are text: plain, CSV, Markdown, HTML, JSON and SVG."""

import html
import json
import re
from collections.abc import Iterator

from labelling.reading import frontmatter, xmp
from labelling.reading.finds import Finds
from labelling.reading.notice import notice, notice_among
from labelling.reading.payload import Payload, object_at, of_pairs, parse
from labelling.reading.source import Source, decoded
from labelling.reading.xml import Walk, local

_WINDOW = 512 << 10
_LARGEST_JSON = 4 << 20
_LARGEST_SVG = 4 << 20
_META = re.compile(
    r"<meta((?>\s+[^\s=>\"'/]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'>]+))?)*+)\s*/?>",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"([^\s=\"'/]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_UNSEEN = ("script", "style", "template")
_SEEN = re.compile(r">([^<>]{3,200})<")
_BOUNDARY = re.compile(
    r"</?(?:p|div|footer|header|aside|figcaption|h[1-6]|td|th|tr|li|section|article|body|br)\b"
    r"[^<>]*>",
    re.IGNORECASE,
)
_FRAME = re.compile(r"^[>#*_|`\s-]+|[*_|`\s-]+$")
_TAG = re.compile(r"<[^<>]*>")
_AI = re.compile(r"AI|人工智能|ＡＩ", re.IGNORECASE)
_JSON_KEY = re.compile(r"\"AIGC\"\s*:", re.IGNORECASE)
_DEEPEST_WORDS = 6


def scan_text(source: Source, finds: Finds) -> None:
    """Read plain text or CSV: it has words and no place for more, which some fill all the same."""
    text = _text(source)
    finds.explicit = notice(text.strip())
    if "aigc" in text.casefold():
        frontmatter.scan(text, finds)


def scan_markdown(source: Source, finds: Finds) -> None:
    """Read Markdown: front matter, and the words around it."""
    text = _text(source)
    frontmatter.scan(text, finds)
    body = frontmatter.body(text).strip()
    # A line may be a quotation, a heading or emphasis.
    lines = [_FRAME.sub("", line) for line in (*body.splitlines()[:3], *body.splitlines()[-3:])]
    finds.explicit = notice_among(lines) or notice(body)


def scan_html(source: Source, finds: Finds) -> None:
    """Read HTML: `meta` elements and comments, and the words that are seen."""
    text = _text(source)
    if "aigc" in text.casefold():
        _comments(text, finds)
        _metas(_without(text, "<!--", "-->"), finds)
    # Words may be written as character references.
    if _AI.search(text) or "&#" in text:
        finds.words([words for words in _seen(text) if _AI.search(words)])


def _comments(text: str, finds: Finds) -> None:
    for _, inside in _between(text, "<!--", "-->"):
        words = inside.strip()
        if words[:4].casefold() == "aigc":
            finds.claim("html:comment", words[4:].lstrip(" \t:="))


def _between(text: str, opening: str, closing: str) -> Iterator[tuple[str, str]]:
    """Give what stands before each pair of marks and within it; the last pair holds nothing.

    By `find`, since a pattern would look for a missing end again from every beginning.
    """
    place = 0
    while (start := text.find(opening, place)) >= 0:
        end = text.find(closing, start + len(opening))
        if end < 0:
            break
        yield text[place:start], text[start + len(opening) : end]
        place = end + len(closing)
    yield text[place:], ""


def _without(text: str, opening: str, closing: str) -> str:
    return "".join(before for before, _ in _between(text, opening, closing))


def _metas(text: str, finds: Finds) -> None:
    for found in _META.finditer(text):
        attributes = {
            key.casefold(): html.unescape(double or single or bare)
            for key, double, single, bare in _ATTRIBUTE.findall(found[1])
        }
        name = attributes.get("name", "")
        if name.casefold() == "aigc":
            issues = () if name == "AIGC" else ("key-name",)
            finds.claim("html:meta", attributes.get("content", ""), *issues)
        elif attributes.get("property", "").casefold() in {"site:aigc", "aigc"}:
            finds.claim("html:property", attributes.get("content", ""))


def _seen(text: str) -> Iterator[str]:
    shown = _without(text, "<!--", "-->")
    for name in _UNSEEN:
        shown = _without(shown, f"<{name}", f"</{name}")
    for found in _SEEN.finditer(shown):
        yield html.unescape(found[1])
    for block in _BOUNDARY.split(shown):
        yield html.unescape(_TAG.sub("", block))


def scan_json(source: Source, finds: Finds) -> None:
    """Read JSON: the member `AIGC` at the top, and strings that are notices."""
    text = decoded(source.whole(_LARGEST_JSON))
    try:
        value: object = json.loads(text, object_pairs_hook=_Members)
    except (ValueError, RecursionError):
        finds.issues.append("broken-json-file")
        found = _JSON_KEY.search(text)
        if found:
            finds.claim("json:AIGC", object_at(text[found.end() :].lstrip()))
        finds.explicit = notice(text.strip())
        return
    if isinstance(value, _Members):
        for key, member in value:
            if key.casefold() == "aigc":
                issues = () if key == "AIGC" else ("key-name",)
                finds.claim("json:AIGC", _member(member), *issues)
    if _AI.search(text):
        finds.words(list(_strings(value, 0)))


class _Members(list[tuple[str, object]]):
    """An object whose keys may stand there twice."""


def _member(value: object) -> Payload:
    if isinstance(value, _Members):
        return of_pairs(value)
    if isinstance(value, str):
        payload = parse(value)
        return Payload(
            payload.fields, payload.label, (*payload.issues, "nested-string"), payload.broken
        )
    return Payload(issues=("not-json",), broken=True)


def _strings(value: object, depth: int) -> Iterator[str]:
    if depth > _DEEPEST_WORDS:
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, _Members):
        for _, member in value:
            yield from _strings(member, depth + 1)
    elif isinstance(value, list):
        for member in value:
            yield from _strings(member, depth + 1)


def scan_svg(source: Source, finds: Finds) -> None:
    """Read SVG: the packet in its metadata, and the words of its text elements."""
    document = source.whole(_LARGEST_SVG)
    if b"c2pa:manifest" in document:
        finds.manifest()
    if b"aigc" in document.lower() or b"DigitalSourceType" in document:
        xmp.scan(document, finds)
    if _AI.search(document.decode("utf-8", "replace")):
        walker = _SvgWords()
        Walk(walker.started, walker.ended).over(document, _LARGEST_SVG)
        finds.words(walker.texts)


class _SvgWords:
    """Puts the words of a `text` element together, spans and all."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._open: list[str] | None = None

    def started(self, name: str, attributes: dict[str, str]) -> None:
        if local(name) == "text":
            self._open = []

    def ended(self, name: str, text: str) -> None:
        if self._open is None:
            return
        self._open.append(text)
        if local(name) == "text":
            self.texts.append("".join(self._open))
            self._open = None


def _text(source: Source) -> str:
    """Give a text, of a long one its ends: that is where labels stand."""
    if source.size <= 2 * _WINDOW:
        return source.at(0, source.size).decode(errors="replace")
    head, tail = source.at(0, _WINDOW), source.at(source.size - _WINDOW, _WINDOW)
    return f"{head.decode(errors='replace')}\n{tail.decode(errors='replace')}"
