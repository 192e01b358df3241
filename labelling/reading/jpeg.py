"""JPEG: the segments before the picture, and what stands behind its end."""

from labelling.reading import tiff, xmp
from labelling.reading.finds import Finds
from labelling.reading.source import BrokenError, Source, number

_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENDED_XMP = b"http://ns.adobe.com/xmp/extension/\0"
_EXTENDED_HEAD = len(_EXTENDED_XMP) + 32 + 8
_MARK, _START_OF_SCAN, _END, _COMMENT, _MANIFEST = 0xFF, 0xDA, 0xD9, 0xFE, 0xEB
_ALONE = {0x01, *range(0xD0, 0xD9)}
_APPLICATION = range(0xE0, 0xF0)
_LARGEST_EXTENSION = 4 << 20


def scan(source: Source, finds: Finds) -> None:
    """Walk the segments up to the picture."""
    extension: list[bytes] = []
    try:
        end = _segments(source, finds, extension)
    finally:
        # What was read before the damage counts all the same.
        if extension:
            xmp.scan(b"".join(extension), finds, "xmp:extended")
    _behind(source, finds, end)


def _segments(source: Source, finds: Finds, extension: list[bytes]) -> int:
    place = 2
    while True:
        head = source.exactly(place, 4)
        if head[0] != _MARK:
            msg = f"no segment begins at {place}"
            raise BrokenError(msg)
        marker = head[1]
        if marker in {_MARK, *_ALONE}:
            # A marker may be filled up, or stand alone.
            place += 1 if marker == _MARK else 2
            continue
        if marker in {_START_OF_SCAN, _END}:
            return place
        length = number(head, 2, 2)
        if marker in _APPLICATION or marker == _COMMENT:
            _segment(marker, source.exactly(place + 4, max(length - 2, 0)), finds, extension)
        place += 2 + max(length, 2)


def _segment(marker: int, body: bytes, finds: Finds, extension: list[bytes]) -> None:
    if body.startswith(_XMP):
        xmp.scan(body[len(_XMP) :], finds)
    elif body.startswith(_EXTENDED_XMP):
        if sum(map(len, extension)) < _LARGEST_EXTENSION:
            extension.append(body[_EXTENDED_HEAD:])
    elif body.startswith(b"Exif\0"):
        tiff.scan_exif(body, finds)
    elif marker == _MANIFEST and body.startswith(b"JP"):
        finds.manifest(body)
    elif marker == _COMMENT:
        finds.loose("jpeg:comment", body)
    else:
        finds.loose(f"jpeg:APP{marker - 0xE0}", body[: 64 << 10])


def _behind(source: Source, finds: Finds, scan_start: int) -> None:
    """Look behind the end of image; within a picture's data its marker cannot occur."""
    step, place = 1 << 20, scan_start
    while place < source.size:
        piece = source.at(place, step + 1)
        found = piece.find(b"\xff\xd9")
        if found >= 0:
            start = max(place + found + 2, source.size - (64 << 10))
            finds.trailer(source.at(start, source.size - start))
            return
        place += step
    finds.issues.append("truncated")
