"""ISO base media files: the boxes of films, and the metadata in them."""

from collections.abc import Iterator
from dataclasses import dataclass

from labelling.reading import heif, id3, xmp
from labelling.reading.boxes import Box, boxes
from labelling.reading.finds import Finds
from labelling.reading.source import Source, number

_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_C2PA_UUID = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_UTF8 = 1
_MOST_KEYS = 4096
# moov, trak, udta
_DEEPEST = 3
_LARGEST_VALUE = 128 << 10
# Boxes that hold boxes on the way to metadata.
_FOLDERS = {b"moov", b"udta", b"trak"}


def scan_picture(source: Source, finds: Finds) -> None:
    """Read a picture's items and what stands beside them."""
    for box in boxes(source, 0, source.size):
        if box.kind == b"meta":
            heif.scan(source, box, finds)
        elif box.kind == b"uuid":
            _uuid(source, box, finds)


def scan_film(source: Source, finds: Finds) -> None:
    """Read the metadata of a film or of its sound."""
    for box in boxes(source, 0, source.size):
        if box.kind == b"moov":
            _folder(source, box, "moov", finds)
        elif box.kind == b"meta":
            _meta(source, box, "meta", finds)
        elif box.kind == b"uuid":
            _uuid(source, box, finds)


def _folder(source: Source, folder: Box, path: str, finds: Finds) -> None:
    for box in boxes(source, folder.start, folder.end):
        name = box.kind.decode("latin-1")
        if box.kind in _FOLDERS:
            if path.count("/") < _DEEPEST:
                _folder(source, box, f"{path}/{name}", finds)
        elif box.kind == b"meta":
            _meta(source, box, f"{path}/meta", finds)
        elif box.kind == b"uuid":
            _uuid(source, box, finds)
        elif path.endswith("udta"):
            _user_data(source, box, f"{path}/{name}", finds)


def _user_data(source: Source, box: Box, path: str, finds: Finds) -> None:
    if box.kind == b"XMP_":
        xmp.scan(source.packet(box.start, box.length), finds, f"mp4:{path}")
    elif box.kind == b"AIGC":
        finds.claim(f"mp4:{path}", source.at(box.start, min(box.length, _LARGEST_VALUE)))
    elif box.kind == b"ID32":
        id3.scan_tag(source.packet(box.start + 6, max(box.length - 6, 0)), finds, f"mp4:{path}/")
    else:
        finds.loose(f"mp4:{path}", source.at(box.start, min(box.length, _LARGEST_VALUE)))


def _uuid(source: Source, box: Box, finds: Finds) -> None:
    name = source.at(box.start, 16)
    if name == _XMP_UUID:
        xmp.scan(source.packet(box.start + 16, box.length - 16), finds, "mp4:uuid/xmp")
    elif name == _C2PA_UUID:
        finds.manifest(source.at(box.start + 16, min(box.length, 4 << 20)))


@dataclass(slots=True)
class _Meta:
    path: str
    handler: bytes = b""
    keys: tuple[tuple[bytes, str], ...] = ()


def _meta(source: Source, box: Box, path: str, finds: Finds) -> None:
    """Read keys and items; QuickTime's own box has no version in front, MP4's has."""
    start = box.start if source.at(box.start + 4, 4) == b"hdlr" else box.start + 4
    meta = _Meta(path)
    lists: list[Box] = []
    for inner in boxes(source, start, box.end):
        if inner.kind == b"hdlr":
            meta.handler = source.at(inner.start + 8, 4)
        elif inner.kind == b"keys":
            meta.keys = tuple(_keys(source, inner))
        elif inner.kind == b"ilst":
            lists.append(inner)
        elif inner.kind == b"xml ":
            packet = source.packet(inner.start + 4, max(inner.length - 4, 0))
            xmp.scan(packet, finds, f"mp4:{path}/xml")
        elif inner.kind == b"uuid":
            _uuid(source, inner, finds)
    # Keys may stand behind the items that they name.
    for item in (item for listed in lists for item in boxes(source, listed.start, listed.end)):
        _item(source, item, meta, finds)


def _keys(source: Source, box: Box) -> Iterator[tuple[bytes, str]]:
    data = source.packet(box.start, box.length)
    place = 8
    for _ in range(min(number(data, 4, 4), _MOST_KEYS)):
        size = number(data, place, 4)
        yield data[place + 4 : place + 8], data[place + 8 : place + size].decode("utf-8", "replace")
        place += max(size, 8)


def _item(source: Source, item: Box, meta: _Meta, finds: Finds) -> None:
    space, name, value, kind = _named(source, item, meta.keys)
    place = f"mp4:{meta.path}/{name[:64]}"
    if value is None:
        return
    if name.rpartition(":")[2].rpartition(".")[2].casefold() != "aigc":
        finds.loose(place, value)
    elif (space, name, meta.handler) == (b"mdta", "AIGC", b"mdta"):
        form = () if kind == _UTF8 else ("value-kind",)
        finds.claim(f"mp4:{meta.path}/keys", value, *form)
    else:
        finds.claim(place, value)


def _named(
    source: Source, item: Box, keys: tuple[tuple[bytes, str], ...]
) -> tuple[bytes, str, bytes | None, int]:
    """Give an item's name, value and type: by a list of keys, in free form, or by its letters."""
    index = number(item.kind, 0, 4)
    listed = 0 < index <= len(keys)
    space, name = keys[index - 1] if listed else (b"", item.kind.decode("latin-1"))
    value, kind = None, 0
    for inner in boxes(source, item.start, item.end):
        data = source.at(inner.start, min(inner.length, _LARGEST_VALUE))
        if inner.kind == b"name":
            name = f"----:{data[4:].decode('utf-8', 'replace')}"
        elif inner.kind == b"data" and value is None:
            kind, value = number(data, 0, 4), data[8:]
    return space, name, value, kind
