import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.images import Picture, look_at

JPEG = (
    b"\xff\xd8"
    b"\xff\xe0"
    + struct.pack(">H", 4)
    + b"JF"
    + b"\xff\xc4"
    + struct.pack(">H", 3)
    + b"\x00"
    + b"\xff\xc0"
    + struct.pack(">HBHH", 11, 8, 480, 640)
    + bytes(4)
)
BMP = b"BM" + bytes(16) + struct.pack("<ii", 640, -480)
WEBP_X = b"RIFF\x00\x00\x00\x00WEBPVP8X" + bytes(8) + b"\x7f\x02\x00\xdf\x01\x00"
WEBP_L = b"RIFF\x00\x00\x00\x00WEBPVP8L" + bytes(5) + struct.pack("<I", 639 | 479 << 14)
WEBP_LOSSY = b"RIFF\x00\x00\x00\x00WEBPVP8 " + bytes(10) + struct.pack("<HH", 640, 480)


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 640, 480), "image/png"),
        (b"GIF89a" + struct.pack("<HH", 640, 480), "image/gif"),
        (BMP, "image/bmp"),
        (JPEG, "image/jpeg"),
        (WEBP_X, "image/webp"),
        (WEBP_L, "image/webp"),
        (WEBP_LOSSY, "image/webp"),
    ],
)
def test_size_is_read_from_the_head(data: bytes, media_type: str) -> None:
    assert look_at(data) == Picture(media_type, 640, 480)


@pytest.mark.parametrize(
    "data", [b"", b"%PDF-1.7", JPEG[:20], b"\xff\xd8\xff\xe0\x00\x02ab", b"RIFF0000WAVE"]
)
def test_what_is_no_picture_is_none(data: bytes) -> None:
    assert look_at(data) is None


@given(st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM", b"RIFF"]), st.binary())
def test_any_bytes_can_be_looked_at(magic: bytes, rest: bytes) -> None:
    found = look_at(magic + rest)

    assert found is None or found.media_type.startswith("image/")
