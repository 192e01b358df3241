"""Files of PNG and APNG: their frames, and what a viewer shows of them one after the other."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from labelling.errors import LabellingError, UnsupportedMediaError
from labelling.writers import exif
from labelling.writers.deflate import inflated
from labelling.writers.pictures import MOST_FRAME_PIXELS, MOST_FRAMES, MOST_PIXELS, opened
from labelling.writers.png import SIGNATURE, Chunk, chunks, encoded
from labelling.writers.png_rows import Format

_BACKGROUND, _PREVIOUS = 1, 2
_OVER = 1


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture of the file: of its only one, or of an animation's; in pixels."""

    left: int
    top: int
    width: int
    height: int
    data: tuple[int, ...]
    """Which chunks hold it."""
    dispose: int = 0
    blend: int = 0
    lasts_ms: float = 0
    moving: bool = False
    """It belongs to an animation; else it is the whole, or for readers of no animation."""

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom."""
        return (self.left, self.top, self.left + self.width, self.top + self.height)

    def covers(self, box: tuple[int, int, int, int]) -> bool:
        """Tell whether a box lies in it."""
        left, top, right, bottom = box
        return (
            self.left <= left
            and self.top <= top
            and right <= self.left + self.width
            and bottom <= self.top + self.height
        )

    def touches(self, box: tuple[int, int, int, int]) -> bool:
        """Tell whether a part of a box lies in it."""
        left, top, right, bottom = box
        return (
            self.left < right
            and self.top < bottom
            and left < self.left + self.width
            and top < self.top + self.height
        )


@dataclass(frozen=True, slots=True)
class PngFile:
    """What the chunks of a file say."""

    content: bytes
    chunks: tuple[Chunk, ...]
    form: Format
    frames: tuple[Frame, ...]
    animated: bool

    @classmethod
    def of(cls, content: bytes) -> "PngFile":
        """Read what the chunks say.

        Raises:
            LabellingError: It is no PNG, or too large.
        """
        found = tuple(chunks(content))
        form = Format.of(found[0].body(content) if found[0].name == b"IHDR" else b"")
        if form.width * form.height > MOST_PIXELS:
            msg = f"a picture of {form.width} x {form.height} has too many pixels"
            raise LabellingError(msg)
        frames = tuple(_frames(content, found, form))
        pixels = len(frames) * form.width * form.height
        if len(frames) > MOST_FRAMES or pixels > MOST_FRAME_PIXELS:
            msg = "an animation has too many frames"
            raise LabellingError(msg)
        return cls(content, found, form, frames, any(one.name == b"acTL" for one in found))

    @property
    def orientation(self) -> int:
        """How the picture is turned when it is shown."""
        return exif.orientation_of(self.body(b"eXIf"))

    def body(self, name: bytes) -> bytes:
        """Give what the first chunk of a name holds, or nothing."""
        found = next((chunk for chunk in self.chunks if chunk.name == name), None)
        return found.body(self.content) if found else b""

    def stays_whole(self, box: tuple[int, int, int, int]) -> bool:
        """Tell whether what is drawn into all frames, as far as they reach, stays whole."""
        whole = False
        for frame in self.frames:
            before, whole = whole, whole or frame.covers(box)
            if not whole:
                return False
            if not frame.moving:
                whole = False
            elif frame.touches(box):
                whole = {_BACKGROUND: False, _PREVIOUS: before}.get(frame.dispose, True)
        return bool(self.frames)

    def upper(self, height: int) -> Image.Image:
        """Decode the rows of a picture without passes down to a height."""
        return self._picture(self.form.width, height, self.packed(self.frames[0]))

    def packed(self, frame: Frame) -> bytes:
        """Give the stream of a frame."""
        return b"".join(
            self.chunks[number].body(self.content)[4 * (self.chunks[number].name == b"fdAT") :]
            for number in frame.data
        )

    def shown(self) -> Iterator[tuple[Image.Image, Frame]]:
        """Give what is shown, one after the other; valid until the next.

        Pillow gets frames wrong that put back what was before them, if they are looked at one by
        one; so it decodes each alone, and they are put together here.
        """
        canvas = Image.new("RGBA", (self.form.width, self.form.height))
        for frame in self.frames:
            alone = self._picture(frame.width, frame.height, self.packed(frame))
            if not frame.moving:
                yield alone, frame
                continue
            before = canvas.crop(frame.box)
            drawn = alone.convert("RGBA")
            if frame.blend == _OVER:
                canvas.alpha_composite(drawn, (frame.left, frame.top))
            else:
                canvas.paste(drawn, frame.box)
            yield canvas, frame
            if frame.dispose == _BACKGROUND:
                canvas.paste((0, 0, 0, 0), frame.box)
            elif frame.dispose == _PREVIOUS:
                canvas.paste(before, frame.box)

    def _picture(self, width: int, height: int, packed: bytes) -> Image.Image:
        """Decode a stream as a picture by itself."""
        raw = inflated(packed, self.form.size(width, height))
        size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
        pieces = [SIGNATURE, encoded(b"IHDR", size + self.body(b"IHDR")[8:])]
        for name in (b"PLTE", b"tRNS"):
            pieces += [encoded(name, body)] if (body := self.body(name)) else []
        pieces += [encoded(b"IDAT", zlib.compress(raw, 0)), encoded(b"IEND", b"")]
        picture = opened(b"".join(pieces), "PNG")
        picture.load()
        return picture


def _frames(content: bytes, found: tuple[Chunk, ...], form: Format) -> Iterator[Frame]:
    """Give the frames; a picture that is only for readers of no animation is one as well."""
    control, data = b"", list[int]()
    for number, chunk in enumerate(found):
        if chunk.name in {b"IDAT", b"fdAT"}:
            data.append(number)
        elif chunk.name in {b"fcTL", b"IEND"}:
            if data:
                yield _frame(control, tuple(data), form)
            data = []
            control = chunk.body(content)


def _frame(control: bytes, data: tuple[int, ...], form: Format) -> Frame:
    if not control:
        return Frame(0, 0, form.width, form.height, data)
    if len(control) != 26:  # noqa: PLR2004
        msg = "a PNG cannot be read: a frame does not say where it is"
        raise UnsupportedMediaError(msg)
    width, height, left, top = (
        int.from_bytes(control[at : at + 4], "big") for at in (4, 8, 12, 16)
    )
    if not width or not height or left + width > form.width or top + height > form.height:
        msg = "a PNG cannot be read: a frame lies outside"
        raise UnsupportedMediaError(msg)
    # A time is a number of parts of a second, hundredths where it does not say of what.
    parts, of_second = (int.from_bytes(control[at : at + 2], "big") for at in (20, 22))
    return Frame(
        left,
        top,
        width,
        height,
        data,
        dispose=control[24],
        blend=control[25],
        lasts_ms=1000 * parts / (of_second or 100),
        moving=True,
    )
