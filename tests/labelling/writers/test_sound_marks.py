"""The explicit label in sound: the rhythm is heard, and every other sample is what it was."""

import hashlib
from io import BytesIO

import numpy as np
import pytest

from labelling.errors import UnsupportedMediaError
from labelling.writers import ogg, vorbis
from labelling.writers.base import LabelWriter
from labelling.writers.crc import crc8, crc16, crc16_arc, crc16_arc_joined, crc16_followed
from labelling.writers.cue import cue
from labelling.writers.flac_cue import FlacCueWriter
from labelling.writers.flac_frames import Header, StreamInfo, coded, plain_frames
from labelling.writers.m4a_cue import M4aCueWriter
from labelling.writers.mp3_cue import Mp3CueWriter
from labelling.writers.opus_cue import OpusCueWriter
from labelling.writers.wav_cue import WavCueWriter
from tests.labelling.writers.recordings import (
    LABEL,
    film,
    heard,
    packets,
    rhythm,
    sound,
    told,
    without_media,
)

CASES: dict[str, tuple[LabelWriter, bytes, int]] = {
    "wav": (WavCueWriter(), sound("wav", "pcm_s16le"), 44100),
    "wav-8": (WavCueWriter(), sound("wav", "pcm_u8", rate=8000, channels=1), 8000),
    "wav-24": (WavCueWriter(), sound("wav", "pcm_s24le", rate=48000), 48000),
    "wav-32": (WavCueWriter(), sound("wav", "pcm_s32le", rate=48000), 48000),
    "wav-float": (WavCueWriter(), sound("wav", "pcm_f32le", rate=16000), 16000),
    "wav-double": (WavCueWriter(), sound("wav", "pcm_f64le", rate=16000, channels=1), 16000),
    "mp3": (Mp3CueWriter(), sound("mp3", "libmp3lame"), 44100),
    "mp3-mono": (Mp3CueWriter(), sound("mp3", "libmp3lame", rate=16000, channels=1), 16000),
    "flac": (FlacCueWriter(), sound("flac", "flac"), 44100),
    "flac-mono": (FlacCueWriter(), sound("flac", "flac", rate=8000, channels=1), 8000),
    "opus": (OpusCueWriter(), sound("ogg", "libopus", rate=48000), 48000),
    "m4a": (M4aCueWriter(), sound("ipod", "aac"), 44100),
}
SPEECH = sound("wav", "pcm_s16le", rate=16000, channels=1, seconds=0.5)


@pytest.mark.parametrize("form", CASES)
class TestMark:
    def test_short_long_short_short_is_heard_first(self, form: str) -> None:
        writer, sample, rate = CASES[form]

        found = rhythm(writer.write(sample, LABEL), rate)
        beats = [length for kind, length in found if kind == "tone"][:4]

        assert beats == pytest.approx([0.1, 0.3, 0.1, 0.1], abs=0.035)

    def test_every_other_packet_or_sample_stays(self, form: str) -> None:
        writer, sample, _ = CASES[form]
        made = writer.write(sample, LABEL)

        if form.startswith(("wav", "flac")):
            before = heard(sample)
            assert np.array_equal(heard(made)[:, -before.shape[1] :], before)
        else:
            kept = packets(sample)[0]
            assert packets(made)[0][-len(kept) :] == kept

    def test_the_title_stays(self, form: str) -> None:
        writer, sample, _ = CASES[form]

        assert told(writer.write(sample, LABEL)).get("title") == told(sample).get("title")


@pytest.mark.parametrize(
    ("kind", "form", "codec"),
    [
        (WavCueWriter, "wav", "pcm_s16le"),
        (Mp3CueWriter, "mp3", "libmp3lame"),
        (FlacCueWriter, "flac", "flac"),
        (OpusCueWriter, "ogg", "libopus"),
        (M4aCueWriter, "ipod", "aac"),
    ],
)
def test_a_spoken_notice_stands_behind_the_rhythm(kind: type, form: str, codec: str) -> None:
    sample = sound(form, codec, rate=48000)
    plain, spoken = kind().write(sample, LABEL), kind(SPEECH).write(sample, LABEL)

    longer = heard(spoken).shape[1] - heard(plain).shape[1]
    assert longer / 48000 == pytest.approx(0.8, abs=0.1)
    assert kind(SPEECH).read(spoken) == LABEL.notice
    assert kind(SPEECH).write(spoken, LABEL) == spoken


class TestCue:
    def test_too_few_samples_are_refused(self) -> None:
        with pytest.raises(UnsupportedMediaError, match="too few"):
            cue(2000)

    def test_speech_without_sound_is_refused(self) -> None:
        with pytest.raises(UnsupportedMediaError, match="no sound"):
            cue(8000, film("mp4", "libx264", seconds=0.5, silent=True))

    def test_endless_speech_is_refused(self) -> None:
        with pytest.raises(UnsupportedMediaError, match="longer than"):
            cue(8000, sound("wav", "pcm_u8", rate=8000, channels=1, seconds=31))


class TestWav:
    def chunked(self, chunks: dict[bytes, bytes]) -> bytes:
        body = b"".join(
            name + len(content).to_bytes(4, "little") + content + bytes(len(content) % 2)
            for name, content in chunks.items()
        )
        return b"RIFF" + (4 + len(body)).to_bytes(4, "little") + b"WAVE" + body

    def form(self, coding: int, channels: int, width: int, bits: int, extra: bytes = b"") -> bytes:
        block = channels * width
        numbers = [(coding, 2), (channels, 2), (8000, 4), (8000 * block, 4), (block, 2), (bits, 2)]
        return b"".join(number.to_bytes(size, "little") for number, size in numbers) + extra

    def test_what_counts_from_the_start_moves(self) -> None:
        point = b"".join(number.to_bytes(4, "little") for number in (1, 5, 0, 0, 0, 5))
        content = self.chunked(
            {
                b"fmt ": self.form(1, 1, 2, 16),
                b"fact": (4).to_bytes(4, "little"),
                b"cue ": (1).to_bytes(4, "little") + point,
                b"data": bytes(8),
            }
        )
        made = WavCueWriter().write(content, LABEL)
        frames = len(cue(8000))
        moved = made[made.index(b"cue ") + 12 :]

        assert int.from_bytes(made[made.index(b"fact") + 8 :][:4], "little") == 4 + frames
        assert int.from_bytes(moved[4:8], "little") == 5 + frames
        assert int.from_bytes(moved[20:24], "little") == 5 + frames

    def test_fewer_bits_than_the_width_stand_at_its_top(self) -> None:
        extra = (22).to_bytes(2, "little") + (20).to_bytes(2, "little") + bytes(4)
        extra += (1).to_bytes(2, "little") + bytes(14)
        content = self.chunked({b"fmt ": self.form(0xFFFE, 3, 3, 24, extra), b"data": bytes(9)})
        made = WavCueWriter().write(content, LABEL)
        sound_of = np.frombuffer(made[made.index(b"data") + 8 :][: 9 * len(cue(8000))], np.uint8)

        assert not np.any(sound_of[::3] & 0x0F)
        assert np.any(sound_of[::3])

    @pytest.mark.parametrize(
        "chunks",
        [
            {b"fmt ": b"\1\0\1\0" + bytes(12), b"data": b""},
            {b"data": b""},
            {b"fmt ": b"\7\0\1\0\x40\x1f\0\0\x40\x1f\0\0\1\0\x08\0", b"data": b""},
            {b"fmt ": b"\1\0\1\0\x40\x1f\0\0\x40\x1f\0\0\2\0\x10\0"},
        ],
    )
    def test_what_is_no_plain_sound_is_refused(self, chunks: dict[bytes, bytes]) -> None:
        with pytest.raises(UnsupportedMediaError):
            WavCueWriter().write(self.chunked(chunks), LABEL)


class TestMp3:
    writer = Mp3CueWriter()
    sample = sound("mp3", "libmp3lame", title="")

    def bare(self) -> bytes:
        """Give frames without a tag and without an index."""
        start = self.sample.index(b"Info") - 36
        head = self.sample[start : start + 4]
        return self.sample[self.sample.index(head[:2], start + 300) :]

    def test_frames_without_an_index_are_joined_at_their_rate(self) -> None:
        bare = self.bare()
        made = self.writer.write(b"\0\0\xff\x00" + bare, LABEL)

        assert made.endswith(bare)
        assert self.writer.write(made, LABEL) == made

    def test_the_index_counts_the_cue(self) -> None:
        made = self.writer.write(self.sample, LABEL)
        at = made.index(b"Info")
        frames, size = (int.from_bytes(made[at + 8 + 4 * n :][:4], "big") for n in (0, 1))
        start = at - 36

        assert frames == len(packets(made)[0])
        assert size == len(made) - start
        assert list(made[at + 16 : at + 116]) == sorted(made[at + 16 : at + 116])
        assert crc16_arc(made[start : start + 190]).to_bytes(2, "big") == made[start + 190 :][:2]

    @pytest.mark.parametrize("flags", [0, 1, 2, 3, 8])
    def test_an_index_may_tell_less(self, flags: int) -> None:
        at = self.sample.index(b"Info")
        less = self.sample[:at] + b"Xing" + flags.to_bytes(4, "big") + bytes(200)
        made = self.writer.write(less + self.sample[at + 208 :], LABEL)

        assert self.writer.read(made) == LABEL.notice

    def test_the_index_of_fraunhofer_counts_the_cue(self) -> None:
        at = self.sample.index(b"Info")
        index = b"VBRI" + bytes(6) + (1000).to_bytes(4, "big") + (9).to_bytes(4, "big")
        other = self.sample[:at] + index + self.sample[at + len(index) :]
        made = self.writer.write(other, LABEL)

        assert int.from_bytes(made[at + 14 : at + 18], "big") > 9
        assert int.from_bytes(made[at + 10 : at + 14], "big") > 1000

    @pytest.mark.parametrize("content", [b"", b"\xff\xfd\x90\0" * 400, b"\xff\xfb\xf0\0" * 9])
    def test_what_is_not_layer_three_is_refused(self, content: bytes) -> None:
        with pytest.raises(UnsupportedMediaError):
            self.writer.write(content, LABEL)


class TestFlac:
    writer = FlacCueWriter()
    sample = sound("flac", "flac", rate=16000, seconds=0.6)

    def info(self, content: bytes) -> StreamInfo:
        return StreamInfo.parse(content[8:42])

    def test_the_digest_and_the_count_are_of_what_is_heard(self) -> None:
        made = self.writer.write(self.sample, LABEL)
        samples = heard(made).T.astype("<i2")

        assert self.info(made).digest == hashlib.md5(samples.tobytes()).digest()  # noqa: S324
        assert self.info(made).samples == len(samples)
        assert bytes(self.info(made)) == made[8:42]

    def test_what_was_unknown_stays_unknown(self) -> None:
        bare = self.sample[:12] + bytes(6) + self.sample[18:21]
        unknown = bare + bytes([self.sample[21] & 0xF0]) + bytes(20) + self.sample[42:]
        made = self.info(self.writer.write(unknown, LABEL))

        assert (made.digest, made.samples, made.most_frame) == (bytes(16), 0, 0)

    def test_seek_points_move_and_placeholders_stay(self) -> None:
        placeholder = b"\xff" * 8 + bytes(10)
        points = bytes(18) + placeholder
        table = bytes([vorbis.SEEK_TABLE]) + len(points).to_bytes(3, "big") + points
        made = self.writer.write(self.sample[:42] + table + self.sample[42:], LABEL)
        first = made[46:]

        assert int.from_bytes(first[:8], "big") == self.info(made).samples - 9600
        assert first[18:36] == placeholder

    def test_frames_numbered_by_sample_are_numbered_on(self) -> None:
        start = self.sample.index(b"\xff\xf8", 42)
        frames = [Header.parse(self.sample[start : start + 16])]
        by_sample = StreamInfo(4096, 4096, 0, 0, 16000, 1, 16, 0, bytes(16))
        content = b"fLaC\x80" + (34).to_bytes(3, "big") + bytes(by_sample)
        whole = content + variable(by_sample)
        made = self.writer.write(whole, LABEL)

        assert not frames[0].by_sample
        assert heard(made).shape[1] % 4096 == 0
        assert self.writer.write(made, LABEL) == made

    def test_many_channels_and_odd_depths_are_marked(self) -> None:
        for depth, channels in ((12, 3), (20, 1), (24, 2), (8, 2)):
            info = StreamInfo(1024, 1024, 0, 0, 12345, channels, depth, 0, b"\1" * 16)
            content = b"fLaC\x80" + (34).to_bytes(3, "big") + bytes(info) + fixed(info)
            made = self.writer.write(content, LABEL)

            assert heard(made).shape[0] == channels
            assert self.writer.read(made) == LABEL.notice

    @pytest.mark.parametrize(
        "content",
        [
            b"fLaC\x84\0\0\1a",
            b"fLaC\x80\0\0\x22" + bytes(34),
            sample + b"junk",
            sample.replace(b"\xff\xf8", b"\xff\xf9", 1),
        ],
        ids=range(4),
    )
    def test_what_is_broken_is_refused(self, content: bytes) -> None:
        with pytest.raises(UnsupportedMediaError):
            self.writer.write(content, LABEL)

    @pytest.mark.parametrize(
        "number", [0, 0x7F, 0x80, 0x7FF, 0x800, 0xFFFF, 0x10000, (1 << 36) - 1]
    )
    def test_numbers_survive_their_code(self, number: int) -> None:
        bare = b"\xff\xf8\x19\x08" + coded(number)

        assert Header.parse(bare + bytes([crc8(bare)])).number == number


def variable(info: StreamInfo) -> bytes:
    return b"".join(plain_frames(info, np.arange(8192, dtype=np.int64) % 99, by_sample=True))


def fixed(info: StreamInfo) -> bytes:
    return b"".join(plain_frames(info, np.arange(2048, dtype=np.int64) % 99, by_sample=False))


class TestOpus:
    writer = OpusCueWriter()
    sample = sound("ogg", "libopus", rate=48000)

    def test_pages_go_on_in_time_and_number(self) -> None:
        made = self.writer.write(self.sample, LABEL)
        numbers = list(ogg.pages(BytesIO(made), 0, len(made)))

        assert [page.number for page in numbers] == list(range(len(numbers)))
        assert [page.granule for page in numbers] == sorted(page.granule for page in numbers)

    def test_a_file_joined_behind_it_stays(self) -> None:
        other = sound("ogg", "vorbis")

        assert self.writer.write(self.sample + other, LABEL).endswith(other)

    def test_vorbis_is_refused(self) -> None:
        with pytest.raises(UnsupportedMediaError, match="cannot be marked"):
            self.writer.write(sound("ogg", "vorbis"), LABEL)


class TestM4a:
    writer = M4aCueWriter()

    @pytest.mark.parametrize(
        "content",
        [
            sound("ipod", "alac"),
            film("mp4", "libx264", seconds=0.5, silent=True),
            sound("ipod", "aac", seconds=0),
        ],
        ids=range(3),
    )
    def test_what_cannot_be_joined_is_refused(self, content: bytes) -> None:
        with pytest.raises(UnsupportedMediaError):
            self.writer.write(content, LABEL)

    def test_another_kind_of_aac_is_refused(self) -> None:
        sample = sound("ipod", "aac")
        main = sample.replace(b"\x05\x80\x80\x80\x05\x12\x10", b"\x05\x80\x80\x80\x05\x0a\x10")
        assert main != sample

        with pytest.raises(UnsupportedMediaError, match="low-complexity"):
            self.writer.write(main, LABEL)

    def test_a_file_without_its_sound_is_refused(self) -> None:
        with pytest.raises(UnsupportedMediaError, match="no sound"):
            self.writer.write(without_media(sound("ipod", "aac")), LABEL)


def test_checksums_of_joined_parts_need_no_second_reading() -> None:
    first, second = b"123456789", b"any other bytes" * 9

    assert (crc8(first), crc16(first), crc16_arc(first)) == (0xF4, 0xFEE8, 0xBB3D)
    assert crc16(first + second) == crc16_followed(crc16(first), len(second)) ^ crc16(second)
    assert crc16_arc(first + second) == crc16_arc_joined(
        crc16_arc(first), crc16_arc(second), len(second)
    )
