"""The explicit label in WAV: samples before the others."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO

import numpy as np
from typing_extensions import override

from labelling.errors import UnsupportedMediaError
from labelling.wording import NOTICE
from labelling.writers.base import Kind, Label
from labelling.writers.cue import cue
from labelling.writers.riff import Chunk, chunks, framed, wave
from labelling.writers.splicing import Piece, Span, SplicingWriter, size_of, take

_WHOLE, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_WIDTHS = {_WHOLE: (1, 2, 3, 4), _FLOAT: (4, 8)}
_LARGEST_IN_MEMORY = 1 << 20
_CUE_POINT = 24


@dataclass(frozen=True, slots=True)
class _Format:
    coding: int
    channels: int
    rate: int
    width: int
    """The bytes of one sample."""
    bits: int
    """Those of them that are used, from the top."""


class WavCueWriter(SplicingWriter):
    """Puts the rhythm of `AI`, and the spoken notice where there is one, before the sound."""

    name = "wav-rhythm"
    kind = Kind.EXPLICIT

    def __init__(self, speech: bytes | None = None) -> None:
        """`speech` is a sound file that says the notice."""
        self._speech = speech

    @override
    def _splice(self, source: BinaryIO, label: Label) -> Iterable[Piece]:
        found = list(chunks(source))
        form, data = _format(source, found), _data(found)
        added = _sound(form, self._speech)
        if _begins(source, data, added):
            return [Span(0, size_of(source))]
        frames = len(added) // (form.channels * form.width)
        pieces: list[Piece] = []
        for chunk in found:
            if chunk is data:
                sound = Span(data.start, data.size)
                pieces += framed(b"data", len(added) + data.size, added, sound)
            elif chunk.name in _SHIFTED and chunk.size <= _LARGEST_IN_MEMORY:
                content = take(source, chunk.start, chunk.size)
                pieces += framed(chunk.name, chunk.size, _SHIFTED[chunk.name](content, frames))
            else:
                pieces += chunk.pieces
        return wave(pieces)

    @override
    def _find(self, source: BinaryIO) -> str | None:
        found = list(chunks(source))
        added = _sound(_format(source, found), self._speech)
        return NOTICE if _begins(source, _data(found), added) else None


def _data(found: list[Chunk]) -> Chunk:
    data = [chunk for chunk in found if chunk.name == b"data"]
    if len(data) != 1:
        msg = f"the WAV file has {len(data)} data chunks instead of one"
        raise UnsupportedMediaError(msg)
    return data[0]


def _begins(source: BinaryIO, data: Chunk, added: bytes) -> bool:
    source.seek(data.start)
    return source.read(min(data.size, len(added))) == added


def _format(source: BinaryIO, found: list[Chunk]) -> _Format:
    chunk = next((chunk for chunk in found if chunk.name == b"fmt "), None)
    content = b"" if chunk is None else take(source, chunk.start, min(chunk.size, 40))
    fields = [int.from_bytes(content[at : at + 2], "little") for at in range(0, 40, 2)]
    coding, channels, block, bits = fields[0], fields[1], fields[6], fields[7]
    if coding == _EXTENSIBLE:
        coding, bits = fields[12], fields[9] or bits
    width, rest = divmod(block, channels or 1)
    rate = int.from_bytes(content[4:8], "little")
    if width not in _WIDTHS.get(coding, ()) or rest or not 0 < bits <= 8 * width:
        msg = f"WAV of coding {coding} with {bits} bits in blocks of {block} cannot be labelled"
        raise UnsupportedMediaError(msg)
    return _Format(coding, channels, rate, width, bits)


@lru_cache(maxsize=16)
def _sound(form: _Format, speech: bytes | None) -> bytes:
    mono = cue(form.rate, speech)
    if form.coding == _FLOAT:
        stored = mono.astype(f"<f{form.width}").view(np.uint8)
    else:
        peak = (1 << form.bits - 1) - 1
        whole = np.round(mono.astype(np.float64) * peak).astype("<i8")
        # Fewer bits than the width stand at its top; eight and fewer are stored without a sign.
        whole = (whole << 8 * form.width - form.bits) + (128 if form.width == 1 else 0)
        stored = whole.view(np.uint8).reshape(-1, 8)[:, : form.width].copy()
    each = stored.reshape(len(mono), 1, form.width)
    return np.repeat(each, form.channels, axis=1).tobytes()


def _more_frames(content: bytes, frames: int) -> bytes:
    count = (int.from_bytes(content[:4], "little") + frames) & 0xFFFFFFFF
    return count.to_bytes(4, "little") + content[4:]


def _later_points(content: bytes, frames: int) -> bytes:
    fields = np.frombuffer(content[4 : 4 + (len(content) - 4) // _CUE_POINT * _CUE_POINT], "<u4")
    points = fields.reshape(-1, _CUE_POINT // 4).copy()
    points[:, 1] += np.uint32(frames)
    points[:, 5] += np.uint32(frames)
    return content[:4] + points.tobytes() + content[4 + points.nbytes :]


# Chunks that count frames from the start of the sound.
_SHIFTED = {b"fact": _more_frames, b"cue ": _later_points}
