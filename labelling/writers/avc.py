"""The parameter sets of H.264, so that two encodings can stand in one stream."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from labelling.errors import UnsupportedMediaError

_IDR, _SEQUENCE, _PICTURE = 5, 7, 8
_VERSION_1 = 1
_LARGEST_ID = 31
_SMALLEST_SEQUENCE = 4


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a container keeps of an H.264 stream: `avcC`."""

    profile: int
    compatibility: int
    level: int
    length_width: int
    """The bytes of the size before every unit."""
    sequences: tuple[bytes, ...]
    pictures: tuple[bytes, ...]
    tail: bytes = b""

    @classmethod
    def parse(cls, content: bytes) -> Self | None:
        """Read one; None where the parameter sets stand in the stream instead.

        Raises:
            UnsupportedMediaError: It is broken.
        """
        if len(content) < 7 or content[0] != _VERSION_1:  # noqa: PLR2004
            return None
        sequences, at = _sets(content, 6, content[5] & 31)
        pictures, at = _sets(content, at + 1, content[at] if at < len(content) else 0)
        if not sequences or not pictures:
            return None
        profile, compatibility, level = content[1:4]
        width = (content[4] & 3) + 1
        return cls(profile, compatibility, level, width, sequences, pictures, content[at:])

    def with_sets(self, extra: Sequence[bytes]) -> Self:
        """Give the configuration with the parameter sets of another encoding beside its own."""
        sequences = [unit for unit in extra if _kind(unit) == _SEQUENCE]
        pictures = [unit for unit in extra if _kind(unit) == _PICTURE]
        return type(self)(
            profile=max(self.profile, *(unit[1] for unit in sequences)),
            compatibility=self.compatibility & sequences[0][2],
            level=max(self.level, *(unit[3] for unit in sequences)),
            length_width=self.length_width,
            sequences=(*self.sequences, *sequences),
            pictures=(*self.pictures, *pictures),
            tail=self.tail,
        )

    def __bytes__(self) -> bytes:
        """Give it as it is stored."""
        head = bytes([_VERSION_1, self.profile, self.compatibility, self.level])
        counts = bytes([0xFC | self.length_width - 1, 0xE0 | len(self.sequences)])
        sets = b"".join(len(unit).to_bytes(2, "big") + unit for unit in self.sequences)
        more = b"".join(len(unit).to_bytes(2, "big") + unit for unit in self.pictures)
        return head + counts + sets + bytes([len(self.pictures)]) + more + self.tail

    def free_id(self) -> int:
        """Give a number that none of the parameter sets has.

        Raises:
            UnsupportedMediaError: There is none left.
        """
        used = {_first_number(unit[4:]) for unit in self.sequences}
        used |= {_first_number(unit[1:]) for unit in self.pictures}
        free = next((number for number in range(1, _LARGEST_ID + 1) if number not in used), None)
        if free is None:
            msg = "the video uses every number of parameter sets there is"
            raise UnsupportedMediaError(msg)
        return free


def units(stream: bytes) -> list[bytes]:
    """Give the units of a stream in which start codes keep them apart."""
    parts = stream.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")
    return [part for part in parts[1:] if part]


def prefixed(stream: bytes, width: int) -> bytes:
    """Give the units with their sizes before them, and without parameter sets."""
    kept = [unit for unit in units(stream) if _kind(unit) not in (_SEQUENCE, _PICTURE)]
    return b"".join(len(unit).to_bytes(width, "big") + unit for unit in kept)


def begins_anew(packet: bytes, width: int) -> bool:
    """Tell whether a packet can be decoded, and all after it, without any before it."""
    at = 0
    while at + width < len(packet):
        if packet[at + width] & 31 == _IDR:
            return True
        at += width + int.from_bytes(packet[at : at + width], "big")
    return False


def _sets(content: bytes, at: int, count: int) -> tuple[tuple[bytes, ...], int]:
    found = []
    for _ in range(count):
        end = at + 2 + int.from_bytes(content[at : at + 2], "big")
        if end > len(content) or end < at + 2 + _SMALLEST_SEQUENCE:
            msg = "the parameter sets of the video are broken"
            raise UnsupportedMediaError(msg)
        found.append(content[at + 2 : end])
        at = end
    return tuple(found), at


def _kind(unit: bytes) -> int:
    return unit[0] & 31


def _first_number(content: bytes) -> int:
    """Read a number in the code of Exp-Golomb at the start of some bytes."""
    bits = "".join(f"{byte:08b}" for byte in content[:8])
    zeros = len(bits) - len(bits.lstrip("0"))
    return int(bits[zeros : 2 * zeros + 1] or "1", 2) - 1
