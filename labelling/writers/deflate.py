"""A deflate stream with another beginning, its rest kept as it is.

Deflate blocks refer back by 32 KiB at most. So from the first block on that begins so far behind
the last change, the old bits stay valid. Where blocks begin is written nowhere; but the head of a
block with codes of its own has so strict a form that it can be looked for at every bit.
"""

import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from labelling.errors import UnsupportedMediaError

_WINDOW = 1 << 15
_OWN_CODES_NEXT = 0b100
"""Bits at which a block begins that is not the last and has codes of its own."""
_MOST_CODES = 30
"""More than these of signs, counted from 257, and of distances there cannot be."""
_ALL = np.uint64(128)
"""What the codes for lengths share out among them, in parts of seven bits."""
_SEARCHED = 1 << 12
"""Bytes in which block heads are looked for at once."""
_PROOF = 1 << 13
"""Bytes that have to come out right before a block is believed."""
_WORTHWHILE = 1 << 18
"""Below it, in bytes, writing all anew is quick."""
_TIGHTLY, _QUICKLY = 6, 1
_TIGHT_UP_TO = 1 << 22


def inflated(packed: bytes, length: int) -> bytes:
    """Unpack a zlib stream that has to hold so many bytes; it may hold more, which are not read.

    Raises:
        UnsupportedMediaError: It is broken, or holds less.
    """
    try:
        raw = zlib.decompressobj().decompress(packed, length)
    except zlib.error as error:
        msg = f"packed data cannot be read: {error}"
        raise UnsupportedMediaError(msg) from error
    if len(raw) < length:
        msg = "packed data end too early"
        raise UnsupportedMediaError(msg)
    return raw


def repacked(packed: bytes, raw: bytes, changed_to: int) -> bytes:
    """Pack bytes of which only those before a place differ from what was packed before.

    Args:
        packed: The zlib stream of the old bytes.
        raw: The new bytes, as many as the old.
        changed_to: From there on they are the old ones.
    """
    if len(raw) > changed_to + _WINDOW + _WORTHWHILE:
        for bit, place in _blocks(packed, raw, changed_to + _WINDOW):
            return _joined(packed, raw, bit, place)
    return zlib.compress(raw, _TIGHTLY if len(raw) <= _TIGHT_UP_TO else _QUICKLY)


def _joined(packed: bytes, raw: bytes, bit: int, place: int) -> bytes:
    """Pack the bytes before a place, and go on with the old bits of what follows."""
    packing = zlib.compressobj(_TIGHTLY, wbits=-15)
    head = packing.compress(raw[:place]) + packing.flush(zlib.Z_SYNC_FLUSH)
    # Blocks that are not packed stand on whole bytes, so the rest must keep its place in a byte.
    between, length = _nothing(bit & 7)
    first = bit >> 3
    between |= packed[first] >> (bit & 7) << length
    middle = between.to_bytes((length + 7) // 8 + (length % 8 == 0), "little")
    end = zlib.adler32(raw).to_bytes(4, "big")
    return b"".join([packed[:2], head, middle, packed[first + 1 : -4], end])


def _nothing(phase: int) -> tuple[int, int]:
    """Give blocks that hold nothing and end on this bit of a byte, as a number and its bits."""
    bits, length = (_OWN_CODES, _OWN_CODES_LENGTH) if phase % 2 else (0, 0)
    while length % 8 != phase:
        # A block with the fixed codes, and its end at once.
        bits |= 0b010 << length
        length += 10
    return bits, length


def _own_codes() -> tuple[int, int]:
    """Make a block that has codes of its own and holds nothing: it is odd bits long."""
    # Not last; codes of its own; 257 and 2 codes; 19 lengths of codes for lengths.
    fields = [(0, 1), (2, 2), (0, 5), (1, 5), (15, 4)]
    # Of those, the one for eleven and more zeros and the one for length 1 are one bit long.
    order = (16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15)
    fields += [(int(symbol in {1, 18}), 3) for symbol in order]
    # The first sign and the end are one bit long, 255 in between are none; two distances.
    fields += [(0, 1), (1, 1), (138 - 11, 7), (1, 1), (117 - 11, 7), (0, 1), (0, 1), (0, 1)]
    fields += [(1, 1)]
    bits = length = 0
    for value, width in fields:
        bits |= value << length
        length += width
    return bits, length


_OWN_CODES, _OWN_CODES_LENGTH = _own_codes()


def _blocks(packed: bytes, raw: bytes, after: int) -> Iterator[tuple[int, int]]:
    """Find blocks that begin behind a place: at which bit, and at which of the unpacked bytes."""
    old = zlib.decompressobj()
    done = fed = 0
    end = len(packed) - 4
    while fed < end:
        start = fed
        if done < after:
            # Too early: go on without looking.
            fed = min(end, fed + _SEARCHED)
            done += len(old.decompress(packed[start:fed]))
            continue
        for bit in _heads(packed, start, min(end, start + _SEARCHED)):
            byte = bit >> 3
            # Two bytes into the head all before it has come out, and nothing of what it begins.
            done += len(old.decompress(packed[fed : byte + 2]))
            fed = max(fed, byte + 2)
            if _is_block(packed, raw, bit, done):
                yield bit, done
        done += len(old.decompress(packed[fed : start + _SEARCHED]))
        fed = max(fed, min(end, start + _SEARCHED))


def _is_block(packed: bytes, raw: bytes, bit: int, place: int) -> bool:
    """Try whether unpacking from this bit on gives the bytes from this place on."""
    part = packed[bit >> 3 : (bit >> 3) + 2 * _PROOF]
    shifted = (int.from_bytes(part, "little") >> (bit & 7)).to_bytes(len(part), "little")
    trying = zlib.decompressobj(-15, zdict=raw[max(0, place - _WINDOW) : place])
    try:
        found = trying.decompress(shifted[:-1], _PROOF)
    except zlib.error:
        return False
    return len(found) == min(_PROOF, len(raw) - place) and raw.startswith(found, place)


def _heads(packed: bytes, start: int, end: int) -> list[int]:
    """Give the bits in a stretch at which the head of a block with codes of its own may stand."""
    part = np.frombuffer(packed[start : end + 16].ljust(end + 16 - start, b"\0"), np.uint8)
    part = part.astype(np.uint64)
    words, higher = np.zeros((2, end - start), np.uint64)
    for at in range(8):
        words |= part[at : at + end - start] << np.uint64(8 * at)
        higher |= part[at + 8 : at + 8 + end - start] << np.uint64(8 * at)
    bits = np.arange(8, dtype=np.uint64)
    low = (words[:, None] >> bits) | (higher[:, None] << np.uint64(1) << (np.uint64(63) - bits))
    flat, high = low.ravel(), (higher[:, None] >> bits).ravel()
    # Not the last; codes of its own; at most 286 signs and 30 distances.
    there = (
        ((flat & 7) == _OWN_CODES_NEXT)
        & ((flat >> 3 & 31) < _MOST_CODES)
        & ((flat >> 8 & 31) < _MOST_CODES)
    )
    places = np.flatnonzero(there)
    places = places[_complete(flat[places], high[places])]
    return [8 * start + int(place) for place in places.tolist()]


def _complete(low: NDArray[np.uint64], high: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Tell where the lengths of the codes for lengths make a code with nothing left over."""
    count = (low >> 13 & 15) + 4
    total = np.zeros(len(low), np.uint64)
    for number in range(19):
        at = 17 + 3 * number
        length = (low >> at if at < 64 else high >> (at - 64)) & 7  # noqa: PLR2004
        if 61 < at < 64:  # noqa: PLR2004 - it stands in both words
            length |= (high << (64 - at)) & 7
        total += np.where((length > 0) & (number < count), _ALL >> length, np.uint64(0))
    whole: NDArray[np.bool_] = total == _ALL
    return whole
