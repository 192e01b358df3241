"""The implicit label in sound: read back by others, one of it, everything else as it was."""

import json
import subprocess
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from labelling.errors import UnsupportedMediaError
from labelling.writers import id3, ogg, riff, vorbis
from labelling.writers.base import LabelWriter
from labelling.writers.ogg import Page, laid_out, pages
from labelling.writers.splicing import Span
from tests.labelling.writers.recordings import (
    LABEL,
    OTHER,
    TITLE,
    VALUE,
    film,
    packets,
    sound,
    told,
)
from tests.labelling.writers.tools import needed

CASES = {
    "mp3": (id3.Id3LabelWriter(), sound("mp3", "libmp3lame"), "ID3v2_4:UserDefinedText"),
    "wav": (riff.WavLabelWriter(), sound("wav", "pcm_s16le"), "RIFF:Unknown_AIGC"),
    "flac": (vorbis.FlacLabelWriter(), sound("flac", "flac"), "Vorbis:Aigc"),
    "ogg": (vorbis.OggLabelWriter(), sound("ogg", "vorbis"), "Vorbis:Aigc"),
    "opus": (vorbis.OggLabelWriter(), sound("ogg", "libopus", rate=48000), "Vorbis:Aigc"),
}


@pytest.mark.parametrize("form", CASES)
def test_exiftool_reads_the_label_and_the_title_stays(form: str, tmp_path: Path) -> None:
    writer, sample, field = CASES[form]
    path = tmp_path / f"sample.{form}"
    path.write_bytes(writer.write(sample, LABEL))

    asked = [needed("exiftool"), "-u", "-b", "-G1", f"-{field.split(':')[1]}", "-s3", str(path)]
    found = subprocess.run(asked, capture_output=True, check=True, text=True).stdout  # noqa: S603

    assert VALUE in found
    assert told(path.read_bytes()).get("title") == TITLE


@pytest.mark.parametrize("form", [form for form in CASES if form != "wav"])
def test_ffmpeg_reads_the_label(form: str) -> None:
    writer, sample, _ = CASES[form]

    assert told(writer.write(sample, LABEL))["AIGC"] == VALUE


@pytest.mark.parametrize("form", CASES)
def test_a_label_is_replaced_and_packets_stay(form: str) -> None:
    writer, sample, _ = CASES[form]
    once = writer.write(writer.write(sample, OTHER), LABEL)

    assert once.count(b'"ProduceID"') == 1
    assert writer.read(once) == VALUE
    assert packets(once) == packets(sample)


def tag(version: int, body: bytes, flags: int = 0, size: int | None = None) -> bytes:
    count = len(body) if size is None else size
    synchsafe = bytes(count >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3" + bytes([version, 0, flags]) + synchsafe + body


def frame(version: int, name: bytes, body: bytes) -> bytes:
    if version == 2:
        return name + len(body).to_bytes(3, "big") + body
    size = len(body).to_bytes(4, "big")
    return name + size + b"\0\0" + body


SOUND = sound("mp3", "libmp3lame", title="")[45:]


class TestId3:
    writer = id3.Id3LabelWriter()

    @pytest.mark.parametrize(("version", "name"), [(2, b"TT2"), (3, b"TIT2"), (4, b"TIT2")])
    def test_every_version_keeps_its_frames(self, version: int, name: bytes) -> None:
        title = frame(version, name, b"\0Title")
        made = self.writer.write(tag(version, title + bytes(20)) + SOUND, LABEL)

        assert made[3] == version
        assert title in made
        assert self.writer.read(made) == VALUE
        assert told(made)["AIGC"] == VALUE
        assert self.writer.write(made, LABEL) == made

    def test_no_tag_becomes_one(self) -> None:
        made = self.writer.write(SOUND, LABEL)

        assert made.endswith(SOUND)
        assert made.startswith(b"ID3\x04")

    def test_labels_in_any_encoding_and_any_tag_are_replaced(self) -> None:
        wide = frame(4, b"TXXX", b"\1" + "AIGC\0{}".encode("utf-16"))
        other = frame(4, b"TXXX", b"\3OTHER\0kept")
        odd = (
            frame(4, b"TXXX", b"\x09AIGC\0kept")
            + frame(4, b"TXXX", b"")
            + frame(4, b"TXXX", b"\3x")
        )
        content = tag(4, wide + other + odd) + tag(4, wide) + SOUND
        made = self.writer.write(content, LABEL)

        assert self.writer.read(content) == "{}"
        assert wide not in made
        assert other in made
        assert odd in made

    def test_a_tag_kept_from_looking_like_sound_is_read_as_it_was(self) -> None:
        body = frame(3, b"PRIV", b"a\xff\xe0b").replace(b"\xff", b"\xff\0")
        made = self.writer.write(tag(3, body, flags=0x80) + SOUND, LABEL)

        assert b"a\xff\xe0b" in made
        assert not made[5]

    @pytest.mark.parametrize(
        ("version", "extended"), [(3, b"\0\0\0\6" + bytes(6)), (4, b"\0\0\0\6\1\0")]
    )
    def test_an_extended_header_and_a_footer_go(self, version: int, extended: bytes) -> None:
        body = extended + frame(version, b"TIT2", b"\0T")
        footer = b"3DI" + bytes(7) if version == 4 else b""
        flags = 0x50 if version == 4 else 0x40
        made = self.writer.write(tag(version, body, flags=flags) + footer + SOUND, LABEL)

        assert extended not in made[:40]
        assert made.endswith(SOUND)
        assert told(made)["title"] == "T"

    def test_the_plain_sizes_of_old_itunes_are_understood(self) -> None:
        big = frame(4, b"PRIV", b"\1" * 200) + frame(4, b"TIT2", b"\0Title")
        large = frame(4, b"PRIV", b"\1" * 300) + frame(4, b"TIT2", b"\0Title")

        assert big in self.writer.write(tag(4, big) + SOUND, LABEL)
        assert large in self.writer.write(tag(4, large) + SOUND, LABEL)

    @pytest.mark.parametrize(
        "content",
        [
            tag(5, b""),
            tag(2, b"", flags=0x40),
            tag(4, b"", size=(1 << 28) - 1),
            tag(4, b"", size=100),
            tag(3, frame(3, b"TIT2", b"T")[:-1]),
            tag(3, frame(3, b"ti t", b"T")),
            tag(4, b"") * 17,
        ],
        ids=range(7),
    )
    def test_what_cannot_be_edited_is_refused(self, content: bytes) -> None:
        with pytest.raises(UnsupportedMediaError):
            self.writer.write(content, LABEL)

    def test_a_tag_that_would_be_too_large_is_refused(self) -> None:
        with pytest.raises(UnsupportedMediaError, match="cannot hold"):
            id3.Tag(4, 0, (), 1 << 28, 0).with_frames()


class TestWav:
    writer = riff.WavLabelWriter()
    sample = sound("wav", "pcm_s16le", channels=1, rate=8000)

    @pytest.mark.parametrize("size", [0, 0xFFFFFFFF])
    def test_a_recording_that_was_cut_off_gets_sizes_that_hold(self, size: int) -> None:
        streamed = self.sample[:4] + size.to_bytes(4, "little") + self.sample[8:]
        streamed = streamed.replace(
            b"data" + (9600).to_bytes(4, "little"), b"data" + b"\xff\xff\xff\xff"
        )
        made = self.writer.write(streamed, LABEL)

        assert int.from_bytes(made[4:8], "little") == len(made) - 8
        assert packets(made) == packets(self.sample)

    def test_what_stands_behind_the_file_is_no_chunk(self) -> None:
        assert self.writer.read(self.writer.write(self.sample + b"junk", LABEL)) == VALUE

    def test_an_endless_label_is_none(self) -> None:
        size = 1 << 17
        chunk = b"AIGC" + size.to_bytes(4, "little") + bytes(size)
        whole = self.sample[8:] + chunk

        assert self.writer.read(b"RIFF" + len(whole).to_bytes(4, "little") + whole) is None

    @pytest.mark.parametrize(
        "content",
        [
            b"RF64" + bytes(4) + b"WAVE",
            b"RIFF" + bytes(4) + b"WAVX",
            b"RIFF" + bytes(4) + b"WAVE" + b"none\0\0\0\0" * 10_001,
        ],
        ids=range(3),
    )
    def test_what_is_not_wav_is_refused(self, content: bytes) -> None:
        with pytest.raises(UnsupportedMediaError):
            self.writer.write(content, LABEL)

    def test_a_file_larger_than_its_format_is_refused(self) -> None:
        with pytest.raises(UnsupportedMediaError, match="cannot hold"):
            riff.wave([Span(0, 1 << 32)])


class TestFlac:
    writer = vorbis.FlacLabelWriter()

    def test_a_file_without_comments_gets_them(self) -> None:
        sample = sound("flac", "flac", rate=8000)
        bare = b"fLaC\x80" + sample[5:42] + sample[sample.index(b"\xff\xf8", 42) :]

        assert self.writer.read(bare) is None
        assert told(self.writer.write(bare, LABEL))["AIGC"] == VALUE

    @pytest.mark.parametrize(
        "comments",
        [
            b"\xff\0\0\0",
            b"\0\0\0\0\xff\xff\xff\0",
            b"\0\0\0\0\1\0\0\0\xff\0\0\0",
        ],
    )
    def test_broken_comments_are_refused(self, comments: bytes) -> None:
        content = b"fLaC\x84" + len(comments).to_bytes(3, "big") + comments

        with pytest.raises(UnsupportedMediaError):
            self.writer.write(content, LABEL)

    def test_a_block_larger_than_may_be_is_refused(self) -> None:
        with pytest.raises(UnsupportedMediaError, match="cannot hold"):
            vorbis.framed(4, 1 << 24, b"", last=True)


def repaged(content: bytes, change: Callable[[list[Page]], list[Page]]) -> bytes:
    return b"".join(map(bytes, change(list(pages(BytesIO(content), 0, len(content))))))


class TestOgg:
    writer = vorbis.OggLabelWriter()
    vorbis_file = sound("ogg", "vorbis")
    opus_file = sound("ogg", "libopus", rate=48000)

    def test_a_long_label_moves_every_page_behind_it(self) -> None:
        long = json.dumps({"pad": "x" * 70_000})
        packets_of, read = ogg.headers(BytesIO(self.opus_file), len(self.opus_file))
        filled = bytes(vorbis.Comments(fields=(b"PAD=" + long.encode(),)))
        new = laid_out([b"OpusTags" + filled], read[0].stream, 1)
        rest = self.opus_file[sum(page.size for page in read) :]
        large = bytes(read[0]) + b"".join(map(bytes, new)) + rest
        made = self.writer.write(large, LABEL)

        assert packets_of[0].startswith(b"OpusHead")
        assert len(new) == 2
        assert self.writer.read(made) == VALUE

    def test_pages_are_numbered_anew_where_the_label_needs_one_more(self) -> None:
        stream = next(pages(BytesIO(self.opus_file), 0, len(self.opus_file))).stream
        read = ogg.headers(BytesIO(self.opus_file), len(self.opus_file))[1]
        full = bytes(vorbis.Comments(fields=(b"PAD=" + b"x" * 64_900,)))
        new = laid_out([b"OpusTags" + full], stream, 1)
        rest = self.opus_file[sum(page.size for page in read) :]
        joined = bytes(read[0]) + b"".join(map(bytes, new)) + rest + self.vorbis_file
        made = self.writer.write(joined, LABEL)
        numbers = [
            page.number for page in pages(BytesIO(made), 0, len(made)) if page.stream == stream
        ]

        assert len(new) == 1
        assert numbers == list(range(len(numbers)))
        assert made.endswith(self.vorbis_file)

    @pytest.mark.parametrize(
        "content",
        [
            b"OggX" + bytes(40),
            repaged(vorbis_file, lambda all_: [all_[0], *all_[:1]]),
            repaged(vorbis_file, lambda all_: all_[:1]),
            b"".join(map(bytes, laid_out([b"fishead"], 1, 0))),
            b"".join(map(bytes, laid_out([b"OpusHead", b"Nonsense"], 1, 0))),
            b"".join(map(bytes, laid_out([b"OpusHead"], 1, 0) + laid_out([b"OpusTags"], 2, 1))),
            b"".join(map(bytes, laid_out([b"OpusHead", b"OpusTags", b"more"], 1, 0))),
        ],
        ids=range(7),
    )
    def test_what_is_no_ogg_that_can_be_labelled_is_refused(self, content: bytes) -> None:
        with pytest.raises(UnsupportedMediaError):
            self.writer.write(content, LABEL)


def test_a_film_in_ogg_is_refused() -> None:
    writer: LabelWriter = vorbis.OggLabelWriter()

    with pytest.raises(UnsupportedMediaError):
        writer.read(film("webm", "libvpx", seconds=0.5))
