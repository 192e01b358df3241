"""The laws of `Loader`, over every format of the registry."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.base import Document
from knowledge.errors import DocumentUnreadableError
from knowledge.loaders.base import Limits
from knowledge.loaders.registry import FORMATS, load


@dataclass(frozen=True)
class Sample:
    """A small file of a format, and what must be found in it."""

    content: str
    text: str


SAMPLES = {
    "markdown": Sample("# 配送\n\n满 99 元包邮。", "满 99 元包邮。"),
    "text": Sample("配送\n\n满 99 元包邮。", "满 99 元包邮。"),
    "html": Sample("<title>配送</title><p>满 99 元包邮。</p>", "满 99 元包邮。"),
    "faq": Sample("question,answer\n满多少包邮,满 99 元包邮。\n", "满 99 元包邮。"),
}
NAMES = pytest.mark.parametrize("name", sorted(FORMATS))


def read(name: str, content: bytes, limits: Limits | None = None) -> Document:
    return load(content, f"shop/file{FORMATS[name].suffixes[0]}", limits=limits)


def test_every_format_has_a_sample() -> None:
    assert SAMPLES.keys() == FORMATS.keys()


def test_no_suffix_and_no_media_type_is_claimed_twice() -> None:
    claims = [
        claim for known in FORMATS.values() for claim in (*known.suffixes, *known.media_types)
    ]

    assert len(set(claims)) == len(claims)


@NAMES
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_text_is_read_in_the_encodings_shops_write(name: str, encoding: str) -> None:
    document = read(name, SAMPLES[name].content.encode(encoding))

    assert [block.text for block in document.blocks] == [SAMPLES[name].text]
    assert document.title
    assert document.source.startswith("shop/file")


@NAMES
def test_line_ends_of_any_system_make_no_difference(name: str) -> None:
    windows = SAMPLES[name].content.replace("\n", "\r\n").encode()

    assert read(name, windows) == read(name, SAMPLES[name].content.encode())


@NAMES
def test_media_type_goes_before_the_suffix(name: str) -> None:
    for media_type in FORMATS[name].media_types:
        content = SAMPLES[name].content.encode()

        document = load(content, "download.bin", f"{media_type}; charset=utf-8")

        assert document.blocks[0].text == SAMPLES[name].text


@NAMES
@pytest.mark.parametrize("content", [b"", b" \n\n ", b"\xef\xbb\xbf"], ids=["0", "blank", "mark"])
def test_empty_file_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(DocumentUnreadableError):
        read(name, content)


@NAMES
@pytest.mark.parametrize("content", [b"%PDF-1.7\x00\x01", b"\xff\xfe\xff\xff", b"\x80" * 9])
def test_file_that_is_not_text_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(DocumentUnreadableError, match="not text in UTF-8 or GB18030"):
        read(name, content)


@NAMES
def test_file_over_the_size_limit_is_refused(name: str) -> None:
    with pytest.raises(DocumentUnreadableError, match="divide it"):
        read(name, SAMPLES[name].content.encode(), Limits(max_bytes=8))


@NAMES
@given(content=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(name: str, content: bytes) -> None:
    try:
        document = read(name, content)
    except DocumentUnreadableError:
        return

    assert document.blocks
    assert all(block.text.strip() for block in document.blocks)


@NAMES
@given(text=st.text("#|-*<>/tablertdhu1. \n`[]()\"',问答：，", max_size=200))
def test_any_markup_gives_the_same_document_twice(name: str, text: str) -> None:
    try:
        document = read(name, text.encode())
    except DocumentUnreadableError:
        return

    assert read(name, text.encode()) == document
    assert all(block.text.strip() for block in document.blocks)


def test_format_that_nothing_reads_is_refused_with_those_that_are() -> None:
    with pytest.raises(DocumentUnreadableError, match=r"'\.docx'.*\.csv, \.htm.*\.md"):
        load(b"x", "rules.docx")
    with pytest.raises(DocumentUnreadableError, match="media type 'image/png'"):
        load(b"x", "rules.md", "image/png")
