"""The mark of JPEG: the blocks under it change, all other coefficients stay what they were."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from labelling import marks
from labelling.errors import LabellingError, UnsupportedMediaError
from labelling.wording import NOTICE
from labelling.writers import jpeg_mark, jpeg_splice
from labelling.writers.jpeg import Head, Segment
from labelling.writers.jpeg_huffman import Coding, SpliceError, Table, tables_of, walked
from labelling.writers.jpeg_mark import JpegMarkWriter
from labelling.writers.jpeg_splice import Block, Drawing, Layout, Patch
from tests.labelling.writers import pictures
from tests.labelling.writers.recordings import LABEL

WRITER = JpegMarkWriter()
LARGE = (512, 512)


def coded_anew(content: bytes) -> bool:
    """Tell whether a picture cannot be spliced; both ways mark it."""
    head = Head.of(content)
    picture = jpeg_mark._opened(content)
    mark = marks.plate_for(*picture.size, NOTICE)
    try:
        jpeg_mark._spliced(content, head, picture, mark)
    except SpliceError:
        return True
    return False


def changes(content: bytes, made: bytes, around: int) -> NDArray[np.bool_]:
    """Tell which pixels differ, apart from the mark's box and so many pixels around it."""
    before, after = pictures.pixels(content), pictures.pixels(made)
    differ: NDArray[np.bool_] = (before != after).any(axis=2)
    left, top, right, bottom = marks.plate_for(before.shape[1], before.shape[0], NOTICE).box
    differ[max(0, top - around) : bottom + around, max(0, left - around) : right + around] = False
    return differ


@pytest.mark.parametrize(
    "how",
    [
        {"quality": 90},
        {"quality": 30},
        {"quality": 98, "subsampling": 0},
        {"quality": 75, "subsampling": 1},
        {"quality": 90, "mode": "L"},
        {"quality": 90, "restart_marker_rows": 1},
        {"quality": 90, "restart_marker_blocks": 7},
    ],
)
class TestSplice:
    def test_nothing_changes_but_the_plate(self, how: dict[str, object]) -> None:
        content = pictures.picture("JPEG", size=LARGE, **how)

        made = WRITER.write(content, LABEL)

        assert not coded_anew(content)
        assert WRITER.read(made) == NOTICE
        # The plate keeps to whole blocks; colours of half the size run over by one pixel.
        assert not changes(content, made, around=1).any()

    def test_a_small_picture_changes_in_the_blocks_the_plate_touches(
        self, how: dict[str, object]
    ) -> None:
        content = pictures.picture("JPEG", size=(210, 131), **how)

        made = WRITER.write(content, LABEL)

        assert not changes(content, made, around=17).any()
        assert WRITER.write(made, LABEL) == made

    def test_all_but_the_scan_stays_byte_for_byte(self, how: dict[str, object]) -> None:
        content = pictures.picture("JPEG", size=LARGE, **how)

        made = WRITER.write(content, LABEL)

        assert made[: Head.of(content).scan_at] == content[: Head.of(content).scan_at]
        assert len(made) - len(content) < 10_000


def test_the_scan_behind_the_last_row_of_the_plate_stays_byte_for_byte() -> None:
    content = pictures.picture("JPEG", size=LARGE, quality=90)

    assert WRITER.write(content, LABEL)[-8000:] == content[-8000:]


def test_a_table_with_room_gets_the_codes_it_lacks() -> None:
    # A plain picture needs few codes, so its own tables have few.
    made = io.BytesIO()
    Image.new("RGB", (300, 300), (90, 160, 90)).save(made, "JPEG", optimize=True)
    content = made.getvalue()

    marked = WRITER.write(content, LABEL)

    assert not coded_anew(content)
    assert not changes(content, marked, around=17).any()
    tables = [one for one in Head.of(marked).segments if one.marker == 0xC4]
    assert len(tables) == 1 + sum(one.marker == 0xC4 for one in Head.of(content).segments)


def test_a_picture_that_is_not_stored_as_luminance_and_colour_is_coded_anew() -> None:
    content = pictures.picture("JPEG", keep_rgb=True)

    # Its components are called R, G and B; or a segment of Adobe's says what they are.
    named = content.replace(b"R\x11\0G\x11\0B\x11\0", b"\1\x11\0\2\x11\0\3\x11\0")
    named = named.replace(b"\x03R\0G\0B\0", b"\x03\1\0\2\0\3\0")
    for one in (content, named):
        assert coded_anew(one)
        assert WRITER.read(WRITER.write(one, LABEL)) == NOTICE
    assert named != content


@pytest.mark.parametrize(
    "how",
    [{"progressive": True}, {"mode": "CMYK"}, {"optimize": True, "size": LARGE, "quality": 95}],
)
def test_what_cannot_be_spliced_is_coded_anew_as_finely_as_it_was(how: dict[str, object]) -> None:
    content = pictures.picture("JPEG", **{"quality": 95, **how})

    made = WRITER.write(content, LABEL)

    assert coded_anew(content)
    assert WRITER.read(made) == NOTICE
    before = pictures.pixels(content).astype(int)
    change = before - pictures.pixels(made)
    left, top, right, bottom = marks.plate_for(before.shape[1], before.shape[0], NOTICE).box
    change[top - 2 : bottom + 16, left - 2 : right + 16] = 0
    assert 10 * np.log10(255**2 / (change**2).mean()) > 40
    with Image.open(io.BytesIO(made)) as after, Image.open(io.BytesIO(content)) as picture:
        assert after.mode == picture.mode
        assert ("progressive" in after.info) == ("progressive" in picture.info)


def test_what_the_head_says_is_kept_when_the_picture_is_coded_anew() -> None:
    content = pictures.with_exif("JPEG", pictures.turned(6), progressive=True, comment=b"KEEP")

    made = WRITER.write(content, LABEL)

    assert made.count(b"KEEP") == content.count(b"KEEP") == 1
    assert Image.open(io.BytesIO(made)).getexif()[0x0112] == 6


def test_further_pictures_behind_the_first_go_for_they_are_not_marked() -> None:
    made = io.BytesIO()
    scene = pictures.scene()
    scene.save(made, "MPO", save_all=True, append_images=[scene.rotate(90)])

    marked = WRITER.write(made.getvalue(), LABEL)

    assert made.getvalue().count(b"\xff\xd8\xff") == 2
    assert marked.count(b"\xff\xd8\xff") == 1
    assert b"MPF\0" not in marked


class TestOddHeads:
    @staticmethod
    def with_segment(content: bytes, marker: int, change: dict[int, int]) -> bytes:
        """Change bytes in the body of the first segment of a kind."""
        head = Head.of(content)
        segment = next(one for one in head.segments if one.marker == marker)
        body = bytearray(segment.body)
        for at, value in change.items():
            body[at] = value
        new = Segment(marker, 0, bytes(body)).encoded()
        return content[: segment.start] + new + content[segment.start + len(new) :]

    @pytest.mark.parametrize(
        ("marker", "change"),
        [
            (0xC0, {0: 12}),  # twelve bits
            (0xC0, {7: 0x41}),  # a rare sampling
            (0xC0, {6: 0x52, 9: 0x47, 12: 0x42}),  # the components are called R, G and B
            (0xC0, {14: 0}),  # the two colours are quantised apart
            (0xC4, {0: 0x03}),  # a table in another place than the scan looks
        ],
    )
    def test_what_is_rare_is_not_spliced(self, marker: int, change: dict[int, int]) -> None:
        content = self.with_segment(pictures.picture("JPEG"), marker, change)
        head = Head.of(content)
        picture = jpeg_mark._opened(pictures.picture("JPEG"))

        with pytest.raises(SpliceError):
            jpeg_mark._spliced(content, head, picture, marks.plate_for(*picture.size, NOTICE))

    def test_quantisation_of_more_than_eight_bits_is_not_spliced(self) -> None:
        content = pictures.picture("JPEG")
        picture = jpeg_mark._opened(content)
        picture.quantization = {0: [300] * 64, 1: [300] * 64}
        mark = marks.plate_for(*picture.size, NOTICE)

        with pytest.raises(SpliceError, match="eight bits"):
            jpeg_mark._spliced(content, Head.of(content), picture, mark)

    def test_a_scan_without_its_end_is_not_spliced(self) -> None:
        assert coded_anew(pictures.picture("JPEG", size=LARGE)[:-2])

    def test_a_scan_that_breaks_off_is_refused(self) -> None:
        content = pictures.picture("JPEG", progressive=True)

        with pytest.raises(UnsupportedMediaError, match="cannot be read"):
            WRITER.write(content[: len(content) // 3], LABEL)

    def test_a_scan_with_too_few_restarts_is_not_spliced(self) -> None:
        content = pictures.picture("JPEG", size=LARGE, restart_marker_rows=4)
        cut = content.index(b"\xff\xd3")

        assert coded_anew(content[:cut] + b"\xff\xd9")

    def test_a_mode_that_cannot_be_coded_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        content = pictures.picture("JPEG", progressive=True)
        picture = jpeg_mark._opened(content)
        picture._mode = "YCbCr"
        monkeypatch.setattr(jpeg_mark, "_opened", lambda _: picture)

        with pytest.raises(LabellingError, match="mode 'YCbCr'"):
            jpeg_mark._coded_anew(content, Head.of(content), marks.plate_for(200, 150, NOTICE))


class TestRuns:
    def test_rows_that_are_covered_whole_are_one_run(self) -> None:
        block = Block(0, 0, ((0, 0, 0),))
        patch = Patch(0, 1, Drawing(4, ((block,),) * 8))

        assert jpeg_splice._runs(range(12), Layout(4, 3, 0), patch) == [range(4, 12)]

    def test_an_end_that_meets_no_byte_is_not_spliced(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        content = pictures.picture("JPEG", size=LARGE, quality=90)
        monkeypatch.setattr(jpeg_splice._Writing, "_faint", lambda *_: [])

        assert coded_anew(content)

    def test_a_difference_without_a_code_is_not_spliced(self) -> None:
        with pytest.raises(SpliceError, match="larger"):
            jpeg_splice._dc_text(5000, TestHuffman.SMALL)


class TestHuffman:
    # One code for each of the lengths 1 and 2, and so half of what is left is free.
    SMALL = Table(bytes([1, 1] + [0] * 14), b"\0\1")

    def test_codes_are_given_out_in_order(self) -> None:
        assert self.SMALL.codes() == {0: (0, 1), 1: (2, 2)}

    def test_new_symbols_take_the_longest_codes_and_change_no_other(self) -> None:
        wider = self.SMALL.with_symbols({1, 7, 9})

        assert wider.codes() == {**self.SMALL.codes(), 7: (0xC000, 16), 9: (0xC001, 16)}
        assert self.SMALL.with_symbols({0}) is self.SMALL

    def test_a_full_table_takes_none(self) -> None:
        full = Table(bytes([1] * 15 + [1]), bytes(range(16)))

        with pytest.raises(SpliceError, match="full"):
            full.with_symbols({200})

    def test_tables_are_read_one_after_the_other(self) -> None:
        body = b"\0" + self.SMALL.counts + self.SMALL.symbols

        assert tables_of(body + b"\x11" + body[1:]) == {0: self.SMALL, 0x11: self.SMALL}

    @pytest.mark.parametrize(
        "body", [b"\0", b"\0" + bytes(15), b"\0\5" + bytes(15) + b"abcde", b"\0\1" + bytes(15)]
    )
    def test_a_broken_table_is_refused(self, body: bytes) -> None:
        with pytest.raises(UnsupportedMediaError, match="Huffman"):
            tables_of(body)

    @pytest.mark.parametrize("data", [b"", b"\xff\xff", b"\xf0", bytes(3)])
    def test_bits_that_are_no_blocks_are_no_scan(self, data: bytes) -> None:
        # 0: no difference, or sixteen zeros after nothing at all.
        table = Table(bytes([2] + [0] * 15), b"\0\xf0")
        coding = Coding((0,), (self.SMALL,), (table,))

        with pytest.raises(SpliceError):
            walked(data, coding, 40)

    def test_a_block_that_runs_over_the_end_is_none(self) -> None:
        # A difference of three bits, of which the last two are not there; then the end of a block.
        dc = Table(bytes([1] + [0] * 15), b"\3")
        ac = Table(bytes([0, 1] + [0] * 14), b"\0")

        with pytest.raises(SpliceError):
            walked(b"\0", Coding((0,), (dc,), (ac,)), 2)

    def test_symbols_that_mean_nothing_are_no_blocks(self) -> None:
        ac = Table(bytes([1] + [0] * 15), b"\x50")

        with pytest.raises(SpliceError):
            walked(bytes(4), Coding((0,), (self.SMALL,), (ac,)), 1)

    def test_a_last_coefficient_that_runs_over_the_end_is_none(self) -> None:
        # Three times sixteen zeros, then fourteen and a value of five bits.
        ac = Table(bytes([1, 1] + [0] * 14), b"\xf0\xe5")

        with pytest.raises(SpliceError):
            walked(b"\x08", Coding((0,), (self.SMALL,), (ac,)), 1)
