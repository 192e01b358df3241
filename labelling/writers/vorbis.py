"""The implicit label in FLAC, Ogg Vorbis and Opus: the Vorbis comment `AIGC`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO, Self

from typing_extensions import override

from labelling.errors import UnsupportedMediaError
from labelling.writers import ogg
from labelling.writers.base import Kind, Label
from labelling.writers.payload import KEY, compact
from labelling.writers.splicing import Piece, Span, SplicingWriter, size_of, take

_NAME = KEY.encode() + b"="
_MOST_COMMENTS = 100_000
_LARGEST_COMMENTS = 64 << 20
_LARGEST_BLOCK = (1 << 24) - 1
_VENDOR = b"zhanggui"
STREAM_INFO, SEEK_TABLE, COMMENTS, CUE_SHEET = 0, 3, 4, 5


@dataclass(frozen=True, slots=True)
class Comments:
    """A comment header: who encoded, and `NAME=value` fields."""

    vendor: bytes = _VENDOR
    fields: tuple[bytes, ...] = ()
    rest: bytes = b""
    """What stands behind the fields."""

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Read a comment header.

        Raises:
            UnsupportedMediaError: It is broken.
        """
        vendor, at = _sized(content, 0)
        count = int.from_bytes(content[at : at + 4], "little")
        at += 4
        if count > _MOST_COMMENTS:
            msg = f"{count} comments are more than any real file has"
            raise UnsupportedMediaError(msg)
        fields = []
        for _ in range(count):
            field, at = _sized(content, at)
            fields.append(field)
        return cls(vendor, tuple(fields), content[at:])

    @property
    def label(self) -> str | None:
        """The `AIGC` value."""
        found = next((field for field in self.fields if _is_label(field)), None)
        return None if found is None else found[len(_NAME) :].decode(errors="replace")

    def unlabelled(self) -> Self:
        """Give the comments without what was the label."""
        return replace(self, fields=tuple(field for field in self.fields if not _is_label(field)))

    def labelled(self, value: str) -> Self:
        """Give the comments with this label and no other."""
        return replace(self, fields=(*self.unlabelled().fields, _NAME + value.encode()))

    def __bytes__(self) -> bytes:
        """Give the header as it is stored."""
        parts = (self.vendor, *self.fields)
        sized = [len(part).to_bytes(4, "little") + part for part in parts]
        count = len(self.fields).to_bytes(4, "little")
        return b"".join((sized[0], count, *sized[1:], self.rest))


def _is_label(field: bytes) -> bool:
    return field[: len(_NAME)].upper() == _NAME


def _sized(content: bytes, at: int) -> tuple[bytes, int]:
    size = int.from_bytes(content[at : at + 4], "little")
    end = at + 4 + size
    if end > len(content):
        msg = f"the comments end within a field of {size} bytes"
        raise UnsupportedMediaError(msg)
    return content[at + 4 : end], end


@dataclass(frozen=True, slots=True)
class Block:
    """A metadata block of FLAC, by its place in the file."""

    kind: int
    start: int
    """Where its content begins."""
    size: int


def blocks(source: BinaryIO) -> Iterator[Block]:
    """Give the metadata blocks of a FLAC file; the frames begin where the last one ends.

    Raises:
        UnsupportedMediaError: It is not FLAC, or ends among them.
    """
    if take(source, 0, 4) != b"fLaC":
        msg = "the file is not FLAC"
        raise UnsupportedMediaError(msg)
    at, last = 4, False
    while not last:
        head = take(source, at, 4)
        last = bool(head[0] & 0x80)
        block = Block(head[0] & 0x7F, at + 4, int.from_bytes(head[1:], "big"))
        at = block.start + block.size
        yield block


def framed(kind: int, size: int, content: Piece, *, last: bool) -> tuple[Piece, Piece]:
    """Give a metadata block.

    Raises:
        UnsupportedMediaError: It is larger than a block may be.
    """
    if size > _LARGEST_BLOCK:
        msg = f"a FLAC metadata block cannot hold {size} bytes"
        raise UnsupportedMediaError(msg)
    return bytes([kind | last << 7]) + size.to_bytes(3, "big"), content


class FlacLabelWriter(SplicingWriter):
    """Puts the label into the comment block, which it makes where there is none."""

    name = "flac-aigc"
    kind = Kind.IMPLICIT

    @override
    def _splice(self, source: BinaryIO, label: Label) -> Iterable[Piece]:
        found = list(blocks(source))
        old = _comments(source, found)
        content = bytes((old or Comments()).labelled(compact(label.aigc)))
        first, *rest = [block for block in found if block.kind != COMMENTS]
        audio = found[-1].start + found[-1].size
        yield b"fLaC"
        yield from framed(first.kind, first.size, Span(first.start, first.size), last=False)
        yield from framed(COMMENTS, len(content), content, last=not rest)
        for block in rest:
            span = Span(block.start, block.size)
            yield from framed(block.kind, block.size, span, last=block is rest[-1])
        yield Span(audio, size_of(source) - audio)

    @override
    def _find(self, source: BinaryIO) -> str | None:
        comments = _comments(source, blocks(source))
        return comments.label if comments else None


def _comments(source: BinaryIO, found: Iterable[Block]) -> Comments | None:
    block = next((block for block in found if block.kind == COMMENTS), None)
    return None if block is None else Comments.parse(take(source, block.start, block.size))


class OggLabelWriter(SplicingWriter):
    """Puts the label into the comment packet of Vorbis or Opus."""

    name = "ogg-aigc"
    kind = Kind.IMPLICIT

    @override
    def _splice(self, source: BinaryIO, label: Label) -> Iterable[Piece]:
        end = size_of(source)
        packets, old = ogg.headers(source, end)
        magic, comments = _ogg_comments(packets[1])
        changed = magic + bytes(comments.labelled(compact(label.aigc)))
        stream = old[0].stream
        new = ogg.laid_out([changed, *packets[2:]], stream, old[1].number)
        yield bytes(old[0])
        yield from (bytes(page) for page in new)
        audio = sum(page.size for page in old)
        moved = len(new) - len(old) + 1
        if not moved:
            yield Span(audio, end - audio)
            return
        for page in ogg.pages(source, audio, end):
            mine = page.stream == stream
            yield bytes(replace(page, number=page.number + moved) if mine else page)

    @override
    def _find(self, source: BinaryIO) -> str | None:
        packets, _ = ogg.headers(source, size_of(source))
        return _ogg_comments(packets[1])[1].label


def _ogg_comments(packet: bytes) -> tuple[bytes, Comments]:
    for magic in (b"\x03vorbis", b"OpusTags"):
        if packet.startswith(magic):
            return magic, Comments.parse(packet[len(magic) :])
    msg = "the second packet of the Ogg file holds no comments"
    raise UnsupportedMediaError(msg)
