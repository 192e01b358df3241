"""Skeletons of films and sound, each with a place for a label; frames do not matter to a reader."""

import struct

from labelling.conformance.pictures import box, riff_chunk

_UTF8 = 1


def film(brand: bytes, *inside: bytes, behind: bytes = b"") -> bytes:
    """Give an MP4, MOV or M4A with boxes of one's own in its `moov`."""
    header = box(b"mvhd", bytes(12), struct.pack(">II", 1000, 1000), bytes(80))
    return (
        box(b"ftyp", brand, bytes(4), b"isom")
        + box(b"moov", header, *inside)
        + box(b"mdat", bytes(64))
        + behind
    )


def film_keys(value: bytes, *, key: bytes = b"AIGC", plain: bool = False) -> bytes:
    """Give the `meta` box of keys and items; QuickTime's own has no version in front."""
    return box(
        b"meta",
        b"" if plain else bytes(4),
        box(b"hdlr", bytes(8), b"mdta", bytes(13)),
        box(b"keys", bytes(4), struct.pack(">I", 1), box(b"mdta", key)),
        box(b"ilst", box(struct.pack(">I", 1), data_box(value))),
    )


def data_box(value: bytes, kind: int = _UTF8) -> bytes:
    """Give the box of a value."""
    return box(b"data", struct.pack(">II", kind, 0), value)


def film_items(*items: bytes) -> bytes:
    """Give the `meta` box of items without keys, as iTunes writes it."""
    return box(
        b"meta", bytes(4), box(b"hdlr", bytes(8), b"mdir", b"appl", bytes(9)), box(b"ilst", *items)
    )


def freeform(value: bytes) -> bytes:
    """Give an item in iTunes' free form."""
    return box(
        b"----",
        box(b"mean", bytes(4), b"com.apple.iTunes"),
        box(b"name", bytes(4), b"AIGC"),
        data_box(value),
    )


def element(name: bytes, *parts: bytes) -> bytes:
    """Give an element of Matroska, its length in eight bytes."""
    body = b"".join(parts)
    return name + b"\x01" + len(body).to_bytes(7, "big") + body


def matroska(kind: bytes, *tags: tuple[bytes, bytes]) -> bytes:
    """Give a Matroska or WebM with tags."""
    head = element(b"\x1a\x45\xdf\xa3", element(b"\x42\x82", kind))
    information = element(b"\x15\x49\xa9\x66", element(b"\x2a\xd7\xb1", b"\x0f\x42\x40"))
    simple = b"".join(
        element(b"\x67\xc8", element(b"\x45\xa3", name), element(b"\x44\x87", value))
        for name, value in tags
    )
    added = element(b"\x12\x54\xc3\x67", element(b"\x73\x73", simple)) if tags else b""
    return head + element(b"\x18\x53\x80\x67", information, added)


def avi(*information: tuple[bytes, bytes]) -> bytes:
    """Give an AVI with chunks of information."""
    header = riff_chunk(b"LIST", b"hdrl" + riff_chunk(b"avih", bytes(56)))
    chunks = b"".join(riff_chunk(name, value + b"\0") for name, value in information)
    added = riff_chunk(b"LIST", b"INFO" + chunks) if information else b""
    body = b"AVI " + header + riff_chunk(b"LIST", b"movi") + added
    return b"RIFF" + struct.pack("<I", len(body)) + body


def wav(*chunks: tuple[bytes, bytes]) -> bytes:
    """Give a WAV with chunks of one's own behind its sound."""
    form = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
    added = b"".join(riff_chunk(name, value) for name, value in chunks)
    body = b"WAVE" + riff_chunk(b"fmt ", form) + riff_chunk(b"data", bytes(160)) + added
    return b"RIFF" + struct.pack("<I", len(body)) + body


def flv(**properties: bytes) -> bytes:
    """Give an FLV with properties in its `onMetaData`."""
    members = [(b"width", b"\0" + struct.pack(">d", 16))]
    for name, value in properties.items():
        long = len(value) > 0xFFFF  # noqa: PLR2004 -- what a short string's length can say
        head = struct.pack(">BI" if long else ">BH", 12 if long else 2, len(value))
        members.append((name.encode(), head + value))
    body = b"\x02\0\x0aonMetaData\x08" + struct.pack(">I", len(members))
    body += b"".join(struct.pack(">H", len(name)) + name + value for name, value in members)
    body += b"\0\0\x09"
    tag = b"\x12" + len(body).to_bytes(3, "big") + bytes(7) + body
    return b"FLV\x01\0" + struct.pack(">II", 9, 0) + tag + struct.pack(">I", len(tag))


def _synchsafe(value: int) -> bytes:
    return bytes(value >> shift & 0x7F for shift in (21, 14, 7, 0))


def id3(*frames: tuple[bytes, bytes], version: int = 4) -> bytes:
    """Give an ID3v2 tag of version 2.2, 2.3 or 2.4."""
    body = b""
    for name, value in frames:
        if version == 2:  # noqa: PLR2004 -- the version with three letters
            body += name + len(value).to_bytes(3, "big") + value
        else:
            size = _synchsafe(len(value)) if version == 4 else struct.pack(">I", len(value))  # noqa: PLR2004
            body += name + size + bytes(2) + value
    return b"ID3" + bytes([version, 0, 0]) + _synchsafe(len(body)) + body


def mp3(tag: bytes = b"", behind: bytes = b"") -> bytes:
    """Give an MP3: tags, then frames of silence."""
    frame = b"\xff\xfb\x90\x64" + bytes(413)
    return tag + 4 * frame + behind


def comments(*entries: bytes) -> bytes:
    """Give Vorbis comments."""
    vendor = b"conformance"
    return (
        struct.pack("<I", len(vendor))
        + vendor
        + struct.pack("<I", len(entries))
        + b"".join(struct.pack("<I", len(entry)) + entry for entry in entries)
    )


def flac(*entries: bytes, before: bytes = b"") -> bytes:
    """Give a FLAC with comments."""
    information = struct.pack(">HH", 4096, 4096) + bytes(6) + b"\x01\xf4\x02\xf0" + bytes(20)
    blocks = b"\0" + len(information).to_bytes(3, "big") + information
    body = comments(*entries)
    return before + b"fLaC" + blocks + b"\x84" + len(body).to_bytes(3, "big") + body


def ogg(*entries: bytes, opus: bool = False) -> bytes:
    """Give an Ogg Vorbis or Opus with comments, over as many pages as they need."""
    if opus:
        first = b"OpusHead\x01\x01" + struct.pack("<HIhB", 312, 48000, 0, 0)
        second = b"OpusTags" + comments(*entries)
    else:
        first = b"\x01vorbis" + struct.pack("<IBIiiiBB", 0, 1, 8000, 0, 0, 0, 0xB8, 1)
        second = b"\x03vorbis" + comments(*entries) + b"\x01"
    return page(first, 0, 2) + b"".join(
        page(second[start : start + 65_025], 1 + start // 65_025, 1 if start else 0)
        for start in range(0, len(second), 65_025)
    )


def page(data: bytes, number: int, flags: int) -> bytes:
    """Give a page that holds a packet, or the part of one that it can."""
    whole, rest = divmod(len(data), 255)
    # A page that is full says by its last segment that the packet goes on.
    lacing = bytes([255] * whole + ([rest] if len(data) < 65_025 else []))  # noqa: PLR2004
    head = b"OggS" + struct.pack("<BBqII", 0, flags, 0, 1, number)
    checksum = _checksum(head + bytes(4) + bytes([len(lacing)]) + lacing + data)
    return head + struct.pack("<I", checksum) + bytes([len(lacing)]) + lacing + data


def _checksum(data: bytes) -> int:
    """CRC-32 as Ogg has it: neither reflected nor inverted."""
    value = 0
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (0x04C11DB7 if value & 0x80000000 else 0)) & 0xFFFFFFFF
    return value
