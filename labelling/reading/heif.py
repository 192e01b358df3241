"""The items of AVIF and HEIC pictures (ISO 23008-12): XMP and EXIF among them."""

from dataclasses import dataclass, field

from labelling.reading import tiff, xmp
from labelling.reading.boxes import Box, boxes
from labelling.reading.finds import Finds
from labelling.reading.source import LARGEST_PACKET, BrokenError, Source, number

_XMP = b"application/rdf+xml"
_FIRST_WITH_KINDS, _WIDE_LIST = 2, 2
_MOST_ITEMS = 4096
_MOST_EXTENTS = 1024


@dataclass(slots=True)
class _Items:
    kinds: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)
    """Type and content type of each item."""
    places: dict[int, tuple[int, list[tuple[int, int]]]] = field(default_factory=dict)
    """How each item is stored, and its extents."""
    described: set[int] = field(default_factory=set)
    """Items that say by a reference what they describe."""
    data: Box | None = None


def scan(source: Source, meta: Box, finds: Finds) -> None:
    """Read the items of a picture."""
    items = _listed(source, meta)
    for item, (kind, content_type) in items.kinds.items():
        if kind == b"mime" and content_type == _XMP:
            if item not in items.described:
                finds.issues.append("reference-missing")
            xmp.scan(_content(source, item, items), finds)
        elif kind == b"Exif":
            _exif(_content(source, item, items), finds)


def _listed(source: Source, meta: Box) -> _Items:
    items = _Items()
    for box in boxes(source, meta.start + 4, meta.end):
        if box.kind == b"iinf":
            _kinds(source, box, items)
        elif box.kind == b"iloc":
            _places(source.packet(box.start, box.length), items)
        elif box.kind == b"iref":
            _references(source, box, items)
        elif box.kind == b"idat":
            items.data = box
    return items


def _exif(content: bytes, finds: Finds) -> None:
    """Read a block that begins with how far away its own start is."""
    tiff.scan_exif(content[4 + number(content, 0, 4) :], finds)


def _kinds(source: Source, box: Box, items: _Items) -> None:
    head = source.exactly(box.start, 6)
    start = box.start + (8 if head[0] else 6)
    for entry in boxes(source, start, box.end):
        data = source.packet(entry.start, entry.length)
        version = number(data, 0, 1)
        if entry.kind != b"infe" or version < _FIRST_WITH_KINDS:
            continue
        width = 2 if version == _FIRST_WITH_KINDS else 4
        kind = data[6 + width : 10 + width]
        strings = data[10 + width :].split(b"\0")
        # A name comes first, then, in a `mime` item, the content type.
        items.kinds[number(data, 4, width)] = (kind, strings[1] if len(strings) > 1 else b"")


def _places(data: bytes, items: _Items) -> None:
    version, sizes = number(data, 0, 1), number(data, 4, 2)
    offset_size, length_size = sizes >> 12, sizes >> 8 & 15
    base_size, index_size = sizes >> 4 & 15, (sizes & 15 if version else 0)
    wide = 4 if version == _WIDE_LIST else 2
    count, place = number(data, 6, wide), 6 + wide
    for _ in range(min(count, _MOST_ITEMS)):
        item = number(data, place, wide)
        place += wide
        method = number(data, place, 2) & 15 if version else 0
        place += 2 * bool(version) + 2
        base = number(data, place, base_size)
        place += base_size
        extents = []
        extent_count = number(data, place, 2)
        place += 2
        for _ in range(min(extent_count, _MOST_EXTENTS)):
            place += index_size
            start = base + number(data, place, offset_size)
            length = number(data, place + offset_size, length_size)
            extents.append((start, length))
            place += offset_size + length_size
        items.places[item] = (method, extents)


def _references(source: Source, box: Box, items: _Items) -> None:
    head = source.exactly(box.start, 4)
    width = 4 if head[0] else 2
    for reference in boxes(source, box.start + 4, box.end):
        if reference.kind == b"cdsc":
            items.described.add(number(source.at(reference.start, width), 0, width))


def _content(source: Source, item: int, items: _Items) -> bytes:
    method, extents = items.places.get(item, (0, []))
    parts = []
    shift = items.data.start if method == 1 and items.data else 0
    for start, length in extents:
        parts.append(source.packet(start + shift, length or source.size - start - shift))
        if sum(map(len, parts)) > LARGEST_PACKET:
            msg = f"item {item} is larger than any metadata"
            raise BrokenError(msg)
    return b"".join(parts)
