"""The implicit label of AVIF and HEIC: XMP as an item of type `mime`, linked by `cdsc`.

The packet goes to the end of the file in a box of its own, and what the `meta` box grows by is
added to every offset behind it. No picture is decoded.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from labelling.errors import LabellingError
from labelling.writers import exif, xmp
from labelling.writers.base import Kind, Label
from labelling.writers.heif_boxes import (
    IN_FILE,
    IN_META,
    Box,
    Cursor,
    Item,
    Location,
    Locations,
    boxes,
    encoded,
    number,
    refuse_picture,
)
from labelling.writers.payload import compact

_MIME = b"application/rdf+xml"
_LARGEST = 0xFFFF_FFFF
_TABLES = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
_OFFSETS = {b"stco": 4, b"co64": 8}


class HeifXmpWriter:
    """Puts `TC260:AIGC` into the XMP of an AVIF or a HEIC (TC260-PG-20259A)."""

    name = "heif-xmp"
    kind = Kind.IMPLICIT

    def write(self, content: bytes, label: Label) -> bytes:
        found = _File.of(content)
        made = bytearray(content)
        for item in found.of_kind(b"Exif"):
            found.rewrite(made, item, _scrubbed)
        packets = found.of_type(_MIME)
        for item in packets[1:]:
            found.rewrite(made, item, xmp.without_label)
        packet = found.bytes_of(content, packets[0]) if packets else None
        labelled = xmp.with_label(packet, compact(label.aigc))
        if packet == labelled:
            return bytes(made)
        if packets:
            # Nothing points there any more, and a label that nobody finds must not be there.
            found.rewrite(made, packets[0], lambda _: b"")
        return found.with_packet(bytes(made), labelled, packets[0].number if packets else None)

    def read(self, content: bytes) -> str | None:
        found = _File.of(content)
        for item in found.of_type(_MIME):
            return xmp.label_in(found.bytes_of(content, item))
        return None


@dataclass(frozen=True, slots=True)
class _File:
    top: tuple[Box, ...]
    meta: Box
    inside: tuple[Box, ...]
    """The boxes of `meta`."""
    items: tuple[Item, ...]
    locations: Locations

    @classmethod
    def of(cls, content: bytes) -> "_File":
        """Read what tells where items are.

        Raises:
            UnsupportedMediaError: These bytes are no AVIF and no HEIC.
        """
        top = tuple(boxes(content, 0, len(content)))
        if not top or top[0].kind != b"ftyp":
            refuse_picture("it does not start like one")
        meta = _one(top, b"meta")
        inside = tuple(boxes(content, meta.body_at + 4, meta.end))
        infos = _one(inside, b"iinf")
        cursor = Cursor(content, infos.body_at, infos.end)
        cursor.take(4 if cursor.take(4) >> 24 else 2)
        items = tuple(Item.of(content, box) for box in boxes(content, cursor.at, infos.end))
        return cls(top, meta, inside, items, Locations.of(content, _one(inside, b"iloc")))

    def of_kind(self, kind: bytes) -> list[Item]:
        """Give the items of a kind."""
        return [item for item in self.items if item.kind == kind]

    def of_type(self, content_type: bytes) -> list[Item]:
        """Give the items of a content type."""
        return [item for item in self.items if item.content_type == content_type]

    def bytes_of(self, content: bytes, item: Item) -> bytes:
        """Give what an item holds."""
        return b"".join(content[start:end] for start, end in self._spans(content, item))

    def rewrite(self, made: bytearray, item: Item, change: Callable[[bytes], bytes]) -> None:
        """Change what an item holds, in place; what it leaves of the room becomes zeros."""
        spans = self._spans(bytes(made), item)
        room = sum(end - start for start, end in spans)
        new = change(b"".join(bytes(made[start:end]) for start, end in spans)).ljust(room, b"\0")
        for start, end in spans:
            made[start:end], new = new[: end - start], new[end - start :]

    def with_packet(self, content: bytes, packet: bytes, known: int | None) -> bytes:
        """Give the file with a packet at its end, as a new item or in place of a known one's."""
        # What stands behind the last box is no box, and would be taken for the head of ours.
        content = content[: self.top[-1].end]
        item = known or max([0, *(item.number for item in self.items), *self._numbers()]) + 1
        place = Location(item, IN_FILE, 0, ((0, len(content), len(packet)),))
        others = tuple(there for there in self.locations.items if there.item != item)
        located = replace(self.locations, items=(*others, place))
        if item >= 1 << (32 if located.version > 1 else 16):
            refuse_picture("it has no number left for an item")
        # The length of the box is the same whatever the offsets, so one round settles it.
        by = len(self._meta(content, located, known, item)) - (self.meta.end - self.meta.start)
        moved = tuple(there.moved(self.meta.end, by) for there in others)
        end = len(content) + by + 8
        place = replace(place, extents=((0, end, len(packet)),))
        if end + len(packet) > _LARGEST:
            msg = "an AVIF or HEIC file is too large for its label"
            raise LabellingError(msg)
        meta = self._meta(content, replace(located, items=(*moved, place)), known, item)
        behind = self._moved_tables(content, by)
        return b"".join(
            [
                behind[: self.meta.start],
                meta,
                behind[self.meta.end :],
                encoded(b"mdat", packet),
            ]
        )

    def _numbers(self) -> Iterator[int]:
        return (there.item for there in self.locations.items)

    def _meta(self, content: bytes, located: Locations, known: int | None, item: int) -> bytes:
        """Give the `meta` box with these locations, and with the item if it is new."""
        pieces = [content[self.meta.body_at : self.meta.body_at + 4]]
        for box in self.inside:
            if box.kind == b"iloc":
                pieces.append(located.encoded())
            elif box.kind == b"iinf" and known is None:
                pieces.append(_longer_infos(content, box, item))
            elif box.kind == b"iref" and known is None:
                pieces.append(_longer_references(content, box, item, self._primary(content)))
            else:
                pieces.append(content[box.start : box.end])
        if known is None and not any(box.kind == b"iref" for box in self.inside):
            wide = item >= 1 << 16
            reference = _reference(item, self._primary(content), 4 if wide else 2)
            pieces.append(encoded(b"iref", bytes([wide, 0, 0, 0]), reference))
        return encoded(b"meta", *pieces)

    def _primary(self, content: bytes) -> int:
        cursor = Cursor(content, (box := _one(self.inside, b"pitm")).body_at, box.end)
        return cursor.take(4 if cursor.take(4) >> 24 else 2)

    def _spans(self, content: bytes, item: Item) -> list[tuple[int, int]]:
        """Tell where in the file the pieces of an item stand."""
        there = next((one for one in self.locations.items if one.item == item.number), None)
        if there is None or there.reference or there.method not in {IN_FILE, IN_META}:
            refuse_picture(f"item {item.number} is not in it")
        base, end = 0, len(content)
        if there.method == IN_META:
            data = _one(self.inside, b"idat")
            base, end = data.body_at, data.end
        spans = []
        for _, offset, length in there.extents:
            start = base + offset
            stop = start + length if length else end
            if stop > end:
                refuse_picture(f"item {item.number} does not end")
            spans.append((start, stop))
        if sum(stop - start for start, stop in spans) > xmp.MOST_BYTES:
            refuse_picture(f"item {item.number} is too large")
        return spans

    def _moved_tables(self, content: bytes, by: int) -> bytes:
        """Move what an animation's tables point to."""
        made = bytearray(content)
        found = self.top
        for kind in _TABLES:
            found = tuple(
                inner
                for box in found
                if box.kind == kind
                for inner in boxes(content, box.body_at, box.end)
            )
        for box in found:
            if width := _OFFSETS.get(box.kind):
                start = box.body_at + 8
                count = number(content, box.body_at + 4, 4, box.end)
                for at in range(start, min(start + count * width, box.end - width + 1), width):
                    offset = number(content, at, width, box.end)
                    if offset >= self.meta.end:
                        made[at : at + width] = (offset + by).to_bytes(width, "big")
        return bytes(made)


def _one(found: tuple[Box, ...], kind: bytes) -> Box:
    box = next((box for box in found if box.kind == kind), None)
    if box is None:
        refuse_picture(f"it has no {kind.decode()!r} box")
    return box


def _longer_infos(content: bytes, box: Box, item: int) -> bytes:
    """Give the `iinf` box with an entry for the packet."""
    cursor = Cursor(content, box.body_at, box.end)
    head = cursor.take(4)
    width = 4 if head >> 24 else 2
    count = cursor.take(width) + 1
    wide = item >= 1 << 16
    entry = encoded(
        b"infe",
        bytes([3 if wide else 2, 0, 0, 0]),
        item.to_bytes(4 if wide else 2, "big"),
        b"\0\0mime\0",
        _MIME + b"\0",
    )
    return encoded(
        b"iinf",
        head.to_bytes(4, "big"),
        count.to_bytes(width, "big"),
        content[cursor.at : box.end],
        entry,
    )


def _longer_references(content: bytes, box: Box, item: int, primary: int) -> bytes:
    """Give the `iref` box with the packet's reference to the picture it describes."""
    width = 4 if number(content, box.body_at, 1, box.end) else 2
    if item >= 1 << 8 * width:
        refuse_picture("it has no number left for an item")
    reference = _reference(item, primary, width)
    return encoded(b"iref", content[box.body_at : box.end], reference)


def _reference(item: int, primary: int, width: int) -> bytes:
    return encoded(b"cdsc", item.to_bytes(width, "big"), b"\0\1", primary.to_bytes(width, "big"))


def _scrubbed(body: bytes) -> bytes:
    """Give an EXIF item without what is personal; a number before it says where it begins."""
    begins = 4 + int.from_bytes(body[:4], "big")
    if begins > len(body):
        return bytes(len(body))
    return body[:begins] + exif.scrubbed(body[begins:])
