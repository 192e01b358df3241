"""Where the mark stands, how large it is, and that it can be seen."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from labelling import marks
from labelling.errors import LabellingError
from labelling.wording import NOTICE

ARTEFACTS = Path(__file__).parents[2] / "artefacts" / "marks"
SIZES = [(64, 64), (64, 2000), (8000, 64), (100, 100), (512, 512), (1000, 1000), (1080, 1920)]


def luminance(colour: tuple[int, ...]) -> float:
    parts = [part / 255 for part in colour[:3]]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def heights_of_signs(mark: marks.Mark) -> list[int]:
    """Measure the ink of every sign in the drawn plate, apart from how it was planned."""
    ink = np.asarray(mark.image.convert("L")) >= 128
    rim = 1 + next(row for row in range(len(ink)) if not ink[row, len(ink[0]) // 2])
    inner = ink[rim:-rim, rim:-rim]
    columns = inner.any(axis=0)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], columns, [0]]).astype(int)))
    return [
        int(np.flatnonzero(inner[:, start:end].any(axis=1))[[0, -1]] @ [-1, 1]) + 1
        for start, end in zip(edges[::2], edges[1::2], strict=True)
    ]


class TestSize:
    @pytest.mark.parametrize(("width", "height"), [*SIZES, (8000, 8000)])
    def test_the_lowest_sign_is_a_twentieth_of_the_shortest_side(
        self, width: int, height: int
    ) -> None:
        planned = marks.plan(width, height, NOTICE)

        least = marks.least_ink(NOTICE, planned.font_px)
        assert least >= max(9, min(width, height) / 20)
        # Not much more either, where the smallest legible size does not ask for it.
        assert least <= max(9, min(width, height) / 20 + 2)

    def test_ink_is_measured_on_the_drawn_plate(self) -> None:
        mark = marks.plate_for(1000, 1000, NOTICE)

        # A sign of several parts is several heights; the capitals are the lowest whole ones.
        assert max(heights_of_signs(mark)) > 60
        assert {50, 51} & set(heights_of_signs(mark))

    @given(st.integers(64, 3000), st.integers(64, 3000))
    @settings(max_examples=30, deadline=None)
    def test_the_plate_stands_inside_the_margin(self, width: int, height: int) -> None:
        planned = marks.plan(width, height, NOTICE)

        margin = 0.015 * min(width, height)
        assert min(planned.left, planned.top) >= margin
        assert planned.left + planned.width + margin <= width
        assert planned.top + planned.height + margin <= height

    def test_words_that_are_too_long_for_one_line_take_two(self) -> None:
        assert marks.plan(64, 64, NOTICE).lines == ("内容由", "AI生成")

    def test_a_latin_word_is_never_broken(self) -> None:
        lines = marks.plan(64, 2000, "内容可能由AI生成").lines

        assert "".join(lines) == "内容可能由AI生成"
        assert any("AI" in line for line in lines)

    @pytest.mark.parametrize(("width", "height"), [(63, 1000), (1000, 63), (1, 1), (0, 0)])
    def test_a_picture_too_small_for_legible_words_is_refused(
        self, width: int, height: int
    ) -> None:
        with pytest.raises(LabellingError, match="no room"):
            marks.plate_for(width, height, NOTICE)

    def test_words_too_long_for_any_number_of_lines_are_refused(self) -> None:
        with pytest.raises(LabellingError, match="finds no room"):
            marks.plate_for(64, 64, NOTICE * 4)


class TestSight:
    def test_contrast_is_the_same_on_any_background(self) -> None:
        assert contrast(marks.INK, marks.PLATE) >= 4.5
        # No background shows through.
        assert marks.plate_for(300, 300, NOTICE).image.getchannel("A").getextrema() == (255, 255)

    @pytest.mark.parametrize("ground", [(0, 0, 0), (255, 255, 255), (32, 32, 32), (200, 30, 30)])
    def test_the_plate_stands_out_from_its_background(self, ground: tuple[int, ...]) -> None:
        edge = contrast(marks.RIM, ground)

        assert max(edge, contrast(marks.PLATE, ground)) >= 4.5

    def test_each_copy_is_the_callers_own(self) -> None:
        first = marks.plate_for(300, 300, NOTICE)
        first.image.paste((0, 0, 0, 0), (0, 0, *first.image.size))

        assert marks.plate_for(300, 300, NOTICE).image.getpixel((0, 0)) == marks.RIM

    def test_the_mark_is_seen_where_it_is_and_not_where_it_is_not(self) -> None:
        picture = Image.new("RGB", (300, 200), (90, 160, 90))
        mark = marks.plate_for(300, 200, NOTICE)

        assert marks.read(picture, 1) is None
        picture.paste(mark.image, mark.box)
        assert marks.read(picture, 1) == NOTICE
        assert not marks.shows(picture.crop((0, 0, 10, 10)), mark)

    def test_a_mark_that_shows_through_is_none(self) -> None:
        mark = marks.plate_for(300, 200, NOTICE)
        faint = Image.new("RGBA", (300, 200))
        faint.paste(mark.image, mark.box)
        faint.putalpha(40)

        assert marks.read(faint, 1) is None

    def test_the_other_wordings_are_told_apart(self) -> None:
        for words in marks.WORDINGS:
            picture = Image.new("RGB", (300, 200))
            mark = marks.plate_for(300, 200, words)
            picture.paste(mark.image, mark.box)

            assert marks.read(picture, 1) == words

    def test_nothing_is_seen_in_a_picture_without_room_for_it(self) -> None:
        assert marks.read(Image.new("RGB", (20, 20)), 1) is None


class TestOrientation:
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_the_words_stand_upright_when_the_picture_is_shown(self, orientation: int) -> None:
        stored = Image.new("RGB", (300, 200), (90, 160, 90))
        mark = marks.stored_mark(300, 200, orientation, NOTICE)
        stored.paste(mark.image, mark.box)
        stored.getexif()[0x0112] = orientation

        shown = ImageOps.exif_transpose(stored)

        assert marks.read(stored, orientation) == NOTICE
        upright = marks.plate_for(*shown.size, NOTICE)
        assert shown.crop(upright.box).tobytes() == upright.image.convert("RGB").tobytes()


def test_pictures_of_the_marks_are_kept_for_a_person_to_look_at() -> None:
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    for width, height in SIZES:
        picture = Image.linear_gradient("L").resize((width, height)).convert("RGB")
        mark = marks.plate_for(width, height, NOTICE)
        picture.paste(mark.image, mark.box)
        kept = ARTEFACTS / f"{width}x{height}.png"
        picture.save(kept, compress_level=1)

        with Image.open(kept) as seen:
            assert marks.read(seen, 1) == NOTICE
