"""XMP packets and EXIF blocks by themselves."""

import struct
import xml.dom.minidom

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelling.errors import LabellingError, UnsupportedMediaError
from labelling.writers import exif, xmp
from tests.labelling.writers import pictures
from tests.labelling.writers.recordings import VALUE

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def packet(inside: str, attributes: str = "") -> bytes:
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">'
        f'<rdf:Description rdf:about="uuid:1" xmlns:t="{xmp.NAMESPACE}" xmlns:exif="e" '
        f"{attributes}>{inside}</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


class TestXmp:
    @pytest.mark.parametrize(
        "old",
        [
            packet("<t:AIGC>old</t:AIGC><t:AIGC>again</t:AIGC>"),
            packet("<t:AIGC/>", 't:AIGC="{&quot;Label&quot;:&quot;1&quot;}"'),
            packet("<exif:aigc>other place</exif:aigc>"),
            packet("<exif:GPSLatitude>39,54.3N</exif:GPSLatitude>", "exif:GPSLongitude='116,23E'"),
            packet("<exif:OwnerName>ZHANG</exif:OwnerName>", 'exif:LensSerialNumber="4711"'),
            packet("<t:AIGC><exif:x>>nested</exif:x></t:AIGC >"),
        ],
    )
    def test_labels_and_whereabouts_give_way_to_the_label(self, old: bytes) -> None:
        made = xmp.with_label(old, VALUE)

        document = xml.dom.minidom.parseString(made)  # noqa: S318  # our own
        assert len(document.getElementsByTagNameNS(xmp.NAMESPACE, "AIGC")) == 1
        assert xmp.label_in(made) == VALUE
        for told in (b"old", b"again", b"GPS", b"116", b"ZHANG", b"4711", b"other", b"nested"):
            assert told not in made
        assert xmp.with_label(made, VALUE) == made

    def test_all_else_stays_byte_for_byte(self) -> None:
        old = packet("<exif:Note a='>'>  two  spaces &amp; all</exif:Note>")

        made = xmp.with_label(old, VALUE)

        head, _, tail = old.partition(b"</rdf:RDF>")
        assert made.startswith(head)
        assert made.endswith(tail)
        assert b'rdf:about="uuid:1"' in made[len(head) :]

    @pytest.mark.parametrize(
        "old",
        [
            b"",
            b"no XML",
            b"<a/>",
            b"<a" * 100,
            b"<a>" * 100 + b"</a>" * 100,
            b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
            b"<?xml version='1.0'??>" + packet(""),
        ],
    )
    def test_what_nobody_can_read_gives_way_to_a_fresh_packet(self, old: bytes) -> None:
        assert xmp.with_label(old, VALUE) == xmp.fresh(VALUE)

    def test_other_encodings_are_read(self) -> None:
        old = packet("<exif:Note>七天</exif:Note>").decode().encode("utf-16")

        assert "七天".encode() in xmp.with_label(old, VALUE)

    def test_a_second_packet_loses_its_label_and_nothing_else(self) -> None:
        second = packet("<t:AIGC>old</t:AIGC><exif:Note>stays</exif:Note>")

        assert xmp.without_label(second) == second.replace(b"<t:AIGC>old</t:AIGC>", b"")
        assert xmp.without_label(b"no XML") == b""

    def test_there_is_no_label_in_nothing(self) -> None:
        assert xmp.label_in(None) is None
        assert xmp.label_in(b"<a") is None
        assert xmp.label_in(packet('<exif:AIGC xmlns:exif="f">{}</exif:AIGC>')) is None

    def test_a_packet_too_large_is_refused(self) -> None:
        with pytest.raises(LabellingError, match="too large"):
            xmp.with_label(bytes(xmp.MOST_BYTES + 1), VALUE)


def block(*entries: tuple[int, int, int, bytes], order: str = "<", behind: bytes = b"") -> bytes:
    """Make an EXIF block of one directory, with what follows it."""
    body = b"".join(struct.pack(f"{order}HHI", *entry[:3]) + entry[3] for entry in entries)
    start = b"II*\0" if order == "<" else b"MM\0*"
    count = struct.pack(f"{order}H", len(entries))
    return start + struct.pack(f"{order}I", 8) + count + body + bytes(4) + behind


class TestExif:
    def test_a_block_keeps_its_length_and_what_is_not_personal(self) -> None:
        before = pictures.personal().tobytes()[6:]

        after = exif.scrubbed(before)

        assert len(after) == len(before)
        assert b"CC BY 4.0" in after
        assert b"ZHANG SAN" not in after
        assert exif.scrubbed(after) == after

    @pytest.mark.parametrize("order", ["<", ">"])
    def test_the_orientation_is_read_in_both_orders(self, order: str) -> None:
        value = struct.pack(f"{order}HH", 6, 0)

        assert exif.orientation_of(block((0x0112, 3, 1, value), order=order)) == 6

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"II*\0",
            b"II*\0\xff\0\0\0",
            block((0x0112, 3, 1, b"\x09\0\0\0")),
            block((0x0100, 3, 1, b"\x06\0\0\0")),
        ],
    )
    def test_what_says_nothing_readable_is_upright(self, content: bytes) -> None:
        assert exif.orientation_of(content) == 1

    def test_a_description_stays_unless_it_is_a_label(self) -> None:
        place = struct.pack("<I", 8 + 2 + 12 + 4)
        words, label = b"a red cup\0", b'{"AIGC":{}'

        assert words in exif.scrubbed(block((0x010E, 2, 10, place), behind=words))
        assert label not in exif.scrubbed(block((0x010E, 2, 10, place), behind=label))

    def test_the_small_picture_inside_goes(self) -> None:
        small = b"JPEG OF A FACE"
        second = 8 + 2 + 12 + 4
        entries = [
            (0x0201, 4, 1, struct.pack("<I", second + 2 + 24 + 4)),
            (0x0202, 4, 1, b"\x0e\0\0\0"),
        ]
        following = block(*entries)[8:] + small
        whole = bytearray(block((0x0112, 3, 1, b"\1\0\0\0")) + following)
        whole[8 + 2 + 12 : 8 + 2 + 12 + 4] = struct.pack("<I", second)

        made = exif.scrubbed(bytes(whole))

        assert small in whole
        assert small not in made
        assert made[8 + 2 + 12 : 8 + 2 + 12 + 4] == bytes(4)

    def test_a_following_directory_without_a_picture_is_cut_off(self) -> None:
        whole = bytearray(block((0x0112, 3, 1, b"\1\0\0\0")) + block()[8:])
        whole[22:26] = struct.pack("<I", 26)

        assert exif.scrubbed(bytes(whole))[22:26] == bytes(4)

    def test_a_directory_that_ends_the_block_is_cleaned(self) -> None:
        cut = block((0x013B, 2, 4, b"abc\0"))[:-4]

        assert exif.scrubbed(cut) == cut[:8] + bytes(14)

    def test_more_directories_than_there_are_make_it_all_zeros(self) -> None:
        start, each = 8, 2 + 24 + 4
        chain = b"".join(
            struct.pack("<HHHIIHHIII", 2, 0x8769, 4, 1, start + (n + 1) * each, 0xA005, 4, 1, 8, 0)
            for n in range(40)
        )
        content = b"II*\0\x08\0\0\0" + chain

        assert exif.scrubbed(content) == bytes(len(content))
        with pytest.raises(UnsupportedMediaError, match="do not end"):
            exif.scrubbed_pages(b"II*\0")

    def test_values_that_overlap_again_and_again_make_it_all_zeros(self) -> None:
        place = struct.pack("<I", 8 + 2 + 400 * 12 + 4)
        content = block(*[(0x013B, 7, 6000, place)] * 400, behind=b"x" * 6000)

        assert exif.scrubbed(content) == bytes(len(content))

    @given(st.binary(max_size=200))
    def test_any_bytes_come_back_as_many(self, content: bytes) -> None:
        for start in (b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"):
            assert len(exif.scrubbed(start + content)) == len(start + content)
            assert 1 <= exif.orientation_of(start + content) <= 8
