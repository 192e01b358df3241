"""The XMP packet: the implicit label of pictures is one property in it.

TC260-PG-20259A places `TC260:AIGC` in element form. An existing packet is spliced, not written
anew: what it says besides stays byte for byte, but for other labels and for where its maker was.
"""

import re
from dataclasses import dataclass, field

# Entities are refused below, which is what `defusedxml` is there for; it knows no byte offsets.
from xml.parsers import expat
from xml.sax.saxutils import escape

from labelling.errors import LabellingError

NAMESPACE = "http://www.tc260.org.cn/ns/AIGC/1.0/"
MOST_BYTES = 4 << 20

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_BEGIN = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
_END = '<?xpacket end="w"?>'
_DEEPEST = 64
_PERSONAL = r"(?:GPS\w*|OwnerName|CameraOwnerName|(?:Body|Lens|Camera)?SerialNumber)"
_UNWANTED = re.compile(rf"AIGC|{_PERSONAL}", re.IGNORECASE)
_UNWANTED_ATTRIBUTE = re.compile(
    rb"\s[\w.-]+:(?:(?i:AIGC)|" + _PERSONAL.encode() + rb""")\s*=\s*(?:"[^"]*"|'[^']*')"""
)
_TAG = re.compile(rb"""<(?:[^<>"']|"[^"]*"|'[^']*')*>""")
_PADDING = re.compile(rb"\s{64,}(?=<\?xpacket end)")


def fresh(value: str) -> bytes:
    """Make a packet that holds the label and nothing else."""
    meta = f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{rdf(value).decode()}</x:xmpmeta>'
    return f"{_BEGIN}{meta}{_END}".encode()


def rdf(value: str) -> bytes:
    """Make the RDF of a packet that holds the label and nothing else."""
    return f'<rdf:RDF xmlns:rdf="{_RDF}">{_description(value, "")}</rdf:RDF>'.encode()


def with_label(packet: bytes | None, value: str) -> bytes:
    """Put the label into a packet, in place of every label it had; make one where there is none.

    A packet that is no XML holds nothing that anybody could read, so a fresh one takes its place.

    Raises:
        LabellingError: The packet is too large.
    """
    if packet is None:
        return fresh(value)
    return spliced(_as_utf8(packet), value) or fresh(value)


def spliced(text: bytes, value: str) -> bytes | None:
    """Put the label into the RDF of an XML document; give None where there is no RDF to take it."""
    scan = _Scan.of(text)
    if scan is None or not scan.rdf_end:
        return None
    ours = scan.labels[:1]
    edits = [(start, end, _element(value)) for start, end in ours]
    edits += [(start, end, b"") for start, end in scan.unwanted if (start, end) not in ours]
    if not ours:
        edits.append((scan.rdf_end, scan.rdf_end, _description(value, scan.about).encode()))
    return joined(text, edits)


def without_label(packet: bytes) -> bytes:
    """Take a second packet's label and whereabouts out; a packet that is no XML comes back empty.

    Raises:
        LabellingError: The packet is too large.
    """
    text = _as_utf8(packet)
    scan = _Scan.of(text)
    return joined(text, [(start, end, b"") for start, end in scan.unwanted]) if scan else b""


def label_in(packet: bytes | None) -> str | None:
    """Give the value of the label in a packet, from its one right place, or None."""
    scan = _Scan.of(_as_utf8(packet)) if packet else None
    return scan.value if scan else None


def without_padding(packet: bytes) -> bytes:
    """Take out the white space that a packet keeps for editing in place."""
    return _PADDING.sub(b"\n", packet)


@dataclass(slots=True)
class _Scan:
    """What a pass over a packet found, in bytes from its start."""

    labels: list[tuple[int, int]] = field(default_factory=list)
    unwanted: list[tuple[int, int]] = field(default_factory=list)
    rdf_end: int = 0
    about: str = ""
    value: str | None = None

    @classmethod
    def of(cls, text: bytes) -> "_Scan | None":
        scanner = _Scanner(text)
        try:
            scanner.parser.Parse(text, True)  # noqa: FBT003 - the C function knows no keywords
        except (expat.ExpatError, _RefusedError):
            return None
        return scanner.found


class _RefusedError(Exception):
    """A packet is deeper than any XMP, or brings entities."""


class _Scanner:
    """Finds where in a packet the things stand that are to be changed."""

    def __init__(self, text: bytes) -> None:
        self.found = _Scan()
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._open
        self.parser.EndElementHandler = self._close
        self.parser.CharacterDataHandler = self._words
        self.parser.EntityDeclHandler = self._refuse
        self._text = text
        self._open_elements: list[tuple[str, int]] = []
        self._unwanted_depth = 0
        self._said: list[str] = []

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        start = self.parser.CurrentByteIndex
        self._open_elements.append((name, start))
        if len(self._open_elements) > _DEEPEST:
            self._refuse()
        if self._unwanted_depth:
            return
        if _UNWANTED.fullmatch(_local(name)):
            self._unwanted_depth = len(self._open_elements)
            self._said = []
            return
        if name == f"{_RDF} Description":
            self.found.about = self.found.about or attributes.get(f"{_RDF} about", "")
        if any(_UNWANTED.fullmatch(_local(attribute)) for attribute in attributes):
            tag = _TAG.match(self._text, start)
            assert tag is not None
            self.found.unwanted += [
                (start + found.start(), start + found.end())
                for found in _UNWANTED_ATTRIBUTE.finditer(tag[0])
            ]

    def _close(self, name: str) -> None:
        depth = len(self._open_elements)
        _, start = self._open_elements.pop()
        if name == f"{_RDF} RDF":
            self.found.rdf_end = self.parser.CurrentByteIndex
        if depth != self._unwanted_depth:
            return
        self._unwanted_depth = 0
        span = (start, self._end_of(start))
        self.found.unwanted.append(span)
        if name == f"{NAMESPACE} AIGC":
            self.found.labels.append(span)
            self.found.value = self.found.value or "".join(self._said)

    def _end_of(self, start: int) -> int:
        """Tell where the element ends whose end the parser stands at."""
        opening = _TAG.match(self._text, start)
        assert opening is not None
        if opening[0].endswith(b"/>"):
            return opening.end()
        return self._text.index(b">", self.parser.CurrentByteIndex) + 1

    def _words(self, words: str) -> None:
        self._said.append(words)

    def _refuse(self, *_: object) -> None:
        raise _RefusedError


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def _element(value: str) -> bytes:
    return f'<TC260:AIGC xmlns:TC260="{NAMESPACE}">{escape(value)}</TC260:AIGC>'.encode()


def _description(value: str, about: str) -> str:
    about = escape(about, {'"': "&quot;"})
    head = f'<rdf:Description xmlns:rdf="{_RDF}" rdf:about="{about}">'
    return f"{head}{_element(value).decode()}</rdf:Description>"


def joined(text: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    """Give the text with some of its spans replaced."""
    pieces, at = [], 0
    for start, end, new in sorted(edits):
        pieces += [text[at:start], new]
        at = end
    return b"".join([*pieces, text[at:]])


def _as_utf8(packet: bytes) -> bytes:
    if len(packet) > MOST_BYTES:
        msg = f"an XMP packet of {len(packet)} bytes is too large to be labelled"
        raise LabellingError(msg)
    if packet.startswith((b"\xff\xfe", b"\xfe\xff")):
        return packet.decode("utf-16", errors="replace").encode()
    return packet.strip(b"\0")
