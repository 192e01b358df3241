"""Writers from file to file: the same bytes, whole targets or none, and own errors alone."""

import random
from pathlib import Path
from typing import BinaryIO

import pytest
from typing_extensions import override

from labelling.content import MediaType
from labelling.errors import LabellingError, UnsupportedMediaError
from labelling.output import Aigc
from labelling.writers.base import FileLabelWriter, Kind, Label, LabelWriter
from labelling.writers.chains import CHAINS
from labelling.writers.payload import compact
from labelling.writers.splicing import Piece, Span, SplicingWriter
from tests.labelling.writers.recordings import LABEL, QUICK_VPX, film, sound

SAMPLES = {
    MediaType.MP3: sound("mp3", "libmp3lame"),
    MediaType.WAV: sound("wav", "pcm_s16le", rate=8000),
    MediaType.FLAC: sound("flac", "flac", rate=8000),
    MediaType.OPUS: sound("ogg", "libopus", rate=48000),
    MediaType.M4A: sound("ipod", "aac"),
    MediaType.MP4: film("mp4", "libx264"),
    MediaType.MOV: film("mov", "libx264", seconds=1),
    MediaType.MKV: film("matroska", "libx264"),
    MediaType.WEBM: film("webm", "libvpx-vp9", options=QUICK_VPX),
}
CASES = [
    pytest.param(writer, sample, id=f"{writer.name}-{medium.name.lower()}")
    for medium, sample in SAMPLES.items()
    for writer in CHAINS[medium]
]


@pytest.mark.parametrize(("writer", "sample"), CASES)
class TestFileForm:
    def test_it_gives_the_same_bytes(
        self, writer: FileLabelWriter, sample: bytes, tmp_path: Path
    ) -> None:
        source, target = tmp_path / "source", tmp_path / "target"
        source.write_bytes(sample)

        writer.write_file(source, target, LABEL)

        assert target.read_bytes() == writer.write(sample, LABEL)
        assert source.read_bytes() == sample
        assert writer.read_file(source) is None
        assert writer.read_file(target) == writer.read(target.read_bytes()) is not None

    def test_the_target_may_be_the_source(
        self, writer: FileLabelWriter, sample: bytes, tmp_path: Path
    ) -> None:
        path = tmp_path / "both"
        path.write_bytes(sample)

        writer.write_file(path, path, LABEL)

        assert path.read_bytes() == writer.write(sample, LABEL)

    def test_a_failure_leaves_the_old_target_and_nothing_else(
        self, writer: FileLabelWriter, sample: bytes, tmp_path: Path
    ) -> None:
        source, target = tmp_path / "source", tmp_path / "target"
        source.write_bytes(b"neither sound nor film" * 10)
        target.write_bytes(b"old")
        broken = Label(LABEL.notice, Aigc("1", "with space", "1"))

        with pytest.raises(LabellingError):
            writer.write_file(source, target, broken)

        assert sorted(path.name for path in tmp_path.iterdir()) == ["source", "target"]
        assert target.read_bytes() == b"old"

    def test_a_missing_file_is_told_by_name(
        self, writer: FileLabelWriter, sample: bytes, tmp_path: Path
    ) -> None:
        with pytest.raises(LabellingError):
            writer.read_file(tmp_path / "absent")
        with pytest.raises(LabellingError):
            writer.write_file(tmp_path / "absent", tmp_path / "target", LABEL)

        assert not list(tmp_path.iterdir())

    def test_broken_files_raise_own_errors_alone(
        self, writer: LabelWriter, sample: bytes, tmp_path: Path
    ) -> None:
        chance = random.Random(3)  # noqa: S311 - the same cases every time
        rounds = 6 if writer.name in {"video-mark", "m4a-rhythm"} else 60

        for number in range(rounds):
            broken = bytearray(sample)
            for _ in range(chance.choice((1, 3, 20))):
                broken[chance.randrange(min(len(broken), 3000))] = chance.randrange(256)
            end = len(broken) if number % 3 else chance.randrange(len(broken))
            assert refused_or_read(writer, bytes(broken[:end]))


def refused_or_read(writer: LabelWriter, content: bytes) -> bool:
    try:
        return writer.read(writer.write(content, LABEL)) is not None
    except LabellingError:
        return True


class OutOfRange(SplicingWriter):
    name = "out-of-range"
    kind = Kind.IMPLICIT

    @override
    def _splice(self, source: BinaryIO, label: Label) -> list[Piece]:
        return [Span(0, 100)]

    @override
    def _find(self, source: BinaryIO) -> str | None:
        return "ab"[len(source.read())]


def test_a_source_that_shrinks_is_refused(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"short")

    with pytest.raises(UnsupportedMediaError, match="ends at byte 5"):
        OutOfRange().write_file(tmp_path / "source", tmp_path / "target", LABEL)


def test_what_a_parser_raises_becomes_an_own_error() -> None:
    with pytest.raises(UnsupportedMediaError, match="out-of-range"):
        OutOfRange().read(b"short")


@pytest.mark.parametrize("value", ["with space", "名字", "line\nbreak"])
def test_values_beyond_the_allowed_signs_are_refused(value: str) -> None:
    with pytest.raises(LabellingError, match="ContentProducer"):
        compact(Aigc(label="1", content_producer=value, produce_id="1"))
