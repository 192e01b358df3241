"""Zip archives changed member by member: what is not replaced is copied byte for byte.

Small on purpose: one disk, no ZIP64, no encryption, members stored or deflated. The standard
library's writer would compress every member again, and so change bytes that nobody touched.
"""

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from labelling.writers.refusal import refuse

MOST_MEMBERS = 10_000
MOST_MEMBER_BYTES = 64 * 1024 * 1024
"""Of one member that is read, unpacked; the others are never unpacked."""

_END = struct.Struct("<4s4H2LH")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_LONGEST_COMMENT = 0xFFFF
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _DESCRIPTOR, _UTF8 = 0x1, 0x8, 0x800
_ZIP64 = 0xFFFFFFFF
# The first moment that a zip can tell: a date of ours would make equal inputs unequal.
_TIME, _DATE = 0, 0x21
_VERSION = 20


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    flags: int
    method: int
    time: int
    date: int
    crc: int
    packed: int
    size: int
    start: int
    end: int
    """Where the next member begins: descriptors and padding belong to the member before."""
    central: bytes


class Archive:
    """The members of one zip file."""

    def __init__(self, content: bytes) -> None:
        """Read the directory, and nothing else.

        Raises:
            UnsupportedMediaError: It is no whole zip file, or of a kind that is not handled.
        """
        self._content = content
        try:
            self._members = _members(content)
        except (struct.error, UnicodeDecodeError, IndexError) as error:
            refuse("its directory cannot be read", error)
        self._by_name = {member.name: member for member in self._members}
        if len(self._by_name) != len(self._members):
            refuse("two members have one name")

    @property
    def names(self) -> tuple[str, ...]:
        """The members' names, in the order of the directory."""
        return tuple(self._by_name)

    def read(self, name: str) -> bytes:
        """Unpack a member.

        Raises:
            UnsupportedMediaError: It is missing, too large, damaged or encrypted.
        """
        member = self._by_name.get(name)
        if member is None:
            refuse(f"{name!r} is missing")
        if member.flags & _ENCRYPTED:
            refuse("its members are encrypted; label it before it is encrypted")
        content = self._unpacked(member)
        if len(content) != member.size or zlib.crc32(content) != member.crc:
            refuse(f"{name!r} is damaged")
        return content

    def _unpacked(self, member: _Member) -> bytes:
        if member.size > MOST_MEMBER_BYTES:
            refuse(f"{member.name!r} has more than {MOST_MEMBER_BYTES} bytes")
        *_, name, extra = _LOCAL.unpack_from(self._content, member.start)
        start = member.start + _LOCAL.size + name + extra
        packed = self._content[start : start + member.packed]
        if member.method == _STORED:
            return packed
        if member.method != _DEFLATED:
            refuse(f"{member.name!r} is packed in a way that is not handled")
        try:
            # One byte more than announced: a bomb shows by the length, and never unpacks.
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, member.size + 1)
        except zlib.error as error:
            refuse(f"{member.name!r} is damaged", error)

    def replaced(self, changes: Mapping[str, bytes]) -> bytes:
        """Give the archive with members replaced in their place, and new ones after the rest."""
        pieces: list[bytes] = []
        directory: list[bytes] = []
        at = 0
        for member in sorted(self._members, key=lambda member: member.start):
            changed = changes.get(member.name)
            if changed is None:
                local, central = self._content[member.start : member.end], member.central
            else:
                local, central = _packed(member.name, changed, like=member)
            pieces.append(local)
            directory.append(_moved(central, at))
            at += len(local)
        for name, content in changes.items():
            if name not in self._by_name:
                local, central = _packed(name, content, like=None)
                pieces.append(local)
                directory.append(_moved(central, at))
                at += len(local)
        entries = b"".join(directory)
        count = len(directory)
        end = _END.pack(b"PK\5\6", 0, 0, count, count, len(entries), at, 0)
        return b"".join((*pieces, entries, end))


def _members(content: bytes) -> list[_Member]:
    end = content.rfind(b"PK\5\6", max(0, len(content) - _END.size - _LONGEST_COMMENT))
    if end < 0:
        refuse("its end is cut off" if content.startswith(b"PK") else "it is no zip archive")
    _, disk, first_disk, _, count, size, offset, _ = _END.unpack_from(content, end)
    if disk or first_disk or offset == _ZIP64:
        refuse("it is spread over disks or uses ZIP64")
    if count > MOST_MEMBERS:
        refuse(f"it has more than {MOST_MEMBERS} members")
    if offset + size > end:
        refuse("its directory lies outside of it")
    entries = []
    at = offset
    for _ in range(count):
        fields = _CENTRAL.unpack_from(content, at)
        length = _CENTRAL.size + sum(fields[10:13])
        entries.append((fields, content[at : at + length]))
        at += length
    starts = [*sorted({fields[16] for fields, _ in entries}), offset]
    following = dict(pairwise(starts))
    return [_member(content, fields, raw, following) for fields, raw in entries]


def _member(
    content: bytes, fields: tuple[int, ...], raw: bytes, following: Mapping[int, int]
) -> _Member:
    _, _, _, flags, method, time, date, crc, packed, size, *_ = fields
    start = fields[16]
    local = _LOCAL.unpack_from(content, start)
    name_bytes = raw[_CENTRAL.size : _CENTRAL.size + fields[10]]
    begin = start + _LOCAL.size
    if raw[:4] != b"PK\1\2" or local[0] != b"PK\3\4":
        refuse("its directory does not fit its members")
    if content[begin : begin + local[9]] != name_bytes:
        refuse("a member has two names")
    # Members that share bytes are how a small file unpacks to petabytes.
    if begin + local[9] + local[10] + packed > following[start]:
        refuse("its members overlap")
    name = name_bytes.decode("utf-8" if flags & _UTF8 else "cp437")
    return _Member(name, flags, method, time, date, crc, packed, size, start, following[start], raw)


def _packed(name: str, content: bytes, *, like: _Member | None) -> tuple[bytes, bytes]:
    method = like.method if like else _DEFLATED
    time, date = (like.time, like.date) if like else (_TIME, _DATE)
    data = content
    if method == _DEFLATED:
        packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        data = packer.compress(content) + packer.flush()
    flags = like.flags & _UTF8 if like else 0
    raw_name = name.encode("utf-8" if flags else "cp437")
    crc = zlib.crc32(content)
    about = (flags, method, time, date, crc, len(data), len(content), len(raw_name))
    local = _LOCAL.pack(b"PK\3\4", _VERSION, *about, 0)
    attributes = _CENTRAL.unpack_from(like.central)[15] if like else 0
    central = _CENTRAL.pack(b"PK\1\2", _VERSION, _VERSION, *about, 0, 0, 0, 0, attributes, 0)
    return local + raw_name + data, central + raw_name


def _moved(central: bytes, start: int) -> bytes:
    place = _CENTRAL.size - 4
    return central[:place] + struct.pack("<L", start) + central[place + 4 :]
