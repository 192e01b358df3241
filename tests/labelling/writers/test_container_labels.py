"""The implicit label in WebP, GIF, TIFF, AVIF and HEIC: the byte-level cases of each."""

import io
import struct

import pytest
from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile
from typing_extensions import override

from labelling.errors import LabellingError, UnsupportedMediaError
from labelling.writers import heif_boxes, tiff, xmp
from labelling.writers.gif import GifXmpWriter
from labelling.writers.heif import HeifXmpWriter
from labelling.writers.tiff import TiffXmpWriter
from labelling.writers.webp import WebpXmpWriter, chunks, encoded, riff
from tests.labelling.writers import pictures
from tests.labelling.writers.recordings import LABEL, OTHER, VALUE

TRAILER = b"\x01" + bytes(range(255, -1, -1)) + b"\0"


class TestWebp:
    @pytest.mark.parametrize(
        ("how", "flags"),
        [
            ({"quality": 50}, 0x04),
            ({"lossless": True}, 0x04),
            ({"mode": "RGBA", "lossless": True}, 0x14),
        ],
    )
    def test_a_simple_file_becomes_an_extended_one(
        self, how: dict[str, object], flags: int
    ) -> None:
        content = pictures.picture("WEBP", size=(70, 80), **how)

        made = WebpXmpWriter().write(content, LABEL)

        first = next(chunks(made))
        assert first.name == b"VP8X"
        assert first.body(made) == bytes([flags, 0, 0, 0, 69, 0, 0, 79, 0, 0])

    def test_exif_with_the_prefix_of_jpeg_is_understood(self) -> None:
        content = pictures.with_exif("WEBP", b"Exif\0\0" + pictures.personal().tobytes()[6:])

        made = WebpXmpWriter().write(content, LABEL)

        assert b"SERIAL-4711" in content
        assert b"SERIAL-4711" not in made

    def test_a_last_chunk_without_its_padding_gets_it(self) -> None:
        content = pictures.picture("WEBP")
        odd = riff([content[12:], b"ODDS\3\0\0\0abc"])

        made = WebpXmpWriter().write(odd, LABEL)

        assert b"ODDS\3\0\0\0abc\0XMP " in made

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"RIFF", "does not start"),
            (riff([]), "begin with a picture"),
            (riff([encoded(b"ABCD", b"0123456789")]), "begin with a picture"),
            (riff([encoded(b"VP8 ", b"\0\0\0\x9d\x01\x2a\0\0\0\0")]), "begin with a picture"),
            (riff([b"VP8 \xff\0\0\0"]), "does not end"),
        ],
    )
    def test_what_is_no_webp_is_refused(self, content: bytes, why: str) -> None:
        with pytest.raises(UnsupportedMediaError, match=why):
            WebpXmpWriter().write(content, LABEL)

    def test_too_many_chunks_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("labelling.writers.webp._MOST_CHUNKS", 2)

        with pytest.raises(UnsupportedMediaError, match="too many chunks"):
            WebpXmpWriter().write(riff([encoded(b"ABCD", b"")] * 3), LABEL)


class TestGif:
    def test_it_stands_right_behind_the_colour_table(self) -> None:
        content = pictures.picture("GIF", "P").replace(b"GIF89a", b"GIF87a", 1)

        made = GifXmpWriter().write(content, LABEL)

        table = 3 << (content[10] & 7) + 1
        assert made.startswith(b"GIF89a")
        assert made[13 + table :].startswith(b"\x21\xff\x0bXMP DataXMP<?xpacket")
        assert TRAILER in made

    def test_a_packet_without_its_trailer_is_walked_over(self) -> None:
        content = pictures.picture("GIF", "P")
        at = 13 + (3 << (content[10] & 7) + 1)
        poor = content[:at] + b"\x21\xff\x0bXMP DataXMP\x03abc\0" + content[at:]

        made = GifXmpWriter().write(poor, LABEL)

        assert made.count(b"XMP DataXMP") == 1
        assert GifXmpWriter().read(made) == VALUE

    def test_a_comment_that_is_a_label_goes_and_others_stay(self) -> None:
        content = pictures.picture("GIF", "P")[:-1]
        noted = content + b"\x21\xfe\x04AIGC\0" + b"\x21\xfe\x04KEEP\0" + b";"

        made = GifXmpWriter().write(noted, LABEL)

        assert b"\x04AIGC" not in made
        assert b"\x04KEEP" in made

    def test_a_stream_without_its_end_mark_is_taken(self) -> None:
        content = pictures.picture("GIF", "P")[:-1]

        assert GifXmpWriter().read(GifXmpWriter().write(content, LABEL)) == VALUE

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"GIF89a", "does not start"),
            (b"GIF89a\1\0\1\0\xf7\0\0", "table does not end"),
            (b"GIF89a\1\0\1\0\0\0\0\x99", "no block at byte 13"),
            (b"GIF89a\1\0\1\0\0\0\0,\0\0", "no block at byte 13"),
            (b"GIF89a\1\0\1\0\0\0\0\x21\xfe\x05ab", "a block does not end"),
            (b"GIF89a\1\0\1\0\0\0\0" + b"\x21\xfe\0" * (1 << 16), "too many blocks"),
        ],
    )
    def test_what_is_no_gif_is_refused(self, content: bytes, why: str) -> None:
        with pytest.raises(UnsupportedMediaError, match=why):
            GifXmpWriter().write(content, LABEL)


class TestTiff:
    @pytest.mark.parametrize("how", [{}, {"big_tiff": True}])
    def test_tags_stand_in_rising_order_and_pixels_where_they_stood(
        self, how: dict[str, object]
    ) -> None:
        content = pictures.picture("TIFF", "L", **how)

        made = TiffXmpWriter().write(content, LABEL)

        with Image.open(io.BytesIO(made)) as picture:
            assert isinstance(picture, TiffImageFile)
            tags = list(picture.tag_v2)
        assert tags == sorted(tags)
        assert made[16 : len(content)] == content[16:]

    def test_a_file_of_the_other_byte_order_is_labelled(self) -> None:
        content = big_endian()

        made = TiffXmpWriter().write(content, LABEL)

        assert TiffXmpWriter().read(made) == VALUE
        assert pictures.seen(made) == pictures.seen(content)

    def test_whose_every_page_is_goes_and_whose_rights_they_are_stays(self) -> None:
        about = {0x013B: "ZHANG SAN", 0x8298: "CC BY 4.0"}
        content = pictures.animation("TIFF", 2, tiffinfo=Hashed(about))

        made = TiffXmpWriter().write(content, LABEL)

        assert content.count(b"ZHANG SAN") == 2
        assert b"ZHANG SAN" not in made
        assert made.count(b"CC BY 4.0") == 2

    def test_a_packet_so_short_that_it_stands_in_its_entry_goes(self) -> None:
        content = big_endian(xmp_entry=struct.pack(">HHI4s", 700, 7, 3, b"<a/>"))

        assert TiffXmpWriter().read(TiffXmpWriter().write(content, LABEL)) == VALUE

    def test_a_file_at_its_largest_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tiff, "_MOST_BYTES", 1000)

        with pytest.raises(LabellingError, match="too large"):
            TiffXmpWriter().write(pictures.picture("TIFF", "L"), LABEL)

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"II", "does not start"),
            (b"II*\0\x08\0\0\0", "nothing at byte 8"),
            (b"II*\0\x08\0\0\0\xff\x00", "does not end"),
            (b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0\xff\xff\0\0\0\0\0\0", "does not end"),
        ],
    )
    def test_what_is_no_tiff_is_refused(self, content: bytes, why: str) -> None:
        with pytest.raises(UnsupportedMediaError, match=why):
            TiffXmpWriter().write(content, LABEL)

    def test_a_packet_beyond_the_end_is_refused(self) -> None:
        content = big_endian(xmp_entry=struct.pack(">HHII", 700, 7, 5000, 8))

        with pytest.raises(UnsupportedMediaError, match="XMP does not end"):
            TiffXmpWriter().write(content, LABEL)


class Hashed(dict[int, str]):
    """Tags that `lru_cache` takes."""

    @override
    def __hash__(self) -> int:  # type: ignore[override]  # a dict has none
        return hash(tuple(self.items()))


def big_endian(xmp_entry: bytes = b"") -> bytes:
    """Make a grey TIFF of the byte order that Pillow does not write."""
    pixels = bytes(range(64)) * 64
    entries = [
        struct.pack(">HHIHH", tag, 3, 1, value, 0)
        for tag, value in ((256, 64), (257, 64), (258, 8), (259, 1), (262, 1))
    ]
    entries += [struct.pack(">HHII", 273, 4, 1, 8), struct.pack(">HHIHH", 277, 3, 1, 1, 0)]
    entries += [struct.pack(">HHIHH", 278, 3, 1, 64, 0)]
    entries += [struct.pack(">HHII", 279, 4, 1, len(pixels)), *([xmp_entry] if xmp_entry else [])]
    directory = struct.pack(">H", len(entries)) + b"".join(entries) + bytes(4)
    return b"MM\0*" + struct.pack(">I", 8 + len(pixels)) + pixels + directory


class TestHeif:
    def test_an_animation_moves_with_its_tables(self) -> None:
        content = pictures.animation("AVIF", 2, speed=10)

        made = HeifXmpWriter().write(content, LABEL)

        assert pictures.seen(made) == pictures.seen(content)

    def test_a_packet_that_is_there_is_replaced_and_keeps_its_words(self) -> None:
        old = xmp.rdf('{"Label":"2"}').replace(
            b"</rdf:Desc", b"<a:b xmlns:a='c'>KEEP</a:b></rdf:Desc"
        )
        content = pictures.picture("AVIF", xmp=old, speed=10)

        made = HeifXmpWriter().write(content, LABEL)

        assert made.count(b"KEEP") == 1
        assert HeifXmpWriter().read(made) == VALUE
        assert pictures.seen(made) == pictures.seen(content)

    def test_exif_that_says_nothing_readable_becomes_zeros(self) -> None:
        content = pictures.with_exif("AVIF", pictures.personal())
        start = content.index(b"MM\0*") if b"MM\0*" in content else content.index(b"II*\0")
        broken = content[:start] + b"????" + content[start + 4 :]

        made = HeifXmpWriter().write(broken, LABEL)

        assert b"SERIAL-4711" not in made

    def test_a_byte_behind_the_last_box_is_passed_over(self) -> None:
        content = pictures.picture("AVIF", speed=10) + b"\0"

        once = HeifXmpWriter().write(content, LABEL)

        assert HeifXmpWriter().write(once, LABEL) == once
        assert pictures.seen(once) == pictures.seen(content)

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"", "does not start"),
            (b"\0\0\0\x10moov" + bytes(8), "does not start"),
            (b"\0\0\0\x08ftyp", "no 'meta' box"),
            (b"\0\0\0\x08ftyp\0\0\0\x0cmeta\0\0\0\0", "no 'iinf' box"),
            (b"\0\0\0\x08ftyp\0\0\0\xffmeta\0\0\0\0", "does not end"),
            (b"\0\0\0\x08ftyp" * 5000, "too many boxes"),
        ],
    )
    def test_what_is_neither_is_refused(self, content: bytes, why: str) -> None:
        with pytest.raises(UnsupportedMediaError, match=why):
            HeifXmpWriter().write(content, LABEL)

    def test_a_file_at_its_largest_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("labelling.writers.heif._LARGEST", 400)

        with pytest.raises(LabellingError, match="too large"):
            HeifXmpWriter().write(pictures.picture("AVIF", speed=10), LABEL)

    def test_writing_another_label_leaves_none_behind(self) -> None:
        once = HeifXmpWriter().write(pictures.picture("AVIF", speed=10), OTHER)

        assert b'"other"' not in HeifXmpWriter().write(once, LABEL)

    def test_boxes_may_say_their_length_in_eight_bytes_or_go_to_the_end(self) -> None:
        wide = b"\0\0\0\1free\0\0\0\0\0\0\0\x14abcd"
        rest = b"\0\0\0\0mdatabc"

        found = list(heif_boxes.boxes(wide + rest, 0, len(wide + rest)))

        assert [(one.kind, one.body_at, one.end) for one in found] == [
            (b"free", 16, 20),
            (b"mdat", 28, 31),
        ]
