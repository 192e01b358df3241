"""The explicit label in FLAC: whole frames before the others, which are numbered anew."""

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import BinaryIO

import av
import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from labelling.errors import UnsupportedMediaError
from labelling.wording import NOTICE
from labelling.writers.base import Kind, Label
from labelling.writers.crc import crc16
from labelling.writers.cue import cue
from labelling.writers.flac_frames import Header, StreamInfo, coded, plain_frames, renumbered
from labelling.writers.splicing import Piece, Span, SplicingWriter, size_of, take
from labelling.writers.vorbis import SEEK_TABLE, STREAM_INFO, Block, blocks, framed

_INFO_SIZE = 34
_SEEK_POINT = 18
_PLACEHOLDER = (1 << 64) - 1
_MOST_SAMPLES = (1 << 36) - 1
_SMALLEST_FRAME = 11
_LONGEST_HEADER = 16
_UNKNOWN = bytes(16)

_Samples = NDArray[np.int64] | NDArray[np.int32] | NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class _Frames:
    """The frames of the stream: where each begins, and how many bytes renumbering put before it."""

    sizes: list[int]
    starts: list[int]
    grown: list[int]
    digest: bytes
    by_sample: bool


class FlacCueWriter(SplicingWriter):
    """Puts the rhythm of `AI`, and the spoken notice where there is one, before the sound."""

    name = "flac-rhythm"
    kind = Kind.EXPLICIT

    def __init__(self, speech: bytes | None = None) -> None:
        """`speech` is a sound file that says the notice."""
        self._speech = speech

    @override
    def _splice(self, source: BinaryIO, label: Label) -> Iterable[Piece]:
        found, info, audio = _beginning(source)
        by_sample = _first(source, audio).by_sample
        added = self._frames(info, by_sample=by_sample)
        sound = b"".join(added)
        if _begins(source, audio, sound):
            yield Span(0, size_of(source))
            return
        samples = len(added) * info.most_block
        frames = _read(source, info, audio, samples if by_sample else len(added), self._speech)
        yield b"fLaC"
        for block in found:
            content = _changed(source, block, info, frames, added)
            yield from framed(block.kind, block.size, content, last=block is found[-1])
        yield sound
        yield from _later(source, frames, audio, samples if by_sample else len(added))

    @override
    def _find(self, source: BinaryIO) -> str | None:
        _, info, audio = _beginning(source)
        added = self._frames(info, by_sample=_first(source, audio).by_sample)
        return NOTICE if _begins(source, audio, b"".join(added)) else None

    def _frames(self, info: StreamInfo, *, by_sample: bool) -> tuple[bytes, ...]:
        return _sound(
            info.rate, info.channels, info.depth, info.most_block, self._speech, by_sample
        )


def _beginning(source: BinaryIO) -> tuple[list[Block], StreamInfo, int]:
    found = list(blocks(source))
    first = found[0]
    if first.kind != STREAM_INFO or first.size != _INFO_SIZE:
        msg = "the FLAC file does not begin with its stream info"
        raise UnsupportedMediaError(msg)
    info = StreamInfo.parse(take(source, first.start, first.size))
    if not info.most_block:
        msg = "the FLAC file does not tell the size of its blocks"
        raise UnsupportedMediaError(msg)
    return found, info, found[-1].start + found[-1].size


def _first(source: BinaryIO, audio: int) -> Header:
    source.seek(audio)
    return Header.parse(source.read(_LONGEST_HEADER))


def _begins(source: BinaryIO, audio: int, sound: bytes) -> bool:
    source.seek(audio)
    return source.read(len(sound)) == sound


@lru_cache(maxsize=16)
def _sound(  # noqa: PLR0917 - the key of a cache
    rate: int,
    channels: int,
    depth: int,
    block: int,
    speech: bytes | None,
    by_sample: bool,  # noqa: FBT001
) -> tuple[bytes, ...]:
    info = StreamInfo(block, block, 0, 0, rate, channels, depth, 0, _UNKNOWN)
    whole = _whole(rate, depth, block, speech)
    return tuple(plain_frames(info, whole, by_sample=by_sample))


def _whole(rate: int, depth: int, block: int, speech: bytes | None) -> NDArray[np.int64]:
    mono = cue(rate, speech).astype(np.float64)
    samples = np.round(mono * ((1 << depth - 1) - 1)).astype(np.int64)
    # A stream of fixed blocks must not have a shorter one before its end.
    return np.pad(samples, (0, -len(samples) % block))


def _read(
    source: BinaryIO, info: StreamInfo, audio: int, shift: int, speech: bytes | None
) -> _Frames:
    """Go through the stream once: find the frames, and the digest of what will be heard."""
    block = info.most_block
    digest = hashlib.md5(usedforsecurity=False)
    whole = _whole(info.rate, info.depth, block, speech)
    digest.update(_stored(np.repeat(whole << 64 - info.depth, info.channels), info.depth))
    known = info.digest != _UNKNOWN
    sizes, starts, grown = [], [], []
    at, more = audio, 0
    header = Header(by_sample=False, number=0, number_width=1, size=0)
    source.seek(0)
    with av.open(source, "r", format="flac") as container:
        container.streams.audio[0].codec_context.thread_type = "AUTO"
        for packet in container.demux(audio=0):
            if not packet.size:
                continue
            header = Header.parse(bytes(memoryview(packet)[:_LONGEST_HEADER]))
            sizes.append(packet.size)
            starts.append(at)
            grown.append(more)
            at += packet.size
            more += len(coded(header.number + shift)) - header.number_width
            for frame in packet.decode() if known else ():
                digest.update(_stored(frame.to_ndarray()[0], info.depth))
        for frame in container.streams.audio[0].decode(None) if known else ():
            digest.update(_stored(frame.to_ndarray()[0], info.depth))
    if not sizes or at != size_of(source) or crc16(take(source, starts[-1], sizes[-1])):
        msg = "the frames of the FLAC file are broken, or something stands behind them"
        raise UnsupportedMediaError(msg)
    made = digest.digest() if known else _UNKNOWN
    return _Frames(sizes, starts, grown, made, header.by_sample)


def _stored(samples: _Samples, depth: int) -> bytes:
    """Give samples, whose bits stand at the top, as the digest reads them: low bytes first."""
    width, size = -(-depth // 8), samples.itemsize
    whole = samples >> 8 * width - depth if depth % 8 else samples
    stored = np.ascontiguousarray(whole).view(np.uint8)
    if width == size:
        return stored.tobytes()
    made = np.empty(len(samples) * width, np.uint8)
    for place in range(width):
        made[place::width] = stored[place + size - width :: size]
    return made.tobytes()


def _changed(
    source: BinaryIO, block: Block, info: StreamInfo, frames: _Frames, added: tuple[bytes, ...]
) -> Piece:
    if block.kind == STREAM_INFO:
        return bytes(_longer(info, frames, added))
    if block.kind == SEEK_TABLE:
        return _later_points(take(source, block.start, block.size), info, frames, added)
    return Span(block.start, block.size)


def _longer(info: StreamInfo, frames: _Frames, added: tuple[bytes, ...]) -> StreamInfo:
    samples = info.samples + len(added) * info.most_block
    sizes = [len(frame) for frame in added]
    return replace(
        info,
        # A renumbered frame may be a byte or two larger.
        least_frame=info.least_frame and min(info.least_frame, *sizes),
        most_frame=info.most_frame and max(info.most_frame + frames.grown[-1] % 8, *sizes),
        samples=samples if info.samples and samples <= _MOST_SAMPLES else 0,
        digest=frames.digest,
    )


def _later_points(
    content: bytes, info: StreamInfo, frames: _Frames, added: tuple[bytes, ...]
) -> bytes:
    samples, size = len(added) * info.most_block, sum(map(len, added))
    made = []
    for at in range(0, len(content) - _SEEK_POINT + 1, _SEEK_POINT):
        sample = int.from_bytes(content[at : at + 8], "big")
        offset = int.from_bytes(content[at + 8 : at + 16], "big")
        if sample != _PLACEHOLDER:
            frame = bisect_right(frames.starts, frames.starts[0] + offset) - 1
            sample, offset = sample + samples, offset + size + frames.grown[frame]
        made.append(sample.to_bytes(8, "big") + offset.to_bytes(8, "big"))
        made.append(content[at + 16 : at + _SEEK_POINT])
    return b"".join(made)


def _later(source: BinaryIO, frames: _Frames, audio: int, shift: int) -> Iterator[Piece]:
    at = audio
    for size in frames.sizes:
        frame = take(source, at, size)
        header = Header.parse(frame)
        yield renumbered(frame, header, header.number + shift)
        at += size
