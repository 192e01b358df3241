"""PNG and APNG: text, EXIF and manifest chunks before and after the picture."""

import binascii
import re
import zlib

from labelling.reading import tiff, xmp
from labelling.reading.finds import Finds
from labelling.reading.source import BrokenError, Source, inflated, number

_XMP_KEYWORD = b"XML:com.adobe.xmp"
_READ = {b"iTXt", b"tEXt", b"zTXt", b"eXIf", b"caBX"}
_PROFILE = re.compile(rb"Raw profile type (\w+)")


def scan(source: Source, finds: Finds) -> None:
    """Walk the chunks to the end."""
    place, in_picture = 8, False
    while True:
        head = source.exactly(place, 8)
        length, kind = number(head, 0, 4), head[4:]
        in_picture = in_picture or kind == b"IDAT"
        if kind in _READ or kind.lower() == b"aigc":
            late = in_picture and kind != b"caBX"
            _chunk(kind, source.exactly(place + 8, min(length, 8 << 20) + 4), finds, late=late)
        place += 12 + length
        if kind == b"IEND":
            break
    finds.trailer(source.at(max(place, source.size - (64 << 10)), 64 << 10))


def _chunk(kind: bytes, body: bytes, finds: Finds, *, late: bool) -> None:
    data, checksum = body[:-4], number(body, len(body) - 4, 4)
    before = len(finds.claims)
    try:
        _contents(kind, data, finds)
    except BrokenError:
        finds.issues.append("broken-chunk")
        if data[:5].lower() == b"aigc\0":
            finds.claim("png:unreadable", "")
    if len(finds.claims) > before:
        finds.issues += ["after-image-data"] * late
        if zlib.crc32(kind + data) != checksum:
            finds.issues.append("checksum")


def _contents(kind: bytes, data: bytes, finds: Finds) -> None:
    if kind == b"eXIf":
        tiff.scan_exif(data, finds)
    elif kind == b"caBX":
        finds.manifest(data)
    elif kind.lower() == b"aigc":
        finds.claim("png:private", data)
    else:
        keyword, _, rest = data.partition(b"\0")
        _words(kind, keyword, _text(kind, rest, finds, keyword), finds)


def _text(kind: bytes, rest: bytes, finds: Finds, keyword: bytes) -> bytes:
    if kind == b"tEXt":
        return rest
    if kind == b"zTXt":
        return inflated(rest[1:])
    compressed = rest[:1] == b"\1"
    text = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    if not compressed:
        return text
    if keyword == _XMP_KEYWORD:
        finds.issues.append("compressed")
    return inflated(text)


def _words(kind: bytes, keyword: bytes, text: bytes, finds: Finds) -> None:
    profile = _PROFILE.fullmatch(keyword)
    if keyword == _XMP_KEYWORD:
        # The keyword belongs to iTXt; others have been seen to hold packets as well.
        xmp.scan(text, finds, "xmp" if kind == b"iTXt" else f"png:{kind.decode()}/xmp")
    elif keyword.strip().lower() == b"aigc":
        finds.claim(f"png:{kind.decode()}", text)
    elif profile:
        _raw_profile(profile[1], text, finds)
    else:
        finds.loose(f"png:{kind.decode()}", text[: 64 << 10])


def _raw_profile(name: bytes, text: bytes, finds: Finds) -> None:
    """Read a profile as ImageMagick writes it: name, length, and hexadecimal lines."""
    lines = text.strip().split(b"\n", 2)
    try:
        block = binascii.unhexlify(b"".join(lines[-1].split()))
    except binascii.Error as error:
        msg = "a raw profile is not hexadecimal"
        raise BrokenError(msg) from error
    if name == b"xmp":
        xmp.scan(block, finds, "png:raw-profile/xmp")
    else:
        tiff.scan_exif(block, finds)
