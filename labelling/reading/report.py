"""From what was found to a verdict: six of them, and none says "not AI"."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from labelling.content import MediaType
from labelling.output import Aigc
from labelling.reading.finds import Claim, Finds


class Verdict(StrEnum):
    """What a file says about its origin."""

    CONFIRMED = "confirmed"
    """The label says that it is generated."""
    DECLARED = "declared"
    """The label says that it may be: somebody declared it."""
    SUSPECTED = "suspected"
    """The label says so, or without a label words, a manifest or a source type do."""
    ABSENT = "absent"
    """There is no label. This never means that no AI made it."""
    MALFORMED = "malformed"
    """There is a label that cannot be relied on."""
    CONFLICTING = "conflicting"
    """There are labels that disagree."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found in a piece of content."""

    explicit: str | None
    """The wording of the explicit label, as it stands there."""
    verdict: Verdict = Verdict.ABSENT
    label: str | None = None
    """`1`, `2` or `3`; of labels that disagree the one that says most."""
    fields: Aigc | None = None
    """The seven values as they stand there; None without a readable label."""
    places: tuple[str, ...] = ()
    strict: bool = False
    """Whether it is one label, in its place, as a strict writer would have written it."""
    issues: tuple[str, ...] = ()
    c2pa: bool = False
    """Whether there is a manifest of Content Credentials."""
    media_type: MediaType = MediaType.TEXT


_VERDICTS = MappingProxyType(
    {"1": Verdict.CONFIRMED, "2": Verdict.DECLARED, "3": Verdict.SUSPECTED}
)
_KEYS = "mp4:moov/udta/meta/keys"
_XMP = "xmp"
# Where a label belongs (practice guides of 2025-08-28; for SVG, HTML, JSON, OpenDocument and EPUB
# the guides have no rule, and these places are ours).
NORMATIVE: Final[Mapping[MediaType, str]] = MappingProxyType(
    {
        MediaType.JPEG: _XMP,
        MediaType.PNG: _XMP,
        MediaType.WEBP: _XMP,
        MediaType.GIF: _XMP,
        MediaType.TIFF: _XMP,
        MediaType.AVIF: _XMP,
        MediaType.HEIC: _XMP,
        MediaType.SVG: _XMP,
        MediaType.MP4: _KEYS,
        MediaType.MOV: _KEYS,
        MediaType.M4A: _KEYS,
        MediaType.MKV: "matroska:AIGC",
        MediaType.WEBM: "matroska:AIGC",
        MediaType.FLV: "flv:onMetaData",
        MediaType.AVI: "riff:INFO/AIGC",
        MediaType.WAV: "riff:AIGC",
        MediaType.MP3: "id3:TXXX",
        MediaType.FLAC: "vorbis:AIGC",
        MediaType.OGG: "vorbis:AIGC",
        MediaType.OPUS: "vorbis:AIGC",
        MediaType.PDF: "pdf:Info",
        MediaType.DOCX: "ooxml:custom",
        MediaType.XLSX: "ooxml:custom",
        MediaType.PPTX: "ooxml:custom",
        MediaType.ODT: "odf:user-defined",
        MediaType.ODS: "odf:user-defined",
        MediaType.ODP: "odf:user-defined",
        MediaType.EPUB: "epub:meta",
        MediaType.MARKDOWN: "markdown:front-matter",
        MediaType.HTML: "html:meta",
        MediaType.JSON: "json:AIGC",
        MediaType.TEXT: "sidecar",
        MediaType.CSV: "sidecar",
    }
)


def judge(media_type: MediaType, finds: Finds) -> Reading:
    """Say what was found.

    Readable labels that differ in any of the seven values disagree. One that cannot be read beside
    one that can is an issue, no disagreement: it says nothing.
    """
    claims = sorted(finds.claims, key=lambda claim: claim.place != NORMATIVE[media_type])
    readable = [claim for claim in claims if claim.payload.fields]
    issues = _issues(media_type, claims, finds)
    first = readable[0] if readable else None
    return Reading(
        explicit=finds.explicit,
        verdict=_verdict(claims, readable, finds),
        label=min((c.payload.label for c in readable if c.payload.label), default=None),
        fields=first.payload.aigc if first else None,
        places=tuple(claim.place for claim in claims),
        strict=bool(claims) and not issues,
        issues=issues,
        c2pa=finds.c2pa,
        media_type=media_type,
    )


def _verdict(claims: list[Claim], readable: list[Claim], finds: Finds) -> Verdict:
    if not claims:
        traced = finds.traces or finds.explicit
        return Verdict.SUSPECTED if traced else Verdict.ABSENT
    if len({claim.payload.aigc for claim in readable}) > 1:
        return Verdict.CONFLICTING
    sound = [claim.payload.label for claim in readable if not claim.payload.broken]
    if not sound:
        return Verdict.MALFORMED
    return _VERDICTS[min(label for label in sound if label)]


def _issues(media_type: MediaType, claims: list[Claim], finds: Finds) -> tuple[str, ...]:
    found = [issue for claim in claims for issue in claim.payload.issues]
    if any(claim.place != NORMATIVE[media_type] for claim in claims):
        found.append("place")
    if len(claims) > 1:
        found.append("several")
    found += finds.issues
    if not claims:
        found += [f"trace-{trace}" for trace in finds.traces]
    return tuple(dict.fromkeys(found))
