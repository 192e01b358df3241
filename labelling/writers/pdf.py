"""The labels in a PDF: words on every page, and the entry `AIGC` of its information."""

import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from threading import Lock
from typing import Final

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, ObjectStreamMode, Page, Pdf, Stream
from pikepdf import StreamDecodeLevel as DecodeLevel

from labelling.writers.base import Kind, Label
from labelling.writers.payload import compact
from labelling.writers.pdf_font import pdf_font
from labelling.writers.refusal import refuse
from labelling.writers.statements import statement

MOST_PAGES: Final = 10_000
MOST_PAGE_BYTES: Final = 64 * 1024 * 1024
"""Of a page's unpacked instructions."""

# The libraries tell by each of these that an object is not what it must be.
_LIBRARY_ERRORS: Final = (
    pikepdf.PikepdfError,
    zlib.error,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    RuntimeError,
)
_WARNINGS: Final = Lock()
_DEEPEST: Final = 64
"""Of the tree of pages."""
_MARK: Final = "/AIGCNotice"
_PROBE: Final = "AIGCNoticeFollows"
_SAYS: Final = "/AIGCNoticeSays"
_KEY: Final = "/AIGC"
_SIGNED: Final = 1
_QUARTER: Final = 90
_FULL_TURN: Final = 360
# A document's words need be legible (GB 45438-2025 §5.1, without a number); the twentieth of the
# shortest side is asked of pictures. A sixtieth is ten points on A4, as large as common text.
_SHARE_OF_SIDE: Final = 60
_LEAST_SIZE: Final = 9.0
_PADDING: Final = 400
_HEIGHT: Final = 1000 + 2 * _PADDING
"""In thousandths of the font's size, as the padding."""
_BASELINE: Final = 120 + _PADDING
_WIDEST_SHARE: Final = 0.9
_MARGIN_SHARE: Final = 0.01


class PdfNoticeWriter:
    """Puts the words at the upper left of every page, on a plate of their own.

    One form is drawn on all pages. The outlines of its signs are embedded, so that it shows where
    no Chinese font is installed, and can be searched and copied.
    """

    name = "pdf-notice"
    kind = Kind.EXPLICIT

    def write(self, content: bytes, label: Label) -> bytes:
        with _opened(content) as pdf:
            if all(_says(page) == label.notice for page in pdf.pages):
                return content
            mark, width = _form(pdf, label.notice)
            # Pages of one size share what draws on them.
            streams: dict[bytes, Object] = {}
            for page in pdf.pages:
                _draw(pdf, page, mark, width, streams)
            return _saved(pdf)

    def read(self, content: bytes) -> str | None:
        with _opened(content) as pdf:
            said = {_says(page) for page in pdf.pages}
        words = said.pop()
        return statement(words) if words and not said else None


class PdfInformationWriter:
    """Writes the entry `AIGC` of the information dictionary (TC260-PG-20258A: bare JSON)."""

    name = "pdf-information"
    kind = Kind.IMPLICIT

    def write(self, content: bytes, label: Label) -> bytes:
        value = compact(label.aigc)
        with _opened(content) as pdf:
            if _information(pdf) == value:
                return content
            pdf.docinfo[_KEY] = pikepdf.String(value)
            return _saved(pdf)

    def read(self, content: bytes) -> str | None:
        with _opened(content) as pdf:
            return _information(pdf)


@contextmanager
def _opened(content: bytes) -> Iterator[Pdf]:
    """Open a PDF; what goes wrong while it is open is told as ours.

    Raises:
        UnsupportedMediaError: It is encrypted, signed, damaged, without pages or has too many.
    """
    try:
        with pikepdf.open(BytesIO(content), suppress_warnings=True) as pdf:
            _require_open(pdf)
            yield pdf
    except pikepdf.PasswordError as error:
        refuse("it is encrypted; label it before it is encrypted", error)
    except _LIBRARY_ERRORS as error:
        refuse("it is damaged", error)


def _require_open(pdf: Pdf) -> None:
    # Without a password it may be read, and is encrypted all the same: what is saved would not be.
    if pdf.is_encrypted:
        refuse("it is encrypted; label it before it is encrypted")
    form = pdf.Root.get(Name.AcroForm)
    if form is not None and int(form.get(Name.SigFlags, 0)) & _SIGNED:
        refuse("it is signed, and a label would break the signature; label it before")
    if not 0 < len(pdf.pages) <= MOST_PAGES:
        refuse(f"it has no pages, or more than {MOST_PAGES}")


def _saved(pdf: Pdf) -> bytes:
    target = BytesIO()
    # Streams are copied as they are: nothing is unpacked, packed or encoded again. The identifier
    # comes from the content, so that labelling twice gives the same bytes.
    pdf.save(
        target,
        fix_metadata_version=False,
        compress_streams=False,
        stream_decode_level=DecodeLevel.none,
        object_stream_mode=ObjectStreamMode.preserve,
        deterministic_id=True,
    )
    return target.getvalue()


def _information(pdf: Pdf) -> str | None:
    # `docinfo` would make the dictionary where there is none.
    information = pdf.trailer.get(Name.Info)
    value = information.get(_KEY) if isinstance(information, Dictionary) else None
    return str(value) if isinstance(value, pikepdf.String) else None


def _says(page: Page) -> str | None:
    resources = _inherited(page, "/Resources")
    forms = resources.get(Name.XObject) if isinstance(resources, Dictionary) else None
    mark = forms.get(_MARK) if isinstance(forms, Dictionary) else None
    if not isinstance(mark, Stream) or _SAYS not in mark:
        return None
    drawn = _instructions(page)[-1:]
    shown = any(isinstance(one, Stream) and _MARK.encode() in one.read_raw_bytes() for one in drawn)
    return str(mark[_SAYS]) if shown else None


def _inherited(page: Page, key: str) -> Object | None:
    """Give an attribute of the page, or of the nearest node above that has it."""
    node: Object | None = page.obj
    for _ in range(_DEEPEST):
        if not isinstance(node, Dictionary):
            break
        if key in node:
            return node[key]
        node = node.get(Name.Parent)
    return None


def _instructions(page: Page) -> list[Object]:
    contents = page.obj.get(Name.Contents)
    if contents is None:
        return []
    return list(contents) if isinstance(contents, Array) else [contents]


def _form(pdf: Pdf, notice: str) -> tuple[Object, int]:
    """Make the mark, a thousandth of a unit being a thousandth of the font's size."""
    font = pdf_font(notice)
    width = sum(font.widths) + 2 * _PADDING
    text = b"".join(glyph.to_bytes(2, "big") for glyph in font.glyphs).hex().encode()
    drawing = (
        b"/Artifact <</Type /Pagination>> BDC q 1 g 0.125 G 40 w 20 20 %d %d re B 0.125 g "
        b"BT /F 1000 Tf %d %d Td <%s> Tj ET Q EMC"
    ) % (width - 40, _HEIGHT - 40, _PADDING, _BASELINE, text)
    mark = pdf.make_stream(
        drawing,
        Type=Name.XObject,
        Subtype=Name.Form,
        BBox=Array([0, 0, width, _HEIGHT]),
        Resources=Dictionary(Font=Dictionary(F=_font(pdf, notice))),
    )
    mark[_SAYS] = pikepdf.String(notice)
    return pdf.make_indirect(mark), width


def _font(pdf: Pdf, notice: str) -> Object:
    font = pdf_font(notice)
    program = pdf.make_stream(b"", Subtype=Name.CIDFontType0C)
    program.write(font.program, filter=Name.FlateDecode)
    base = Name("/ZGNTCE+NotoSansCJKsc-Regular")
    descriptor = Dictionary(
        Type=Name.FontDescriptor,
        FontName=base,
        Flags=4,
        FontBBox=Array([-44, -279, 1000, 880]),
        ItalicAngle=0,
        Ascent=880,
        Descent=-120,
        CapHeight=733,
        StemV=80,
        FontFile3=pdf.make_indirect(program),
    )
    pairs = sorted(set(zip(font.glyphs, font.widths, strict=True)))
    widths = Array([part for glyph, width in pairs for part in (glyph, Array([width]))])
    descendant = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType0,
        BaseFont=base,
        CIDSystemInfo=Dictionary(Registry=b"Adobe", Ordering=b"Identity", Supplement=0),
        FontDescriptor=pdf.make_indirect(descriptor),
        DW=1000,
        W=widths,
    )
    return pdf.make_indirect(
        Dictionary(
            Type=Name.Font,
            Subtype=Name.Type0,
            BaseFont=base,
            Encoding=Name("/Identity-H"),
            DescendantFonts=Array([pdf.make_indirect(descendant)]),
            ToUnicode=pdf.make_stream(_to_unicode(notice, font.glyphs)),
        )
    )


def _to_unicode(notice: str, glyphs: tuple[int, ...]) -> bytes:
    """Tell which glyph is which character, for those who search, copy or listen."""
    pairs = sorted(set(zip(glyphs, notice, strict=True)))
    lines = "\n".join(f"<{glyph:04x}> <{sign.encode('utf-16-be').hex()}>" for glyph, sign in pairs)
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n"
        "/CMapName /AIGC-UCS def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <ffff> endcodespacerange\n"
        f"{len(pairs)} beginbfchar\n{lines}\nendbfchar\n"
        "endcmap CMapName currentdict /CMap defineresource pop end end"
    ).encode()


def _draw(pdf: Pdf, page: Page, mark: Object, width: int, streams: dict[bytes, Object]) -> None:
    before, after = _to_balance(pdf, page)
    # The page's own state is put aside, so that no matrix and no clip of it moves the mark.
    first = b"q " * (before + 1)
    last = b"\n" + b"Q " * (after + 1) + _placed(page, width)
    for drawing in (first, last):
        if drawing not in streams:
            streams[drawing] = pdf.make_stream(drawing)
    page.obj[Name.Resources] = _with_mark(page, mark)
    page.obj[Name.Contents] = Array([streams[first], *_instructions(page), streams[last]])


def _with_mark(page: Page, mark: Object) -> Dictionary:
    """Give the page resources of its own: they may be shared with other pages or with forms."""
    resources = _copied(_inherited(page, "/Resources"))
    forms = _copied(resources.get(Name.XObject))
    forms[_MARK] = mark
    resources[Name.XObject] = forms
    return resources


def _copied(dictionary: Object | None) -> Dictionary:
    copy = Dictionary()
    if isinstance(dictionary, Dictionary):
        for key, value in dictionary.items():
            copy[key] = value
    return copy


def _to_balance(pdf: Pdf, page: Page) -> tuple[int, int]:
    """Count the states that a page restores without saving, and saves without restoring."""
    depth = lowest = 0
    operators = _operators(_unpacked(pdf, page))
    # A page that ends within a string or a picture would take in the mark that stands behind it.
    if operators[-1:] != [_PROBE]:
        refuse("the instructions of a page are cut off")
    for operator in operators[:-1]:
        depth += 1 if operator == "q" else -1
        lowest = min(lowest, depth)
    return -lowest, depth - lowest


def _operators(instructions: Stream) -> list[str]:
    # The library warns of what is cut off, which is told otherwise here. How warnings are taken
    # belongs to the process, so one page at a time changes it.
    with _WARNINGS, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        found = pikepdf.parse_content_stream(instructions, f"q Q {_PROBE}")
    return [str(one.operator) for one in found]


def _unpacked(pdf: Pdf, page: Page) -> Stream:
    pieces = []
    left = MOST_PAGE_BYTES
    for one in _instructions(page):
        piece = _bounded(one, left) if isinstance(one, Stream) else b""
        left -= len(piece)
        pieces.append(piece)
    pieces.append(_PROBE.encode())
    return Stream(pdf, b"\n".join(pieces))


def _bounded(stream: Stream, most: int) -> bytes:
    """Unpack a stream, but not a bomb."""
    filters = stream.get(Name.Filter)
    if filters is None or (isinstance(filters, Array) and not len(filters)):
        return stream.read_raw_bytes()
    if filters == Name.FlateDecode or filters == Array([Name.FlateDecode]):
        content = zlib.decompressobj().decompress(stream.read_raw_bytes(), most + 1)
    else:
        # The other filters unpack to at most some hundred times their size.
        content = stream.read_bytes() if len(stream.read_raw_bytes()) < most // 256 else b""
    if len(content) > most:
        refuse(f"the instructions of a page have more than {most} bytes")
    return content


def _placed(page: Page, width: int) -> bytes:
    """Give the instruction that draws the mark at the upper left of the page as it is shown."""
    left, bottom, right, top = _box(page)
    turn = int(_inherited(page, "/Rotate") or 0) % _FULL_TURN
    across, up = right - left, top - bottom
    shown = (up, across) if turn % (2 * _QUARTER) else (across, up)
    size = max(_LEAST_SIZE, min(shown) / _SHARE_OF_SIDE)
    scale = min(size / 1000, _WIDEST_SHARE * shown[0] / width, _WIDEST_SHARE * shown[1] / _HEIGHT)
    margin = _MARGIN_SHARE * min(shown)
    x, y = margin, shown[1] - margin - _HEIGHT * scale
    # By the angle the page is turned clockwise when it is shown, the mark is turned back.
    matrix = {
        0: (scale, 0, 0, scale, left + x, bottom + y),
        90: (0, scale, -scale, 0, right - y, bottom + x),
        180: (-scale, 0, 0, -scale, right - x, top - y),
        270: (0, -scale, scale, 0, left + y, top - x),
    }[turn]
    numbers = " ".join(f"{number:.5f}" for number in matrix)
    return f"q {numbers} cm {_MARK} Do Q".encode()


def _box(page: Page) -> tuple[float, float, float, float]:
    """Give what is shown of a page: left, bottom, right, top."""
    media = _ordered(page.mediabox)
    crop = _ordered(page.cropbox)
    box = (
        max(media[0], crop[0]),
        max(media[1], crop[1]),
        min(media[2], crop[2]),
        min(media[3], crop[3]),
    )
    if box[0] >= box[2] or box[1] >= box[3]:
        refuse("a page of it has no area")
    return box


def _ordered(box: Array) -> tuple[float, float, float, float]:
    one, two, three, four = (float(number) for number in box)
    return min(one, three), min(two, four), max(one, three), max(two, four)
