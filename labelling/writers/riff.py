"""The chunks of a WAV file, and the implicit label among them: the chunk `AIGC` of the file."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from typing_extensions import override

from labelling.errors import UnsupportedMediaError
from labelling.writers.base import Kind, Label
from labelling.writers.payload import KEY, compact
from labelling.writers.splicing import Piece, Span, SplicingWriter, size_of, take

_LARGEST = (1 << 32) - 1
_LARGEST_LABEL = 1 << 16
_MOST_CHUNKS = 10_000


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk, by its place in the file."""

    name: bytes
    start: int
    """Where its content begins."""
    size: int
    """Of the content, without the byte that makes it even."""

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The chunk as it is, with a size that holds."""
        return framed(self.name, self.size, Span(self.start, self.size))


class WavLabelWriter(SplicingWriter):
    """Puts the label into a chunk of its own behind the others."""

    name = "wav-aigc"
    kind = Kind.IMPLICIT

    @override
    def _splice(self, source: BinaryIO, label: Label) -> Iterable[Piece]:
        value = compact(label.aigc).encode()
        kept = [chunk for chunk in chunks(source) if chunk.name != KEY.encode()]
        pieces = [piece for chunk in kept for piece in chunk.pieces]
        return wave([*pieces, *framed(KEY.encode(), len(value), value)])

    @override
    def _find(self, source: BinaryIO) -> str | None:
        found = next((chunk for chunk in chunks(source) if chunk.name == KEY.encode()), None)
        if found is None or found.size > _LARGEST_LABEL:
            return None
        return take(source, found.start, found.size).decode(errors="replace").rstrip("\0")


def chunks(source: BinaryIO) -> Iterator[Chunk]:
    """Give the chunks of a WAV file, in order; what stands behind the last whole one is not given.

    Raises:
        UnsupportedMediaError: It is not WAV, or has more chunks than any real file.
    """
    head = take(source, 0, 12)
    if not head.startswith(b"RIFF") or head[8:] != b"WAVE":
        msg = "the file is not WAV; RF64 and RIFX cannot be labelled yet"
        raise UnsupportedMediaError(msg)
    # A recorder that was cut off leaves 0 or the largest number as the size of the whole.
    end = size_of(source)
    declared = 8 + int.from_bytes(head[4:8], "little")
    if len(head) < declared < end:
        end = declared
    at = len(head)
    for _ in range(_MOST_CHUNKS):
        if at + 8 > end:
            return
        source.seek(at)
        name, size = source.read(4), int.from_bytes(source.read(4), "little")
        chunk = Chunk(name, at + 8, min(size, end - at - 8))
        at = chunk.start + chunk.size + chunk.size % 2
        yield chunk
    msg = f"the WAV file has more than {_MOST_CHUNKS} chunks"
    raise UnsupportedMediaError(msg)


def framed(name: bytes, size: int, *content: Piece) -> tuple[Piece, ...]:
    """Give a chunk with this content of so many bytes."""
    return (name + size.to_bytes(4, "little"), *content, *([b"\0"] if size % 2 else []))


def wave(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Give a WAV file of these chunks.

    Raises:
        UnsupportedMediaError: It would be larger than the format allows.
    """
    size = 4 + sum(piece.size if isinstance(piece, Span) else len(piece) for piece in pieces)
    if size > _LARGEST:
        msg = f"a WAV file cannot hold {size} bytes"
        raise UnsupportedMediaError(msg)
    return (b"RIFF" + size.to_bytes(4, "little") + b"WAVE", *pieces)
