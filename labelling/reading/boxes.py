"""The boxes of ISO base media files: a size, four letters, contents."""

from collections.abc import Iterator
from dataclasses import dataclass

from labelling.reading.source import BrokenError, Source, number

_MOST = 50_000


@dataclass(frozen=True, slots=True)
class Box:
    """Where a box's contents stand."""

    kind: bytes
    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start


def boxes(source: Source, place: int, end: int) -> Iterator[Box]:
    """Give the boxes one after the other.

    Raises:
        BrokenError: A box is smaller than its own head or reaches past `end`.
    """
    for _ in range(_MOST):
        # Some writers end a list of boxes with four zeros.
        if place + 8 > end:
            return
        head = source.exactly(place, 8)
        size, kind = number(head, 0, 4), head[4:]
        start = place + 8
        if size == 1:
            size = number(source.exactly(start, 8), 0, 8)
            start += 8
        elif size == 0:
            size = end - place
        if size < start - place or place + size > end:
            msg = f"a box of {size} bytes at {place} does not fit where it stands"
            raise BrokenError(msg)
        yield Box(kind, start, place + size)
        place += size
