"""The implicit label in films: read back by others, every offset right, all else as it was."""

import json
import subprocess
from pathlib import Path

import pytest

from labelling.errors import UnsupportedMediaError
from labelling.writers import ebml
from labelling.writers.boxes import Box
from labelling.writers.matroska import MatroskaLabelWriter
from labelling.writers.mp4 import Mp4LabelWriter
from tests.labelling.writers.recordings import (
    LABEL,
    OTHER,
    TITLE,
    VALUE,
    film,
    packets,
    seen,
    sound,
    told,
)
from tests.labelling.writers.tools import needed

MP4, MATROSKA = Mp4LabelWriter(), MatroskaLabelWriter()
FRAGMENTS = (("movflags", "frag_keyframe+empty_moov"),)
CASES = {
    "mp4": (MP4, film("mp4", "libx264")),
    "fast": (MP4, film("mp4", "libx264", movie=(("movflags", "faststart"),))),
    "keys": (MP4, film("mp4", "libx264", movie=(("movflags", "use_metadata_tags+faststart"),))),
    "fragments": (MP4, film("mp4", "libx264", movie=FRAGMENTS)),
    "mov": (MP4, film("mov", "libx264", movie=(("movflags", "faststart"),))),
    "m4a": (MP4, sound("ipod", "aac")),
    "mkv": (MATROSKA, film("matroska", "libx264")),
    "front": (MATROSKA, film("matroska", "libx264", movie=(("reserve_index_space", "4096"),))),
    "webm": (MATROSKA, film("webm", "libvpx", seconds=1)),
    "live": (MATROSKA, film("webm", "libvpx", seconds=1, movie=(("live", "1"),))),
}


@pytest.mark.parametrize("form", CASES)
class TestLabel:
    def test_exiftool_and_ffprobe_read_it(self, form: str, tmp_path: Path) -> None:
        writer, sample = CASES[form]
        path = tmp_path / "sample"
        path.write_bytes(writer.write(sample, LABEL))

        exif = subprocess.run(  # noqa: S603
            [needed("exiftool"), "-AIGC", "-b", str(path)], capture_output=True, check=True
        )
        probe = subprocess.run(  # noqa: S603
            [needed("ffprobe"), "-v", "error", "-show_format", "-of", "json", str(path)],
            capture_output=True,
            check=True,
        )

        assert exif.stdout.decode() == VALUE
        assert json.loads(probe.stdout)["format"]["tags"]["AIGC"] == VALUE

    def test_packets_and_title_stay_and_the_label_is_one(self, form: str) -> None:
        writer, sample = CASES[form]
        made = writer.write(writer.write(sample, OTHER), LABEL)

        assert packets(made) == packets(sample)
        assert told(made)["title"] == TITLE
        assert made.count(b'"ProduceID"') == 1
        assert writer.read(made) == VALUE

    def test_it_can_be_decoded_and_sought(self, form: str, tmp_path: Path) -> None:
        writer, sample = CASES[form]
        path = tmp_path / "sample"
        path.write_bytes(writer.write(sample, LABEL))

        decoded = subprocess.run(  # noqa: S603
            [needed("ffmpeg"), "-v", "error", "-ss", "0.3", "-i", str(path), "-f", "null", "-"],
            capture_output=True,
            check=True,
        )

        assert not decoded.stderr


def movie(*children: Box, kind: bytes = b"moov") -> bytes:
    return bytes(Box(b"ftyp", b"isom")) + bytes(Box(kind, b"", list(children)))


def full(kind: bytes, *children: Box) -> Box:
    return Box(kind, bytes(4), list(children))


def freeform(name: bytes) -> Box:
    return Box(b"----", b"", [Box(b"name", bytes(4) + name), Box(b"data", bytes(8) + b"{}")])


class TestMp4:
    def test_the_form_of_itunes_is_no_second_label(self) -> None:
        items = Box(b"ilst", b"", [freeform(b"AIGC"), freeform(b"KEPT"), Box(b"trkn")])
        meta = full(b"meta", Box(b"hdlr", bytes(8) + b"mdir"), items)
        made = MP4.write(movie(Box(b"udta", b"", [meta], tail=bytes(12))), LABEL)

        assert made.count(b"----") == 1
        assert made.count(b"AIGC") == 1
        assert made.endswith(bytes(12))
        assert MP4.write(made, LABEL) == made

    def test_other_keys_keep_their_numbers_and_values(self) -> None:
        sample = film("mp4", "libx264", movie=(("movflags", "use_metadata_tags"),))

        made = MP4.write(sample, LABEL)

        assert {**told(sample), "AIGC": VALUE} == told(made)

    def test_positions_in_fragments_move(self) -> None:
        base = Box(b"tfhd", b"\0\0\0\1" + bytes(4) + (500).to_bytes(8, "big"))
        bare = Box(b"tfhd", bytes(8))
        small = Box(
            b"tfra",
            bytes(8)
            + bytes(4)
            + (1).to_bytes(4, "big")
            + bytes(4)
            + (500).to_bytes(4, "big")
            + bytes(3),
        )
        large = Box(
            b"tfra",
            b"\1"
            + bytes(11)
            + (1).to_bytes(4, "big")
            + bytes(8)
            + (500).to_bytes(8, "big")
            + bytes(3),
        )
        content = movie() + bytes(Box(b"moof", b"", [Box(b"traf", b"", [base, bare])]))
        content += bytes(Box(b"mfra", b"", [small, large]))
        made = MP4.write(content, LABEL)
        moved = 500 + len(made) - len(content)

        assert made.count(moved.to_bytes(4, "big")) == 3
        assert MP4.write(made, LABEL) == made

    def test_large_positions_and_sizes_are_understood(self) -> None:
        table = Box(b"co64", bytes(4) + (1).to_bytes(4, "big") + (1 << 33).to_bytes(8, "big"))
        trak = Box(
            b"trak", b"", [Box(b"mdia", b"", [Box(b"minf", b"", [Box(b"stbl", b"", [table])])])]
        )
        wide = b"\0\0\0\1free" + (20).to_bytes(8, "big") + bytes(4)
        content = movie(trak) + wide + b"\0\0\0\0mdat" + b"abc"
        made = MP4.write(content, LABEL)

        assert ((1 << 33) + len(made) - len(content)).to_bytes(8, "big") in made
        assert made.endswith(wide + b"\0\0\0\0mdatabc")

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            movie() + movie(),
            movie(Box(b"cmov")),
            movie() + bytes(full(b"meta", Box(b"iloc"))),
            movie(Box(b"trak", b"", [Box(b"saio")])),
            movie() + b"\0\0\0\4mdat",
            bytes(Box(b"moov", b"\0\0\0\3trak")),
            movie(Box(b"udta", b"", [full(b"meta", Box(b"hdlr", bytes(8) + b"mdta"),
                  Box(b"keys", bytes(8) + bytes(8)), Box(b"ilst"))])),
            movie(Box(b"trak", b"", [Box(b"stbl", b"", [
                Box(b"stco", bytes(8) + b"\xff\xff\xff\xff")])])),
        ],
        ids=range(9),
    )  # fmt: skip
    def test_what_cannot_be_labelled_is_refused(self, content: bytes) -> None:
        with pytest.raises(UnsupportedMediaError):
            MP4.write(content, LABEL)

    def test_boxes_nested_without_end_are_refused(self) -> None:
        box = Box(b"trak")
        for _ in range(20):
            box = Box(b"trak", b"", [box])

        with pytest.raises(UnsupportedMediaError, match="deeper"):
            MP4.read(movie(box))

    def test_a_box_too_large_for_memory_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "sparse"
        with path.open("wb") as file:
            file.write((1 << 28).to_bytes(4, "big") + b"moov")
            file.truncate(1 << 28)

        with pytest.raises(UnsupportedMediaError, match="too large"):
            MP4.read_file(path)

    def test_a_key_without_a_value_is_no_label(self) -> None:
        keys = Box(
            b"keys", bytes(4) + (1).to_bytes(4, "big") + (12).to_bytes(4, "big") + b"mdtaAIGC"
        )
        meta = full(b"meta", Box(b"hdlr", bytes(8) + b"mdta"), keys, Box(b"ilst"))
        other = full(b"meta", Box(b"hdlr", bytes(8) + b"mdir"))

        assert MP4.read(movie(Box(b"udta", b"", [other, meta]))) is None


def element(name: bytes, content: bytes) -> bytes:
    return ebml.element(name, content)


def segment(*content: bytes) -> bytes:
    return element(b"\x1a\x45\xdf\xa3", b"") + element(b"\x18\x53\x80\x67", b"".join(content))


SIMPLE = element(b"\x45\xa3", b"AIGC") + element(b"\x44\x87", b"{}")


class TestMatroska:
    def test_a_cluster_no_longer_tells_an_old_place_or_checksum(self) -> None:
        told_place = b"\xbf\x84abcd" + b"\xe7\x81\x05" + b"\xa7\x81\x30" + b"\xa3\x84zzzz"
        content = segment(b"\xbf\x84abcd", element(b"\x1f\x43\xb6\x75", told_place))
        made = MATROSKA.write(content, LABEL)

        assert made.count(b"\xec\x84\0\0\0\0") == 2
        assert b"\xe7\x81\x05\xec\x81\0\xa3\x84zzzz" in made
        assert MATROSKA.write(made, LABEL) == made

    def test_a_short_cluster_is_left_alone(self) -> None:
        for inner in (b"", b"\xe7", b"\xe7\x85\0"):
            cluster = element(b"\x1f\x43\xb6\x75", inner)

            assert MATROSKA.write(segment(cluster), LABEL).endswith(cluster)

    def test_tags_behind_the_clusters_take_the_label(self) -> None:
        kept = element(b"\x67\xc8", element(b"\x45\xa3", b"TITLE") + element(b"\x44\x87", b"T"))
        old = element(b"\x73\x73", element(b"\x63\xc0", b"") + kept + element(b"\x67\xc8", SIMPLE))
        checksum = element(b"\xbf", b"abcd")
        tags = element(b"\x12\x54\xc3\x67", checksum + old + element(b"\x73\x73", b""))
        content = segment(
            element(b"\x1f\x43\xb6\x75", b""), tags, element(b"\x12\x54\xc3\x67", b"")
        )
        made = MATROSKA.write(content + b"behind", LABEL)

        assert MATROSKA.read(content) == "{}"
        assert MATROSKA.read(made) == VALUE
        assert kept in made
        assert checksum not in made
        assert made.endswith(b"behind")

    def test_a_file_without_clusters_is_labelled_at_its_end(self) -> None:
        assert MATROSKA.read(MATROSKA.write(segment(), LABEL)) == VALUE

    def test_a_checksum_of_an_index_goes(self) -> None:
        seek = element(
            b"\x4d\xbb", element(b"\x53\xab", b"\x1f\x43\xb6\x75") + element(b"\x53\xac", b"\x05")
        )
        head = element(b"\x11\x4d\x9b\x74", b"\xbf\x84abcd" + seek)
        made = MATROSKA.write(segment(head, element(b"\x1f\x43\xb6\x75", b"")), LABEL)

        assert b"abcd" not in made

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\x1a\x45\xdf\xa3",
            element(b"\x1a\x45\xdf\xa3", b"") + element(b"\xec", b""),
            b"\x42\x86\x80",
            segment(b"\x00"),
            segment(b"\x08\x80\x80\x80\x80\x80"),
            segment(b"\xec\x85"),
            segment(element(b"\x12\x54\xc3\x67", b"\x73\x73\x88")),
            segment(b"\x12\x54\xc3\x67\xff"),
            segment(b"\xec\x80" * 100_001),
        ],
        ids=range(10),
    )
    def test_what_is_broken_is_refused(self, content: bytes) -> None:
        with pytest.raises(UnsupportedMediaError):
            MATROSKA.write(content, LABEL)


def test_the_samples_can_be_seen() -> None:
    assert len(seen(CASES["mkv"][1])) == 24
