"""The explicit mark of PNG and APNG: only the rows under it are written anew.

A PNG is one deflate stream of rows, each told as the difference to its neighbours. The rows under
the mark, and the one below, get their differences again; all others keep theirs, in whatever
depth and order they stand. An animation is marked in every frame that shows the mark's place.
"""

import io
import zlib
from dataclasses import replace

import numpy as np

from labelling import marks
from labelling.writers.base import Kind, Label
from labelling.writers.deflate import inflated, repacked
from labelling.writers.pictures import decoding, opened
from labelling.writers.png import SIGNATURE, chunks, encoded
from labelling.writers.png_frames import Frame, PngFile
from labelling.writers.png_ink import Ink, ink_for
from labelling.writers.png_rows import PALETTE, Pass, filtered, unfiltered

_OWN = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"bKGD", b"sBIT", b"hIST"})
_REPLACED = frozenset({b"IHDR", b"PLTE", b"IDAT"})
_ANIMATION = frozenset({b"acTL", b"fcTL", b"fdAT"})


class PngMarkWriter:
    """Draws the wording into a PNG, and into every frame of an APNG (GB 45438-2025 §5.2)."""

    name = "png-mark"
    kind = Kind.EXPLICIT

    @decoding("PNG")
    def write(self, content: bytes, label: Label) -> bytes:
        file = PngFile.of(content)
        mark = _mark(file, label.notice)
        if _shows(file, mark):
            return content
        ink = ink_for(file.form, mark, file.body(b"PLTE"), file.body(b"tRNS"))
        if ink and file.stays_whole(mark.box):
            return _marked(file, mark, ink)
        return _deepened(file, mark) or _drawn_anew(file, mark)

    @decoding("PNG")
    def read(self, content: bytes) -> str | None:
        file = PngFile.of(content)
        form = file.form
        for mark, words in marks.possible(form.width, form.height, file.orientation):
            if _shows(file, mark):
                return words
        return None


def _mark(file: PngFile, words: str) -> marks.Mark:
    return marks.stored_mark(file.form.width, file.form.height, file.orientation, words)


def _shows(file: PngFile, mark: marks.Mark) -> bool:
    """Tell whether every frame shows the mark."""
    if len(file.frames) == 1 and not file.animated and not file.form.interlaced:
        return marks.shows(file.upper(mark.box[3]).crop(mark.box), mark)
    shown = [marks.shows(picture.crop(mark.box), mark) for picture, _ in file.shown()]
    return bool(shown) and all(shown)


def _marked(file: PngFile, mark: marks.Mark, ink: Ink) -> bytes:
    """Give the file with the mark in every frame."""
    made: dict[int, bytes] = {}
    for frame in file.frames:
        if frame.touches(mark.box):
            made |= _marked_frame(file, frame, mark, ink)
    pieces, sequence = [SIGNATURE], 0
    for number, chunk in enumerate(file.chunks):
        if chunk.name == b"PLTE" and ink.palette:
            pieces.append(encoded(b"PLTE", ink.palette))
            continue
        body = made.get(number)
        if body == b"":
            continue
        if chunk.name in {b"fcTL", b"fdAT"}:
            # They are counted, and there may be fewer of them now.
            body = sequence.to_bytes(4, "big") + (body or chunk.body(file.content))[4:]
            sequence += 1
        if body is None:
            pieces.append(file.content[chunk.start : chunk.end])
        else:
            pieces.append(encoded(chunk.name, body))
    return b"".join([*pieces, file.content[file.chunks[-1].end :]])


def _marked_frame(file: PngFile, frame: Frame, mark: marks.Mark, ink: Ink) -> dict[int, bytes]:
    """Give what a frame's chunks hold with the mark in it; of several, the first has it all."""
    first = file.chunks[frame.data[0]]
    packed = file.packed(frame)
    raw = bytearray(inflated(packed, file.form.size(frame.width, frame.height)))
    start = changed_to = 0
    for one in file.form.passes(frame.width, frame.height):
        # Where the pass begins in the picture, and not in the frame.
        there = replace(one, left=frame.left + one.left, top=frame.top + one.top)
        changed_to = max(changed_to, _draw(raw, start, there, mark, ink))
        start += one.height * (1 + file.form.stride(one.width))
    prefix = first.body(file.content)[:4] if first.name == b"fdAT" else b""
    body = prefix + repacked(packed, bytes(raw), changed_to)
    made = dict.fromkeys(frame.data, b"")
    made[frame.data[0]] = body
    return made


def _draw(raw: bytearray, start: int, one: Pass, mark: marks.Mark, ink: Ink) -> int:
    """Draw the mark's share in a pass; give the byte behind the last that changed, or 0."""
    left, top, right, bottom = mark.box
    first_x, step_x = one.left, one.every_x
    first_y, step_y = one.top, one.every_y
    columns = range(
        max(0, -((first_x - left) // step_x)), min(one.width, -((first_x - right) // step_x))
    )
    rows = range(
        max(0, -((first_y - top) // step_y)), min(one.height, -((first_y - bottom) // step_y))
    )
    if not columns or not rows:
        return 0
    width = 1 + ink.form.stride(one.width)
    # The row below is told as the difference to a row that changes.
    last = min(rows.stop + 1, one.height)
    view = np.frombuffer(raw, np.uint8)[start : start + last * width].reshape(last, width)
    plain = unfiltered(view, ink.form.step)
    ink.put(
        plain[rows.start : rows.stop],
        columns,
        (
            slice(first_y + rows.start * step_y - top, None, step_y),
            slice(first_x + columns.start * step_x - left, None, step_x),
        ),
    )
    above = plain[rows.start - 1] if rows.start else np.zeros_like(plain[0])
    types = view[rows.start :, :1].copy()
    view[rows.start :] = filtered(types, plain[rows.start :], above, ink.form.step)
    return start + last * width


def _deepened(file: PngFile, mark: marks.Mark) -> bytes | None:
    """Give a picture of few colours a palette with room for more, and the mark in it."""
    form = replace(file.form, depth=8, interlaced=False)
    ink = ink_for(form, mark, file.body(b"PLTE"), file.body(b"tRNS"))
    if form.colour != PALETTE or file.animated or ink is None:
        return None
    picture = opened(file.content, "PNG")
    left, top, right, bottom = mark.box
    rows = np.frombuffer(picture.tobytes(), np.uint8).reshape(form.height, form.width).copy()
    ink.put(rows[top:bottom], range(left, right), (slice(None), slice(None)))
    packed = zlib.compress(np.pad(rows, ((0, 0), (1, 0))).tobytes(), 6)
    header = file.body(b"IHDR")
    made = {
        b"IHDR": encoded(b"IHDR", header[:8] + bytes([8, PALETTE, 0, 0, 0])),
        b"PLTE": encoded(b"PLTE", ink.palette or file.body(b"PLTE")),
        b"IDAT": encoded(b"IDAT", packed),
    }
    pieces = [
        made.pop(chunk.name, b"")
        if chunk.name in _REPLACED
        else file.content[chunk.start : chunk.end]
        for chunk in file.chunks
    ]
    return b"".join([SIGNATURE, *pieces])


def _drawn_anew(file: PngFile, mark: marks.Mark) -> bytes:
    """Write all frames anew, whole and in full colours; what the file says besides is kept."""
    moving = [(picture.copy(), one) for picture, one in file.shown() if one.moving == file.animated]
    drawn = []
    for picture, _ in moving:
        whole = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
        whole.paste(mark.image, mark.box)
        drawn.append(whole)
    made = io.BytesIO()
    if file.animated:
        drawn[0].save(
            made,
            "PNG",
            save_all=True,
            append_images=drawn[1:],
            duration=[one.lasts_ms for _, one in moving],
            loop=int.from_bytes(file.body(b"acTL")[4:8], "big"),
            disposal=0,
            blend=0,
        )
    else:
        drawn[0].save(made, "PNG")
    coded = made.getvalue()
    new = list(chunks(coded))
    kept = [chunk for chunk in file.chunks if chunk.name not in _OWN | _ANIMATION]
    before = [file.content[chunk.start : chunk.end] for chunk in kept if chunk.name != b"IEND"]
    pieces = [SIGNATURE, coded[new[0].start : new[0].end], *before]
    return b"".join([*pieces, coded[new[1].start :]])
