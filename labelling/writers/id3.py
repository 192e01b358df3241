"""The implicit label in MP3: the `TXXX` frame `AIGC` of the ID3v2 tag at the start."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from typing_extensions import override

from labelling.errors import UnsupportedMediaError
from labelling.writers.base import Kind, Label
from labelling.writers.payload import KEY, compact
from labelling.writers.splicing import Piece, Span, SplicingWriter, size_of, take

V2, V3, V4 = 2, 3, 4
_HEADER = 10
_LARGEST_TAG = 64 << 20
_MOST_TAGS = 16
_UNSYNCHRONISED, _EXTENDED, _FOOTER = 0x80, 0x40, 0x10
_ENCODINGS = {0: "latin-1", 1: "utf-16", 2: "utf-16-be", 3: "utf-8"}
_SYNCHSAFE_MOST = 0x7F


@dataclass(frozen=True, slots=True)
class Tag:
    """One ID3v2 tag: its frames as they were stored, and the padding behind them."""

    version: int
    """2, 3 or 4: what follows `ID3v2.`."""
    flags: int
    frames: tuple[bytes, ...]
    padding: int
    end: int
    """Where the next tag or the audio begins."""

    @property
    def head(self) -> int:
        """The size of a frame's header."""
        return 6 if self.version == V2 else 10

    def label(self) -> str | None:
        """Give the `AIGC` value of the first frame that holds one."""
        found = (_label_in(frame, self.head) for frame in self.frames)
        return next((value for value in found if value is not None), None)

    def with_frames(self, *added: bytes) -> bytes:
        """Give the tag with these frames behind the others, and without what was the label."""
        kept = [frame for frame in self.frames if _label_in(frame, self.head) is None]
        body = b"".join([*kept, *added, bytes(self.padding)])
        flags = self.flags & _UNSYNCHRONISED
        head = bytes([self.version, 0, flags]) + _synchsafe(len(body))
        return b"ID3" + head + body

    def frame(self, value: str) -> bytes:
        """Make the frame that holds the label."""
        if self.version == V4:
            body = b"\x03" + KEY.encode() + b"\0" + value.encode()
            return b"TXXX" + _synchsafe(len(body)) + b"\0\0" + body
        body = b"\0" + KEY.encode() + b"\0" + value.encode()
        if self.version == V3:
            return b"TXXX" + len(body).to_bytes(4, "big") + b"\0\0" + body
        return b"TXX" + len(body).to_bytes(3, "big") + body


class Id3LabelWriter(SplicingWriter):
    """Puts the label into the first ID3v2 tag, which it makes where there is none."""

    name = "id3-aigc"
    kind = Kind.IMPLICIT

    @override
    def _splice(self, source: BinaryIO, label: Label) -> Iterable[Piece]:
        first, *rest = list(tags(source)) or [Tag(4, 0, (), 0, 0)]
        yield first.with_frames(first.frame(compact(label.aigc)))
        yield from (tag.with_frames() for tag in rest)
        audio = [first, *rest][-1].end
        yield Span(audio, size_of(source) - audio)

    @override
    def _find(self, source: BinaryIO) -> str | None:
        found = (tag.label() for tag in tags(source))
        return next((value for value in found if value is not None), None)


def tags(source: BinaryIO) -> Iterator[Tag]:
    """Give the tags before the audio, in order.

    Raises:
        UnsupportedMediaError: A tag is broken, of an unknown version or too large.
    """
    end = 0
    for _ in range(_MOST_TAGS):
        source.seek(end)
        head = source.read(_HEADER)
        if not head.startswith(b"ID3") or len(head) < _HEADER:
            return
        tag = _tag(source, end, head)
        end = tag.end
        yield tag
    msg = f"there are more than {_MOST_TAGS} ID3v2 tags before the audio"
    raise UnsupportedMediaError(msg)


def _tag(source: BinaryIO, start: int, head: bytes) -> Tag:
    version, flags, size = head[3], head[5], _from_synchsafe(head[6:])
    if version not in (V2, V3, V4) or size > _LARGEST_TAG or (version == V2 and flags & _EXTENDED):
        msg = f"the ID3v2.{version} tag of {size} bytes cannot be edited"
        raise UnsupportedMediaError(msg)
    body = take(source, start + _HEADER, size)
    end = start + _HEADER + size + (_HEADER if flags & _FOOTER and version == V4 else 0)
    if flags & _UNSYNCHRONISED and version < V4:
        # Here the tag is changed as a whole. ID3v2.4 does it frame by frame: those stay as stored.
        body, flags = body.replace(b"\xff\0", b"\xff"), flags & ~_UNSYNCHRONISED
    # The extended header's checksum would not hold; nothing else in it is needed.
    frames, used = _frames(body, version, _extended(body, version) if flags & _EXTENDED else 0)
    return Tag(version, flags, frames, len(body) - used, end)


def _extended(body: bytes, version: int) -> int:
    """Tell the size of the extended header, which ID3v2.4 counts with its size field."""
    if version == V4:
        return _from_synchsafe(body[:4])
    return 4 + int.from_bytes(body[:4], "big")


def _frames(body: bytes, version: int, start: int) -> tuple[tuple[bytes, ...], int]:
    frames = []
    head = 6 if version == V2 else 10
    at = start
    while at + head <= len(body) and body[at]:
        end = at + head + _frame_size(body, at, version)
        if end > len(body) or not _is_name(body[at : at + (3 if version == V2 else 4)]):
            msg = f"the ID3v2.{version} tag is broken at byte {at}"
            raise UnsupportedMediaError(msg)
        frames.append(body[at:end])
        at = end
    return tuple(frames), at


def _frame_size(body: bytes, at: int, version: int) -> int:
    if version == V2:
        return int.from_bytes(body[at + 3 : at + 6], "big")
    field = body[at + 4 : at + 8]
    plain = int.from_bytes(field, "big")
    if version == V3 or max(field) > _SYNCHSAFE_MOST:
        return plain
    # Old versions of iTunes wrote plain sizes into ID3v2.4: what leads to a frame is right.
    size = _from_synchsafe(field)
    return (
        plain if not _leads_on(body, at + 10 + size) and _leads_on(body, at + 10 + plain) else size
    )


def _leads_on(body: bytes, at: int) -> bool:
    return at == len(body) or (at < len(body) and (not body[at] or _is_name(body[at : at + 4])))


def _is_name(name: bytes) -> bool:
    return name.isalnum() and name.upper() == name


def _label_in(frame: bytes, head: int) -> str | None:
    if not frame.startswith(b"TXX"):
        return None
    body = frame[head:]
    codec = _ENCODINGS.get(body[0] if body else -1)
    if codec is None:
        return None
    text = body[1:].decode(codec, errors="replace")
    description, separator, value = text.partition("\0")
    if not separator or description.lstrip("\ufeff") != KEY:
        return None
    return value.lstrip("\ufeff").rstrip("\0")


def _synchsafe(number: int) -> bytes:
    if number >= 1 << 28:
        msg = f"an ID3v2 tag cannot hold {number} bytes"
        raise UnsupportedMediaError(msg)
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def _from_synchsafe(field: bytes) -> int:
    return sum((byte & 0x7F) << shift for byte, shift in zip(field, (21, 14, 7, 0), strict=True))
