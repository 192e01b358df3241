"""What pictures hold besides the cases of the conformance suite: odd, old and broken forms."""

import struct
import zlib

import pytest

from labelling import reader
from labelling.conformance import pictures
from labelling.conformance.cases import value
from labelling.conformance.pictures import box, jpeg, jpeg_xmp, packet, packet_of, png, png_chunk
from labelling.content import MediaType
from labelling.errors import UnsupportedMediaError
from labelling.reader import Reading, Verdict
from labelling.reading import tiff
from labelling.reading.finds import Finds

ONE = value().encode()
WRAPPED = b'{"AIGC":' + ONE + b"}"


def read(media_type: MediaType, content: bytes) -> Reading:
    return reader.read(media_type, content)


class TestJpeg:
    def test_fill_bytes_and_lone_markers_are_skipped(self) -> None:
        plain = jpeg(jpeg_xmp(packet(value())))

        reading = read(MediaType.JPEG, plain[:2] + b"\xff\x01\xff\xff\xff" + plain[3:])

        assert reading.strict

    def test_a_picture_that_ends_at_once_has_no_label(self) -> None:
        assert read(MediaType.JPEG, b"\xff\xd8\xff\xd9\xff\xd9").verdict is Verdict.ABSENT

    def test_a_picture_without_an_end_is_truncated(self) -> None:
        reading = read(MediaType.JPEG, jpeg(jpeg_xmp(packet(value())))[:-2])

        assert reading.issues == ("truncated",)

    def test_a_label_before_the_damage_counts(self) -> None:
        reading = read(
            MediaType.JPEG, b"\xff\xd8" + jpeg(jpeg_xmp(packet(value())))[2:1200] + b"x" * 9
        )

        assert reading.verdict is Verdict.CONFIRMED
        assert not reading.strict

    def test_an_extended_packet_is_put_together_up_to_a_size(self) -> None:
        head = b"http://ns.adobe.com/xmp/extension/\0" + bytes(40)
        first, second = packet(value())[:300], packet(value())[300:]
        filling = [(0xE1, head + b" " * 65_000)] * 66

        assert read(MediaType.JPEG, jpeg((0xE1, head + first), (0xE1, head + second))).places == (
            "xmp:extended",
        )
        assert read(MediaType.JPEG, jpeg(*filling)).verdict is Verdict.ABSENT

    def test_the_end_is_found_in_a_large_picture(self) -> None:
        plain = jpeg()
        large = plain[:-2] + bytes(3 << 20) + plain[-2:] + WRAPPED

        assert read(MediaType.JPEG, large).places == ("trailer",)


class TestPng:
    @pytest.mark.parametrize("name", [b"xmp", b"exif"])
    def test_a_raw_profile_that_is_not_hexadecimal_is_broken(self, name: bytes) -> None:
        chunk = png_chunk(b"tEXt", b"Raw profile type " + name + b"\0\nx\n 3\nzz\n")

        assert "broken-chunk" in read(MediaType.PNG, png(chunk)).issues

    def test_a_packet_in_a_raw_profile_is_read(self) -> None:
        data = packet(value()).hex().encode()
        chunk = png_chunk(
            b"zTXt", b"Raw profile type xmp\0\0" + zlib.compress(b"\nxmp\n 9\n" + data)
        )

        assert read(MediaType.PNG, png(chunk)).places == ("png:raw-profile/xmp",)

    def test_a_compressed_text_of_another_name_is_looked_into(self) -> None:
        chunk = png_chunk(b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(WRAPPED))

        assert read(MediaType.PNG, png(chunk)).places == ("png:iTXt",)


class TestWebpAndGif:
    def test_exif_of_a_webp_is_read(self) -> None:
        plain = pictures.webp(packet_of(""))
        block = pictures.riff_chunk(b"EXIF", pictures.exif(0x9286, WRAPPED))
        content = b"RIFF" + struct.pack("<I", len(plain) - 8 + len(block)) + plain[8:] + block

        assert read(MediaType.WEBP, content).places == ("exif:UserComment",)

    def test_what_a_gif_has_between_blocks_is_damage(self) -> None:
        with pytest.raises(UnsupportedMediaError, match="no block begins"):
            read(MediaType.GIF, pictures.gif()[:-1] + b"\x99")

    def test_other_extensions_of_a_gif_are_skipped(self) -> None:
        extension = b"\x21\xff\x0bNETSCAPE2.0\3\1\0\0\0" + b"\x21\xf9\4\0\0\0\0\0"

        assert read(MediaType.GIF, pictures.gif(extension)).verdict is Verdict.ABSENT

    def test_a_manifest_in_a_gif_is_seen(self) -> None:
        extension = b"\x21\xff\x0bC2PA_GIF\1\0\0" + b"\4jumb\0"

        assert read(MediaType.GIF, pictures.gif(extension)).c2pa

    def test_a_gif_with_a_large_picture_is_walked_by_windows(self) -> None:
        plain = pictures.gif()
        blocks = (b"\xff" + bytes(255)) * 600
        picture = b"\x2c" + struct.pack("<HHHH", 0, 0, 1, 1) + b"\0\2" + blocks + b"\0"
        whole = plain[:-1] + picture + pictures.gif_xmp(packet(value())) + b"\x3b"

        assert read(MediaType.GIF, whole).strict


def directory(*entries: tuple[int, int, int, int], following: int = 0) -> bytes:
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return struct.pack("<H", len(entries)) + body + struct.pack("<I", following)


class TestTiff:
    def test_a_big_tiff_is_read(self) -> None:
        data = packet(value())
        place = 16 + 8 + 20 + 8
        entry = struct.pack("<HHQQ", 700, 7, len(data), place)
        head = b"II+\0\x08\0\0\0" + struct.pack("<Q", 16)

        reading = read(MediaType.TIFF, head + struct.pack("<Q", 1) + entry + bytes(8) + data)

        assert reading.strict

    def test_a_packet_of_a_later_page_is_not_in_its_place(self) -> None:
        data = packet(value())
        first = directory((256, 3, 1, 1), following=8 + 18)
        second = directory((700, 7, len(data), 8 + 18 + 18))

        reading = read(MediaType.TIFF, b"II*\0\x08\0\0\0" + first + second + data)

        assert reading.places == ("xmp:other-directory",)
        assert reading.issues == ("place",)

    def test_a_manifest_is_seen(self) -> None:
        content = b"II*\0\x08\0\0\0" + directory((0xCD41, 7, 4, 0))

        assert read(MediaType.TIFF, content).c2pa

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"II*\0\x08\0\0\0" + b"\xff\xff", "entries is none"),
            (
                b"II*\0\x08\0\0\0"
                + b"".join(directory((256, 3, 1, 1), following=8 + 18 * n) for n in range(1, 400)),
                "too many directories",
            ),
        ],
    )
    def test_too_much_is_refused(self, content: bytes, message: str) -> None:
        with pytest.raises(UnsupportedMediaError, match=message):
            read(MediaType.TIFF, content)

    def test_a_file_that_ends_with_its_directory_is_whole(self) -> None:
        content = b"II*\0\x08\0\0\0" + directory((256, 3, 1, 1))[:-4]

        assert read(MediaType.TIFF, content).verdict is Verdict.ABSENT

    def test_a_broken_exif_block_is_searched(self) -> None:
        finds = Finds()

        tiff.scan_exif(b"Exif\0\0II*\0\xff\0\0\0" + WRAPPED, finds)

        assert [claim.place for claim in finds.claims] == ["exif:broken"]

    def test_a_sub_directory_that_is_no_place_is_not_followed(self) -> None:
        content = b"II*\0\x08\0\0\0" + directory((34665, 2, 4, 8))

        assert read(MediaType.TIFF, content).verdict is Verdict.ABSENT

    @pytest.mark.parametrize("order", ["<", ">"])
    def test_unicode_is_read_in_the_order_of_the_block(self, order: str) -> None:
        words = b"UNICODE\0" + WRAPPED.decode().encode("utf-16-le" if order == "<" else "utf-16-be")
        head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
        entry = struct.pack(f"{order}HHHII", 1, 0x9286, 7, len(words), 26)

        assert read(MediaType.TIFF, head + entry + bytes(4) + words).label == "1"

    def test_unicode_with_a_mark_is_read(self) -> None:
        words = b"UNICODE\0" + WRAPPED.decode().encode("utf-16")

        assert read(MediaType.JPEG, jpeg(pictures.jpeg_exif(0x9286, words))).label == "1"


class TestItems:
    def test_exif_is_read(self) -> None:
        content = pictures.items(b"avif", packet_of("")).replace(
            b"mime\0application/rdf+xml\0", b"Exif\0application/rdf+xml\0"
        )

        # What stands there is no EXIF block at all.
        assert read(MediaType.AVIF, content).verdict is Verdict.ABSENT

    def test_an_item_may_stand_in_the_box_itself(self) -> None:
        data = packet(value())
        meta = box(
            b"meta",
            bytes(4),
            box(
                b"iinf",
                b"\1\0\0\0",
                struct.pack(">I", 2),
                _entry(1, b"av01\0"),
                _entry(2, b"mime\0application/rdf+xml\0"),
            ),
            box(
                b"iloc", b"\1\0\0\0", struct.pack(">HHHHHHII", 0x4400, 1, 2, 1, 0, 1, 0, len(data))
            ),
            box(
                b"iref",
                b"\1\0\0\0",
                box(b"cdsc", struct.pack(">IHI", 2, 1, 1)),
                box(b"thmb", bytes(8)),
            ),
            box(b"idat", data),
        )

        assert read(MediaType.HEIC, box(b"ftyp", b"heic", bytes(4)) + meta).strict

    def test_an_item_of_an_old_kind_is_skipped(self) -> None:
        old = box(b"infe", bytes(4), b"\0\1\0\0name\0application/rdf+xml\0")
        meta = box(b"meta", bytes(4), box(b"iinf", bytes(4), b"\0\1", old))

        assert (
            read(MediaType.AVIF, box(b"ftyp", b"avif", bytes(4)) + meta).verdict is Verdict.ABSENT
        )

    def test_an_item_of_many_extents_is_bounded(self) -> None:
        extents = struct.pack(">II", 0, 1 << 19) * 8
        meta = box(
            b"meta",
            bytes(4),
            box(b"iinf", bytes(4), b"\0\1", _entry(2, b"mime\0application/rdf+xml\0")),
            box(b"iloc", bytes(4), struct.pack(">HHHHH", 0x4400, 1, 2, 0, 8), extents),
        )

        with pytest.raises(UnsupportedMediaError, match="larger than any metadata"):
            read(
                MediaType.AVIF,
                box(b"ftyp", b"avif", bytes(4)) + meta + box(b"mdat", bytes(1 << 20)),
            )

    def test_a_packet_in_a_box_of_its_own_is_read(self) -> None:
        uuid = bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + packet(value())
        other = box(b"uuid", bytes(16))

        reading = read(MediaType.AVIF, pictures.items(b"avif") + other + box(b"uuid", uuid))

        assert reading.places == ("mp4:uuid/xmp",)


def _entry(item: int, declared: bytes) -> bytes:
    return box(b"infe", struct.pack(">B3xHH", 2, item, 0), declared)


class TestPackets:
    def test_a_source_type_in_an_element_is_a_trace(self) -> None:
        kind = "<i:DigitalSourceType>http://x/compositeWithTrainedAlgorithmicMedia</i:DigitalSourceType>"
        description = f'<rdf:Description xmlns:i="urn:i">{kind}</rdf:Description>'

        assert read(MediaType.JPEG, jpeg(jpeg_xmp(packet_of(description)))).issues == (
            "trace-iptc",
        )

    def test_a_source_type_in_broken_xml_is_a_trace(self) -> None:
        broken = packet_of('<rdf:Description DigitalSourceType="trainedAlgorithmicMedia">')

        assert read(MediaType.JPEG, jpeg(jpeg_xmp(broken))).verdict is Verdict.SUSPECTED

    @pytest.mark.parametrize("form", ["<AIGC>{}</", "AIGC='{}' <", 'AIGC="{}" <'])
    def test_broken_xml_is_searched(self, form: str) -> None:
        text = value() if "'" in form or "<A" in form else value().replace('"', "&quot;")

        reading = read(MediaType.JPEG, jpeg(jpeg_xmp(b"<a><b " + form.format(text).encode())))

        assert (reading.verdict, reading.label) == (Verdict.CONFIRMED, "1")
        assert "broken-xml" in reading.issues

    def test_broken_xml_after_a_label_does_not_count_it_twice(self) -> None:
        reading = read(MediaType.JPEG, jpeg(jpeg_xmp(packet(value())[:-40])))

        assert reading.places == ("xmp",)

    def test_a_packet_that_is_too_large_is_searched(self) -> None:
        large = packet(value()) + b"<!--" + b" " * (1 << 20) + b"-->"

        reading = read(MediaType.PNG, png(pictures.png_xmp(large)))

        assert (reading.verdict, reading.issues) == (Verdict.CONFIRMED, ("broken-xml",))
