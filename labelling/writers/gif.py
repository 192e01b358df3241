"""The implicit label of GIF: XMP in an application extension after the colour table."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from labelling.errors import UnsupportedMediaError
from labelling.writers import xmp
from labelling.writers.base import Kind, Label
from labelling.writers.payload import compact

_APPLICATION = b"\x21\xff\x0bXMP DataXMP"
_TRAILER = b"\x01" + bytes(range(0xFF, -1, -1)) + b"\0"
"""What leads a reader that takes the packet for sub-blocks to their end, wherever it stands."""
_HEADER = 13
_IMAGE, _EXTENSION, _END = 0x2C, 0x21, 0x3B
_COMMENT = b"\x21\xfe"
_MOST_BLOCKS = 1 << 16


@dataclass(frozen=True, slots=True)
class Block:
    """One block of the stream."""

    start: int
    end: int


class GifXmpWriter:
    """Puts `TC260:AIGC` into the XMP of a GIF (TC260-PG-20259A)."""

    name = "gif-xmp"
    kind = Kind.IMPLICIT

    def write(self, content: bytes, label: Label) -> bytes:
        start = tables_end(content)
        found = list(blocks(content))
        packet = next((_packet(content, block) for block in found if _is_xmp(content, block)), None)
        labelled = xmp.with_label(packet, compact(label.aigc))
        pieces = [b"GIF89a", content[6:start], _APPLICATION, labelled, _TRAILER]
        pieces += [content[block.start : block.end] for block in found if _stays(content, block)]
        return b"".join([*pieces, content[found[-1].end :]])

    def read(self, content: bytes) -> str | None:
        for block in blocks(content):
            if _is_xmp(content, block):
                return xmp.label_in(_packet(content, block))
        return None


def tables_end(content: bytes) -> int:
    """Tell where the header with its colour table ends."""
    if content[:6] not in {b"GIF87a", b"GIF89a"} or len(content) < _HEADER:
        _refuse("it does not start like one")
    end = _HEADER + table_size(content[10])
    if end > len(content):
        _refuse("its colour table does not end")
    return end


def table_size(flags: int) -> int:
    """Tell how many bytes the colour table has that these flags announce."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def blocks(content: bytes) -> Iterator[Block]:
    """Give the blocks after the header, the end mark last."""
    at = tables_end(content)
    for _ in range(_MOST_BLOCKS):
        kind = content[at] if at < len(content) else None
        if kind == _END or kind is None:
            # Readers take a stream without its end mark, and so do we.
            yield Block(at, min(at + 1, len(content)))
            return
        if kind == _EXTENSION and content.startswith(_APPLICATION, at):
            end = _xmp_end(content, at)
        elif kind == _EXTENSION:
            end = _sub_blocks_end(content, at + 2)
        elif kind == _IMAGE and at + 10 <= len(content):
            # The picture's place, its colour table, and the code size.
            end = _sub_blocks_end(content, at + 11 + table_size(content[at + 9]))
        else:
            _refuse(f"there is no block at byte {at}")
        yield Block(at, end)
        at = end
    _refuse("it has too many blocks")


def _xmp_end(content: bytes, at: int) -> int:
    """Tell where an XMP extension ends: after its trailer, or after its sub-blocks."""
    found = content.find(_TRAILER, at, at + xmp.MOST_BYTES)
    return found + len(_TRAILER) if found > 0 else _sub_blocks_end(content, at + 14)


def _sub_blocks_end(content: bytes, at: int) -> int:
    while at < len(content):
        length = content[at]
        at += 1 + length
        if not length:
            return at
    return _refuse("a block does not end")


def _is_xmp(content: bytes, block: Block) -> bool:
    return content.startswith(_APPLICATION, block.start)


def _packet(content: bytes, block: Block) -> bytes:
    body = content[block.start + len(_APPLICATION) : block.end]
    return body.removesuffix(_TRAILER)


def _stays(content: bytes, block: Block) -> bool:
    """Tell whether a block is neither the old packet nor a comment that others made a label."""
    comment = content.startswith(_COMMENT, block.start)
    return not _is_xmp(content, block) and not (
        comment and b"AIGC" in content[block.start : block.end]
    )


def _refuse(why: str) -> NoReturn:
    msg = f"a GIF cannot be read: {why}"
    raise UnsupportedMediaError(msg)
