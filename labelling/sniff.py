"""The medium of bytes, from what they begin with; never from a name."""

import json
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from labelling.content import MediaType
from labelling.errors import UnsupportedMediaError
from labelling.reading.source import BrokenError, ExhaustedError, Source
from labelling.reading.zipped import Archive

HEAD = 64 << 10
"""How many bytes at the start tell every medium that is no archive."""

_PDF = b"%PDF-"
_SIGNATURES = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), MediaType.PNG),
    (re.compile(rb"\xff\xd8\xff"), MediaType.JPEG),
    (re.compile(rb"GIF8[79]a"), MediaType.GIF),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), MediaType.WEBP),
    (re.compile(rb"RIFF.{4}WAVE", re.DOTALL), MediaType.WAV),
    (re.compile(rb"RIFF.{4}AVI ", re.DOTALL), MediaType.AVI),
    (re.compile(rb"II[*+]\0|MM\0[*+]"), MediaType.TIFF),
    (re.compile(rb"fLaC"), MediaType.FLAC),
    (re.compile(rb"FLV\x01"), MediaType.FLV),
    # QuickTime files from before the `ftyp` box begin with one of these.
    (re.compile(rb".{4}(?:moov|mdat|wide|free|skip|pnot)", re.DOTALL), MediaType.MOV),
    (re.compile(rb"\xff[\xf2\xf3\xfa\xfb]"), MediaType.MP3),
)
_PICTURES = {
    b"avif": MediaType.AVIF,
    b"avis": MediaType.AVIF,
    **dict.fromkeys(
        (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"), MediaType.HEIC
    ),
}
_FILMS = {b"qt  ": MediaType.MOV} | dict.fromkeys((b"M4A ", b"M4B ", b"M4P "), MediaType.M4A)
_DOCUMENTS = (
    ("word/document", MediaType.DOCX),
    ("xl/workbook", MediaType.XLSX),
    ("ppt/presentation", MediaType.PPTX),
)
_PACKAGES = {
    medium.value.encode(): medium
    for medium in (MediaType.ODT, MediaType.ODS, MediaType.ODP, MediaType.EPUB)
}
_MARKUP = (
    (
        re.compile(
            r"\s*(?><\?xml[^>]*>\s*|<!--.*?-->\s*|<!DOCTYPE svg[^>]*>\s*)*+<(?:\w+:)?svg\b",
            re.DOTALL,
        ),
        MediaType.SVG,
    ),
    (
        re.compile(
            r"\s*(?><!--.*?-->\s*)*+(?:<!DOCTYPE html|<html\b|<head\b|<body\b)",
            re.DOTALL | re.IGNORECASE,
        ),
        MediaType.HTML,
    ),
    (re.compile(r"---[ \t]*\r?\n(?:.*\n)*?(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)"), MediaType.MARKDOWN),
)
_JSON = re.compile(r"\s*(?:\{\s*\"|\[\s*[{\[\"])")


def sniff(content: bytes) -> MediaType:
    """Tell the medium.

    All text is TEXT here, whatever it is written in: an answer may begin with a tag or a brace.

    Raises:
        UnsupportedMediaError: Neither a known container nor UTF-8 text.
    """
    # Text comes before the signatures: an answer may begin with "ID3" or hold "WAVE", and every
    # container but PDF holds a NUL or bytes that are not UTF-8.
    if content.startswith(_PDF):
        return MediaType.PDF
    if _reads_as_text(content):
        return MediaType.TEXT
    return _container(Source.of(content))


def sniff_source(source: Source) -> MediaType:
    """Tell the medium of what may be too large to load; text is told apart by its form.

    Raises:
        UnsupportedMediaError: Neither a known container nor UTF-8 text.
    """
    head = source.at(0, HEAD)
    if head.startswith(_PDF):
        return MediaType.PDF
    # A window may end within a character.
    if any(
        _reads_as_text(head[: len(head) - cut]) for cut in range(4 if source.size > HEAD else 1)
    ):
        return form_of(head.decode(errors="replace"))
    return _container(source)


def form_of(text: str) -> MediaType:
    """Tell SVG, HTML, JSON and Markdown with front matter from other text."""
    bare = text.removeprefix("\ufeff")
    for form, media_type in _MARKUP:
        if form.match(bare):
            return media_type
    # JSON that is broken or seen in part begins as no prose does.
    if _JSON.match(bare) or (bare.lstrip()[:1] in {"{", "["} and _is_json(bare)):
        return MediaType.JSON
    return MediaType.TEXT


def fits(content: bytes, media_type: MediaType) -> bool:
    """Tell whether bytes may be what they are declared to be.

    Text has no signature: of Markdown and CSV any text may be some, but HTML, SVG and JSON have a
    form of their own, and none of them is an answer to be shown as it is.
    """
    try:
        found = sniff(content)
    except UnsupportedMediaError:
        return False
    if found is MediaType.TEXT and media_type in _WRITTEN:
        return _WRITTEN[media_type](content.decode())
    return found is media_type


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _any(text: str) -> bool:
    return True


_WRITTEN: Final[Mapping[MediaType, Callable[[str], bool]]] = MappingProxyType(
    {
        MediaType.MARKDOWN: _any,
        MediaType.CSV: _any,
        MediaType.JSON: _is_json,
        # A fragment is HTML as well.
        MediaType.HTML: lambda text: re.search(r"<[a-zA-Z!]", text) is not None,
        MediaType.SVG: lambda text: form_of(text) is MediaType.SVG,
    }
)


def _reads_as_text(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in content


def _container(source: Source) -> MediaType:
    head = source.at(0, HEAD)
    if head[4:8] == b"ftyp":
        return _by_brands(head)
    for start, tell in _TOLD_INSIDE:
        if head.startswith(start):
            return tell(source)
    for signature, media_type in _SIGNATURES:
        if signature.match(head):
            return media_type
    return _unknown()


def _unknown(_source: Source | None = None) -> MediaType:
    msg = "the content is neither a known container nor UTF-8 text"
    raise UnsupportedMediaError(msg)


def _by_brands(head: bytes) -> MediaType:
    """Tell pictures from films by the brands of an ISO base media file."""
    length = min(int.from_bytes(head[:4], "big"), 256)
    brands = [head[8:12], *(head[place : place + 4] for place in range(16, length - 3, 4))]
    if brands[0] in _FILMS:
        return _FILMS[brands[0]]
    # Of a general brand for pictures, the others say which kind.
    general = _PICTURES.get(brands[0])
    if general and any(_PICTURES.get(brand) is MediaType.AVIF for brand in brands):
        return MediaType.AVIF
    return general or MediaType.MP4


def _ogg(source: Source) -> MediaType:
    return MediaType.OPUS if b"OpusHead" in source.at(0, 512) else MediaType.OGG


def _matroska(source: Source) -> MediaType:
    return MediaType.WEBM if b"webm" in source.at(0, 128) else MediaType.MKV


def _tagged(source: Source) -> MediaType:
    """Tell what stands behind a tag: FLAC, or the sound it was made for."""
    length = sum((byte & 0x7F) << 7 * (3 - place) for place, byte in enumerate(source.at(6, 4)))
    behind = source.at(10 + length, 4)
    return MediaType.FLAC if behind == b"fLaC" else MediaType.MP3


def _archive(source: Source) -> MediaType:
    try:
        names = Archive(source).names
    except (BrokenError, ExhaustedError):
        names = []
    head = source.at(0, 200)
    if head[30:38] == b"mimetype":
        for value, media_type in _PACKAGES.items():
            if head[38:].startswith(value):
                return media_type
    for start, media_type in _DOCUMENTS:
        if any(name.startswith(start) for name in names):
            return media_type
    return _unknown()


_TOLD_INSIDE: Final[tuple[tuple[bytes, Callable[[Source], MediaType]], ...]] = (
    (b"PK\x03\x04", _archive),
    (b"OggS", _ogg),
    (b"\x1a\x45\xdf\xa3", _matroska),
    (b"ID3", _tagged),
)
