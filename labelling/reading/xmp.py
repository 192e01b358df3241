"""XMP packets: the label as an element or an attribute, under the right or a wrong namespace."""

import re

from labelling.reading.finds import Finds
from labelling.reading.payload import Payload, canonical, of_pairs
from labelling.reading.source import BrokenError, decoded
from labelling.reading.xml import Walk, local

NAMESPACE = "http://www.tc260.org.cn/ns/AIGC/1.0/"
_DECLARATION = re.compile(rb"^\s*(?:<\?xml[^>]*\?>\s*|<\?xpacket[^>]*\?>\s*)*")
_BROKEN_ELEMENT = re.compile(
    r"<(?:\w{1,20}:)?AIGC(?:\s[^<>]*)?>([^<]{0,65536})|\bAIGC\s*=\s*(?:\"([^\"<]{2,65536})|'([^'<]{2,65536}))",
    re.IGNORECASE,
)


def scan(packet: bytes, finds: Finds, place: str = "xmp") -> None:
    """Look through a packet; one that is no XML is searched for what can be saved."""
    # Before a declaration no instruction may stand, but writers put the packet's header there.
    document = _DECLARATION.sub(b"", packet, count=1).rstrip(b"\0 \r\n\t")
    walker = _Walker(finds, place)
    try:
        Walk(walker.started, walker.ended).over(document)
    except BrokenError:
        _salvage(document, finds, place, already=walker.found)


def _salvage(document: bytes, finds: Finds, place: str, *, already: bool) -> None:
    text = decoded(document)
    finds.source_type(text if "DigitalSourceType" in text else "")
    if re.search("aigc", text, re.IGNORECASE):
        finds.issues.append("broken-xml")
    found = None if already else _BROKEN_ELEMENT.search(text)
    if found:
        finds.claim(place, found[1] or found[2] or found[3] or "")


class _Walker:
    def __init__(self, finds: Finds, place: str) -> None:
        self._finds = finds
        self._place = place
        self._namespaces: dict[str, str] = {}
        self._inside: list[str] = []
        self._words: list[str] = []
        self._members: list[tuple[str, object]] = []
        self.found = False

    def started(self, name: str, attributes: dict[str, str]) -> None:
        for key, value in attributes.items():
            if key.startswith("xmlns"):
                self._namespaces[key.partition(":")[2]] = value
        for key, value in attributes.items():
            if local(key).casefold() == "aigc":
                self._claim(key, value, "attribute")
            elif local(key) == "DigitalSourceType":
                self._finds.source_type(value)
        if self._inside or local(name).casefold() == "aigc":
            self._inside.append(name)

    def ended(self, name: str, text: str) -> None:
        if local(name) == "DigitalSourceType":
            self._finds.source_type(text)
        if not self._inside:
            return
        self._inside.pop()
        self._words.append(text)
        if canonical(local(name)):
            self._members.append((local(name), text))
        if not self._inside:
            self._close(name)

    def _close(self, name: str) -> None:
        words = "".join(self._words)
        self._claim(name, of_pairs(self._members, ["structure"]) if self._members else words)
        self._words.clear()
        self._members.clear()

    def _claim(self, name: str, value: str | Payload, *issues: str) -> None:
        self.found = True
        if self._namespaces.get(name.rpartition(":")[0]) != NAMESPACE:
            issues = (*issues, "namespace")
        self._finds.claim(self._place, value, *issues)
