"""The labels in HTML: a line at the start of the body, and `<meta name="AIGC">` in the head."""

import html
import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from labelling.writers.base import Kind, Label
from labelling.writers.payload import KEY, compact
from labelling.writers.refusal import refuse
from labelling.writers.statements import statement
from labelling.writers.xml_places import spliced

_MOST_BYTES = 16 * 1024 * 1024
_NAME = re.compile(r"</?([A-Za-z][^\s/>]*)")
# Attributes may hold `>` in quotes. Where the tag is not closed, the rest is no tag at all.
# Nothing is tried twice: a page of open quotes takes no longer than another.
_TAG = re.compile(r"""</?[A-Za-z][^\s/>]*+(?>[^>"'=]++|=\s*+(?:"[^"]*"|'[^']*')?+|["'])*+>""")
_ATTRIBUTE = re.compile(r"""([^\s"'>/=]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_RAW = frozenset({"script", "style", "title", "textarea", "noscript", "iframe", "xmp", "template"})
_HEAD = frozenset(
    {"html", "head", "meta", "title", "link", "script", "style", "base", "noscript", "template"}
)
_LABEL_COMMENT = re.compile(r"<!--\s*AIGC\s*:.*-->", re.DOTALL | re.IGNORECASE)
_LABEL_NAMES = frozenset({"aigc", "site:aigc"})
_MARK = "data-aigc-notice"
_STYLE = (
    "all:initial;display:block;margin:0;padding:.4em .6em;"
    "font:16px/1.5 sans-serif;color:#202020;background:#fff"
)


class WebpageNoticeWriter:
    """Puts a line of its own ink and ground before what is shown (Measures, Article 4)."""

    name = "html-notice"
    kind = Kind.EXPLICIT

    def write(self, content: bytes, label: Label) -> bytes:
        if self.read(content) == label.notice:
            return content
        page = _Page(content)
        line = f'<p {_MARK}="" style="{_STYLE}">{page.encoded(label.notice)}</p>'
        return spliced(content, (page.body, page.body, line.encode()))

    def read(self, content: bytes) -> str | None:
        page = _Page(content)
        for token in page.tokens:
            if token.name == "p" and _MARK in token.attributes:
                end = page.text.find("<", token.end)
                words = html.unescape(_utf8(page.text[token.end : end]))
                return statement(words)
        return None


class WebpageMetaWriter:
    """Writes `<meta name="AIGC">`; by custom, for the guides of TC260 do not tell of HTML."""

    name = "html-meta"
    kind = Kind.IMPLICIT

    def write(self, content: bytes, label: Label) -> bytes:
        if self.read(content) == compact(label.aigc):
            return content
        page = _Page(content)
        # Single quotes outside, as the standard's value has double ones inside.
        value = html.escape(compact(label.aigc), quote=False).replace("'", "&#39;")
        new = f"<meta name=\"{KEY}\" content='{value}' />".encode()
        gone = [(token.start, token.end, b"") for token in page.labels]
        return spliced(content, (page.head, page.head, new), *gone)

    def read(self, content: bytes) -> str | None:
        labels = _Page(content).labels
        if len(labels) != 1 or not labels[0].name:
            return None
        try:
            value = json.loads(labels[0].attributes.get("content", ""))
        except (ValueError, RecursionError):
            return None
        return json.dumps(value, separators=(",", ":")) if isinstance(value, dict) else None


class _Token(NamedTuple):
    name: str
    """Of the tag, in small letters; empty for text and comments."""
    start: int
    end: int
    raw: str
    closing: bool = False

    @property
    def attributes(self) -> dict[str, str]:
        return {
            found[1].lower(): html.unescape(found[2] or found[3] or found[4] or "")
            for found in _ATTRIBUTE.finditer(self.raw)
        }


class _Page:
    """Where things stand in a page; places are bytes, for only ASCII is looked at."""

    def __init__(self, content: bytes) -> None:
        if len(content) > _MOST_BYTES or b"\0" in content:
            refuse(f"the page has more than {_MOST_BYTES} bytes, or is in UTF-16")
        # One character a byte: places are right whatever the page's encoding, as long as its ASCII
        # is ASCII, which holds for UTF-8 and GB 18030.
        self.text = content.decode("latin-1")
        self.tokens = list(_tokens(self.text))
        if any(token.name == "frameset" for token in self.tokens):
            refuse("a page of frames has no place for words")
        self.body, self.head = self._places()

    @property
    def labels(self) -> list[_Token]:
        """The labels in metadata, of whatever form."""
        return [
            token
            for token in self.tokens
            if (token.name == "meta" and _names(token) & _LABEL_NAMES)
            or _LABEL_COMMENT.fullmatch(token.raw)
        ]

    def encoded(self, words: str) -> str:
        """Give words as they can stand in the page whatever its encoding is taken for."""
        safe = html.escape(words)
        if self.text.startswith("\xef\xbb\xbf") or "utf-8" in self._charset():
            return safe
        return "".join(sign if sign.isascii() else f"&#{ord(sign)};" for sign in safe)

    def _charset(self) -> str:
        told = [
            (token.attributes.get("charset", "") + token.attributes.get("content", "")).lower()
            for token in self.tokens
            if token.name == "meta" and ("charset" in token.raw.lower())
        ]
        return told[0] if told else ""

    def _places(self) -> tuple[int, int]:
        """Give where the body begins, and where the head ends, written or implied."""
        head = None
        after = 3 if self.text.startswith("\xef\xbb\xbf") else 0
        for token in self.tokens:
            if token.name == "head" and token.closing:
                head = token.start
            if token.name == "body":
                return token.end, token.start if head is None else head
            if token.name not in _HEAD and (token.name or not _is_nothing(token.raw)):
                break
            after = token.end
        return after, after if head is None else head


def _names(token: _Token) -> set[str]:
    attributes = token.attributes
    return {attributes.get("name", "").lower(), attributes.get("property", "").lower()}


def _is_nothing(raw: str) -> bool:
    # What is not closed goes on to the end of the page, and would swallow what stands behind it.
    closed = raw.startswith(("<!", "<?")) and raw.endswith(">")
    return closed or not raw.strip("\xef\xbb\xbf \t\r\n\f")


def _tokens(text: str) -> Iterator[_Token]:
    """Cut a page into tags, comments and the text between them, each character looked at once."""
    at = 0
    while at < len(text):
        start = text.find("<", at)
        start = len(text) if start < 0 else start
        if start > at:
            yield _Token("", at, start, text[at:start])
        at = start
        if at == len(text):
            return
        token = _tag(text, at) or _comment(text, at)
        at = token.end
        if token.name in _RAW and not token.closing:
            # What is in it is no markup.
            at = _end_of(text, token)
            if at == len(text):
                token = _Token("", token.start, at, text[token.start :])
        yield token


def _end_of(text: str, token: _Token) -> int:
    end = re.compile(rf"</{re.escape(token.name)}(?=[\s/>])", re.IGNORECASE)
    found = end.search(text, token.end)
    return found.start() if found else len(text)


def _tag(text: str, at: int) -> _Token | None:
    name = _NAME.match(text, at)
    if name is None:
        return None
    found = _TAG.match(text, at)
    if found is None:
        # A tag without an end is dropped by browsers, with all that follows.
        return _Token("", at, len(text), text[at:])
    closing = text[at + 1] == "/"
    return _Token(name[1].lower(), at, found.end(), found[0], closing)


def _comment(text: str, at: int) -> _Token:
    """Take a comment, a declaration, or a sign that only looks like a tag."""
    if text.startswith("<!--", at):
        end = text.find("-->", at + 4)
        end = len(text) if end < 0 else end + 3
        return _Token("", at, end, text[at:end])
    if text.startswith(("<!", "<?"), at):
        end = text.find(">", at)
        end = len(text) if end < 0 else end + 1
        return _Token("", at, end, text[at:end])
    return _Token("", at, at + 1, text[at : at + 1])


def _utf8(text: str) -> str:
    return text.encode("latin-1").decode(errors="replace")
