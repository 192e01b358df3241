"""Writers that make a container anew: one stream changes, every other packet is copied."""

import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Generic, Self, TypeAlias, TypeVar, final

import av
from av.container import InputContainer, OutputContainer

from labelling.errors import UnsupportedMediaError
from labelling.wording import NOTICE
from labelling.writers.base import Kind, Label
from labelling.writers.mp4 import with_metadata_of
from labelling.writers.splicing import own_errors, put, reading, whole_or_absent

# Of any stream: a packet is moved from one to another.
Packet: TypeAlias = "av.Packet[Any]"

_KEPT = frozenset({"video", "audio", "subtitle", "attachment"})
# Muxers write these themselves.
_NOT_KEPT = frozenset({"major_brand", "minor_version", "compatible_brands", "encoder"})
_BOXES = frozenset({"mp4", "mov", "ipod"})
_AUDIO_BRANDS = frozenset({"M4A ", "M4B "})
_HEAD = 4096
_HVC1 = "hvc1"
_COVER = av.stream.Disposition.attached_pic

StreamT = TypeVar("StreamT", bound=av.stream.Stream)


class RemuxingWriter(ABC):
    """Both forms of an explicit writer, made from the one that goes from file to file."""

    name: ClassVar[str]
    kind = Kind.EXPLICIT

    @abstractmethod
    def _mark(self, source: Path, target: Path, words: str) -> None:
        """Write the source with the mark in it to the target, which is not there yet."""

    @abstractmethod
    def _shows(self, path: Path, words: str) -> bool:
        """Tell whether the mark is there."""

    @final
    def write(self, content: bytes, label: Label) -> bytes:
        with _folder() as folder:
            source, target = folder / "source", folder / "target"
            source.write_bytes(content)
            self.write_file(source, target, label)
            return target.read_bytes()

    @final
    def read(self, content: bytes) -> str | None:
        with _folder() as folder:
            source = folder / "source"
            source.write_bytes(content)
            return self.read_file(source)

    @final
    def write_file(self, source: Path, target: Path, label: Label) -> None:
        with whole_or_absent(target) as unfinished, own_errors(self.name):
            if self._shows(source, label.notice):
                shutil.copyfile(source, unfinished)
            else:
                self._mark(source, unfinished, label.notice)

    @final
    def read_file(self, path: Path) -> str | None:
        with reading(path), own_errors(self.name):
            return NOTICE if self._shows(path, NOTICE) else None


@contextmanager
def _folder() -> Generator[Path]:
    with tempfile.TemporaryDirectory() as name, reading(Path(name)):
        yield Path(name)


class Remux(Generic[StreamT]):
    """Copies a container from path to path."""

    def __init__(
        self, source: Path, target: Path, pick: Callable[[InputContainer], StreamT]
    ) -> None:
        """The target appears when the context is left well; `pick` chooses what changes."""
        self._source = source
        self._target = target
        self._muxed = target.with_name(f"{target.name}.muxed")
        self._input: InputContainer = av.open(source, "r")
        self._output: OutputContainer | None = None
        self._streams: dict[int, av.stream.Stream] = {}
        try:
            self._format = _format(self._input, source)
            self.changed = pick(self._input)
        except BaseException:
            self._input.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._output is not None:
                self._output.close()
            if kind is None:
                self._finish()
        finally:
            self._input.close()
            self._muxed.unlink(missing_ok=True)

    def open(self, setup: bytes | None) -> None:
        """Open the output; `setup` is what the container keeps of the changed stream."""
        boxes = self._format in _BOXES
        # Twice the same is the same bytes: no random numbers, and no version of the muxer.
        options = {"fflags": "+bitexact"} | ({"movflags": "faststart"} if boxes else {})
        output = av.open(self._muxed, "w", format=self._format, options=options)
        self._output = output
        for name, value in self._input.metadata.items():
            if name.lower() not in _NOT_KEPT:
                output.metadata[name] = value
        output.set_chapters(self._input.chapters())
        for stream in self._input.streams:
            # The cover of a film in boxes is metadata, which comes over as it was stored.
            if stream.type in _KEPT and not (boxes and stream.disposition & _COVER):
                self._streams[stream.index] = _added(output, stream)
        made = self._streams[self.changed.index]
        made.codec_context.extradata = setup
        if boxes and self.changed.codec_context.codec.canonical_name == "hevc":
            made.codec_context.codec_tag = _HVC1

    def packets(self) -> Iterator[Packet]:
        """Give all packets that are kept, in the order of the file."""
        kept = [stream for stream in self._input.streams if stream.index in self._streams]
        for packet in self._input.demux(kept):
            if packet.size:
                yield packet

    def copy(self, packet: Packet) -> None:
        """Write a packet as it is."""
        self.write(packet, packet.stream.index)

    def write(self, packet: Packet, index: int) -> None:
        """Write a packet to the stream that stands for this one of the source."""
        assert self._output is not None
        packet.stream = self._streams[index]
        self._output.mux_one(packet)

    def _finish(self) -> None:
        if self._format not in _BOXES:
            self._muxed.replace(self._target)
            return
        # A muxer knows few kinds of metadata: all of them are taken over as they were stored.
        with (
            self._source.open("rb") as original,
            self._muxed.open("rb") as made,
            self._target.open("xb") as target,
        ):
            put(made, target, with_metadata_of(original, made))


def film_in(container: InputContainer) -> av.VideoStream:
    """Give the one stream of moving pictures; a cover is none.

    Raises:
        UnsupportedMediaError: There is none, or more than one.
    """
    found = [stream for stream in container.streams.video if not stream.disposition & _COVER]
    if len(found) != 1:
        msg = f"the film has {len(found)} streams of moving pictures instead of one"
        raise UnsupportedMediaError(msg)
    return found[0]


def _format(container: InputContainer, source: Path) -> str:
    if "mp4" in container.format.name:
        brand = container.metadata.get("major_brand", "qt  ")
        return "mov" if brand == "qt  " else "ipod" if brand in _AUDIO_BRANDS else "mp4"
    if "matroska" in container.format.name:
        with source.open("rb") as file:
            return "webm" if b"webm" in file.read(_HEAD) else "matroska"
    msg = f"a film in {container.format.name!r} cannot be marked"
    raise UnsupportedMediaError(msg)


def _added(output: OutputContainer, stream: av.stream.Stream) -> av.stream.Stream:
    made = output.add_stream_from_template(stream, opaque=True)
    for name, value in stream.metadata.items():
        if name.lower() not in _NOT_KEPT:
            made.metadata[name] = value
    made.disposition = stream.disposition
    return made
