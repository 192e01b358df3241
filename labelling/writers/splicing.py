"""Writers that put pieces between the bytes of a container and copy the rest as it is."""

import io
import secrets
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ClassVar, final

import av

from labelling.errors import LabellingError, UnsupportedMediaError
from labelling.writers.base import Kind, Label

_COPIED_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the source that is copied as it is."""

    start: int
    size: int


Piece = bytes | Span


class SplicingWriter(ABC):
    """Both forms of a writer, made from one: new pieces and copied spans, in order."""

    name: ClassVar[str]
    kind: ClassVar[Kind]

    @abstractmethod
    def _splice(self, source: BinaryIO, label: Label) -> Iterable[Piece]:
        """Give what the target is made of."""

    @abstractmethod
    def _find(self, source: BinaryIO) -> str | None:
        """Give what this writer wrote."""

    @final
    def write(self, content: bytes, label: Label) -> bytes:
        view = memoryview(content)
        with own_errors(self.name):
            return b"".join(
                piece if isinstance(piece, bytes) else view[piece.start : piece.start + piece.size]
                for piece in self._splice(io.BytesIO(content), label)
            )

    @final
    def read(self, content: bytes) -> str | None:
        with own_errors(self.name):
            return self._find(io.BytesIO(content))

    @final
    def write_file(self, source: Path, target: Path, label: Label) -> None:
        with (
            whole_or_absent(target) as unfinished,
            own_errors(self.name),
            source.open("rb") as readable,
            unfinished.open("xb") as writable,
        ):
            put(readable, writable, self._splice(readable, label))

    @final
    def read_file(self, path: Path) -> str | None:
        with reading(path), own_errors(self.name), path.open("rb") as source:
            return self._find(source)


@contextmanager
def whole_or_absent(target: Path) -> Generator[Path]:
    """Give a path beside the target, which becomes the target once everything went well.

    Raises:
        LabellingError: A file cannot be read or written, for instance because the disk is full.
    """
    unfinished = target.with_name(f"{target.name}.{secrets.token_hex(8)}.part")
    try:
        yield unfinished
        unfinished.replace(target)
    except OSError as error:
        msg = f"{target.name!r} could not be written: {error.strerror or error}"
        raise LabellingError(msg) from error
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def reading(path: Path) -> Generator[None]:
    """Translate what goes wrong when a file is read.

    Raises:
        LabellingError: It cannot be read.
    """
    try:
        yield
    except OSError as error:
        msg = f"{path.name!r} could not be read: {error.strerror or error}"
        raise LabellingError(msg) from error


@contextmanager
def own_errors(name: str) -> Generator[None]:
    """Translate what broken containers make parsers raise.

    Raises:
        UnsupportedMediaError: One did.
    """
    try:
        yield
    except (av.FFmpegError, ValueError, LookupError, ArithmeticError, MemoryError) as error:
        msg = f"{name}: the container is broken or of a kind that cannot be labelled"
        raise UnsupportedMediaError(msg) from error


def take(source: BinaryIO, start: int, size: int) -> bytes:
    """Read exactly so many bytes.

    Raises:
        UnsupportedMediaError: The container ends before.
    """
    source.seek(start)
    taken = source.read(size)
    if len(taken) != size:
        msg = f"the container ends at byte {start + len(taken)}, within a part of {size} bytes"
        raise UnsupportedMediaError(msg)
    return taken


def size_of(source: BinaryIO) -> int:
    """Tell how many bytes there are."""
    return source.seek(0, io.SEEK_END)


def put(source: BinaryIO, target: BinaryIO, pieces: Iterable[Piece]) -> None:
    """Write the pieces, one after the other.

    Raises:
        UnsupportedMediaError: The source became shorter while it was read.
    """
    for piece in pieces:
        target.writelines([piece] if isinstance(piece, bytes) else _read(source, piece))


def _read(source: BinaryIO, span: Span) -> Iterator[bytes]:
    end = span.start + span.size
    for start in range(span.start, end, _COPIED_AT_ONCE):
        yield take(source, start, min(_COPIED_AT_ONCE, end - start))
