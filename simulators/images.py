"""What kind of picture some bytes are, and how large, as far as an upload call must know."""

import struct
from dataclasses import dataclass

SEGMENT = 0xFF
# The JPEG segments that hold the size; C4, C8 and CC lie among them and are others.
FRAME_STARTS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's kind and its size in pixels."""

    media_type: str
    width: int
    height: int


def look_at(data: bytes) -> Picture | None:
    """Read the head of a picture; `None` if it is none that the platforms take."""
    readers = {
        b"\x89PNG\r\n\x1a\n": _png,
        b"\xff\xd8\xff": _jpeg,
        b"GIF8": _gif,
        b"BM": _bmp,
        b"RIFF": _webp,
    }
    for magic, read in readers.items():
        if data.startswith(magic):
            try:
                return read(data)
            except (struct.error, IndexError):
                return None
    return None


def _png(data: bytes) -> Picture:
    return Picture("image/png", *struct.unpack_from(">II", data, 16))


def _gif(data: bytes) -> Picture:
    return Picture("image/gif", *struct.unpack_from("<HH", data, 6))


def _bmp(data: bytes) -> Picture:
    width, height = struct.unpack_from("<ii", data, 18)
    return Picture("image/bmp", width, abs(height))


def _jpeg(data: bytes) -> Picture | None:
    place = 2
    while data[place] == SEGMENT:
        marker = data[place + 1]
        if marker in FRAME_STARTS:
            height, width = struct.unpack_from(">HH", data, place + 5)
            return Picture("image/jpeg", width, height)
        (length,) = struct.unpack_from(">H", data, place + 2)
        place += 2 + length
    return None


def _webp(data: bytes) -> Picture | None:
    kind = data[8:16]
    if kind == b"WEBPVP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        height = int.from_bytes(data[27:30], "little") + 1
    elif kind == b"WEBPVP8L":
        (packed,) = struct.unpack_from("<I", data, 21)
        width, height = (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    elif kind == b"WEBPVP8 ":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    else:
        return None
    return Picture("image/webp", width, height)
