"""Puts other blocks into the scan of a JPEG: every coefficient outside stays what it was.

Blocks are coded one after the other, the DC of each as the difference to the one before. So the
bits up to a run of blocks are kept, the run is put in, the first block behind it gets the right
difference, and the rest is kept again. The run is made to end on the same bit of a byte as the
one before it, so that the rest stands as it stood, its unknowable padding included.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from labelling.writers.jpeg_huffman import (
    END_OF_BLOCK,
    Blocks,
    Coding,
    SpliceError,
    Table,
    bits_of,
    unsigned,
    walked,
)

_LAST_OF_ALL = 63
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")


@dataclass(frozen=True, slots=True)
class Layout:
    """How the blocks of a picture stand in its scan."""

    mcus_across: int
    mcus_down: int
    restart_every: int
    """In MCUs; 0 where there are no restarts."""

    @property
    def mcus(self) -> int:
        """All of them."""
        return self.mcus_across * self.mcus_down


@dataclass(frozen=True, slots=True)
class Block:
    """One block of ours."""

    component: int
    dc: int
    ac: tuple[tuple[int, int, int], ...]
    """Symbol, and the bits after it with their number; up to the end of the block."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """MCUs of ours, row by row; told from others by what it is, for it is kept between files."""

    across: int
    mcus: tuple[tuple[Block, ...], ...]


@dataclass(frozen=True, slots=True)
class Patch:
    """A drawing, and where its upper left MCU goes."""

    left: int
    top: int
    drawing: Drawing

    def number_of(self, mcu: int, layout: Layout) -> int:
        """Tell which of the drawing's MCUs takes the place of one of the picture's."""
        row, column = divmod(mcu, layout.mcus_across)
        return (row - self.top) * self.drawing.across + column - self.left


def read_drawing(scan: bytes, coding: Coding, layout: Layout) -> Drawing:
    """Read all blocks of a small scan without restarts.

    Raises:
        SpliceError: The bits do not read as blocks.
    """
    data = scan.replace(b"\xff\x00", b"\xff")
    found = walked(data, coding, layout.mcus)
    lookups = [table.windows() for table in coding.ac]
    padded = data + b"\xff\xff\xff\xff"
    blocks = []
    for number, component in enumerate(coding.components * layout.mcus):
        at, end, pairs = found.ac_at[number], found.dc_at[number + 1], []
        while at < end:
            entry = int(lookups[component][bits_of(padded, at, at + 16)])
            length, symbol = entry >> 8, entry & 255
            size = symbol & 15
            at += length + size
            pairs.append((symbol, bits_of(padded, at - size, at), size))
        blocks.append(Block(component, found.dc[number], tuple(pairs)))
    count = len(coding.components)
    mcus = tuple(tuple(blocks[at : at + count]) for at in range(0, len(blocks), count))
    return Drawing(layout.mcus_across, mcus)


@lru_cache(maxsize=16)
def needed_by(drawing: Drawing, component: int) -> frozenset[int]:
    """Tell which AC symbols a drawing needs for a component."""
    return frozenset(
        pair[0]
        for mcu in drawing.mcus
        for block in mcu
        if block.component == component
        for pair in block.ac
    )


@lru_cache(maxsize=16)
def widened(coding: Coding, drawing: Drawing) -> Coding:
    """Give a coding with codes for all the drawing needs.

    The codes it had stay what they are, so that the rest of the scan means what it meant.

    Raises:
        SpliceError: A table has no codes left: it was made for this picture and no other.
    """
    dc, ac = list(coding.dc), list(coding.ac)
    for number, table in enumerate(coding.ac):
        needed = frozenset[int]().union(
            *(needed_by(drawing, other) for other, one in enumerate(coding.ac) if one == table)
        )
        ac[number] = table.with_symbols(needed)
    for number, table in enumerate(coding.dc):
        # Differences to what stands around are not known yet; these are all there can be.
        dc[number] = table.with_symbols(range(12))
    return Coding(coding.components, tuple(dc), tuple(ac))


def spliced(scan: bytes, layout: Layout, old: Coding, new: Coding, patch: Patch) -> bytes:
    """Give the scan with the patch in it.

    Raises:
        SpliceError: The scan is not one that can be spliced.
    """
    changed = _Change(layout, old, new, patch)
    every = layout.restart_every or layout.mcus
    restarts = list(_RESTART.finditer(scan)) if layout.restart_every else []
    pieces, at = [], 0
    for number, found in enumerate([*restarts, None]):
        end = found.start() if found else len(scan)
        mcus = range(number * every, min((number + 1) * every, layout.mcus))
        pieces.append(_interval(scan[at:end], mcus, changed))
        pieces.append(found[0] if found else b"")
        at = found.end() if found else end
    if (len(restarts) + 1) * every < layout.mcus:
        msg = "the scan has too few restarts"
        raise SpliceError(msg)
    return b"".join(pieces)


@dataclass(frozen=True, slots=True)
class _Change:
    """What is put into a scan, and how the scan was and will be coded."""

    layout: Layout
    old: Coding
    new: Coding
    patch: Patch


def _interval(stuffed: bytes, mcus: range, change: _Change) -> bytes:
    """Give one restart interval with its part of the patch."""
    layout, patch, old, new = change.layout, change.patch, change.old, change.new
    runs = _runs(mcus, layout, patch)
    if not runs:
        return stuffed
    data = stuffed.replace(b"\xff\x00", b"\xff")
    each = len(old.components)
    last = runs[-1].stop - mcus.start
    found = walked(data, old, last + (last < len(mcus)))
    texts = _texts(patch.drawing, new)
    writing, at = _Writing(data, new, found), 0
    for run in runs:
        start, stop = (run.start - mcus.start) * each, (run.stop - mcus.start) * each
        writing.copy(at, found.dc_at[start])
        writing.before(start)
        for mcu in run:
            number = patch.number_of(mcu, layout)
            # The first of a row has others before it than in the drawing.
            if number % patch.drawing.across and mcu > run.start:
                writing.put(texts[number])
            else:
                writing.put(writing.text_of(patch.drawing.mcus[number]))
            writing.after(patch.drawing.mcus[number])
        at = found.dc_at[stop]
        if run.stop < mcus.stop:
            at = writing.mend(stop)
    return writing.closed(at).replace(b"\xff", b"\xff\x00")


@dataclass(frozen=True, slots=True)
class _Text:
    """The bits of an MCU; where a block may take a coefficient more, in two parts."""

    bits: str
    rest: str = ""
    last: int = 0
    """Which is the last coefficient of that block that is not zero."""
    component: int = 0


class _Writing:
    """The bits of an interval as they come to stand."""

    def __init__(self, data: bytes, coding: Coding, found: Blocks) -> None:
        self._data = data
        self._coding = coding
        self._found = found
        self._texts: list[str] = []
        self._plain: list[tuple[int, int, int]] = []
        self._predicted = [0] * len(coding.dc)

    def copy(self, start: int, end: int) -> None:
        """Take bits over as they stand."""
        if end > start:
            self._texts.append(f"{bits_of(self._data, start, end):0{end - start}b}")

    def before(self, block: int) -> None:
        """Learn what the differences of the next block count from."""
        self._predicted = [0] * len(self._coding.dc)
        each = len(self._coding.components)
        for component, value in zip(
            self._coding.components, self._found.dc[max(0, block - each) : block], strict=False
        ):
            self._predicted[component] = value

    def text_of(self, mcu: tuple[Block, ...]) -> _Text:
        """Write an MCU behind whatever stands before it."""
        return _text(mcu, self._predicted, self._coding)

    def put(self, text: _Text) -> None:
        """Put in an MCU of ours."""
        self._texts.append(text.bits)
        if text.rest:
            self._plain.append((text.last, text.component, len(self._texts)))
            self._texts.append(text.rest)

    def after(self, mcu: tuple[Block, ...]) -> None:
        """Learn what the next differences count from, when an MCU of ours stands before them."""
        for block in mcu:
            self._predicted[block.component] = block.dc

    def mend(self, first: int) -> int:
        """Write the MCU that begins with this block as it was, behind what stands there now."""
        at, seen = self._found.dc_at[first], set[int]()
        for number, component in enumerate(self._coding.components, first):
            if component not in seen:
                seen.add(component)
                self.copy(at, self._found.dc_at[number])
                difference = self._found.dc[number] - self._predicted[component]
                self._texts.append(_dc_text(difference, self._coding.dc[component]))
                at = self._found.ac_at[number]
        return at

    def closed(self, at: int) -> bytes:
        """Give the bytes, with all from a bit on as it stood."""
        self._lengthen((at - sum(map(len, self._texts))) % 8)
        self.copy(at, min((at + 7) & ~7, 8 * len(self._data)))
        text = "".join(self._texts)
        return int(text, 2).to_bytes(len(text) // 8, "big") + self._data[(at + 7) >> 3 :]

    def _lengthen(self, by: int) -> None:
        """Write so many bits more, or some eights more than that, into the ground of our plate.

        One faint coefficient in a nearly plain block takes a few bits, and no eye sees it there.
        """
        plainest = sorted(self._plain)[:2]
        for pair in product(*(self._faint(last, component) for last, component, _ in plainest)):
            if sum(map(len, pair)) % 8 == by:
                for (*_, place), text in zip(plainest, pair, strict=True):
                    self._texts[place] = text + self._texts[place]
                return
        msg = "no plain block is there to fill a byte with"
        raise SpliceError(msg)

    def _faint(self, last: int, component: int) -> list[str]:
        """Write one coefficient more behind the last of a block, in every way, or none at all."""
        codes = _code_texts(self._coding.ac[component])
        runs = range(min(15, _LAST_OF_ALL - 2 - last), -1, -1)
        return ["", *(code + "1" for run in runs if (code := codes.get(run << 4 | 1)))]


@lru_cache(maxsize=16)
def _texts(drawing: Drawing, coding: Coding) -> tuple[_Text, ...]:
    """Write all MCUs of a drawing, each behind the one before it."""
    predicted, texts = [0] * len(coding.dc), []
    for mcu in drawing.mcus:
        texts.append(_text(mcu, predicted, coding))
        for block in mcu:
            predicted[block.component] = block.dc
    return tuple(texts)


def _text(mcu: tuple[Block, ...], predicted: list[int], coding: Coding) -> _Text:
    predicted = list(predicted)
    texts: list[str] = []
    plainest, plain_at, component = _LAST_OF_ALL - 1, 0, 0
    for block in mcu:
        codes = _code_texts(coding.ac[block.component])
        texts.append(_dc_text(block.dc - predicted[block.component], coding.dc[block.component]))
        predicted[block.component] = block.dc
        texts += [
            codes[symbol] + (f"{bits:0{size}b}" if size else "") for symbol, bits, size in block.ac
        ]
        last = sum((symbol >> 4) + 1 for symbol, *_ in block.ac[:-1])
        if block.ac[-1][0] == END_OF_BLOCK and last < plainest:
            plainest, plain_at, component = last, len(texts) - 1, block.component
    if not plain_at:
        return _Text("".join(texts))
    return _Text("".join(texts[:plain_at]), "".join(texts[plain_at:]), plainest, component)


def _dc_text(difference: int, table: Table) -> str:
    bits, size = unsigned(difference)
    code = _code_texts(table).get(size)
    if code is None:
        msg = "a difference is larger than there are codes for"
        raise SpliceError(msg)
    return code + (f"{bits:0{size}b}" if size else "")


@lru_cache(maxsize=64)
def _code_texts(table: Table) -> dict[int, str]:
    return {symbol: f"{code:0{length}b}" for symbol, (code, length) in table.codes().items()}


def _runs(mcus: range, layout: Layout, patch: Patch) -> list[range]:
    """Tell which of these MCUs the patch covers, in runs."""
    across = patch.drawing.across
    runs: list[range] = []
    for row in range(patch.top, patch.top + len(patch.drawing.mcus) // across):
        start = row * layout.mcus_across + patch.left
        run = range(max(start, mcus.start), min(start + across, mcus.stop))
        if run and runs and runs[-1].stop == run.start:
            runs[-1] = range(runs[-1].start, run.stop)
        elif run:
            runs.append(run)
    return runs
