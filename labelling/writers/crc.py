"""Checksums of 16 bits over the polynomial 0x8005, also of joined parts without reading them."""

from functools import lru_cache

_POLYNOMIAL = 0x18005
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def _table(polynomial: int, bits: int) -> tuple[int, ...]:
    made = []
    for byte in range(256):
        value = byte << bits - 8
        for _ in range(8):
            value = value << 1 ^ (polynomial if value >> bits - 1 & 1 else 0)
        made.append(value)
    return tuple(made)


_TABLE_16 = _table(_POLYNOMIAL, 16)
_TABLE_8 = _table(0x107, 8)


def crc8(content: bytes) -> int:
    """Give the checksum of a FLAC frame's header."""
    value = 0
    for byte in content:
        value = _TABLE_8[value ^ byte]
    return value


def crc16(content: bytes) -> int:
    """Give the checksum of a FLAC frame."""
    value = 0
    for byte in content:
        value = (value << 8 & 0xFFFF) ^ _TABLE_16[value >> 8 ^ byte]
    return value


def crc16_followed(value: int, size: int) -> int:
    """Give what a checksum becomes by so many zero bytes: the share of a part in the whole."""
    while size:
        low = size & -size
        value = _product(value, _power(low))
        size ^= low
    return value


@lru_cache(maxsize=16)
def crc16_arc(content: bytes) -> int:
    """Give LAME's checksum, which is the other one mirrored."""
    return _mirrored(crc16(content.translate(_MIRRORED)))


def crc16_arc_joined(first: int, second: int, size: int) -> int:
    """Give LAME's checksum of two parts by those of each, the second of so many bytes."""
    return _mirrored(crc16_followed(_mirrored(first), size)) ^ second


def _mirrored(value: int) -> int:
    return int.from_bytes(value.to_bytes(2, "little").translate(_MIRRORED), "big")


@lru_cache(maxsize=64)
def _power(size: int) -> int:
    """Give x to the power of eight times this power of two, by the polynomial."""
    if size == 1:
        return 1 << 8
    half = _power(size >> 1)
    return _product(half, half)


def _product(left: int, right: int) -> int:
    value = 0
    for bit in range(15, -1, -1):
        value <<= 1
        if value >> 16:
            value ^= _POLYNOMIAL
        if right >> bit & 1:
            value ^= left
    return value
