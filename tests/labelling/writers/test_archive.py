"""Zip archives changed member by member."""

import struct
import zipfile
import zlib
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from labelling.errors import LabellingError, UnsupportedMediaError
from labelling.writers import archive as module
from labelling.writers.archive import Archive
from tests.labelling.writers.documents import archive, members, raw_members

SAMPLE: dict[str, str | bytes] = {"a.txt": "一" * 100, "b/c.bin": bytes(range(256)), "d": ""}


def streamed() -> bytes:
    """Make an archive whose sizes stand behind the members, as programs that stream write it."""

    class Unseekable(BytesIO):
        @override
        def seekable(self) -> bool:
            return False

        @override
        def seek(self, offset: int, whence: int = 0) -> int:
            raise OSError

    made = Unseekable()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("a.txt", b"streamed" * 50)
        target.writestr("b.txt", b"other")
    return made.getvalue()


def test_what_is_not_replaced_keeps_its_bytes_and_its_place() -> None:
    before = archive(SAMPLE)

    after = Archive(before).replaced({"b/c.bin": b"new", "e/f": b"added"})

    assert members(after) == {
        "a.txt": "一".encode() * 100,
        "b/c.bin": b"new",
        "d": b"",
        "e/f": b"added",
    }
    kept_before, kept_after = raw_members(before), raw_members(after)
    assert kept_after["a.txt"] == kept_before["a.txt"]
    assert kept_after["d"] == kept_before["d"]


def test_a_stored_member_stays_stored() -> None:
    before = archive({"mimetype": "a", "b": "b"}, stored=("mimetype",))

    after = Archive(before).replaced({"mimetype": b"changed", "b": b"b" * 99})

    assert Archive(after).read("mimetype") == b"changed"
    with zipfile.ZipFile(BytesIO(after)) as source:
        assert [info.compress_type for info in source.infolist()] == [0, 8]


def test_sizes_behind_the_members_are_kept_and_read() -> None:
    before = streamed()

    after = Archive(before).replaced({"b.txt": b"new"})

    assert Archive(before).read("a.txt") == b"streamed" * 50
    assert members(after) == {"a.txt": b"streamed" * 50, "b.txt": b"new"}


def test_a_comment_behind_the_directory_is_no_obstacle() -> None:
    made = BytesIO(archive(SAMPLE))
    with zipfile.ZipFile(made, "a") as target:
        target.comment = b"remark"

    assert Archive(made.getvalue()).names == tuple(SAMPLE)


@given(st.dictionaries(st.text("abc/测试", min_size=1, max_size=8), st.binary(max_size=200)))
def test_all_members_are_read_as_they_were_written(contents: dict[str, bytes]) -> None:
    found = Archive(archive(contents))

    assert {name: found.read(name) for name in found.names} == contents
    assert members(found.replaced(contents)) == contents


@given(st.integers(min_value=0), st.integers(min_value=0, max_value=255))
def test_no_changed_byte_makes_more_than_an_error_of_ours(place: int, byte: int) -> None:
    whole = bytearray(archive(SAMPLE))
    whole[place % len(whole)] = byte

    try:
        found = Archive(bytes(whole))
        contents = {name: found.read(name) for name in found.names}
        found.replaced(contents)
    except LabellingError:
        return

    assert sum(len(content) for content in contents.values()) <= len(whole) * 1100


@given(st.integers(min_value=0))
def test_no_truncation_makes_more_than_an_error_of_ours(length: int) -> None:
    whole = archive(SAMPLE)

    with pytest.raises(UnsupportedMediaError):
        Archive(whole[: length % len(whole)])


def patched(content: bytes, signature: bytes, offset: int, value: bytes) -> bytes:
    at = content.index(signature) + offset
    return content[:at] + value + content[at + len(value) :]


@pytest.mark.parametrize(
    ("signature", "offset", "value", "why"),
    [
        (b"PK\5\6", 4, b"\1\0", "spread over disks"),
        (b"PK\5\6", 16, b"\xff\xff\xff\xff", "ZIP64"),
        (b"PK\5\6", 10, b"\xff\xff", "more than 10000 members"),
        (b"PK\5\6", 12, b"\xff\xff\0\0", "outside of it"),
        (b"PK\5\6", 10, b"\5\0", "does not fit its members|cannot be read"),
        (b"PK\1\2", 0, b"PK\7\7", "does not fit its members"),
        (b"PK\3\4", 30, b"z", "a member has two names"),
        (b"PK\1\2", 20, b"\xff\xff\0\0", "members overlap"),
        (b"PK\1\2", 8, b"\1\0", "encrypted"),
        (b"PK\1\2", 10, b"\x0c\0", "packed in a way"),
        (b"PK\1\2", 16, b"\1\2\3\4", "damaged"),
        (b"PK\1\2", 24, b"\1\0\0\0", "damaged"),
        (b"PK\1\2", 24, b"\xff\xff\xff\x7f", "more than"),
        (b"PK\3\4", 35, b"\xff\xff\xff", "damaged"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(
    signature: bytes, offset: int, value: bytes, why: str
) -> None:
    broken = patched(archive(SAMPLE), signature, offset, value)

    with pytest.raises(UnsupportedMediaError, match=why):
        Archive(broken).read("a.txt")


def test_two_members_of_one_name_are_refused() -> None:
    doubled = archive({"a": "1", "b": "2"}).replace(b"b", b"a")

    with pytest.raises(UnsupportedMediaError, match="two members have one name"):
        Archive(doubled)


def test_a_missing_member_is_named() -> None:
    with pytest.raises(UnsupportedMediaError, match="'word' is missing"):
        Archive(archive(SAMPLE)).read("word")


@pytest.mark.parametrize("content", [b"", b"PK", b"no archive at all"])
def test_what_is_no_archive_is_refused(content: bytes) -> None:
    with pytest.raises(UnsupportedMediaError, match=r"no zip archive|cut off"):
        Archive(content)


def test_a_bomb_is_not_unpacked() -> None:
    # It unpacks to a thousand times what it says, and is refused at the first byte too many.
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(bytes(10_000_000)) + packer.flush()
    bomb = archive({"a": b"x" * len(packed)}, stored=("a",)).replace(b"x" * len(packed), packed)
    bomb = patched(bomb, b"PK\1\2", 10, b"\x08\0")
    bomb = patched(bomb, b"PK\1\2", 24, struct.pack("<L", 10))

    with pytest.raises(UnsupportedMediaError, match="damaged"):
        Archive(bomb).read("a")
    assert module.MOST_MEMBER_BYTES < 100 * 1024 * 1024
