"""ID3v2 tags in every version, wherever they stand, and MP3 files."""

from collections.abc import Iterator

from labelling.reading import xmp
from labelling.reading.finds import Finds
from labelling.reading.source import BrokenError, Source, inflated, number

_V2, _V3, _V4 = 2, 3, 4
_ENCODINGS = {0: "latin-1", 1: "utf-16", 2: "utf-16-be", 3: "utf-8"}
_HEAD, _END, _SIZE = 10, 10, 4
_MOST_TAGS = 8
_LARGEST_TAG = 32 << 20
_UNSYNCHRONISED, _EXTENDED, _FOOTER = 0x80, 0x40, 0x10


def scan(source: Source, finds: Finds) -> None:
    """Read the tags before and behind the sound."""
    place = past_tags(source, finds)
    tail_start = max(place, source.size - (64 << 10))
    tail = source.at(tail_start, source.size - tail_start)
    footer = tail.rfind(b"3DI")
    if footer >= 0:
        length = _synchsafe(number(tail, footer + 6, 4)) if len(tail) >= footer + 10 else 0
        start = footer - length - _HEAD
        if start >= 0 and tail[start : start + 3] == b"ID3":
            scan_tag(tail[start:footer], finds, "id3:appended/")
            return
    finds.trailer(tail)


def past_tags(source: Source, finds: Finds, place: int = 0) -> int:
    """Read the tags from a place on, and give the place behind them."""
    for number_ in range(_MOST_TAGS):
        head = source.at(place, _HEAD)
        if len(head) < _HEAD or not head.startswith(b"ID3"):
            break
        length = _synchsafe(number(head, 6, 4)) + (_END if head[5] & _FOOTER else 0)
        data = source.at(place, min(_HEAD + length, _LARGEST_TAG))
        if len(data) < _HEAD + length:
            finds.issues.append("truncated")
        scan_tag(data, finds, "id3:" if number_ == 0 else "id3:second/")
        place += _HEAD + length
    return place


def scan_tag(tag: bytes, finds: Finds, prefix: str) -> None:
    """Read one tag."""
    if len(tag) < _HEAD or tag[3] not in {_V2, _V3, _V4}:
        return
    version, flags = tag[3], tag[5]
    body = tag[_HEAD:]
    if flags & _UNSYNCHRONISED and version < _V4:
        body = body.replace(b"\xff\0", b"\xff")
    for name, frame in _frames(body, version, extended=bool(flags & _EXTENDED)):
        try:
            _frame(name, frame, finds, prefix)
        except BrokenError:
            finds.issues.append("broken-frame")


def _frames(body: bytes, version: int, *, extended: bool) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    if extended and version > _V2 and len(body) >= _SIZE:
        size = number(body, 0, 4)
        place = _synchsafe(size) if version == _V4 else size + 4
    head = 6 if version == _V2 else 10
    while place + head <= len(body) and body[place]:
        if version == _V2:
            name, length, flags = body[place : place + 3], number(body, place + 3, 3), 0
        else:
            name, flags = body[place : place + 4], number(body, place + 8, 2)
            length = _length(body, place, version)
        frame = body[place + head : place + head + length]
        yield name, _plain(frame, flags, version)
        place += head + length


def _length(body: bytes, place: int, version: int) -> int:
    """Give a frame's length; some writers of 2.4 forget that seven bits a byte are due."""
    plain = number(body, place + 4, 4)
    if version == _V3:
        return plain
    safe = _synchsafe(plain)
    following = body[place + 10 + safe : place + 14 + safe]
    ends_well = not following.strip(b"\0") or (following.isalnum() and following.isupper())
    return safe if ends_well or plain > len(body) else plain


def _plain(frame: bytes, flags: int, version: int) -> bytes:
    """Undo what a frame's flags say was done to it."""
    if version == _V4:
        if flags & 0x01:
            frame = frame[4:]
        if flags & 0x02:
            frame = frame.replace(b"\xff\0", b"\xff")
        compressed = flags & 0x08
    else:
        compressed = flags & 0x80
        frame = frame[4:] if compressed else frame
    try:
        return inflated(frame) if compressed else frame
    except BrokenError:
        return b""


def _frame(name: bytes, frame: bytes, finds: Finds, prefix: str) -> None:
    kind = name.decode("latin-1")
    if name in {b"TXXX", b"TXX"}:
        description, value = _pair(frame[1:], frame[:1])
        if description.strip().casefold() == "aigc":
            finds.claim(f"{prefix}{kind}", value, *(() if description == "AIGC" else ("key-name",)))
        else:
            finds.loose(f"{prefix}{kind}", value)
    elif name in {b"COMM", b"COM", b"USLT", b"ULT"}:
        description, value = _pair(frame[4:], frame[:1])
        if description.strip().casefold() == "aigc":
            finds.claim(f"{prefix}{kind}", value)
        else:
            finds.loose(f"{prefix}{kind}", value)
    elif name == b"PRIV" and frame.startswith(b"XMP\0"):
        xmp.scan(frame[4:], finds, f"{prefix}PRIV/xmp")
    elif name in {b"GEOB", b"GEO"} and b"c2pa" in frame[:256]:
        finds.manifest(frame)


def _pair(data: bytes, encoding: bytes) -> tuple[str, str]:
    """Split a description from its value."""
    name = _ENCODINGS.get(number(encoding, 0, 1), "latin-1")
    if not name.startswith("utf-16"):
        description, _, value = data.partition(b"\0")
        return description.decode(name, "replace"), value.decode(name, "replace").rstrip("\0")
    for place in range(0, len(data) - 1, 2):
        if data[place : place + 2] == b"\0\0":
            value = data[place + 2 :]
            return _wide(data[:place], name), _wide(value, name).rstrip("\0")
    return _wide(data, name), ""


def _wide(data: bytes, name: str) -> str:
    has_mark = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    return data.decode(name if has_mark or name != "utf-16" else "utf-16-le", "replace").lstrip(
        "\ufeff"
    )


def _synchsafe(value: int) -> int:
    return sum((value >> 8 * place & 0x7F) << 7 * place for place in range(4))
