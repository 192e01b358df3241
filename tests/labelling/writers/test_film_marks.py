"""The explicit label in films: seen for two seconds, and everything behind it is what it was."""

import subprocess
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest

from labelling.errors import LabellingError, UnsupportedMediaError
from labelling.marks import plate_for
from labelling.writers import avc, remuxing
from labelling.writers.video import VideoMarkWriter
from labelling.writers.video_coding import begins_anew
from tests.labelling.writers.recordings import (
    LABEL,
    QUICK_VPX,
    TITLE,
    film,
    packets,
    seen,
    sound,
    told,
    without_media,
)
from tests.labelling.writers.tools import needed

WRITER = VideoMarkWriter()
JOINED = {
    "mp4": film("mp4", "libx264"),
    "mov": film("mov", "libx264"),
    "mkv": film("matroska", "libx264"),
    "baseline": film("mp4", "libx264", options=(("profile", "baseline"),)),
    "ten-bits": film("mp4", "libx264", pixels="yuv420p10le"),
    "colour-whole": film("mp4", "libx264", pixels="yuv444p"),
    "fragments": film("mp4", "libx264", movie=(("movflags", "frag_keyframe+empty_moov"),)),
    "described": film("mov", "libx264", timecode=True),
    "vp9": film("webm", "libvpx-vp9", options=QUICK_VPX),
    "vp8": film("webm", "libvpx", options=QUICK_VPX),
}
WHOLE = {
    "one-key": film("mp4", "libx264", keys=250),
    "short": film("mov", "libx264", seconds=1),
    "hevc": film("mp4", "libx265", seconds=1, options=(("x265-params", "log-level=none"),)),
}


def marked(picture: np.ndarray, alike: float = 16) -> bool:
    mark = plate_for(picture.shape[1], picture.shape[0], LABEL.notice)
    left, top, right, bottom = mark.box
    plate = np.asarray(mark.image.convert("L")).astype(int)
    return bool(np.abs(picture[top:bottom, left:right] - plate).mean() < alike)


@pytest.mark.parametrize("form", [*JOINED, *WHOLE])
class TestMark:
    def test_it_is_seen_in_every_frame_of_two_seconds_and_in_none_behind(self, form: str) -> None:
        pictures = seen(WRITER.write((JOINED | WHOLE)[form], LABEL))

        assert [marked(picture) for picture in pictures] == [
            number < 16 for number in range(len(pictures))
        ]

    def test_sound_title_and_order_stay(self, form: str) -> None:
        sample = (JOINED | WHOLE)[form]
        made = WRITER.write(sample, LABEL)
        before, after = packets(sample), packets(made)

        assert after[1] == before[1] or after[0] == before[0]
        assert told(made)["title"] == TITLE
        assert {key: len(found) for key, found in after.items()} == {
            key: len(found) for key, found in before.items()
        }

    def test_it_plays_without_an_error(self, form: str, tmp_path: Path) -> None:
        path = tmp_path / "film"
        path.write_bytes(WRITER.write((JOINED | WHOLE)[form], LABEL))

        for start in ("0", "1.9", "2.1"):
            run = [
                needed("ffmpeg"),
                "-v",
                "error",
                "-ss",
                start,
                "-i",
                str(path),
                "-f",
                "null",
                "-",
            ]
            assert not subprocess.run(run, capture_output=True, check=True).stderr  # noqa: S603


@pytest.mark.parametrize("form", JOINED)
def test_frames_behind_the_next_key_frame_are_the_same_bytes(form: str) -> None:
    sample = JOINED[form]
    before, after = packets(sample), packets(WRITER.write(sample, LABEL))
    pictures = next(index for index, found in before.items() if len(found) == 24)

    assert after[pictures][-8:] == before[pictures][-8:]
    assert after[pictures][:16] != before[pictures][:16]


def test_times_stay_in_order() -> None:
    with av.open(BytesIO(WRITER.write(JOINED["mp4"], LABEL)), "r") as source:
        times = [packet.dts for packet in source.demux(video=0) if packet.dts is not None]

    assert times == sorted(set(times))


def test_the_mark_may_stand_to_the_end() -> None:
    writer = VideoMarkWriter(seconds=None)
    made = writer.write(JOINED["mp4"], LABEL)

    assert all(marked(picture) for picture in seen(made))
    assert writer.read(made) == LABEL.notice


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_film_shows_the_mark_upright(turn: int) -> None:
    sample = film("mp4", "libx264", size=(160, 96), turn=turn)
    made = WRITER.write(sample, LABEL)

    with av.open(BytesIO(made), "r") as source:
        frame = next(source.decode(video=0))
        stored = frame.reformat(format="gray8").to_ndarray()
        shown = np.rot90(stored, round(frame.rotation) // 90)

    assert round(frame.rotation) % 360 == turn
    assert marked(shown)
    assert WRITER.read(made) == LABEL.notice


def test_a_crooked_film_is_refused() -> None:
    with pytest.raises(UnsupportedMediaError, match="degrees"):
        WRITER.write(film("mp4", "libx264", turn=45), LABEL)


def test_pixels_that_are_not_square_do_not_distort_the_mark() -> None:
    sample = film("mp4", "libx264", size=(96, 96), aspect=Fraction(2))
    made = WRITER.write(sample, LABEL)
    picture = np.repeat(seen(made)[0], 2, axis=1)

    assert marked(picture, alike=32)


def test_a_mark_that_goes_too_early_is_none() -> None:
    early = VideoMarkWriter(seconds=Fraction(1)).write(JOINED["mp4"], LABEL)

    assert WRITER.read(early) is None


@pytest.mark.parametrize(
    "content",
    [
        film("mp4", "libx264", size=(48, 48)),
        sound("wav", "pcm_s16le"),
        film("mp4", "mpeg4"),
        film("avi", "libx264", silent=True),
        film("mov", "prores_ks", pixels="yuva444p10le", seconds=0.5),
        film("matroska", "ffv1", pixels="bgr0", seconds=0.5),
    ],
    ids=range(6),
)
def test_what_cannot_be_marked_is_refused(content: bytes) -> None:
    with pytest.raises(LabellingError):
        WRITER.write(content, LABEL)


def test_a_codec_without_an_encoder_is_refused_where_all_is_marked() -> None:
    with pytest.raises(UnsupportedMediaError, match="mpeg4"):
        VideoMarkWriter(seconds=None).write(film("mp4", "mpeg4"), LABEL)


def test_a_film_without_a_frame_is_refused() -> None:
    with pytest.raises(UnsupportedMediaError, match="no frame"):
        WRITER.write(without_media(film("mp4", "libx264", silent=True)), LABEL)


def test_two_films_in_one_are_refused() -> None:
    written = BytesIO()
    with (
        av.open(BytesIO(JOINED["mkv"]), "r") as source,
        av.open(written, "w", format="matroska") as both,
    ):
        film_of = source.streams.video[0]
        made = [both.add_stream_from_template(film_of, opaque=True) for _ in range(2)]
        for packet in source.demux(film_of):
            if packet.dts is not None:
                packet.stream = made[0]
                both.mux_one(packet)

    with pytest.raises(UnsupportedMediaError, match="2 streams"):
        WRITER.write(written.getvalue(), LABEL)


def test_a_container_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "film"
    path.write_bytes(film("avi", "libx264", silent=True))

    with pytest.raises(UnsupportedMediaError, match="cannot be marked"):
        remuxing.Remux(path, tmp_path / "target", remuxing.film_in)


class TestParameterSets:
    @staticmethod
    def configuration() -> avc.Configuration:
        with av.open(BytesIO(JOINED["mp4"]), "r") as source:
            found = avc.Configuration.parse(source.streams.video[0].codec_context.extradata or b"")
        assert found is not None
        return found

    def test_they_are_stored_as_they_were_read(self) -> None:
        found = self.configuration()

        assert avc.Configuration.parse(bytes(found)) == found
        assert found.free_id() == 1

    def test_a_stream_without_them_cannot_be_joined(self) -> None:
        assert avc.Configuration.parse(b"") is None
        assert avc.Configuration.parse(b"\1\x42\0\x1e\xff\xe0\0") is None

    def test_broken_ones_are_refused(self) -> None:
        with pytest.raises(UnsupportedMediaError):
            avc.Configuration.parse(b"\1\x42\0\x1e\xff\xe1\0\x40short")

    def test_there_are_only_so_many(self) -> None:
        def numbered(number: int) -> bytes:
            bits = f"{number + 1:b}"
            code = "0" * (len(bits) - 1) + bits
            return b"\x67\x42\0\x1e" + int(code.ljust(32, "1"), 2).to_bytes(4, "big")

        every = tuple(numbered(number) for number in range(32))
        with pytest.raises(UnsupportedMediaError, match="every number"):
            avc.Configuration(66, 0, 30, 4, every, ()).free_id()

    def test_only_a_picture_that_needs_no_other_begins_anew(self) -> None:
        assert not avc.begins_anew(b"\0\0\0\2\x41\0", 4)
        assert avc.begins_anew(b"\0\0\0\2\x06\0\0\0\0\2\x65\0", 4)
        with av.open(BytesIO(JOINED["mp4"]), "r") as source:
            stream = source.streams.video[0]
            assert [begins_anew(stream, packet) for packet in source.demux(stream)][:2] == [
                True,
                False,
            ]
