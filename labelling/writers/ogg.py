"""The pages of an Ogg file, and the packets they carry."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from labelling.errors import UnsupportedMediaError
from labelling.writers.splicing import take

_HEAD = 27
_FULL = 255
UNFINISHED = (1 << 64) - 1
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
CONTINUED, FIRST, LAST = 1, 2, 4


@dataclass(frozen=True, slots=True)
class Page:
    """One page."""

    flags: int
    granule: int
    """The time of its last finished packet, in samples; all ones where none finishes here."""
    stream: int
    number: int
    lacing: bytes
    body: bytes

    @property
    def size(self) -> int:
        """Of the page as it is stored."""
        return _HEAD + len(self.lacing) + len(self.body)

    def __bytes__(self) -> bytes:
        """Give the page as it is stored, with its checksum."""
        head = b"".join(
            (
                b"OggS\0",
                bytes([self.flags]),
                self.granule.to_bytes(8, "little"),
                self.stream.to_bytes(4, "little"),
                (self.number & 0xFFFFFFFF).to_bytes(4, "little"),
            )
        )
        tail = bytes([len(self.lacing)]) + self.lacing + self.body
        return head + _checksum(head + bytes(4) + tail) + tail


def pages(source: BinaryIO, start: int, end: int) -> Iterator[Page]:
    """Give the pages of a stretch.

    Raises:
        UnsupportedMediaError: Something stands there that is no page.
    """
    at = start
    while at < end:
        head = take(source, at, _HEAD)
        if not head.startswith(b"OggS\0"):
            msg = f"there is no Ogg page at byte {at}"
            raise UnsupportedMediaError(msg)
        lacing = source.read(head[26])
        page = Page(
            flags=head[5],
            granule=int.from_bytes(head[6:14], "little"),
            stream=int.from_bytes(head[14:18], "little"),
            number=int.from_bytes(head[18:22], "little"),
            lacing=lacing,
            body=take(source, at + _HEAD + len(lacing), sum(lacing)),
        )
        at += page.size
        yield page


def headers(source: BinaryIO, end: int) -> tuple[list[bytes], list[Page]]:
    """Give the header packets of the first stream and the pages they fill.

    Raises:
        UnsupportedMediaError: It is neither Vorbis nor Opus, or several streams are interleaved.
    """
    packets: list[bytes] = []
    read: list[Page] = []
    open_packet = b""
    due = 1
    for page in pages(source, 0, end):
        read.append(page)
        if page.stream != read[0].stream:
            msg = "the Ogg file interleaves several streams, which cannot be labelled yet"
            raise UnsupportedMediaError(msg)
        done, open_packet = finished(page, open_packet)
        packets += done
        due = _header_packets(packets[0]) if packets else 1
        if len(packets) >= due:
            break
    if len(packets) != due or open_packet:
        msg = "the headers of the Ogg file do not end where they should"
        raise UnsupportedMediaError(msg)
    return packets, read


def _header_packets(first: bytes) -> int:
    if first.startswith(b"\x01vorbis"):
        return 3
    if first.startswith(b"OpusHead"):
        return 2
    msg = "the Ogg file holds neither Vorbis nor Opus"
    raise UnsupportedMediaError(msg)


def finished(page: Page, open_packet: bytes) -> tuple[list[bytes], bytes]:
    """Give the packets that finish on a page, and what is left open."""
    packets = []
    at = 0
    for size in page.lacing:
        open_packet += page.body[at : at + size]
        at += size
        if size < _FULL:
            packets.append(open_packet)
            open_packet = b""
    return packets, open_packet


def laced(packet: bytes) -> bytes:
    """Give the sizes by which a page tells a packet."""
    return bytes([_FULL]) * (len(packet) // _FULL) + bytes([len(packet) % _FULL])


def laid_out(packets: Sequence[bytes], stream: int, number: int) -> list[Page]:
    """Lay header packets out on pages from this number on."""
    lacing = b"".join(
        bytes([_FULL]) * (len(packet) // _FULL) + bytes([len(packet) % _FULL]) for packet in packets
    )
    body = b"".join(packets)
    made: list[Page] = []
    while lacing:
        here, lacing = lacing[:_FULL], lacing[_FULL:]
        size = sum(here)
        continued = bool(made) and made[-1].lacing[-1] == _FULL
        granule = 0 if min(here) < _FULL else UNFINISHED
        flags = CONTINUED if continued else 0
        made.append(Page(flags, granule, stream, number + len(made), here, body[:size]))
        body = body[size:]
    return made


def _checksum(page: bytes) -> bytes:
    # Ogg's CRC-32 is zlib's with every bit mirrored, and neither end inverted.
    mirrored = zlib.crc32(page.translate(_MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return mirrored.to_bytes(4, "big").translate(_MIRRORED)
