"""Huffman codes of JPEG: where the blocks of a scan stand, and the bits of blocks of ours.

Only what a mark touches is looked at: a picture's coefficients are never written anew.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from labelling.errors import UnsupportedMediaError

_LONGEST = 16
END_OF_BLOCK, SIXTEEN_ZEROS = 0x00, 0xF0
_ENDED, _CORRUPT = 100, 200
"""Steps that lead out of a block: one as it should, one as nothing does."""
_IN_A_BLOCK = 64
_AHEAD = 1 << 13
"""Bytes looked ahead at once."""
_LONGEST_BLOCK = 2048
"""In bits, and more than any block has: 64 codes of at most 27."""


class SpliceError(Exception):
    """The scan is not one that can be spliced; the whole picture has to be coded anew."""


@dataclass(frozen=True, slots=True)
class Table:
    """One Huffman table, as it stands in a DHT segment."""

    counts: bytes
    """How many codes there are of 1 to 16 bits."""
    symbols: bytes

    def codes(self) -> dict[int, tuple[int, int]]:
        """Give code and length of every symbol."""
        found, code, at = {}, 0, 0
        for length, count in enumerate(self.counts, 1):
            for symbol in self.symbols[at : at + count]:
                found[symbol] = (code, length)
                code += 1
            at += count
            code <<= 1
        return found

    def with_symbols(self, needed: Iterable[int]) -> "Table":
        """Give a table that has these symbols too; the codes it had stay what they are.

        Raises:
            SpliceError: It has no codes left.
        """
        missing = sorted(set(needed) - set(self.symbols))
        if not missing:
            return self
        taken = sum(count << _LONGEST - length for length, count in enumerate(self.counts, 1))
        # The code of ones alone is never given out, and the number of codes is a byte.
        if taken + len(missing) >= 1 << _LONGEST or self.counts[-1] + len(missing) > 255:  # noqa: PLR2004
            msg = "a Huffman table is full"
            raise SpliceError(msg)
        counts = bytearray(self.counts)
        counts[-1] += len(missing)
        return Table(bytes(counts), self.symbols + bytes(missing))

    def windows(self) -> NDArray[np.int32]:
        """For every 16 bits that may come, give the length of the first code and its symbol.

        The length is above the lowest byte; -1 where no code begins so.
        """
        lookup = np.full(1 << _LONGEST, -1, np.int32)
        for symbol, (code, length) in self.codes().items():
            first = code << _LONGEST - length
            lookup[first : first + (1 << _LONGEST - length)] = length << 8 | symbol
        return lookup


def tables_of(body: bytes) -> dict[int, Table]:
    """Read a DHT segment: tables by class (16 is AC) and number.

    Raises:
        UnsupportedMediaError: A table does not end.
    """
    found, at = {}, 0
    while at < len(body):
        counts = body[at + 1 : at + 17]
        symbols = body[at + 17 : at + 17 + sum(counts)]
        codes = sum(count << _LONGEST - length for length, count in enumerate(counts, 1))
        if len(counts) < _LONGEST or len(symbols) < sum(counts) or codes > 1 << _LONGEST:
            msg = "a JPEG cannot be read: a Huffman table is broken"
            raise UnsupportedMediaError(msg)
        found[body[at]] = Table(counts, symbols)
        at += 17 + sum(counts)
    return found


@dataclass(frozen=True, slots=True)
class Coding:
    """With what the blocks of an MCU are coded, in their order."""

    components: tuple[int, ...]
    """Which component each block is of."""
    dc: tuple[Table, ...]
    ac: tuple[Table, ...]
    """By component."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """Where the blocks of some MCUs stand, from the first on; places in bits from the start."""

    dc_at: list[int]
    """Where each begins; one more tells where the last one ends."""
    ac_at: list[int]
    """Where the AC coefficients of each begin."""
    dc: list[int]
    """The DC of each, with all differences before it added up."""


def walked(data: bytes, coding: Coding, mcus: int) -> Blocks:
    """Walk over the first MCUs of an interval without stuffing, and tell where their blocks are.

    Raises:
        SpliceError: The bits do not read as blocks.
    """
    ahead = _Ahead(data, coding)
    dc_at: list[int] = []
    ac_at: list[int] = []
    at = 0
    # One flat loop with as little in it as can be: it runs once for every code of the scan.
    for component in coding.components * mcus:
        if at >= ahead.until:
            ahead.look(at)
        dc_bits, bits, runs = ahead.steps[component]
        dc_at.append(at)
        here = at - ahead.begins
        step = dc_bits[here]
        here += step
        ac_at.append(ahead.begins + here)
        index = 1
        while index < _IN_A_BLOCK:
            index += runs[here]
            here += bits[here]
        if not step or _IN_A_BLOCK < index < _ENDED or index > _ENDED + _IN_A_BLOCK:
            raise _broken()
        at = ahead.begins + here
    if at > 8 * len(data):
        raise _broken()
    return Blocks([*dc_at, at], ac_at, _values(data, coding, dc_at, mcus))


class _Ahead:
    """What the next bits mean, whichever of them a code begins at; looked up all at once."""

    def __init__(self, data: bytes, coding: Coding) -> None:
        self.begins = self.until = 0
        self.steps: list[tuple[bytes, bytes, bytes]] = []
        """By component: bits of a DC code and its value; bits and coefficients of an AC one."""
        self._data = data
        self._coding = coding

    def look(self, at: int) -> None:
        start = at >> 3
        end = min(len(self._data), start + _AHEAD)
        window = windows_of(self._data[start : end + 2], end - start)
        # Behind the end is nothing that means anything, for as far as a block may lead.
        rest = _LONGEST_BLOCK if end == len(self._data) else 0
        looked: dict[tuple[bool, Table], tuple[bytes, bytes]] = {}
        tables = [(False, one) for one in self._coding.dc] + [
            (True, one) for one in self._coding.ac
        ]
        for is_ac, table in set(tables):
            bits, runs = _steps(table, is_ac=is_ac)
            looked[is_ac, table] = (
                bits[window].tobytes() + bytes(rest),
                runs[window].tobytes() + bytes([_CORRUPT]) * rest,
            )
        self.steps = [
            (looked[False, dc][0], *looked[True, ac])
            for dc, ac in zip(self._coding.dc, self._coding.ac, strict=True)
        ]
        self.begins = 8 * start
        self.until = 8 * end + 8 if rest else 8 * end - _LONGEST_BLOCK


@lru_cache(maxsize=32)
def _steps(table: Table, *, is_ac: bool) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """For all 16 bits that may come, tell how many bits and coefficients the first code takes."""
    bits = np.zeros(1 << _LONGEST, np.uint8)
    runs = np.full(1 << _LONGEST, _CORRUPT, np.uint8)
    for symbol, (code, length) in table.codes().items():
        first = code << _LONGEST - length
        last = first + (1 << _LONGEST - length)
        run, size = symbol >> 4, symbol & 15
        if (not size and symbol not in {END_OF_BLOCK, SIXTEEN_ZEROS}) if is_ac else run:
            continue
        bits[first:last] = length + size
        runs[first:last] = _ENDED if is_ac and symbol == END_OF_BLOCK else run + 1
    return bits, runs


def _values(data: bytes, coding: Coding, dc_at: list[int], mcus: int) -> list[int]:
    """Add up the DC differences that begin at these bits."""
    at = np.array(dc_at, np.int64)
    padded = np.frombuffer(data + bytes(8), np.uint8)
    component = np.array(coding.components * mcus)
    values = np.zeros(len(at), np.int64)
    for number, table in enumerate(coding.dc):
        mine = np.flatnonzero(component == number)
        found = table.windows()[_sixteen(padded, at[mine])]
        length, size = found >> 8, found & 255
        raw = _sixteen(padded, at[mine] + length) >> (_LONGEST - size)
        negative = (size > 0) & (raw < 1 << np.maximum(size - 1, 0))
        values[mine] = np.cumsum(np.where(negative, raw - (1 << size) + 1, raw))
    return [int(value) for value in values.tolist()]


def _sixteen(data: NDArray[np.uint8], at: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the 16 bits at each of these places."""
    byte = at >> 3
    three = data[byte].astype(np.int64) << 16 | data[byte + 1].astype(np.int64) << 8
    bits: NDArray[np.int64] = ((three | data[byte + 2]) >> (8 - (at & 7))) & 0xFFFF
    return bits


def unsigned(value: int) -> tuple[int, int]:
    """Give the bits that stand for a number, and how many they are."""
    size = abs(value).bit_length()
    return (value if value >= 0 else value + (1 << size) - 1), size


def bits_of(data: bytes, start: int, end: int) -> int:
    """Give the bits from a place up to another as a number."""
    whole = int.from_bytes(data[start >> 3 : (end + 7) >> 3], "big")
    return (whole >> (-end & 7)) & ((1 << end - start) - 1)


def windows_of(data: bytes, count: int) -> NDArray[np.int32]:
    """Give the 16 bits that begin at every bit of so many bytes; ones follow the end."""
    padded = np.frombuffer(data.ljust(count + 3, b"\xff"), np.uint8).astype(np.int32)
    three = padded[:count] << 16 | padded[1 : count + 1] << 8 | padded[2 : count + 2]
    shifts = np.arange(8, 0, -1, dtype=np.int32)
    return ((three[:, None] >> shifts) & 0xFFFF).ravel()


def _broken() -> SpliceError:
    return SpliceError("the scan does not read as blocks")
