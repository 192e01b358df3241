"""The mark of PNG and GIF by themselves: rows, palettes, animations, and the deflate stream."""

import io
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from labelling import marks
from labelling.errors import LabellingError, UnsupportedMediaError
from labelling.wording import NOTICE
from labelling.writers import deflate, png_mark
from labelling.writers.palette import numbers_for
from labelling.writers.png import SIGNATURE, chunks, encoded
from labelling.writers.png_ink import ink_for
from labelling.writers.png_mark import PngMarkWriter
from labelling.writers.png_rows import Format, Pass, filtered, unfiltered
from tests.labelling.writers import pictures
from tests.labelling.writers.recordings import LABEL

WRITER = PngMarkWriter()


def same_outside(content: bytes, made: bytes) -> bool:
    for number in range(getattr(Image.open(io.BytesIO(content)), "n_frames", 1)):
        one, other = pictures.pixels(content, number), pictures.pixels(made, number)
        left, top, right, bottom = marks.plate_for(one.shape[1], one.shape[0], NOTICE).box
        for seen in (one, other):
            seen[top:bottom, left:right] = 0
            seen[seen[..., 3] == 0] = 0
        if not (one == other).all():
            return False
    return True


def names(content: bytes) -> list[bytes]:
    return [chunk.name for chunk in chunks(content)]


def png(width: int, height: int, depth: int, colour: int, rows: bytes, *more: bytes) -> bytes:
    """Make a PNG of rows that have no filter yet, each without its filter's byte."""
    each = len(rows) // height
    raw = b"".join(b"\0" + rows[at * each : (at + 1) * each] for at in range(height))
    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    return b"".join(
        [
            SIGNATURE,
            encoded(b"IHDR", size + bytes([depth, colour, 0, 0, 0])),
            *more,
            encoded(b"IDAT", zlib.compress(raw)),
            encoded(b"IEND", b""),
        ]
    )


class TestPng:
    @pytest.mark.parametrize(("colour", "channels"), [(2, 3), (6, 4), (4, 2), (0, 1)])
    def test_sixteen_bits_stay_sixteen_bits(self, colour: int, channels: int) -> None:
        noise = np.random.default_rng(7).integers(0, 255, (80, 80 * channels * 2), np.uint8)
        content = png(80, 80, 16, colour, noise.tobytes())

        made = WRITER.write(content, LABEL)

        assert WRITER.read(made) == NOTICE
        assert made[:33] == content[:33]
        old, new = (
            zlib.decompress(next(c.body(file) for c in chunks(file) if c.name == b"IDAT"))
            for file in (content, made)
        )
        bottom = marks.plate_for(80, 80, NOTICE).box[3]
        assert (
            old[(bottom + 1) * (1 + 160 * channels) :] == new[(bottom + 1) * (1 + 160 * channels) :]
        )

    @pytest.mark.parametrize("depth", [1, 2, 4])
    def test_greys_of_few_bits_are_marked_in_them(self, depth: int) -> None:
        content = png(96, 80, depth, 0, bytes(range(12 * depth)) * 80)

        made = WRITER.write(content, LABEL)

        assert WRITER.read(made) == NOTICE
        assert same_outside(content, made)

    def test_interlaced_rows_are_marked_where_they_stand(self) -> None:
        content = pictures.interlaced(pictures.picture("PNG"))

        made = WRITER.write(content, LABEL)

        assert made[:29] == content[:29]
        assert same_outside(content, made)

    def test_an_interlaced_picture_of_one_pixel_a_pass_is_read(self) -> None:
        form = Format.of(b"\0\0\0\1\0\0\0\1\x08\0\0\0\1")

        assert [(one.width, one.height) for one in form.passes(1, 1)] == [(1, 1)]

    @pytest.mark.parametrize("key", [(255, 255, 255), (32, 32, 32), (0, 0, 0)])
    def test_a_colour_declared_to_be_none_is_not_drawn_with(
        self, key: tuple[int, int, int]
    ) -> None:
        content = pictures.picture("PNG", transparency=key)

        made = WRITER.write(content, LABEL)

        assert WRITER.read(made) == NOTICE
        assert same_outside(content, made)

    def test_few_greys_of_which_one_is_none_become_colours(self) -> None:
        content = png(96, 80, 2, 0, bytes(24) * 80, encoded(b"tRNS", b"\0\3"))

        made = WRITER.write(content, LABEL)

        assert WRITER.read(made) == NOTICE
        assert same_outside(content, made)

    @pytest.mark.parametrize("count", [2, 4, 16, 200, 256])
    def test_palettes_of_all_sizes_show_the_mark(self, count: int) -> None:
        made = io.BytesIO()
        pictures.scene().quantize(count).save(made, "PNG")

        marked = WRITER.write(made.getvalue(), LABEL)

        assert WRITER.read(marked) == NOTICE
        assert same_outside(made.getvalue(), marked)
        # A full palette has no room, and this one has nothing dark and light enough.
        assert Image.open(io.BytesIO(marked)).mode == ("P" if count < 256 else "RGB")

    def test_a_full_palette_of_one_light_becomes_full_colours(self) -> None:
        palette = encoded(b"PLTE", b"".join(bytes([120, 120, 120 + n % 2]) for n in range(256)))
        note = encoded(b"tEXt", b"Title\0KEEP")
        content = png(80, 80, 8, 3, bytes(range(80)) * 80, palette, note)

        made = WRITER.write(content, LABEL)

        assert Image.open(io.BytesIO(made)).mode == "RGB"
        assert same_outside(content, made)
        assert note in made

    def test_pixels_in_several_chunks_become_one(self) -> None:
        content = pictures.picture("PNG")
        (pixels,) = (chunk for chunk in chunks(content) if chunk.name == b"IDAT")
        body = pixels.body(content)
        parts = encoded(b"IDAT", body[:100]) + encoded(b"IDAT", body[100:])

        made = WRITER.write(content[: pixels.start] + parts + content[pixels.end :], LABEL)

        assert names(made) == [b"IHDR", b"IDAT", b"IEND"]
        assert same_outside(content, made)

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (SIGNATURE + encoded(b"IEND", b""), "header is none"),
            (png(80, 80, 9, 2, bytes(240) * 80), "header is none"),
            (png(80, 80, 8, 2, bytes(2) * 80), "end too early"),
            (png(80, 80, 8, 2, b"").replace(b"x\x9c", b"zz"), "packed data"),
        ],
    )
    def test_what_is_no_picture_is_refused(self, content: bytes, why: str) -> None:
        with pytest.raises(UnsupportedMediaError, match=why):
            WRITER.write(content, LABEL)

    def test_a_row_with_an_unknown_filter_is_refused(self) -> None:
        with pytest.raises(UnsupportedMediaError, match="unknown filter"):
            unfiltered(np.full((2, 4), 5, np.uint8), 3)

    @given(st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 3, 4, 6, 8]))
    @settings(max_examples=20, deadline=None)
    def test_filters_are_undone_and_done_again(self, seed: int, step: int) -> None:
        rows = np.random.default_rng(seed).integers(0, 256, (7, 1 + 5 * step)).astype(np.uint8)
        rows[:, 0] %= 5

        plain = unfiltered(rows, step)

        again = filtered(rows[:, :1], plain, np.zeros_like(plain[0]), step)
        assert (again == rows).all()


class TestApng:
    def test_frames_that_do_not_touch_the_mark_stay_as_they_are(self) -> None:
        content = pictures.animation("PNG")

        made = WRITER.write(content, LABEL)

        assert names(made) == names(content)
        assert same_outside(content, made)
        assert [c.body(made) for c in chunks(made)][-2] == [
            c.body(content) for c in chunks(content)
        ][-2]

    @pytest.mark.parametrize("disposal", [0, 1, 2])
    @pytest.mark.parametrize("blend", [0, 1])
    def test_the_mark_is_whole_whatever_becomes_of_a_frame(self, disposal: int, blend: int) -> None:
        frames = []
        for number in range(3):
            frame = Image.new("RGBA", (120, 100))
            frame.paste((200, 30, 30, 255), (20 * number, 0, 20 * number + 30, 90))
            frames.append(frame)
        made = io.BytesIO()
        frames[0].save(
            made, "PNG", save_all=True, append_images=frames[1:], disposal=disposal, blend=blend
        )

        marked = WRITER.write(made.getvalue(), LABEL)

        assert WRITER.read(marked) == NOTICE
        assert same_outside(made.getvalue(), marked)

    def test_a_still_for_readers_of_no_animation_is_marked_as_well(self) -> None:
        made = io.BytesIO()
        scene = pictures.scene()
        scene.save(made, "PNG", save_all=True, default_image=True, append_images=[scene, scene])

        marked = WRITER.write(made.getvalue(), LABEL)

        still = Image.open(io.BytesIO(marked))
        still.load()
        assert marks.read(still, 1) == NOTICE
        assert WRITER.read(marked) == NOTICE

    def test_frames_in_fewer_chunks_are_counted_anew(self) -> None:
        content = pictures.animation("PNG", 2)
        last = [chunk for chunk in chunks(content) if chunk.name == b"fdAT"][-1]
        body = last.body(content)
        parts = encoded(b"fdAT", body[:40]) + encoded(b"fdAT", b"\0\0\0\x09" + body[40:])
        wide = content[: last.start] + parts + content[last.end :]

        assert WRITER.read(WRITER.write(wide, LABEL)) == NOTICE

    @pytest.mark.parametrize(
        ("control", "why"), [(bytes(3), "where it is"), (bytes(26), "outside")]
    )
    def test_a_frame_that_does_not_say_where_it_is_is_refused(
        self, control: bytes, why: str
    ) -> None:
        content = pictures.picture("PNG")
        at = content.index(b"IDAT") - 4

        with pytest.raises(UnsupportedMediaError, match=why):
            WRITER.write(content[:at] + encoded(b"fcTL", control) + content[at:], LABEL)

    def test_too_many_frames_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("labelling.writers.png_frames.MOST_FRAMES", 2)

        with pytest.raises(LabellingError, match="too many frames"):
            WRITER.write(pictures.animation("PNG"), LABEL)


def test_a_pass_without_a_pixel_under_the_mark_stays() -> None:
    mark = marks.plate_for(80, 80, NOTICE)
    form = Format.of((80).to_bytes(4, "big") * 2 + b"\x08\0\0\0\0")
    ink = ink_for(form, mark, b"", b"")
    assert ink is not None

    raw = bytearray(81 * 80)
    below = Pass(0, mark.box[3], 8, 8, 10, 2)

    assert png_mark._draw(raw, 0, below, mark, ink) == 0
    assert not any(raw)


class TestDeflate:
    NOISE = np.random.default_rng(7).integers(0, 64, 1 << 20).astype(np.uint8).tobytes()
    WORDS = b"".join(b"%d bottles, %d glasses\n" % (n, n * n % 97) for n in range(60_000))

    @pytest.mark.parametrize("level", [1, 6, 9])
    @pytest.mark.parametrize("old", [NOISE, WORDS], ids=["noise", "words"])
    @pytest.mark.parametrize("changed_to", [1, 50_000, 300_000])
    def test_the_rest_of_the_stream_is_kept(self, level: int, old: bytes, changed_to: int) -> None:
        packed = zlib.compress(old, level)
        new = b"\7" * changed_to + old[changed_to:]

        made = deflate.repacked(packed, new, changed_to)

        assert zlib.decompress(made) == new
        # Nearly all of the second half has the bits it had, though not on the same bytes.
        assert made[-3000:-4] == packed[-3000:-4]

    @pytest.mark.parametrize("phase", range(8))
    def test_nothing_can_be_made_to_end_on_any_bit(self, phase: int) -> None:
        bits, length = deflate._nothing(phase)
        last = 0b011 << length
        stream = (bits | last).to_bytes(40, "little")

        unpacking = zlib.decompressobj(-15)

        assert length % 8 == phase
        assert unpacking.decompress(stream) == b""
        assert unpacking.eof

    def test_a_stream_without_blocks_to_find_is_packed_anew(self) -> None:
        old = bytes(1 << 20)
        stored = zlib.compress(old, 0)

        assert zlib.decompress(deflate.repacked(stored, b"\7" + old[1:], 1)) == b"\7" + old[1:]

    def test_a_stream_that_is_none_is_refused(self) -> None:
        with pytest.raises(UnsupportedMediaError, match="cannot be read"):
            deflate.inflated(b"no stream", 10)


class TestPalette:
    GREYS = np.array([[32, 255, 144]], np.uint8)

    def test_greys_it_has_are_used(self) -> None:
        known = [(30, 30, 30), (255, 0, 0), (255, 255, 255), (140, 140, 140)]

        found = numbers_for(self.GREYS, known, [True] * 4, [])

        assert found is not None
        assert found[0].tolist() == [[0, 2, 3]]
        assert found[1] == known

    def test_transparent_ones_are_not(self) -> None:
        known = [(32, 32, 32), (255, 255, 255)]

        assert numbers_for(self.GREYS, known, [False, True], []) is None
        assert numbers_for(self.GREYS, [], [], []) is None

    def test_room_may_lie_behind_its_end(self) -> None:
        found = numbers_for(self.GREYS, [(32, 32, 32)], [True], [3])

        assert found is not None
        assert found[1] == [(32, 32, 32), (0, 0, 0), (0, 0, 0), (255, 255, 255)]
        assert found[0].tolist()[0][:2] == [0, 3]
