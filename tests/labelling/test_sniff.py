"""The medium is told from the bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelling.content import MediaType
from labelling.errors import UnsupportedMediaError
from labelling.sniff import sniff

# The first bytes of a file of each kind, as its format's specification has them.
BEGINNINGS = {
    MediaType.PNG: [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"],
    MediaType.JPEG: [b"\xff\xd8\xff\xe0\0\x10JFIF\0"],
    MediaType.GIF: [b"GIF89a\x01\0\x01\0\0\0\0", b"GIF87a\x01\0\x01\0\0\0\0"],
    MediaType.WEBP: [b"RIFF\x24\0\0\0WEBPVP8 ", b"RIFF\n\n\n\0WEBPVP8L"],
    MediaType.WAV: [b"RIFF\x24\x08\0\0WAVEfmt \x10\0\0\0"],
    MediaType.MP4: [b"\0\0\0\x20ftypisom\0\0\x02\0"],
    MediaType.MP3: [b"ID3\x04\0\0\0\0\0\0", b"\xff\xfb\x90\x64", b"\xff\xf3\x90\x64"],
    MediaType.PDF: [b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", b"%PDF-1.4 with nothing but ASCII"],
    MediaType.TEXT: ["七天内可退。".encode(), b"plain", b""],
}


def test_there_is_a_beginning_of_every_medium() -> None:
    assert set(BEGINNINGS) == set(MediaType)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(content, medium) for medium, contents in BEGINNINGS.items() for content in contents],
)
def test_every_medium_is_known_by_its_first_bytes(content: bytes, media_type: MediaType) -> None:
    assert sniff(content) is media_type


@pytest.mark.parametrize(
    "words",
    [
        "ID3 的续航是 450 公里。",
        "The big WAVE pool",
        "GIF89a 是一种图片格式。",
        "the ftyp box",
        "RIFF is, WEBP",
    ],
)
def test_an_answer_that_begins_like_a_container_is_text_all_the_same(words: str) -> None:
    assert sniff(words.encode()) is MediaType.TEXT


@pytest.mark.parametrize("content", [b"\0", b"text with\0NUL", b"\xff\xfe\x00\x00", b"\x80"])
def test_bytes_of_no_known_kind_are_refused(content: bytes) -> None:
    with pytest.raises(UnsupportedMediaError, match="neither"):
        sniff(content)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0")))
def test_all_text_but_the_beginning_of_a_pdf_is_text(text: str) -> None:
    assert sniff(text.encode()) is MediaType.TEXT
