"""ZIP files, as far as documents need them: a bounded directory, bounded members."""

from dataclasses import dataclass

from labelling.reading.source import BrokenError, Source, inflated, number

_MOST_MEMBERS = 4096
_LARGEST_DIRECTORY = 1 << 20
_END = b"PK\x05\x06"
_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 1


@dataclass(frozen=True, slots=True)
class _Member:
    method: int
    flags: int
    packed: int
    place: int


class Archive:
    """The members of a ZIP file by name; only those asked for are unpacked."""

    def __init__(self, source: Source) -> None:
        """Read the directory.

        Raises:
            BrokenError: There is none, or it is larger than any document's.
        """
        self._source = source
        tail_start = max(0, source.size - 65_557)
        tail = source.at(tail_start, source.size - tail_start)
        end = tail.rfind(_END)
        if end < 0 or len(tail) < end + 22:
            msg = "the archive has no directory"
            raise BrokenError(msg)
        count, length = number(tail, end + 10, 2, "little"), number(tail, end + 12, 4, "little")
        if count > _MOST_MEMBERS or length > _LARGEST_DIRECTORY:
            msg = f"an archive of {count} members is no document"
            raise BrokenError(msg)
        # Found from its end, so that bytes in front of the archive do not matter.
        start = tail_start + end - length
        stated = number(tail, end + 16, 4, "little")
        self._shift = start - stated
        self.tail = tail[end + 22 + number(tail, end + 20, 2, "little") :]
        self._members = self._directory(source.exactly(start, length), count)

    def _directory(self, data: bytes, count: int) -> dict[str, _Member]:
        members: dict[str, _Member] = {}
        place = 0
        for _ in range(count):
            if data[place : place + 4] != b"PK\x01\x02":
                msg = "the archive's directory is damaged"
                raise BrokenError(msg)
            fields = [number(data, place + offset, 2, "little") for offset in (8, 10, 28, 30, 32)]
            name = data[place + 46 : place + 46 + fields[2]].decode("utf-8", "replace")
            members[name] = _Member(
                method=fields[1],
                flags=fields[0],
                packed=number(data, place + 20, 4, "little"),
                place=number(data, place + 42, 4, "little") + self._shift,
            )
            place += 46 + sum(fields[2:])
        return members

    @property
    def names(self) -> list[str]:
        """The members' names in the directory's order."""
        return list(self._members)

    def read(self, name: str, largest: int) -> bytes | None:
        """Unpack a member; None where there is none of that name.

        Raises:
            BrokenError: It is damaged, encrypted, packed in another way, or too large.
        """
        member = self._members.get(name)
        if member is None:
            return None
        head = self._source.exactly(member.place, 30)
        if head[:4] != b"PK\x03\x04" or member.flags & _ENCRYPTED:
            msg = f"member {name!r} is damaged or encrypted"
            raise BrokenError(msg)
        start = member.place + 30 + number(head, 26, 2, "little") + number(head, 28, 2, "little")
        data = self._source.exactly(start, min(member.packed, largest))
        if member.method == _STORED:
            return data
        if member.method != _DEFLATED:
            msg = f"member {name!r} is packed by method {member.method}"
            raise BrokenError(msg)
        return inflated(data, raw=True, largest=largest)
