"""PDF: the information dictionary, the metadata stream, and the words of the outer pages."""

import re
from collections.abc import Iterator
from io import BytesIO

import pikepdf
from pikepdf import settings

from labelling.errors import UnsupportedMediaError
from labelling.reading import pdftext, xmp
from labelling.reading.finds import Finds
from labelling.reading.source import LARGEST_PACKET, BrokenError, Source

_LARGEST = 128 << 20
_LARGEST_STREAM = 64 << 20
_MOST_WARNINGS = 1000
# What pikepdf raises when a document's objects are of other kinds than the standard has.
_DAMAGE = (
    pikepdf.PdfError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
)
_RAW_INFO = re.compile(rb"/AIGC\s*\(((?:[^()\\]|\\.){0,65536})", re.DOTALL)


def scan(source: Source, finds: Finds) -> None:
    """Read a document.

    Raises:
        UnsupportedMediaError: It needs a password.
        BrokenError: Its objects cannot be read.
    """
    content = source.whole(_LARGEST)
    # For the whole process; the library's default is no limit at all.
    settings.set_qpdf_limits(flate_max_memory=_LARGEST_STREAM, doc_max_warnings=_MOST_WARNINGS)
    if b"c2pa" in content:
        finds.manifest(
            content[content.index(b"c2pa") :][: 4 << 20] if b"jumdc2pa" in content else b""
        )
    try:
        with pikepdf.open(BytesIO(content)) as document:
            _document(document, finds)
    except pikepdf.PasswordError as error:
        msg = "the document is encrypted with a password"
        raise UnsupportedMediaError(msg) from error
    except _DAMAGE as error:
        _salvage(content, finds)
        msg = "the document's objects cannot be read"
        raise BrokenError(msg) from error
    finds.trailer(content[max(content.rfind(b"%%EOF"), len(content) - 4096) :])


def _document(document: pikepdf.Pdf, finds: Finds) -> None:
    information = document.trailer.get("/Info")
    if isinstance(information, pikepdf.Dictionary):
        for key, value in information.items():
            _property(key.removeprefix("/"), value, finds)
    metadata = document.Root.get("/Metadata")
    if isinstance(metadata, pikepdf.Stream) and int(metadata.get("/Length", 0)) <= LARGEST_PACKET:
        xmp.scan(metadata.read_bytes(), finds, "pdf:Metadata/xmp")
    finds.words(list(_words(document)))


def _property(key: str, value: object, finds: Finds) -> None:
    text = str(value) if isinstance(value, pikepdf.String) else ""
    if key.casefold() == "aigc":
        form = () if text else ("property-form",)
        finds.claim("pdf:Info", text, *form, *(() if key == "AIGC" else ("key-name",)))
    elif text:
        finds.loose(f"pdf:Info/{key[:32]}", text)


def _words(document: pikepdf.Pdf) -> Iterator[str]:
    """Give the words of the first and the last page: a label on every page is on these."""
    for place in sorted({0, len(document.pages) - 1}):
        try:
            yield from pdftext.pieces(document.pages[place])
        except _DAMAGE:
            # A page that cannot be read says nothing about the document's properties.
            continue


def _salvage(content: bytes, finds: Finds) -> None:
    found = None if finds.claims else _RAW_INFO.search(content)
    if found:
        finds.claim("pdf:Info", re.sub(rb"\\(.)", rb"\1", found[1]))
