"""What a walk through a container comes upon: labels, traces, words, damage."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from labelling.reading.notice import notice_among
from labelling.reading.payload import Payload, object_at, parse
from labelling.reading.source import decoded

_MOST = 32
_WRAPPER = re.compile(r"""\baigc["']?\s*[:=]?\s*(?=["']?\{)""", re.IGNORECASE)
_WRAPPER_BYTES = re.compile(rb"""aigc["']?\s*[:=]?\s*["']?\{""", re.IGNORECASE)
_VENDOR = re.compile(r"aigc_info|aigc_label_type")
_SOURCE_TYPE = re.compile(r"(?:composite\w*)?trainedAlgorithmicMedia\b", re.IGNORECASE)
_TAIL = 64 << 10


@dataclass(frozen=True, slots=True)
class Claim:
    """One place that says something about the content's origin."""

    place: str
    payload: Payload


@dataclass(slots=True)
class Finds:
    """Collects while a container is walked; it is bounded, whatever the container holds."""

    claims: list[Claim] = field(default_factory=list)
    traces: list[str] = field(default_factory=list)
    """Signs of AI that are no label: a source type, a vendor's own note."""
    issues: list[str] = field(default_factory=list)
    explicit: str | None = None
    c2pa: bool = False

    def claim(self, place: str, value: str | bytes | Payload, *issues: str) -> None:
        """Note what stands in a place that is named for the label."""
        if len(self.claims) >= _MOST:
            self.issues.append("too-many-labels")
            return
        if isinstance(value, bytes):
            value = decoded(value)
        self.claims.append(Claim(place, parse(value) if isinstance(value, str) else value))
        self.issues.extend(issues)

    def loose(self, place: str, value: str | bytes) -> None:
        """Look into a place that may hold anything: only what is named `AIGC` counts there."""
        text = value if isinstance(value, str) else decoded(value)
        if _VENDOR.search(text):
            self.traces.append("vendor")
        wrapper = _WRAPPER.search(text)
        if wrapper:
            self.claim(place, object_at(text[wrapper.end() :].lstrip("\"'")))
        elif text.lstrip("\0 ").startswith("{") and _named(text):
            self.claim(place, text)

    def trailer(self, tail: bytes) -> None:
        """Look behind the end of a container."""
        found = _WRAPPER_BYTES.search(tail[-_TAIL:])
        if found:
            self.loose("trailer", tail[-_TAIL:][found.start() :])

    def source_type(self, value: str) -> None:
        """Note an IPTC digital source type that names a trained model."""
        if _SOURCE_TYPE.search(value):
            self.traces.append("iptc")

    def manifest(self, store: bytes = b"") -> None:
        """Note a C2PA manifest store; what it says about the source is read unverified."""
        self.c2pa = True
        if re.search(rb"trainedAlgorithmicMedia", store, re.IGNORECASE):
            self.traces.append("c2pa")

    def words(self, texts: Sequence[str]) -> None:
        """Look for the notice among pieces of text, each of which stands by itself."""
        self.explicit = self.explicit or notice_among(texts)


def _named(text: str) -> bool:
    payload = parse(text)
    return payload.label is not None and len(payload.fields) > 1
