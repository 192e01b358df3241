"""The mark of GIF by itself: places, colours and what becomes of frames."""

import io

import numpy as np
import pytest
from PIL import GifImagePlugin, Image, ImageSequence

from labelling import marks
from labelling.errors import LabellingError, UnsupportedMediaError
from labelling.wording import NOTICE
from labelling.writers.gif_mark import GifMarkWriter
from tests.labelling.writers import pictures
from tests.labelling.writers.recordings import LABEL

WRITER = GifMarkWriter()
RED, CLEAR = (200, 30, 30, 255), (0, 0, 0, 0)


def moving(
    *boxes: tuple[int, int, int, int], size: tuple[int, int] = (120, 100)
) -> list[Image.Image]:
    """Draw a red square in one place after the other, on nothing."""
    frames = []
    for box in boxes:
        frame = Image.new("RGBA", (120, 100), CLEAR)
        frame.paste(RED, box)
        frames.append(frame)
    return frames


def saved(frames: list[Image.Image], **how: object) -> bytes:
    made = io.BytesIO()
    frames[0].save(made, "GIF", save_all=True, append_images=frames[1:], duration=80, **how)
    return made.getvalue()


def same_outside(content: bytes, made: bytes) -> bool:
    before, after = (
        [frame.convert("RGBA") for frame in ImageSequence.Iterator(Image.open(io.BytesIO(file)))]
        for file in (content, made)
    )
    left, top, right, bottom = marks.plate_for(*before[0].size, NOTICE).box
    for one, other in zip(before, after, strict=True):
        for picture in (one, other):
            picture.paste(CLEAR, (left, top, right, bottom))
        seen = [
            np.asarray(picture) * (np.asarray(picture)[..., 3:] > 0) for picture in (one, other)
        ]
        if not (seen[0] == seen[1]).all():
            return False
    return True


@pytest.mark.parametrize("disposal", [0, 1, 2, 3])
def test_the_mark_is_whole_whatever_becomes_of_a_frame(disposal: int) -> None:
    content = saved(moving((60, 60, 90, 90), (50, 50, 80, 80), (0, 0, 40, 95)), disposal=disposal)

    made = WRITER.write(content, LABEL)

    assert WRITER.read(made) == NOTICE
    assert same_outside(content, made)
    assert WRITER.write(made, LABEL) == made


def test_frames_far_from_the_mark_stay_byte_for_byte() -> None:
    scene = pictures.scene().quantize(32)
    frames = [scene.copy() for _ in range(3)]
    for number, frame in enumerate(frames):
        frame.paste(number, (150, 120, 160 + number, 130))
    content = saved(frames)

    made = WRITER.write(content, LABEL)

    assert made[-60:] == content[-60:]
    assert same_outside(content, made)


@pytest.mark.parametrize("count", [2, 32, 255, 256])
def test_palettes_of_all_sizes_show_the_mark(count: int) -> None:
    made = io.BytesIO()
    pictures.scene().quantize(count).save(made, "GIF")

    marked = WRITER.write(made.getvalue(), LABEL)

    assert WRITER.read(marked) == NOTICE
    assert same_outside(made.getvalue(), marked)


def full(transparent: int | None = None) -> bytes:
    """Make a picture that uses all of its 256 colours, none of them dark or light."""
    numbers = np.arange(120 * 100, dtype=np.int64).reshape(100, 120) % 256
    picture = Image.fromarray(numbers.astype(np.uint8))
    picture.putpalette(
        [part for value in range(256) for part in (100 + value % 16, 100 + value // 16, 110)]
    )
    made = io.BytesIO()
    how = {} if transparent is None else {"transparency": transparent}
    picture.save(made, "GIF", optimize=False, **how)
    return made.getvalue()


@pytest.mark.parametrize("transparent", [None, 7])
def test_a_full_palette_gives_up_the_two_colours_seen_least(transparent: int | None) -> None:
    content = full(transparent)

    made = WRITER.write(content, LABEL)

    assert WRITER.read(made) == NOTICE
    before, after = pictures.pixels(content), pictures.pixels(made)
    left, top, right, bottom = marks.plate_for(120, 100, NOTICE).box
    change = abs(after - before)[..., :3]
    change[top:bottom, left:right] = 0
    change[before[..., 3] == 0] = 0
    # They become those next to them, a shade apart.
    assert 0 < change.max() <= 8
    assert (after[..., 3] == before[..., 3])[bottom:].all()


def test_a_first_frame_that_misses_the_mark_grows_up_to_it() -> None:
    small = saved(moving((60, 60, 90, 90)))

    made = WRITER.write(small, LABEL)

    assert WRITER.read(made) == NOTICE
    assert same_outside(small, made)


def test_a_frame_without_a_colour_to_be_seen_through_cannot_grow() -> None:
    noise = np.arange(60 * 60, dtype=np.int64).reshape(60, 60) % 256
    small = Image.fromarray(noise.astype(np.uint8))
    small.putpalette([value for value in range(256) for _ in range(3)])
    made = io.BytesIO()
    small.save(made, "GIF", optimize=False)
    # The same frame on a larger canvas, far from the mark.
    content = bytearray(made.getvalue())
    content[6:10] = (200).to_bytes(2, "little") * 2
    at = content.index(b",\0\0\0\0<\0<\0")
    content[at + 1 : at + 5] = (130).to_bytes(2, "little") * 2

    with pytest.raises(LabellingError, match="no colour left"):
        WRITER.write(bytes(content), LABEL)


def test_a_frame_that_would_wipe_out_more_than_it_does_is_refused() -> None:
    stays = (0b100, (60, 60, 90, 90))
    wipes_all = (0b1000, (0, 0, 120, 100))
    wipes = (0b1000, (70, 70, 95, 95))
    content = bytearray(b"GIF89a\x78\0\x64\0\xf0\0\0" + bytes(6))
    for flags, (left, top, right, bottom) in (stays, wipes_all, wipes):
        part = io.BytesIO()
        Image.new("P", (right - left, bottom - top)).save(part, "GIF", optimize=False)
        image = part.getvalue()
        at = image.index(b",\0\0\0\0")
        content += b"\x21\xf9\x04" + bytes([flags, 8, 0, 0, 0]) + b","
        content += bytes([left, 0, top, 0]) + image[at + 5 : -1]

    with pytest.raises(LabellingError, match="wipes"):
        WRITER.write(bytes(content) + b";", LABEL)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"GIF89a\x64\0\x64\0\0\0\0;", "cannot be read|no frames"),
        (b"GIF89a\x64\0\x64\0\0\0\0,\0\0\0\0\xff\0\xff\0\0\x02\0;", "outside|cannot be read"),
    ],
)
def test_what_shows_nothing_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(UnsupportedMediaError, match=why):
        WRITER.write(content, LABEL)


def test_a_frame_outside_of_its_canvas_is_refused() -> None:
    content = bytearray(pictures.picture("GIF", "P"))
    content[6:8] = (199).to_bytes(2, "little")

    with pytest.raises(UnsupportedMediaError, match="outside"):
        WRITER.write(bytes(content), LABEL)


def test_too_many_frames_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labelling.writers.gif_mark.MOST_FRAMES", 1)
    monkeypatch.setattr("labelling.writers.pictures.MOST_FRAMES", 10)

    with pytest.raises(LabellingError, match="too many"):
        WRITER.write(pictures.animation("GIF"), LABEL)


def test_more_frames_than_can_be_looked_at_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labelling.writers.pictures.MOST_FRAMES", 1)

    with pytest.raises(LabellingError, match="too many frames"):
        WRITER.write(pictures.animation("GIF"), LABEL)


def test_numbers_are_needed_and_not_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    always = GifImagePlugin.LoadingStrategy.RGB_ALWAYS
    monkeypatch.setattr(GifImagePlugin, "LOADING_STRATEGY", always)

    with pytest.raises(LabellingError, match="colours for numbers"):
        WRITER.write(pictures.picture("GIF", "P"), LABEL)
