"""One tolerant reader of labels, apart from the writers: it checks what they did."""

import importlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from labelling.content import MediaType
from labelling.errors import UnsupportedMediaError
from labelling.reading import (
    bmff,
    flv,
    gif,
    id3,
    jpeg,
    matroska,
    office,
    png,
    riff,
    tiff,
    vorbis,
    words,
)
from labelling.reading.finds import Finds
from labelling.reading.report import Reading, Verdict, judge
from labelling.reading.source import BrokenError, ExhaustedError, Source
from labelling.sniff import sniff_source

_Scan = Callable[[Source, Finds], None]
_IN_MEMORY = 16 << 20
# A byte more than any label may have, so that a larger note is known for one.
_LARGEST_SIDECAR = (64 << 10) + 1

_KINDS_OF_TEXT = MappingProxyType(
    {".md": MediaType.MARKDOWN, ".markdown": MediaType.MARKDOWN, ".csv": MediaType.CSV}
)


def _scan_pdf(source: Source, finds: Finds) -> None:
    # The library behind it takes a tenth of a second to import, and a chat never needs it.
    importlib.import_module("labelling.reading.pdf").scan(source, finds)


SCANNERS: Final[Mapping[MediaType, _Scan]] = MappingProxyType(
    {
        MediaType.TEXT: words.scan_text,
        MediaType.CSV: words.scan_text,
        MediaType.MARKDOWN: words.scan_markdown,
        MediaType.HTML: words.scan_html,
        MediaType.JSON: words.scan_json,
        MediaType.SVG: words.scan_svg,
        MediaType.JPEG: jpeg.scan,
        MediaType.PNG: png.scan,
        MediaType.WEBP: riff.scan,
        MediaType.GIF: gif.scan,
        MediaType.TIFF: tiff.scan,
        MediaType.AVIF: bmff.scan_picture,
        MediaType.HEIC: bmff.scan_picture,
        MediaType.MP4: bmff.scan_film,
        MediaType.MOV: bmff.scan_film,
        MediaType.M4A: bmff.scan_film,
        MediaType.MKV: matroska.scan,
        MediaType.WEBM: matroska.scan,
        MediaType.AVI: riff.scan,
        MediaType.FLV: flv.scan,
        MediaType.MP3: id3.scan,
        MediaType.WAV: riff.scan,
        MediaType.FLAC: vorbis.scan_flac,
        MediaType.OGG: vorbis.scan_ogg,
        MediaType.OPUS: vorbis.scan_ogg,
        MediaType.PDF: _scan_pdf,
        MediaType.DOCX: office.scan,
        MediaType.XLSX: office.scan,
        MediaType.PPTX: office.scan,
        MediaType.ODT: office.scan_open_document,
        MediaType.ODS: office.scan_open_document,
        MediaType.ODP: office.scan_open_document,
        MediaType.EPUB: office.scan_book,
    }
)


def read(media_type: MediaType, content: bytes) -> Reading:
    """Look for labels in bytes that are, or are said to be, of a medium.

    Raises:
        UnsupportedMediaError: They are not, or they are encrypted or too broken to be looked
            through: that nothing was found there would say nothing.
    """
    return _read(media_type, Source.of(content), Finds())


def read_path(path: Path) -> Reading:
    """Look for labels in a file, and in the note beside a text; the bytes tell the medium.

    A large file is not loaded: only the places where labels stand are read.

    Raises:
        UnsupportedMediaError: As for `read`; also, the file cannot be opened.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        msg = f"{path.name!r} cannot be opened: {error.strerror}"
        raise UnsupportedMediaError(msg) from error
    try:
        return _read_file(path, descriptor)
    except OSError as error:
        msg = f"{path.name!r} cannot be read: {error.strerror}"
        raise UnsupportedMediaError(msg) from error
    finally:
        os.close(descriptor)


def _read_file(path: Path, descriptor: int) -> Reading:
    source = Source.of_file(descriptor)
    if source.size <= _IN_MEMORY:
        source = Source.of(source.at(0, source.size))
    if not source.size:
        msg = f"{path.name!r} is empty"
        raise UnsupportedMediaError(msg)
    media_type = _by_name(sniff_source(source), path)
    finds = Finds()
    if media_type in {MediaType.TEXT, MediaType.CSV}:
        _beside(path, finds)
    return _read(media_type, source, finds)


def _by_name(media_type: MediaType, path: Path) -> MediaType:
    """Take a name's word for what bytes cannot tell: which kind of plain text it is."""
    if media_type is not MediaType.TEXT:
        return media_type
    return _KINDS_OF_TEXT.get(path.suffix.lower(), media_type)


def _beside(path: Path, finds: Finds) -> None:
    """Read `<name>.aigc.json`, where text without any metadata has its label."""
    sidecar = path.with_name(f"{path.name}.aigc.json")
    if sidecar.is_file():
        with sidecar.open("rb") as note:
            finds.claim("sidecar", note.read(_LARGEST_SIDECAR))


def _read(media_type: MediaType, source: Source, finds: Finds) -> Reading:
    try:
        SCANNERS[media_type](source, finds)
    except (BrokenError, ExhaustedError) as error:
        if not finds.claims:
            msg = f"the {media_type.value!r} cannot be looked through: {error}"
            raise UnsupportedMediaError(msg) from error
        exhausted = isinstance(error, ExhaustedError)
        finds.issues.append("unfinished" if exhausted else "broken-container")
    return judge(media_type, finds)


__all__ = ["SCANNERS", "Reading", "Verdict", "read", "read_path"]
