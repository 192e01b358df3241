"""The medium is told from the bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelling.conformance import documents
from labelling.content import MediaType
from labelling.errors import UnsupportedMediaError
from labelling.reading.source import Source
from labelling.sniff import HEAD, fits, form_of, sniff, sniff_source

TEXTS = {
    MediaType.TEXT,
    MediaType.CSV,
    MediaType.MARKDOWN,
    MediaType.HTML,
    MediaType.JSON,
    MediaType.SVG,
}
# The first bytes of a file of each kind, as its format's specification has them.
BEGINNINGS = {
    MediaType.PNG: [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"],
    MediaType.JPEG: [b"\xff\xd8\xff\xe0\0\x10JFIF\0"],
    MediaType.GIF: [b"GIF89a\x01\0\x01\0\0\0\0", b"GIF87a\x01\0\x01\0\0\0\0"],
    MediaType.WEBP: [b"RIFF\x24\0\0\0WEBPVP8 ", b"RIFF\n\n\n\0WEBPVP8L"],
    MediaType.WAV: [b"RIFF\x24\x08\0\0WAVEfmt \x10\0\0\0"],
    MediaType.AVI: [b"RIFF\x24\x08\0\0AVI LIST\x10\0\0\0"],
    MediaType.TIFF: [
        b"II*\0\x08\0\0\0",
        b"MM\0*\0\0\0\x08",
        b"II+\0\x08\0\0\0",
        b"MM\0+\0\x08\0\0",
    ],
    MediaType.AVIF: [
        b"\0\0\0\x1cftypavif\0\0\0\0mif1miaf",
        b"\0\0\0\x1cftypavis\0\0\0\0avifmiaf",
        b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif",
    ],
    MediaType.HEIC: [
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic",
    ],
    MediaType.MP4: [b"\0\0\0\x20ftypisom\0\0\x02\0", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"],
    MediaType.MOV: [
        b"\0\0\0\x14ftypqt  \0\0\x02\0qt  ",
        b"\0\0\x10\0moov\0\0\0lmvhd",
        b"\0\0\0\x08wide\0",
    ],
    MediaType.M4A: [b"\0\0\0\x18ftypM4A \0\0\0\0M4A isom"],
    MediaType.MKV: [b"\x1aE\xdf\xa3\x93B\x82\x88matroska"],
    MediaType.WEBM: [b"\x1aE\xdf\xa3\x93B\x82\x84webm"],
    MediaType.FLV: [b"FLV\x01\x05\0\0\0\x09\0\0\0\0"],
    MediaType.MP3: [b"ID3\x04\0\0\0\0\0\0", b"\xff\xfb\x90\x64", b"\xff\xf3\x90\x64"],
    MediaType.FLAC: [b"fLaC\0\0\0\x22", b"ID3\x04\0\0\0\0\0\x02\0\0fLaC\0\0\0\x22"],
    MediaType.OGG: [b"OggS\0\2" + bytes(20) + b"\1\x1e\1vorbis"],
    MediaType.OPUS: [b"OggS\0\2" + bytes(20) + b"\1\x13OpusHead"],
    MediaType.PDF: [b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", b"%PDF-1.4 with nothing but ASCII"],
    MediaType.DOCX: [documents.office("docx")],
    MediaType.XLSX: [documents.office("xlsx")],
    MediaType.PPTX: [documents.office("pptx")],
    MediaType.ODT: [documents.open_document("odt")],
    MediaType.ODS: [documents.open_document("ods")],
    MediaType.ODP: [documents.open_document("odp")],
    MediaType.EPUB: [documents.book()],
    MediaType.TEXT: ["七天内可退。".encode(), b"plain", b"", b"<svg>", b'{"a": 1}', b"---\n---\n"],
}
# What a file of text is, when nobody says.
FORMS = {
    MediaType.SVG: [
        '<svg xmlns="x"/>',
        '<?xml version="1.0"?>\n<!-- x --><svg:svg/>',
        "\ufeff<svg ",
    ],
    MediaType.HTML: ["<!DOCTYPE html>", "\n<HTML lang=zh>", "<!-- x --><body>"],
    MediaType.JSON: ['{"a": 1}', "[1, 2]", " [\n]", '{"cut": [', '[{"cut'],
    MediaType.MARKDOWN: ["---\ntitle: x\n---\n正文", "---\n---\n", "---\r\na: b\r\n...\r\n"],
    MediaType.TEXT: ["", "正文", "a,b\n1,2", "[AI] 你好", "{笑}", "---\n没有结尾", "<b>粗</b>"],
}


def test_there_is_a_beginning_of_every_medium() -> None:
    assert set(BEGINNINGS) | TEXTS == set(MediaType)
    assert set(FORMS) | {MediaType.CSV} == TEXTS


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


@pytest.mark.parametrize(
    "content",
    [
        b"\0",
        b"text with\0NUL",
        b"\xff\xfe\x00\x00",
        b"\x80",
        b"PK\3\4\xff",
        documents.zipped({"a": b"b"}),
    ],
)
def test_bytes_of_no_known_kind_are_refused(content: bytes) -> None:
    with pytest.raises(UnsupportedMediaError, match="neither"):
        sniff(content)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0")))
def test_all_text_but_the_beginning_of_a_pdf_is_text(text: str) -> None:
    assert sniff(text.encode()) is MediaType.TEXT


@pytest.mark.parametrize(
    ("text", "media_type"),
    [(text, medium) for medium, texts in FORMS.items() for text in texts],
)
def test_the_form_of_a_text_tells_which_it_is(text: str, media_type: MediaType) -> None:
    assert form_of(text) is media_type
    assert sniff_source(Source.of(text.encode())) is media_type
    assert sniff(text.encode()) is MediaType.TEXT


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (content, medium)
        for medium, contents in BEGINNINGS.items()
        for content in contents
        if medium is not MediaType.TEXT
    ],
)
def test_a_source_is_told_as_its_bytes_are(content: bytes, media_type: MediaType) -> None:
    assert sniff_source(Source.of(content)) is media_type


def test_a_long_text_is_told_though_a_window_cuts_a_character() -> None:
    assert sniff_source(Source.of("正".encode() * HEAD)) is MediaType.TEXT


def test_a_long_file_is_no_text_when_its_beginning_is_none() -> None:
    with pytest.raises(UnsupportedMediaError, match="neither"):
        sniff_source(Source.of(b"\x80" * (2 * HEAD)))


@pytest.mark.parametrize(
    ("content", "media_type", "right"),
    [
        (b"plain", MediaType.TEXT, True),
        (b"plain", MediaType.MARKDOWN, True),
        (b"a,b", MediaType.CSV, True),
        (b"{}", MediaType.JSON, True),
        (b"{", MediaType.JSON, False),
        (b"[" * 100_000, MediaType.JSON, False),
        (b"<p>x</p>", MediaType.HTML, True),
        (b"plain", MediaType.HTML, False),
        (b"<svg/>", MediaType.SVG, True),
        (b"<p>x</p>", MediaType.SVG, False),
        (b"plain", MediaType.PNG, False),
        (BEGINNINGS[MediaType.PNG][0], MediaType.PNG, True),
        (BEGINNINGS[MediaType.PNG][0], MediaType.MARKDOWN, False),
        (b"\x80", MediaType.TEXT, False),
    ],
)
def test_bytes_fit_what_they_may_be(content: bytes, media_type: MediaType, *, right: bool) -> None:
    assert fits(content, media_type) is right
