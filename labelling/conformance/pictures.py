"""Small pictures, each with a place for a label; they share no code with writers or readers."""

import struct
import zlib
from io import BytesIO
from xml.sax.saxutils import escape

from PIL import Image, TiffImagePlugin

_NAMESPACE = "http://www.tc260.org.cn/ns/AIGC/1.0/"


def packet(value: str, *, namespace: str = _NAMESPACE, prefix: str = "TC260") -> bytes:
    """Give an XMP packet with the label in its element form."""
    return packet_of(
        f'<rdf:Description rdf:about="" xmlns:{prefix}="{namespace}">'
        f"<{prefix}:AIGC>{escape(value)}</{prefix}:AIGC></rdf:Description>"
    )


def packet_of(description: str) -> bytes:
    """Give an XMP packet with a description in it."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'{description}</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def _saved(kind: str, **options: object) -> bytes:
    picture = Image.new("RGB", (16, 16))
    picture.putdata([(16 * x, 16 * y, 128) for y in range(16) for x in range(16)])
    out = BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def jpeg(*segments: tuple[int, bytes]) -> bytes:
    """Give a JPEG with application segments or comments of one's own after its start."""
    plain = _saved("JPEG")
    added = b"".join(
        struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body for marker, body in segments
    )
    return plain[:2] + added + plain[2:]


def jpeg_xmp(data: bytes) -> tuple[int, bytes]:
    """Give the segment that holds a packet."""
    return 0xE1, b"http://ns.adobe.com/xap/1.0/\0" + data


def exif(tag: int, value: bytes, kind: int = 7) -> bytes:
    """Give an EXIF block with one entry of words; the comment stands in a directory below."""
    in_sub = tag == 0x9286  # noqa: PLR2004 -- the tag of the comment
    first, second = 8, 26
    entry = struct.pack("<HHII", tag, kind, len(value), second + 18 if in_sub else second)
    head = struct.pack("<2sHI", b"II", 42, first)
    if not in_sub:
        return head + struct.pack("<H", 1) + entry + bytes(4) + value
    pointer = struct.pack("<HHII", 0x8769, 4, 1, second)
    return (
        head
        + struct.pack("<H", 1)
        + pointer
        + bytes(4)
        + struct.pack("<H", 1)
        + entry
        + bytes(4)
        + value
    )


def jpeg_exif(tag: int, value: bytes) -> tuple[int, bytes]:
    """Give the segment that holds an EXIF block."""
    return 0xE1, b"Exif\0\0" + exif(tag, value)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """Give a chunk with its checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(*chunks: bytes, late: bytes = b"", behind: bytes = b"") -> bytes:
    """Give a PNG with chunks of one's own before the picture, after it, or behind the end."""
    plain = _saved("PNG")
    start, end = 33, len(plain) - 12
    return plain[:start] + b"".join(chunks) + plain[start:end] + late + plain[end:] + behind


def png_xmp(data: bytes) -> bytes:
    """Give the chunk that holds a packet."""
    return png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + data)


def webp(xmp: bytes | None = None, *, flag: bool = True) -> bytes:
    """Give a WebP, in the extended form where it has a packet."""
    plain = _saved("WEBP", lossless=True)
    if xmp is None:
        return plain
    extended = struct.pack("<B3x", 4 if flag else 0) + b"\x0f\0\0\x0f\0\0"
    body = b"WEBP" + riff_chunk(b"VP8X", extended) + plain[12:] + riff_chunk(b"XMP ", xmp)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def riff_chunk(name: bytes, body: bytes) -> bytes:
    """Give a chunk, padded to an even length."""
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def gif(extension: bytes = b"") -> bytes:
    """Give a GIF with an extension of one's own after its table of colours."""
    plain = _saved("GIF")
    table = 13 + (3 << (plain[10] & 7) + 1) * (plain[10] >> 7)
    return b"GIF89a" + plain[6:table] + extension + plain[table:]


def gif_xmp(data: bytes, *, trailer: bool = True) -> bytes:
    """Give the extension that holds a packet, raw, with the trailer that ends it."""
    head = b"\x21\xff\x0bXMP DataXMP"
    if trailer:
        return head + data + b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    blocks = [data[start : start + 255] for start in range(0, len(data), 255)]
    return head + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"


def tiff(xmp: bytes | None = None) -> bytes:
    """Give a TIFF, with a packet in tag 700."""
    information = TiffImagePlugin.ImageFileDirectory_v2()
    if xmp is not None:
        information[700] = xmp
        information.tagtype[700] = 7
    return _saved("TIFF", tiffinfo=information)


def box(kind: bytes, *parts: bytes) -> bytes:
    """Give a box of an ISO base media file."""
    body = b"".join(parts)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def items(brand: bytes, xmp: bytes | None = None, *, described: bool = True) -> bytes:
    """Give the skeleton of an AVIF or HEIC picture: items, and a packet as one of them."""
    kind = {b"avif": b"av01"}.get(brand, b"hvc1")
    contents = [(1, kind + b"\0", b"\x0a\x0b\0\0")]
    if xmp is not None:
        contents.append((2, b"mime\0application/rdf+xml\0", xmp))
    entries = b"".join(
        box(b"infe", struct.pack(">B3xHH", 2, item, 0), declared) for item, declared, _ in contents
    )
    described = described and xmp is not None
    # The places are absolute, so they are known once the length of the whole head is.
    start = len(_item_head(brand, entries, contents, 0, described=described)) + 8
    head = _item_head(brand, entries, contents, start, described=described)
    return head + box(b"mdat", *(data for _, _, data in contents))


def _item_head(
    brand: bytes,
    entries: bytes,
    contents: list[tuple[int, bytes, bytes]],
    start: int,
    *,
    described: bool,
) -> bytes:
    places = b""
    for item, _, data in contents:
        places += struct.pack(">HHHII", item, 0, 1, start, len(data))
        start += len(data)
    reference = box(b"iref", bytes(4), box(b"cdsc", struct.pack(">HHH", 2, 1, 1)))
    return box(b"ftyp", brand, bytes(4), b"mif1", brand) + box(
        b"meta",
        bytes(4),
        box(b"hdlr", bytes(8), b"pict", bytes(13)),
        box(b"pitm", bytes(4), struct.pack(">H", 1)),
        box(b"iinf", bytes(4), struct.pack(">H", len(contents)), entries),
        box(b"iloc", bytes(4), struct.pack(">HH", 0x4400, len(contents)), places),
        reference if described else b"",
    )


def svg(inside: str = "", words: str = "") -> bytes:
    """Give an SVG with metadata and words."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
        f'<metadata>{inside}</metadata><rect width="16" height="16"/>{words}</svg>'
    ).encode()


def svg_label(value: str) -> bytes:
    """Give an SVG with the label in its metadata."""
    text = packet(value).decode()
    return svg(text[text.index("<rdf:RDF") : text.index("</x:xmpmeta>")])
