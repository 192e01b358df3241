"""Where elements stand in the bytes of an XML part, so that text can be spliced in around them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from labelling.writers.refusal import refuse

DEEPEST = 256
MOST_ELEMENTS = 100_000
"""Of those that are kept; the others are passed over."""
_MARK_BYTES = 4
"""UTF-16 and UTF-32 show a NUL in these, whatever the declaration says."""
_CHUNK = 16 * 1024
_START_TAG = re.compile(rb"""<[^>"']*(?:"[^"]*"[^>"']*|'[^']*'[^>"']*)*>""")
_NAME = re.compile(rb"<([^\s/>:]+:)?")
_ENCODINGS = frozenset({"", "utf-8", "utf8", "us-ascii", "ascii"})


@dataclass(slots=True)
class Element:
    """One element: its name without prefix, and its byte ranges."""

    name: str
    namespace: str
    attributes: Mapping[str, str]
    """By name, where prefixed `{namespace}name`."""
    depth: int
    """1 is the root."""
    start: int
    """Of the start tag."""
    inside: int
    """After the start tag."""
    prefix: bytes
    """With its colon, or empty."""
    empty: bool
    """It has no end tag: `<a/>`."""
    until: int = -1
    """Of the end tag; of an empty element, its start."""
    end: int = -1
    """After the end tag; -1 where the reading stopped before it."""
    words: list[str] = field(default_factory=list)
    """The text in it and in what it holds."""

    @property
    def text(self) -> str:
        """The words as one string."""
        return "".join(self.words)


def find(
    xml: bytes,
    wanted: Callable[[str, int], bool],
    *,
    until: str | None = None,
    newest: str | None = None,
) -> list[Element]:
    """Find the elements whose name and depth are wanted, in the order of their start tags.

    Args:
        xml: A part in UTF-8.
        wanted: Tells by name and depth.
        until: Reading stops after the first wanted element of this name; what comes after it is
            not checked.
        newest: Of elements of this name only the last is kept, at the place of the first.

    Raises:
        UnsupportedMediaError: The part is not well-formed, has a document type, is deeper than
            `DEEPEST`, holds more than `MOST_ELEMENTS`, or is not in UTF-8.
    """
    if b"\0" in xml[:_MARK_BYTES]:
        refuse("a part of it is not in UTF-8")
    search = _Search(xml, wanted, until, newest)
    try:
        search.run()
    except (expat.ExpatError, LookupError) as error:
        refuse("a part of it is not well-formed", error)
    return search.found


class _Search:
    def __init__(
        self,
        xml: bytes,
        wanted: Callable[[str, int], bool],
        until: str | None,
        newest: str | None,
    ) -> None:
        self.found: list[Element] = []
        self._xml = xml
        self._wanted = wanted
        self._until = until
        self._newest = newest
        self._newest_at: int | None = None
        self._open: list[Element | None] = []
        self._kept: list[Element] = []
        self._done = False
        parser = expat.ParserCreate("utf-8", namespace_separator="}")
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declared
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._started
        parser.EndElementHandler = self._ended
        parser.CharacterDataHandler = self._words
        self._parser = parser

    def run(self) -> None:
        for at in range(0, len(self._xml), _CHUNK):
            self._parser.Parse(self._xml[at : at + _CHUNK], False)  # noqa: FBT003 -- expat takes no names
            if self._done:
                return
        self._parser.Parse(b"", True)  # noqa: FBT003

    def _declared(self, version: str, encoding: str | None, standalone: int) -> None:
        if (encoding or "").lower() not in _ENCODINGS:
            refuse("a part of it is not in UTF-8")

    def _doctype(self, *about: object) -> None:
        # Nothing legitimate has one; entities that multiply need one.
        refuse("a part of it declares a document type")

    def _started(self, name: str, attributes: dict[str, str]) -> None:
        depth = len(self._open) + 1
        if depth > DEEPEST:
            refuse(f"a part of it is deeper than {DEEPEST} elements")
        namespace, _, local = name.rpartition("}")
        element = None
        if not self._done and self._wanted(local, depth):
            element = self._made(local, namespace, attributes, depth)
            self._keep(element)
        self._open.append(element)

    def _keep(self, element: Element) -> None:
        self._kept.append(element)
        if element.name == self._newest and self._newest_at is not None:
            self.found[self._newest_at] = element
            return
        if len(self.found) == MOST_ELEMENTS:
            refuse(f"a part of it holds more than {MOST_ELEMENTS} elements")
        if element.name == self._newest:
            self._newest_at = len(self.found)
        self.found.append(element)

    def _made(self, local: str, namespace: str, attributes: dict[str, str], depth: int) -> Element:
        start = self._parser.CurrentByteIndex
        tag = _START_TAG.match(self._xml, start)
        prefix = _NAME.match(self._xml, start)
        assert tag is not None
        assert prefix is not None
        return Element(
            name=local,
            namespace=namespace,
            attributes=attributes,
            depth=depth,
            start=start,
            inside=tag.end(),
            prefix=prefix[1] or b"",
            empty=tag[0].endswith(b"/>"),
        )

    def _ended(self, name: str) -> None:
        element = self._open.pop()
        if element is None or self._done:
            return
        self._kept.pop()
        element.until = self._parser.CurrentByteIndex
        element.end = element.inside if element.empty else self._xml.index(b">", element.until) + 1
        self._done = element.name == self._until

    def _words(self, words: str) -> None:
        if not self._done:
            for element in self._kept:
                element.words.append(words)


def spliced(content: bytes, *changes: tuple[int, int, bytes]) -> bytes:
    """Give the content with ranges (start, end, new bytes) replaced; they must not overlap."""
    pieces: list[bytes] = []
    at = 0
    for start, end, new in sorted(changes, key=lambda change: change[:2]):
        pieces += [content[at:start], new]
        at = end
    pieces.append(content[at:])
    return b"".join(pieces)
