"""The frames of FLAC: their headers and numbers, and frames made of plain samples."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from labelling.errors import UnsupportedMediaError
from labelling.writers.crc import crc8, crc16, crc16_followed

_RATES = {
    88200: 1, 176400: 2, 192000: 3, 8000: 4, 16000: 5, 22050: 6,
    24000: 7, 32000: 8, 44100: 9, 48000: 10, 96000: 11,
}  # fmt: skip
_DEPTHS = {8: 1, 12: 2, 16: 4, 20: 5, 24: 6, 32: 7}
_LEFT_AND_SIDE = 8
_STEREO = 2
_SIZE_IN_16_BITS = 7
_VERBATIM, _CONSTANT = 1, 0
_LARGEST_NUMBER_WIDTH = 7
_SEVEN_BITS = 0x80


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What the first block says of the stream."""

    least_block: int
    most_block: int
    """In samples."""
    least_frame: int
    most_frame: int
    """In bytes; 0 where unknown."""
    rate: int
    channels: int
    depth: int
    """In bits."""
    samples: int
    """0 where unknown."""
    digest: bytes
    """MD5 of the samples; zeros where unknown."""

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Read the block."""
        mixed = int.from_bytes(content[10:18], "big")
        return cls(
            least_block=int.from_bytes(content[:2], "big"),
            most_block=int.from_bytes(content[2:4], "big"),
            least_frame=int.from_bytes(content[4:7], "big"),
            most_frame=int.from_bytes(content[7:10], "big"),
            rate=mixed >> 44,
            channels=(mixed >> 41 & 7) + 1,
            depth=(mixed >> 36 & 31) + 1,
            samples=mixed & (1 << 36) - 1,
            digest=content[18:34],
        )

    def __bytes__(self) -> bytes:
        """Give the block's content."""
        mixed = self.rate << 44 | self.channels - 1 << 41 | self.depth - 1 << 36 | self.samples
        numbers = ((self.least_block, 2), (self.most_block, 2), (self.least_frame, 3))
        head = b"".join(number.to_bytes(width, "big") for number, width in numbers)
        return head + self.most_frame.to_bytes(3, "big") + mixed.to_bytes(8, "big") + self.digest


@dataclass(frozen=True, slots=True)
class Header:
    """The beginning of a frame, as far as its number is concerned."""

    by_sample: bool
    """Whether the number counts samples, and not frames."""
    number: int
    number_width: int
    size: int
    """Of the header with its checksum."""

    @classmethod
    def parse(cls, frame: bytes) -> Self:
        """Read the header of a frame.

        Raises:
            UnsupportedMediaError: It is none, or its checksum does not hold.
        """
        width = _width(frame[4]) if len(frame) > 4 and frame[0] == 0xFF else 0  # noqa: PLR2004
        extra = {6: 1, 7: 2}.get(frame[2] >> 4, 0) + {12: 1, 13: 2, 14: 2}.get(frame[2] & 15, 0)
        size = 4 + width + extra + 1
        coded = frame[4 : 4 + width]
        if not width or frame[1] & 0xFC != 0xF8 or crc8(frame[:size]):  # noqa: PLR2004
            msg = "a frame of the FLAC file is broken"
            raise UnsupportedMediaError(msg)
        number = coded[0] & (0xFF >> width + 1 if width > 1 else 0x7F)
        for byte in coded[1:]:
            number = number << 6 | byte & 0x3F
        return cls(bool(frame[1] & 1), number, width, size)


def _width(first: int) -> int:
    """Tell the bytes of a number coded like UTF-8."""
    if first < _SEVEN_BITS:
        return 1
    width = 8 - (first ^ 0xFF).bit_length()
    return width if 1 < width <= _LARGEST_NUMBER_WIDTH else 0


def coded(number: int) -> bytes:
    """Code a number like UTF-8, up to 36 bits."""
    if number < _SEVEN_BITS:
        return bytes([number])
    width = 2
    while number >> 5 * width + 1:
        width += 1
    tail = [_SEVEN_BITS | number >> 6 * place & 0x3F for place in range(width - 2, -1, -1)]
    mark = 0xFF00 >> width & 0xFF
    return bytes([mark | number >> 6 * (width - 1), *tail])


def renumbered(frame: bytes, header: Header, number: int) -> bytes:
    """Give the frame with another number; its samples are not read, nor its checksum anew."""
    old = frame[: header.size]
    bare = old[:4] + coded(number) + old[4 + header.number_width : -1]
    new = bare + bytes([crc8(bare)])
    body = len(frame) - header.size - 2
    change = crc16_followed(crc16(old) ^ crc16(new), body)
    checksum = int.from_bytes(frame[-2:], "big") ^ change
    return new + frame[header.size : -2] + checksum.to_bytes(2, "big")


def plain_frames(
    info: StreamInfo, samples: NDArray[np.int64], *, by_sample: bool
) -> Iterator[bytes]:
    """Give frames of these samples, the same on every channel; they fill whole blocks."""
    block = info.most_block
    for start in range(0, len(samples), block):
        number = start if by_sample else start // block
        yield _frame(info, samples[start : start + block], number, by_sample=by_sample)


def _frame(info: StreamInfo, samples: NDArray[np.int64], number: int, *, by_sample: bool) -> bytes:
    stereo = info.channels == _STEREO
    channels = _LEFT_AND_SIDE if stereo else info.channels - 1
    bare = b"".join(
        (
            bytes([0xFF, 0xF8 | by_sample]),
            bytes([_SIZE_IN_16_BITS << 4 | _RATES.get(info.rate, 0)]),
            bytes([channels << 4 | _DEPTHS.get(info.depth, 0) << 1]),
            coded(number),
            (len(samples) - 1).to_bytes(2, "big"),
        )
    )
    sound = [_channel(samples, info.depth)] * (1 if stereo else info.channels)
    if stereo:
        # Both sides are the same: the difference is nothing, and has one bit more.
        sound.append(_channel(samples[:1] * 0, info.depth + 1))
    frame = bare + bytes([crc8(bare)]) + np.packbits(np.concatenate(sound)).tobytes()
    return frame + crc16(frame).to_bytes(2, "big")


def _channel(samples: NDArray[np.int64], depth: int) -> NDArray[np.uint8]:
    """Give the bits of a channel."""
    constant = not np.any(samples != samples[0])
    stored = samples[:1] if constant else samples
    kind = _CONSTANT if constant else _VERBATIM
    head = np.unpackbits(np.array([kind << 1], np.uint8))
    places = np.arange(depth - 1, -1, -1)
    bits = (stored[:, None] >> places & 1).astype(np.uint8)
    return np.concatenate([head, bits.ravel()])
