"""What films and sound hold besides the cases of the conformance suite."""

import struct
import zlib

import pytest

from labelling import reader
from labelling.conformance import recordings
from labelling.conformance.cases import value
from labelling.conformance.pictures import box, packet, riff_chunk
from labelling.conformance.recordings import element, film, film_keys, flac, id3, mp3, ogg
from labelling.content import MediaType
from labelling.errors import UnsupportedMediaError
from labelling.reader import Reading, Verdict

ONE = value().encode()
WRAPPED = b'{"AIGC":' + ONE + b"}"
TEXT = (b"TXXX", b"\3AIGC\0" + ONE)


def read(media_type: MediaType, content: bytes) -> Reading:
    return reader.read(media_type, content)


class TestFilms:
    @pytest.mark.parametrize(
        ("inside", "place"),
        [
            (box(b"udta", box(b"AIGC", ONE)), "mp4:moov/udta/AIGC"),
            (box(b"udta", box(b"\xa9cmt", WRAPPED)), "mp4:moov/udta/©cmt"),
            (
                box(b"udta", box(b"ID32", bytes(6), id3(TEXT))),
                "mp4:moov/udta/ID32/TXXX",
            ),
            (box(b"meta", bytes(4), box(b"xml ", bytes(4), packet(value()))), "mp4:moov/meta/xml"),
            (
                box(
                    b"meta",
                    bytes(4),
                    box(
                        b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac"), packet(value())
                    ),
                ),
                "mp4:uuid/xmp",
            ),
            (box(b"udta", box(b"meta", bytes(4), box(b"ilst", box(b"AIGC", box(b"free"))))), None),
        ],
    )
    def test_the_label_is_found_in_other_boxes(self, inside: bytes, place: str | None) -> None:
        reading = read(MediaType.MP4, film(b"mp42", inside))

        assert reading.places == ((place,) if place else ())

    def test_metadata_beside_the_film_is_read(self) -> None:
        reading = read(MediaType.MP4, film(b"mp42", behind=film_keys(ONE)))

        assert reading.places == ("mp4:meta/keys",)

    def test_a_value_that_is_not_said_to_be_text_is_not_strict(self) -> None:
        content = film(b"mp42", box(b"udta", film_keys(ONE))).replace(
            struct.pack(">II", 1, 0) + ONE, struct.pack(">II", 0, 0) + ONE
        )

        assert read(MediaType.MP4, content).issues == ("value-kind",)

    def test_a_key_of_another_name_space_is_not_in_its_place(self) -> None:
        content = film(b"mp42", box(b"udta", film_keys(ONE))).replace(b"mdtaAIGC", b"udtaAIGC")

        assert read(MediaType.MP4, content).issues == ("place",)

    def test_boxes_below_boxes_end(self) -> None:
        deep = box(b"udta", box(b"udta", box(b"udta", box(b"udta", box(b"AIGC", ONE)))))

        assert read(MediaType.MP4, film(b"mp42", deep)).verdict is Verdict.ABSENT

    def test_a_length_of_eight_bytes_and_one_to_the_end_are_read(self) -> None:
        meta = box(b"udta", film_keys(ONE))
        wide = struct.pack(">I4sQ", 1, b"free", 16)
        last = struct.pack(">I4s", 0, b"moov") + meta

        assert read(MediaType.MP4, film(b"mp42") + wide + last).strict

    def test_a_box_that_reaches_past_its_end_is_refused(self) -> None:
        with pytest.raises(UnsupportedMediaError, match="does not fit"):
            read(MediaType.MP4, struct.pack(">I4s", 900, b"moov"))

    def test_a_film_of_endless_boxes_is_read_to_a_limit(self) -> None:
        labelled = film(b"mp42", box(b"udta", film_keys(ONE)))

        assert read(MediaType.MP4, labelled + 60_000 * box(b"free")).verdict is Verdict.CONFIRMED

    @pytest.mark.slow  # spends the whole budget of reads
    def test_what_takes_too_long_keeps_what_was_found_and_is_never_strict(self) -> None:
        track = box(b"trak", 45_000 * box(b"free"))
        reading = read(MediaType.MP4, film(b"mp42", box(b"udta", film_keys(ONE)), *([track] * 5)))

        assert reading.verdict is Verdict.CONFIRMED
        assert reading.issues == ("unfinished",)


class TestMatroska:
    HEAD = element(b"\x1a\x45\xdf\xa3", element(b"\x42\x82", b"matroska"))
    TAGS = recordings.matroska(b"matroska", (b"AIGC", ONE))

    def _tags(self) -> bytes:
        return self.TAGS[self.TAGS.index(b"\x12\x54\xc3\x67") :]

    def test_a_live_film_without_lengths_is_read(self) -> None:
        unknown = b"\x01" + b"\xff" * 7
        block = element(b"\xa3", bytes(40))
        cluster = b"\x1f\x43\xb6\x75" + unknown + block + block
        segment = b"\x18\x53\x80\x67" + unknown + cluster + cluster + self._tags()

        assert read(MediaType.MKV, self.HEAD + segment).strict

    def test_a_live_film_may_end_within_a_cluster(self) -> None:
        unknown = b"\x01" + b"\xff" * 7
        cluster = b"\x1f\x43\xb6\x75" + unknown + element(b"\xa3", bytes(40))
        segment = b"\x18\x53\x80\x67" + unknown + self._tags() + cluster

        assert read(MediaType.MKV, self.HEAD + segment).strict

    def test_an_element_that_is_no_segment_is_skipped(self) -> None:
        assert read(MediaType.MKV, element(b"\xec", bytes(9)) + self.TAGS).strict

    def test_a_film_that_is_cut_is_truncated(self) -> None:
        cluster = b"\x1f\x43\xb6\x75\x01\0\0\0\0\1\0\0"
        segment = element(b"\x18\x53\x80\x67", self._tags() + cluster)

        assert read(MediaType.MKV, self.HEAD + segment).issues == ("truncated",)

    def test_tags_below_tags_are_read(self) -> None:
        name, string = element(b"\x45\xa3", b"AIGC"), element(b"\x44\x87", ONE)
        inner = element(b"\x67\xc8", element(b"\x67\xc8", name, string))
        tags = element(b"\x12\x54\xc3\x67", element(b"\x73\x73", element(b"\x63\xc0"), inner))

        assert read(MediaType.MKV, self.HEAD + element(b"\x18\x53\x80\x67", tags)).strict

    def test_a_string_without_a_name_is_looked_into(self) -> None:
        simple = element(b"\x67\xc8", element(b"\x44\x87", WRAPPED))
        tags = element(b"\x12\x54\xc3\x67", element(b"\x73\x73", simple))

        assert read(MediaType.MKV, self.HEAD + element(b"\x18\x53\x80\x67", tags)).places == (
            "matroska:",
        )

    @pytest.mark.parametrize(
        ("tags", "message"),
        [
            (b"\x12\x54\xc3\x67\x01\0\0\0\xff\0\0\0", "are none"),
            (b"\x12\x54\xc3\x67\x01\0\0\0\0\0\0\x09\0", "cut|none|ends within"),
        ],
    )
    def test_tags_that_cannot_be_are_refused(self, tags: bytes, message: str) -> None:
        with pytest.raises(UnsupportedMediaError, match=message):
            read(MediaType.MKV, self.HEAD + element(b"\x18\x53\x80\x67", tags))

    def test_tags_nested_too_deep_are_refused(self) -> None:
        tag = element(b"\x73\x73")
        for _ in range(12):
            tag = element(b"\x73\x73", tag)
        content = element(b"\x18\x53\x80\x67", element(b"\x12\x54\xc3\x67", tag))

        with pytest.raises(UnsupportedMediaError, match="too deep"):
            read(MediaType.MKV, self.HEAD + content)


class TestFlv:
    @staticmethod
    def _script(body: bytes) -> bytes:
        tag = b"\x12" + len(body).to_bytes(3, "big") + bytes(7) + body
        return b"FLV\x01\0" + struct.pack(">II", 9, 0) + tag + struct.pack(">I", len(tag))

    def test_values_of_every_kind_are_passed(self) -> None:
        odd = b"\x0a\0\0\0\2\1\1\5" + b"\x03\0\1a\6\0\0\x09" + b"\x0b" + bytes(10) + b"\7\0\1"
        label = b"\x03\0\4AIGC\2" + struct.pack(">H", len(ONE)) + ONE + b"\0\0\x09"

        assert read(MediaType.FLV, self._script(odd + label)).strict

    def test_other_properties_are_looked_into(self) -> None:
        assert read(MediaType.FLV, recordings.flv(comment=WRAPPED)).places == ("flv:comment",)

    def test_small_letters_are_told(self) -> None:
        assert read(MediaType.FLV, recordings.flv(aigc=ONE)).issues == ("key-name",)

    def test_tags_of_pictures_are_skipped_to_a_limit(self) -> None:
        picture = b"\x09\0\0\1" + bytes(7) + b"\0" + bytes(4)
        content = recordings.flv(AIGC=ONE)

        assert read(MediaType.FLV, content + picture * 3000).strict

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            (b"\x99", "unknown kind"),
            (b"\2\0\x09", "is cut"),
            (b"\x0a\0\0\0\1" * 12, "too deep"),
        ],
    )
    def test_what_is_no_script_is_refused(self, body: bytes, message: str) -> None:
        with pytest.raises(UnsupportedMediaError, match=message):
            read(MediaType.FLV, self._script(body))


def frame(name: bytes, body: bytes, flags: int, size: bytes) -> bytes:
    return name + size + struct.pack(">H", flags) + body


def tag(frames: bytes, version: int, flags: int = 0) -> bytes:
    length = bytes(len(frames) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3" + bytes([version, 0, flags]) + length + frames


class TestTags:
    BODY = b"\3AIGC\0" + ONE

    def _size(self, body: bytes) -> bytes:
        return bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))

    def test_a_tag_at_the_end_is_read(self) -> None:
        frames = tag(frame(b"TXXX", self.BODY, 0, self._size(self.BODY)), 4, 0x10)
        footer = b"3DI" + frames[3:10]

        reading = read(MediaType.MP3, mp3(behind=frames + footer))

        assert reading.places == ("id3:appended/TXXX",)

    @pytest.mark.parametrize("behind", [b"3DI", b"3DI\4\0\0\0\0\0\x09" + bytes(20)])
    def test_what_only_looks_like_a_tag_at_the_end_is_none(self, behind: bytes) -> None:
        assert read(MediaType.MP3, mp3(behind=behind)).verdict is Verdict.ABSENT

    def test_a_tag_with_a_footer_is_passed_whole(self) -> None:
        first = tag(b"", 4, 0x10) + b"3DI\4\0\x10" + bytes(4)

        assert read(MediaType.MP3, mp3(first + id3(TEXT))).places == ("id3:second/TXXX",)

    def test_unsynchronised_frames_are_read(self) -> None:
        body = b"\3AIGC\0" + value(ReservedCode1="ÿ").encode("latin-1").replace(b"\xff", b"\xff\0")
        body = b"\0" + body[1:]
        third = tag(frame(b"TXXX", body, 0, struct.pack(">I", len(body) - 1)), 3, 0x80)
        fourth = tag(frame(b"TXXX", body, 2, self._size(body)), 4)

        for made in (third, fourth):
            fields = read(MediaType.MP3, mp3(made)).fields
            assert fields is not None
            assert fields.reserved_code1 == "ÿ"

    def test_compressed_frames_are_read(self) -> None:
        packed = struct.pack(">I", len(self.BODY)) + zlib.compress(self.BODY)
        third = tag(frame(b"TXXX", packed, 0x80, struct.pack(">I", len(packed))), 3)
        fourth = tag(frame(b"TXXX", packed, 0x09, self._size(packed)), 4)

        assert read(MediaType.MP3, mp3(third)).strict
        assert read(MediaType.MP3, mp3(fourth)).strict

    def test_a_compressed_frame_that_is_damaged_is_broken(self) -> None:
        packed = bytes(4) + b"no zlib"
        damaged = tag(frame(b"TXXX", packed, 0x80, struct.pack(">I", len(packed))), 3)

        assert "broken-frame" in read(MediaType.MP3, mp3(damaged)).issues

    @pytest.mark.parametrize("version", [3, 4])
    def test_an_extended_head_is_passed(self, version: int) -> None:
        size = struct.pack(">I", len(self.BODY)) if version == 3 else self._size(self.BODY)
        extended = struct.pack(">I", 6) + bytes(6) if version == 3 else b"\0\0\0\6\1\0"
        frames = extended + frame(b"TXXX", self.BODY, 0, size)

        assert read(MediaType.MP3, mp3(tag(frames, version, 0x40))).strict

    def test_a_length_in_plain_bytes_where_seven_bits_are_due_is_read(self) -> None:
        plain = frame(b"TXXX", self.BODY, 0, struct.pack(">I", len(self.BODY)))
        second = frame(b"TIT2", b"\3x", 0, self._size(b"\3x"))

        assert read(MediaType.MP3, mp3(tag(plain + second, 4))).strict

    def test_another_version_is_passed_over(self) -> None:
        assert read(MediaType.MP3, mp3(tag(b"x" * 20, 9))).verdict is Verdict.ABSENT

    def test_more_tags_than_any_file_has_are_not_read(self) -> None:
        assert read(MediaType.MP3, mp3(tag(b"", 4) * 10 + id3(TEXT))).verdict is Verdict.ABSENT

    @pytest.mark.parametrize(
        ("name", "body", "place"),
        [
            (b"COMM", b"\3chix\0" + WRAPPED, "id3:COMM"),
            (b"USLT", b"\3chix\0" + WRAPPED, "id3:USLT"),
            (b"TXXX", b"\3note\0" + WRAPPED, "id3:TXXX"),
            (
                b"TXXX",
                b"\2" + "AIGC\0".encode("utf-16-be") + ONE.decode().encode("utf-16-be"),
                "id3:TXXX",
            ),
            (
                b"TXXX",
                b"\1" + "AIGC\0".encode("utf-16-le") + ONE.decode().encode("utf-16-le"),
                "id3:TXXX",
            ),
            (b"TXXX", b"\3aigc\0" + ONE, "id3:TXXX"),
            (b"PRIV", b"XMP\0" + packet(value()), "id3:PRIV/xmp"),
        ],
    )
    def test_the_label_is_found_in_other_frames(self, name: bytes, body: bytes, place: str) -> None:
        reading = read(MediaType.MP3, mp3(id3((name, body))))

        assert (reading.places, reading.label) == ((place,), "1")

    @pytest.mark.parametrize(
        "made",
        [(b"PRIV", b"other\0x"), (b"GEOB", b"\0text\0"), (b"TXXX", b"\1a\0b\0"), (b"TPE1", b"x")],
    )
    def test_other_frames_are_no_label(self, made: tuple[bytes, bytes]) -> None:
        assert read(MediaType.MP3, mp3(id3(made))).verdict is Verdict.ABSENT


class TestComments:
    def test_a_note_for_an_application_is_looked_into(self) -> None:
        plain = flac()
        block = b"\2" + len(WRAPPED).to_bytes(3, "big") + WRAPPED

        assert read(MediaType.FLAC, plain[:4] + block + plain[4:]).places == ("flac:application",)

    def test_other_blocks_are_passed_to_a_limit(self) -> None:
        plain = flac(b"AIGC=" + ONE)

        assert read(MediaType.FLAC, plain[:4] + b"\1\0\0\1\0" * 9 + plain[4:]).strict
        assert read(MediaType.FLAC, b"fLaC" + b"\1\0\0\0" * 5000).verdict is Verdict.ABSENT

    def test_a_tag_before_no_stream_is_refused(self) -> None:
        with pytest.raises(UnsupportedMediaError, match="no stream"):
            read(MediaType.FLAC, id3() + b"else")

    def test_a_comment_that_is_cut_is_truncated(self) -> None:
        cut = recordings.comments(b"AIGC=" + ONE)[:-4]
        content = b"fLaC\x84" + len(cut).to_bytes(3, "big") + cut

        assert "truncated" in read(MediaType.FLAC, content).issues

    def test_a_large_comment_such_as_a_picture_is_passed(self) -> None:
        picture = b"METADATA_BLOCK_PICTURE=" + b"A" * 70_000

        assert read(MediaType.OGG, ogg(picture, b"AIGC=" + ONE)).strict

    @pytest.mark.parametrize(
        "second",
        [b"\x84\0\0\0" + recordings.comments(b"AIGC=" + ONE), recordings.comments(b"AIGC=" + ONE)],
    )
    def test_other_codecs_have_their_comments_as_well(self, second: bytes) -> None:
        pages = recordings.page(b"\x7fFLAC", 0, 2) + recordings.page(second, 1, 0)

        assert read(MediaType.OGG, pages).strict

    def test_pages_without_end_are_read_to_a_limit(self) -> None:
        endless = b"OggS\0\0" + bytes(20) + b"\xff" + b"\xff" * 255 + bytes(255 * 255)

        assert read(MediaType.OGG, endless * 300).verdict is Verdict.ABSENT
        assert read(
            MediaType.OGG, (b"OggS\0\0" + bytes(20) + b"\1\xff" + bytes(255)) * 5000
        ).verdict is (Verdict.ABSENT)


class TestRiff:
    def test_a_file_shorter_than_it_says_is_truncated(self) -> None:
        content = recordings.wav((b"AIGC", ONE))

        assert read(MediaType.WAV, content[:4] + b"\xff\xff\0\0" + content[8:]).issues == (
            "truncated",
        )

    def test_other_information_is_looked_into(self) -> None:
        information = (b"LIST", b"INFO" + riff_chunk(b"ICMT", WRAPPED))

        assert read(MediaType.WAV, recordings.wav(information)).places == ("riff:INFO/ICMT",)

    def test_a_packet_in_a_wav_is_read(self) -> None:
        reading = read(MediaType.WAV, recordings.wav((b"_PMX", packet(value()))))

        assert (reading.places, reading.issues) == (("xmp",), ("place",))

    def test_a_manifest_is_seen(self) -> None:
        assert read(MediaType.WAV, recordings.wav((b"C2PA", b"jumb"))).c2pa
