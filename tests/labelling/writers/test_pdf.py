"""Labels in PDF files."""

import json
import struct
import subprocess
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from labelling.errors import LabellingError, UnsupportedMediaError
from labelling.wording import NOTICE
from labelling.writers import pdf as module
from labelling.writers import pdf_font as pdf_font_module
from labelling.writers.base import Label
from labelling.writers.pdf import PdfInformationWriter, PdfNoticeWriter
from labelling.writers.pdf_font import pdf_font
from tests.labelling.writers import documents
from tests.labelling.writers.documents import LABEL
from tests.labelling.writers.tools import needed

EXPLICIT, IMPLICIT = PdfNoticeWriter(), PdfInformationWriter()
JSON = json.dumps(LABEL.aigc.as_dict(), separators=(",", ":"))
SHORT = documents.pdf(1)


def labelled(content: bytes) -> bytes:
    return IMPLICIT.write(EXPLICIT.write(content, LABEL), LABEL)


def printed(*command: str | Path) -> str:
    tool = needed(str(command[0]))
    shown = subprocess.run(  # noqa: S603
        [tool, *command[1:]], capture_output=True, check=True, timeout=30
    )
    assert not shown.stderr
    return shown.stdout.decode()


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
class TestSeen:
    def test_poppler_reads_the_words_on_every_page(self, tmp_path: Path, rotate: int) -> None:
        file = tmp_path / "a.pdf"
        file.write_bytes(labelled(documents.pdf(3, rotate=rotate)))

        pages = printed("pdftotext", file, "-").split("\f")

        assert [page.strip() for page in pages] == [NOTICE, NOTICE, NOTICE, ""]

    def test_poppler_draws_them_dark_on_white_at_the_upper_left(
        self, tmp_path: Path, rotate: int
    ) -> None:
        file = tmp_path / "a.pdf"
        file.write_bytes(labelled(documents.pdf(1, rotate=rotate, drawing=b"0 g 0 0 999 999 re f")))

        printed("pdftoppm", "-r", "144", "-gray", "-png", "-singlefile", file, tmp_path / "a")

        with Image.open(tmp_path / "a.png") as page:
            light = page.point(lambda value: 255 * (value > 200))
            left, top, right, bottom = light.getbbox() or (0, 0, 0, 0)
            plate = page.crop((left + 4, top + 4, right - 4, bottom - 4))
        # At 144 to the inch, ten points are twenty pixels; the plate holds little else than white.
        assert max(left, top) < 30
        assert 30 < bottom - top < 50
        assert 120 < right - left < 200
        ink = sum(plate.histogram()[:100]) / (plate.width * plate.height)
        assert 0.05 < ink < 0.3

    def test_the_outlines_are_in_the_file(self, tmp_path: Path, rotate: int) -> None:
        file = tmp_path / "a.pdf"
        file.write_bytes(labelled(documents.pdf(2, rotate=rotate)))

        fonts = printed("pdffonts", file).splitlines()[2:]

        assert len(fonts) == 1
        assert fonts[0].split()[-5:-2] == ["yes", "yes", "yes"]


def test_exiftool_and_poppler_find_the_information(tmp_path: Path) -> None:
    file = tmp_path / "a.pdf"
    file.write_bytes(labelled(SHORT))

    assert JSON in printed("pdfinfo", "-custom", file)
    assert printed("exiftool", "-s3", "-PDF:AIGC", file).strip() == JSON


def test_other_information_stays() -> None:
    with pikepdf.open(BytesIO(SHORT)) as pdf:
        pdf.docinfo["/Title"] = "退货说明"
        pdf.docinfo["/AIGC"] = "{}"
        made = BytesIO()
        pdf.save(made)

    after = IMPLICIT.write(made.getvalue(), LABEL)

    with pikepdf.open(BytesIO(after)) as pdf:
        assert dict(pdf.docinfo) == {"/Title": "退货说明", "/AIGC": JSON}


def test_it_grows_by_few_bytes_whatever_the_number_of_pages() -> None:
    few, many = documents.pdf(1), documents.pdf(50)

    # Each page has its own list of instructions and resources; the mark itself stands there once.
    assert len(labelled(few)) - len(few) < 5_000
    assert len(labelled(many)) - len(many) < 5_000 + 50 * 160


@pytest.mark.parametrize("drawing", [b"q 9 0 0 9 50 50 cm", b"Q Q 9 0 0 9 50 50 cm", b"q q Q Q Q"])
def test_a_page_that_loses_count_of_its_state_moves_no_mark(tmp_path: Path, drawing: bytes) -> None:
    needed("pdftoppm")
    shown = []
    for number, content in enumerate(
        [documents.pdf(1, drawing=b"n"), documents.pdf(1, drawing=drawing)]
    ):
        file = tmp_path / f"{number}.pdf"
        file.write_bytes(EXPLICIT.write(content, LABEL))
        tool = needed("pdftoppm")
        subprocess.run(  # noqa: S603
            [tool, "-r", "40", "-singlefile", file, tmp_path / str(number)],
            capture_output=True,
            check=True,
        )
        shown.append((tmp_path / f"{number}.ppm").read_bytes())

    assert shown[0] == shown[1]


def changed(content: bytes, change: object) -> bytes:
    made = BytesIO()
    with pikepdf.open(BytesIO(content)) as pdf:
        change(pdf)  # type: ignore[operator]
        pdf.save(made, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    return made.getvalue()


def inherit(pdf: pikepdf.Pdf) -> None:
    page = pdf.pages[0].obj
    del page.MediaBox, page.Rotate
    if "/Resources" in page:
        del page.Resources
    pdf.Root.Pages.MediaBox = pikepdf.Array([200, 100, 0, 0])
    pdf.Root.Pages.Rotate = -90
    pdf.Root.Pages.Resources = pikepdf.Dictionary(
        XObject=pikepdf.Dictionary(Old=pdf.make_stream(b""))
    )


def in_a_circle(pdf: pikepdf.Pdf) -> None:
    node = pdf.make_indirect(pikepdf.Dictionary())
    node.Parent = node
    pdf.pages[0].obj.Parent = node
    del pdf.pages[0].obj.Rotate


def test_nodes_that_are_their_own_parents_are_not_followed_for_ever() -> None:
    assert EXPLICIT.read(EXPLICIT.write(changed(SHORT, in_a_circle), LABEL)) == NOTICE


def test_what_a_page_inherits_is_heeded() -> None:
    after = EXPLICIT.write(changed(documents.pdf(2), inherit), LABEL)

    with pikepdf.open(BytesIO(after)) as pdf:
        assert set(pdf.pages[0].obj.Resources.XObject.keys()) == {"/Old", "/AIGCNotice"}
        assert set(pdf.pages[1].obj.Resources.XObject.keys()) == {"/AIGCNotice"}
        assert pdf.pages[0].obj.Contents[-1].read_bytes().startswith(b"\nQ q 0.0")


def test_pages_without_instructions_or_with_several_are_marked() -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        del pdf.pages[0].obj.Contents
        pdf.pages[1].obj.Contents = pikepdf.Array(
            [pdf.make_stream(b"q"), pdf.make_stream(b"Q"), pikepdf.Dictionary()]
        )

    after = EXPLICIT.write(changed(documents.pdf(2), change), LABEL)

    assert EXPLICIT.read(after) == NOTICE


def test_a_mark_that_no_page_draws_is_none() -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].obj.Contents = pdf.make_stream(b"n")

    assert EXPLICIT.read(changed(EXPLICIT.write(SHORT, LABEL), change)) is None


def test_a_mark_on_some_pages_is_none() -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        pdf.add_blank_page()

    assert EXPLICIT.read(changed(EXPLICIT.write(SHORT, LABEL), change)) is None


def signed(pdf: pikepdf.Pdf) -> None:
    pdf.Root.AcroForm = pikepdf.Dictionary(SigFlags=3, Fields=pikepdf.Array())


def without_area(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj.CropBox = pikepdf.Array([900, 900, 1000, 1000])


def without_pages(pdf: pikepdf.Pdf) -> None:
    del pdf.pages[0]


def turned_askew(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj.Rotate = 45


def broken_instructions(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj.Contents = pikepdf.Stream(pdf, b"no zlib", Filter=pikepdf.Name.FlateDecode)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (signed, "signed"),
        (without_area, "no area"),
        (without_pages, "no pages|damaged"),
        (turned_askew, "damaged"),
        (broken_instructions, "damaged"),
    ],
)
def test_what_cannot_carry_the_mark_is_refused(change: object, why: str) -> None:
    with pytest.raises(UnsupportedMediaError, match=why):
        EXPLICIT.write(changed(SHORT, change), LABEL)


def test_more_pages_than_anybody_reads_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labelling.writers.pdf.MOST_PAGES", 0)

    with pytest.raises(UnsupportedMediaError, match="no pages, or more than 0"):
        EXPLICIT.write(SHORT, LABEL)


@pytest.mark.parametrize("password", ["", "secret"])
@pytest.mark.parametrize("writer", [EXPLICIT, IMPLICIT], ids=lambda one: one.name)
def test_an_encrypted_file_is_refused(
    writer: PdfNoticeWriter | PdfInformationWriter, password: str
) -> None:
    locked = documents.pdf(1, encryption=pikepdf.Encryption(owner="owner", user=password))

    with pytest.raises(UnsupportedMediaError, match="encrypted"):
        writer.write(locked, LABEL)


@pytest.mark.parametrize("content", [b"%PDF-1.7", b"%PDF-1.7\ntrailer <<>>", b""])
def test_a_damaged_file_is_refused(content: bytes) -> None:
    for writer in (EXPLICIT, IMPLICIT):
        with pytest.raises(UnsupportedMediaError, match="damaged"):
            writer.write(content, LABEL)


@pytest.mark.parametrize("drawing", [b"BT (never closed", b"BI /W 1 ID never ended"])
def test_a_page_that_would_take_in_the_mark_is_refused(drawing: bytes) -> None:
    with pytest.raises(UnsupportedMediaError, match="cut off"):
        EXPLICIT.write(documents.pdf(1, drawing=drawing), LABEL)


def test_a_page_that_unpacks_to_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PAGE_BYTES", 10_000)
    bomb = documents.pdf(1, drawing=b"n " * 10_000, compress_streams=True)

    with pytest.raises(UnsupportedMediaError, match="more than 10000 bytes"):
        EXPLICIT.write(bomb, LABEL)


@pytest.mark.parametrize("size", [4, 40_000])
def test_other_packings_are_read_as_far_as_they_cannot_be_bombs(size: int) -> None:
    def change(pdf: pikepdf.Pdf) -> None:
        words = b"q".ljust(size).hex().encode() + b">"
        pdf.pages[0].obj.Contents = pikepdf.Stream(pdf, words, Filter=pikepdf.Name.ASCIIHexDecode)

    made = BytesIO()
    with pikepdf.open(BytesIO(SHORT)) as pdf:
        change(pdf)
        pdf.save(made, stream_decode_level=pikepdf.StreamDecodeLevel.none, compress_streams=False)

    assert EXPLICIT.read(EXPLICIT.write(made.getvalue(), LABEL)) == NOTICE


def test_a_sign_that_the_font_lacks_is_named() -> None:
    with pytest.raises(LabellingError, match="'龘'"):
        EXPLICIT.write(SHORT, Label("内容由AI生成龘", LABEL.aigc))


def cmap(*formats: bytes) -> bytes:
    start = 4 + 8 * len(formats)
    places = [start + sum(map(len, formats[:number])) for number in range(len(formats))]
    directory = b"".join(struct.pack(">HHL", 3, 1, place) for place in places)
    return struct.pack(">HH", 0, len(formats)) + directory + b"".join(formats)


@pytest.mark.parametrize("stop", [0, 0xFFFF])
def test_characters_may_be_told_one_by_one(stop: int) -> None:
    # OpenType, `cmap`, format 4: A is glyph 5, B has none, and the last segment is a stop sign.
    ends, starts, deltas, offsets = (0x42, 0xFFFF), (0x41, 0xFFFF), (0, 1), (4, stop)
    numbers = (4, 36, 0, 4, 4, 1, 0, *ends, 0, *starts, *deltas, *offsets, 5, 0)
    table = struct.pack(f">{len(numbers)}H", *numbers)

    assert pdf_font_module.characters(cmap(b"\0\x0c", table)) == {0x41: 5}


def test_a_font_without_a_table_for_its_characters_is_refused() -> None:
    with pytest.raises(LabellingError, match="no format 4"):
        pdf_font_module.characters(cmap(b"\0\x0c"))


def test_the_widths_are_those_of_the_font() -> None:
    font = pdf_font("内AI 生")

    assert font.widths == (1000, 608, 293, 224, 1000)
    assert len(font.program) < 2_500


@given(st.integers(min_value=0), st.integers(min_value=0, max_value=255))
def test_no_changed_byte_makes_more_than_an_error_of_ours(place: int, byte: int) -> None:
    content = bytearray(SHORT)
    content[place % len(content)] = byte

    try:
        after = labelled(bytes(content))
    except LabellingError:
        return

    assert (EXPLICIT.read(after), IMPLICIT.read(after)) == (NOTICE, JSON)
