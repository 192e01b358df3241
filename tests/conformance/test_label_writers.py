"""Every label writer keeps the laws of `LabelWriter`; the cases come from the registry."""

import json
import re
from collections.abc import Callable, Mapping

import pytest

from labelling.content import MediaType
from labelling.errors import UnsupportedMediaError
from labelling.output import Aigc
from labelling.sniff import fits
from labelling.wording import NOTICE
from labelling.writers.base import Kind, Label, LabelWriter
from labelling.writers.chains import CHAINS
from tests.labelling.writers import documents, pictures, recordings

LABEL = Label(
    NOTICE,
    Aigc(
        label="1",
        content_producer="001191000000000000000K10001",
        produce_id="content-1",
        content_propagator="001191000000000000000K10001",
        propagate_id="content-1",
    ),
)
# Unmarked content of every medium there is a writer for.
SAMPLES: Mapping[MediaType, tuple[bytes, ...]] = {
    MediaType.TEXT: (
        "七天内可退，运费由我们承担。".encode(),
        "第一行\n第二行\n".encode(),
        "（括号里的话）".encode(),
        b"plain ASCII",
        "内容由AI生成".encode(),
        "（没有合上的括号".encode(),
        "😊".encode(),
    ),
    MediaType.PDF: (documents.pdf(), documents.pdf(1, size=(300, 200), rotate=90)),
    MediaType.DOCX: (documents.docx(), documents.docx("内容由AI生成的吗？")),
    MediaType.XLSX: (documents.xlsx(), documents.xlsx("")),
    MediaType.PPTX: (documents.pptx(),),
    MediaType.MARKDOWN: (
        "# 退货\n\n七天内可退。\n".encode(),
        "---\r\ntitle: 退货\r\n---\r\n七天内可退。\r\n".encode(),
    ),
    MediaType.HTML: (
        '<!doctype html><html><head><meta charset="utf-8"><title>退货</title></head>'
        "<body><p>七天内可退。</p></body></html>".encode(),
        "<!doctype html><p>七天内可退。</p>".encode(),
    ),
    MediaType.JSON: ('{"answer": "七天内可退。"}'.encode(), b"{}"),
    MediaType.JPEG: (
        pictures.picture("JPEG", quality=90),
        pictures.picture("JPEG", "L", optimize=True),
        pictures.picture("JPEG", progressive=True),
        pictures.with_exif("JPEG", pictures.turned(6), restart_marker_rows=2),
        pictures.picture("JPEG", "CMYK"),
    ),
    MediaType.PNG: (
        pictures.picture("PNG"),
        pictures.picture("PNG", "RGBA", size=(64, 64)),
        pictures.picture("PNG", "P"),
        pictures.picture("PNG", "1"),
        pictures.picture("PNG", "I;16"),
        pictures.animation("PNG"),
        pictures.interlaced(pictures.picture("PNG")),
    ),
    MediaType.WEBP: (
        pictures.picture("WEBP", quality=80),
        pictures.picture("WEBP", "RGBA", lossless=True),
        pictures.animation("WEBP"),
    ),
    MediaType.GIF: (pictures.picture("GIF", "P"), pictures.animation("GIF")),
    MediaType.TIFF: (
        pictures.picture("TIFF"),
        pictures.picture("TIFF", "1", compression="group4"),
        pictures.animation("TIFF", compression="tiff_lzw"),
        pictures.picture("TIFF", big_tiff=True),
    ),
    MediaType.AVIF: (pictures.picture("AVIF", speed=10), pictures.animation("AVIF", 2, speed=10)),
    MediaType.HEIC: (pictures.heic(),),
    MediaType.SVG: (
        pictures.SVG,
        b'<svg xmlns="http://www.w3.org/2000/svg" width="64" height="80px"><metadata/></svg>',
    ),
    MediaType.MP3: (
        recordings.sound("mp3", "libmp3lame"),
        recordings.sound("mp3", "libmp3lame", rate=16000, channels=1, title=""),
    ),
    MediaType.WAV: (
        recordings.sound("wav", "pcm_s16le"),
        recordings.sound("wav", "pcm_s24le", rate=8000, channels=1),
        recordings.sound("wav", "pcm_u8", rate=11025),
        recordings.sound("wav", "pcm_f32le", rate=48000),
    ),
    MediaType.FLAC: (
        recordings.sound("flac", "flac", rate=16000),
        recordings.sound("flac", "flac", rate=8000, channels=1),
    ),
    MediaType.OPUS: (
        recordings.sound("ogg", "libopus", rate=48000),
        recordings.sound("ogg", "libopus", rate=48000, channels=1),
    ),
    MediaType.M4A: (recordings.sound("ipod", "aac"),),
    MediaType.MP4: (
        recordings.film("mp4", "libx264"),
        recordings.film("mp4", "libx264", movie=(("movflags", "faststart"),), silent=True),
    ),
    MediaType.MOV: (recordings.film("mov", "libx264", seconds=1),),
    MediaType.MKV: (recordings.film("matroska", "libx264"),),
    MediaType.WEBM: (recordings.film("webm", "libvpx-vp9", options=recordings.QUICK_VPX),),
}
# What a reader of the sample hears, sees or reads: an implicit writer must not change it.
PERCEIVED: Mapping[MediaType, Callable[[bytes], object]] = {
    MediaType.TEXT: bytes.decode,
    MediaType.PDF: documents.pdf_contents,
    MediaType.DOCX: lambda content: documents.members(content)["word/document.xml"],
    MediaType.XLSX: lambda content: documents.members(content)["xl/worksheets/sheet1.xml"],
    MediaType.PPTX: lambda content: documents.members(content)["ppt/slides/slide1.xml"],
    MediaType.MARKDOWN: documents.markdown_body,
    MediaType.HTML: documents.page_words,
    MediaType.JSON: lambda content: [
        member for member in json.loads(content).items() if member[0] != "AIGC"
    ],
    MediaType.JPEG: pictures.seen,
    MediaType.PNG: pictures.seen,
    MediaType.WEBP: pictures.seen,
    MediaType.GIF: pictures.seen,
    MediaType.TIFF: pictures.seen,
    MediaType.AVIF: pictures.seen,
    MediaType.HEIC: pictures.heic_seen,
    MediaType.SVG: lambda content: re.sub(rb"<metadata.*</metadata>|<metadata/>", b"", content),
    # Packets that are the same bytes sound and look the same.
    MediaType.MP3: recordings.packets,
    MediaType.WAV: recordings.packets,
    MediaType.FLAC: recordings.packets,
    MediaType.OPUS: recordings.packets,
    MediaType.M4A: recordings.packets,
    MediaType.MP4: recordings.packets,
    MediaType.MOV: recordings.packets,
    MediaType.MKV: recordings.packets,
    MediaType.WEBM: recordings.packets,
}
WRITTEN: Mapping[Kind, str] = {
    Kind.EXPLICIT: LABEL.notice,
    Kind.IMPLICIT: json.dumps(LABEL.aigc.as_dict(), separators=(",", ":")),
}
# What is missing, by the writer's name.
GAPS: Mapping[str, pytest.MarkDecorator] = {
    "heif-mark": pytest.mark.xfail(
        strict=True,
        raises=UnsupportedMediaError,
        reason="Pillow has no codec for HEIC; the one it can be given brings patented ones",
    )
}
CASES = [
    pytest.param(
        medium,
        writer,
        sample,
        id=f"{writer.name}-{medium.name.lower()}-{number}",
        marks=[GAPS[writer.name]] if writer.name in GAPS else [],
    )
    for medium, chain in CHAINS.items()
    for writer in chain
    for number, sample in enumerate(SAMPLES[medium])
]


def test_there_are_samples_of_every_medium_in_the_registry() -> None:
    assert set(SAMPLES) == set(PERCEIVED) == set(CHAINS)
    assert all(SAMPLES.values())
    assert all(CHAINS.values())


def test_every_medium_has_its_explicit_writers_first_and_no_name_twice() -> None:
    for chain in CHAINS.values():
        kinds = [writer.kind for writer in chain]
        names = [writer.name for writer in chain]

        # What changes pixels comes before what describes them.
        assert kinds == sorted(kinds, key=[Kind.EXPLICIT, Kind.IMPLICIT].index)
        assert len(set(names)) == len(names)


@pytest.mark.parametrize(("medium", "writer", "sample"), CASES)
class TestWriter:
    def test_it_finds_nothing_in_unmarked_content(
        self, medium: MediaType, writer: LabelWriter, sample: bytes
    ) -> None:
        assert writer.read(sample) is None

    def test_it_reads_back_what_it_wrote(
        self, medium: MediaType, writer: LabelWriter, sample: bytes
    ) -> None:
        assert writer.read(writer.write(sample, LABEL)) == WRITTEN[writer.kind]

    def test_writing_twice_is_writing_once(
        self, medium: MediaType, writer: LabelWriter, sample: bytes
    ) -> None:
        once = writer.write(sample, LABEL)

        assert writer.write(once, LABEL) == once

    def test_the_medium_stays(self, medium: MediaType, writer: LabelWriter, sample: bytes) -> None:
        assert fits(sample, medium)
        assert fits(writer.write(sample, LABEL), medium)

    def test_an_implicit_label_leaves_what_is_perceived_as_it_was(
        self, medium: MediaType, writer: LabelWriter, sample: bytes
    ) -> None:
        perceived = PERCEIVED[medium]
        before, after = perceived(sample), perceived(writer.write(sample, LABEL))

        # An explicit label is there to be perceived: of it the law asks the opposite.
        assert (before == after) == (writer.kind is Kind.IMPLICIT)
