"""What may be said, before it is labelled."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self


class MediaType(StrEnum):
    """The media the platform knows; which of them can be labelled says `writers.chains.CHAINS`."""

    TEXT = "text/plain"
    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    GIF = "image/gif"
    TIFF = "image/tiff"
    AVIF = "image/avif"
    HEIC = "image/heic"
    SVG = "image/svg+xml"
    MP4 = "video/mp4"
    MOV = "video/quicktime"
    MKV = "video/x-matroska"
    WEBM = "video/webm"
    AVI = "video/x-msvideo"
    FLV = "video/x-flv"
    MP3 = "audio/mpeg"
    WAV = "audio/wav"
    FLAC = "audio/flac"
    OGG = "audio/ogg"
    OPUS = "audio/opus"
    M4A = "audio/mp4"
    PDF = "application/pdf"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    ODT = "application/vnd.oasis.opendocument.text"
    ODS = "application/vnd.oasis.opendocument.spreadsheet"
    ODP = "application/vnd.oasis.opendocument.presentation"
    EPUB = "application/epub+zip"
    MARKDOWN = "text/markdown"
    HTML = "text/html"
    CSV = "text/csv"
    JSON = "application/json"


MANIFEST_MEDIA: Final = frozenset(
    {
        MediaType.JPEG,
        MediaType.PNG,
        MediaType.WEBP,
        MediaType.GIF,
        MediaType.TIFF,
        MediaType.AVIF,
        MediaType.HEIC,
        MediaType.SVG,
        MediaType.MP4,
        MediaType.MOV,
        MediaType.M4A,
        MediaType.MP3,
        MediaType.WAV,
        MediaType.FLAC,
        MediaType.PDF,
    }
)
"""Where a manifest has a place. Office documents would have to be stored without compression."""


class Origin(StrEnum):
    """Who made the content, which decides what labels are due."""

    GENERATED = "generated"
    """Written by a model, or quoted and joined by one."""
    ASSISTED = "assisted"
    """Drafted by a model and edited by a person."""
    HUMAN = "human"
    """Written by a person: staff, or the author of a fixed phrase."""


class Surface(StrEnum):
    """Where content will be seen, as far as the labelling rules care."""

    PLATFORM = "platform"
    """A chat of somebody else's: the words must stand in every message."""
    OWN = "own"
    """A front of ours, which shows the words all the time; they stand in the message as well."""


@dataclass(frozen=True, slots=True)
class MediaRef:
    """Content that stays in the media store, so that a video never stands in memory."""

    key: str
    digest: str
    """SHA-256 of the bytes, in hex."""
    size: int
    """In bytes."""


@dataclass(frozen=True, slots=True)
class Part:
    """One piece that is sent as one message."""

    media_type: MediaType
    content: bytes | MediaRef

    @classmethod
    def of_text(cls, text: str) -> Self:
        """Make a text part."""
        return cls(MediaType.TEXT, text.encode())

    @property
    def text(self) -> str:
        """The words of a text part.

        Raises:
            TypeError: The part is not text.
        """
        if self.media_type is not MediaType.TEXT or isinstance(self.content, MediaRef):
            msg = f"a part of {self.media_type.value!r} has no text"
            raise TypeError(msg)
        return self.content.decode()


@dataclass(frozen=True, slots=True)
class Draft:
    """What an agent or a person wants to say; it cannot be sent until it is labelled."""

    parts: tuple[Part, ...]
    origin: Origin

    @classmethod
    def generated(cls, *texts: str) -> Self:
        """Make a draft of a model's words."""
        return cls(tuple(Part.of_text(text) for text in texts), Origin.GENERATED)
