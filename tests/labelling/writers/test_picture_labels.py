"""The implicit label of pictures: where it stands, what stays beside it, and what goes."""

import io
import json
import subprocess
import zlib
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from labelling import reader
from labelling.content import MediaType
from labelling.errors import LabellingError, UnsupportedMediaError
from labelling.writers import xmp
from labelling.writers.base import LabelWriter
from labelling.writers.gif import GifXmpWriter
from labelling.writers.heif import HeifXmpWriter
from labelling.writers.jpeg import Head, JpegXmpWriter, Segment
from labelling.writers.png import SIGNATURE, PngXmpWriter, chunks, encoded
from labelling.writers.svg import SvgXmpWriter
from labelling.writers.tiff import TiffXmpWriter
from labelling.writers.webp import WebpXmpWriter
from tests.labelling.writers import pictures
from tests.labelling.writers.recordings import LABEL, OTHER, VALUE
from tests.labelling.writers.tools import needed

OLD = b'<?xpacket begin="" id="x"?>' + xmp.rdf('{"Label":"2"}').replace(
    b"</rdf:Description>", b"<dc:title xmlns:dc='d'>KEEP</dc:title></rdf:Description>"
)
WRITERS: Mapping[MediaType, LabelWriter] = {
    MediaType.JPEG: JpegXmpWriter(),
    MediaType.PNG: PngXmpWriter(),
    MediaType.WEBP: WebpXmpWriter(),
    MediaType.GIF: GifXmpWriter(),
    MediaType.TIFF: TiffXmpWriter(),
    MediaType.AVIF: HeifXmpWriter(),
    MediaType.HEIC: HeifXmpWriter(),
    MediaType.SVG: SvgXmpWriter(),
}
PLAIN: Mapping[MediaType, bytes] = {
    MediaType.JPEG: pictures.picture("JPEG", size=(64, 64)),
    MediaType.PNG: pictures.picture("PNG", size=(64, 64)),
    MediaType.WEBP: pictures.picture("WEBP", size=(64, 64)),
    MediaType.GIF: pictures.animation("GIF", 2),
    MediaType.TIFF: pictures.picture("TIFF", "L", size=(64, 64)),
    MediaType.AVIF: pictures.picture("AVIF", size=(64, 64), speed=10),
    MediaType.HEIC: pictures.heic(),
    MediaType.SVG: pictures.SVG,
}
EACH = pytest.mark.parametrize("medium", list(PLAIN), ids=lambda medium: medium.name.lower())


@EACH
class TestEveryContainer:
    def test_the_tolerant_reader_finds_one_sound_label(self, medium: MediaType) -> None:
        reading = reader.read(medium, WRITERS[medium].write(PLAIN[medium], LABEL))

        assert reading.fields == LABEL.aigc
        assert reading.verdict is reader.Verdict.CONFIRMED
        assert len(reading.places) == 1

    def test_exiftool_finds_one_label(self, medium: MediaType, tmp_path: Path) -> None:
        tool = needed("exiftool")
        suffix = "tif" if medium is MediaType.TIFF else medium.name.lower()
        file = tmp_path / f"labelled.{suffix}"
        file.write_bytes(WRITERS[medium].write(PLAIN[medium], LABEL))

        shown = subprocess.run(  # noqa: S603
            [tool, "-a", "-j", "-G1", "-XMP-TC260:all", "-Warning", "-Error", file],
            capture_output=True,
            check=True,
            timeout=30,
        )

        (found,) = json.loads(shown.stdout)
        del found["SourceFile"]
        (value,) = found.values()
        # It gives JSON inside of XMP as what it means.
        assert (value if isinstance(value, dict) else json.loads(value)) == LABEL.aigc.as_dict()

    def test_another_label_takes_the_place_of_the_first(self, medium: MediaType) -> None:
        writer = WRITERS[medium]
        twice = writer.write(writer.write(PLAIN[medium], OTHER), LABEL)

        assert writer.read(twice) == VALUE
        assert twice.count(b'"ContentProducer"') == 1

    def test_little_is_added(self, medium: MediaType) -> None:
        assert len(WRITERS[medium].write(PLAIN[medium], LABEL)) - len(PLAIN[medium]) < 1200

    @given(data=st.data())
    @settings(max_examples=40, deadline=None)
    def test_broken_files_raise_our_errors_alone(
        self, medium: MediaType, data: st.DataObject
    ) -> None:
        writer = WRITERS[medium]
        broken = bytearray(writer.write(PLAIN[medium], OTHER))
        for _ in range(data.draw(st.integers(0, 4))):
            at = data.draw(st.integers(0, len(broken) - 1))
            broken[at] = data.draw(st.integers(0, 255))
        content = bytes(broken[: data.draw(st.integers(0, len(broken)))])

        try:
            labelled = writer.write(content, LABEL)
        except LabellingError:
            return

        assert writer.read(labelled) == VALUE


@pytest.mark.parametrize(
    ("form", "medium"),
    [
        ("JPEG", MediaType.JPEG),
        ("PNG", MediaType.PNG),
        ("WEBP", MediaType.WEBP),
        ("AVIF", MediaType.AVIF),
    ],
)
class TestWhatIsPersonal:
    def test_it_goes_and_the_rest_stays(self, form: str, medium: MediaType) -> None:
        content = pictures.with_exif(form, pictures.personal())

        made = WRITERS[medium].write(content, LABEL)

        assert b"ZHANG SAN" in content
        for told in (b"ZHANG SAN", b"SERIAL-4711", b"at home"):
            assert told not in made
        with Image.open(io.BytesIO(made)) as picture:
            exif = picture.getexif()
        assert exif[0x8298] == "CC BY 4.0"
        assert exif.get_ifd(0x8769)[0x9003] == "2026:11:21 12:00:00"
        assert not exif.get_ifd(0x8825)


class TestJpeg:
    def test_what_the_packet_says_besides_stays(self) -> None:
        content = pictures.picture("JPEG", xmp=OLD)

        made = JpegXmpWriter().write(content, LABEL)

        assert b"KEEP" in made
        assert JpegXmpWriter().read(made) == VALUE

    def test_it_stands_behind_the_segments_that_have_to_be_first(self) -> None:
        content = pictures.with_exif("JPEG", pictures.turned(6))

        markers = [one.marker for one in Head.of(JpegXmpWriter().write(content, LABEL)).segments]

        assert markers[:3] == [0xE0, 0xE1, 0xE1]

    def test_labels_in_places_of_others_go(self) -> None:
        content = PLAIN[MediaType.JPEG]
        foreign = [
            Segment(0xE4, 0, b'AIGC{"Label":"1"}'),
            Segment(0xFE, 0, b'{"AIGC":{"Label":"1"}}'),
            Segment(0xE1, 0, b"http://ns.adobe.com/xmp/extension/\0" + b"AIGC"),
            Segment(0xE1, 0, b"http://ns.adobe.com/xap/1.0/\0" + xmp.fresh("{}")),
            Segment(0xE1, 0, b"http://ns.adobe.com/xap/1.0/\0" + xmp.fresh("{}")),
            Segment(0xFE, 0, b"a comment that stays"),
            Segment(0xE1, 0, b"http://ns.adobe.com/xmp/extension/\0" + b"stays too"),
        ]
        put_in = b"".join([content[:2], *(one.encoded() for one in foreign), content[2:]])

        made = JpegXmpWriter().write(put_in, LABEL)

        assert made.count(b"</TC260:AIGC>") == 1
        assert b"stays too" in made
        assert b"a comment that stays" in made
        assert reader.read(MediaType.JPEG, made).fields == LABEL.aigc

    def test_padding_gives_way_where_there_is_no_room(self) -> None:
        padded = OLD + b" " * 64_000 + b'<?xpacket end="w"?>'
        content = pictures.picture("JPEG")
        segment = Segment(0xE1, 0, b"http://ns.adobe.com/xap/1.0/\0" + padded[:65_400]).encoded()
        whole = content[:2] + segment.replace(b" " * 40, b" " * 40) + content[2:]

        assert JpegXmpWriter().read(JpegXmpWriter().write(whole, LABEL)) == VALUE

    def test_a_packet_that_fills_its_segment_is_refused(self) -> None:
        full = OLD.replace(b"KEEP", b"K" * (65_480 - len(OLD)))
        segment = Segment(0xE1, 0, b"http://ns.adobe.com/xap/1.0/\0" + full).encoded()
        content = pictures.picture("JPEG")

        with pytest.raises(LabellingError, match="no room"):
            JpegXmpWriter().write(content[:2] + segment + content[2:], LABEL)

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"", "does not start"),
            (b"\xff\xd8\xff", "no marker"),
            (b"\xff\xd8\xff\xe0\0\1ab", "does not end"),
            (b"\xff\xd8\xff\xd9\0\4ab", "does not end"),
            (b"\xff\xd8" + b"\xff\xe5\0\2" * 5000, "too many segments"),
        ],
    )
    def test_what_is_no_jpeg_is_refused(self, content: bytes, why: str) -> None:
        with pytest.raises(UnsupportedMediaError, match=why):
            JpegXmpWriter().write(content, LABEL)

    def test_fill_bytes_and_lone_markers_are_passed_over(self) -> None:
        content = PLAIN[MediaType.JPEG]
        odd = content[:2] + b"\xff\xff\xff\xd0\xff\x01" + content[2:]

        assert JpegXmpWriter().read(JpegXmpWriter().write(odd, LABEL)) == VALUE


class TestPng:
    @pytest.mark.parametrize(
        "foreign",
        [
            encoded(b"tEXt", b'AIGC\0{"Label":"1"}'),
            encoded(b"zTXt", b"AIGC\0\0" + zlib.compress(b"{}")),
            encoded(b"tEXt", b'Comment\0{"AIGC":{"Label":"1"}}'),
            encoded(b"tEXt", b"Raw profile type exif\0exif"),
            encoded(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(OLD)),
            encoded(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0broken"),
            encoded(b"iTXt", b"XML:com.adobe.xmp\0\0"),
            encoded(b"iTXt", b"XML:com.adobe.xmp\0\0\0words"),
        ],
    )
    def test_labels_of_others_go_whatever_side_of_the_pixels(self, foreign: bytes) -> None:
        content = PLAIN[MediaType.PNG]
        end = content.index(b"IDAT") - 4
        before = content[:end] + foreign + content[end:]
        last = content.index(b"IEND") - 4
        behind = content[:last] + foreign + content[last:]

        for put_in in (before, behind, before + b'{"AIGC":{}}'):
            made = PngXmpWriter().write(put_in, LABEL)

            assert foreign not in made
            assert made.count(b"</TC260:AIGC>") == 1
            assert made.endswith(b"IEND\xaeB`\x82")
            assert pictures.seen(made) == pictures.seen(content)

    def test_words_and_trailers_that_are_no_label_stay(self) -> None:
        content = PLAIN[MediaType.PNG]
        at = content.index(b"IDAT") - 4
        note = encoded(b"tEXt", b"Title\0KEEP")

        made = PngXmpWriter().write(content[:at] + note + content[at:] + b"trailer", LABEL)

        assert note in made
        assert made.endswith(b"trailer")

    def test_it_stands_before_the_pixels(self) -> None:
        names = [one.name for one in chunks(PngXmpWriter().write(PLAIN[MediaType.PNG], LABEL))]

        assert names[:3] == [b"IHDR", b"iTXt", b"IDAT"]

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"", "does not start"),
            (SIGNATURE + b"\0\0\0\4IDAT", "does not end"),
        ],
    )
    def test_what_is_no_png_is_refused(self, content: bytes, why: str) -> None:
        with pytest.raises(UnsupportedMediaError, match=why):
            PngXmpWriter().write(content, LABEL)

    def test_too_many_chunks_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("labelling.writers.png._MOST_CHUNKS", 2)

        with pytest.raises(UnsupportedMediaError, match="too many chunks"):
            PngXmpWriter().write(PLAIN[MediaType.PNG], LABEL)
