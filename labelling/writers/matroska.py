"""The implicit label in MKV and WebM: the `SimpleTag` `AIGC` of a tag for the whole file."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from typing_extensions import override

from labelling.errors import UnsupportedMediaError
from labelling.writers import ebml
from labelling.writers.base import Kind, Label
from labelling.writers.payload import KEY, compact
from labelling.writers.splicing import Piece, Span, SplicingWriter, size_of, take

_HEADER, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
_SEEK_HEAD, _SEEK, _SEEK_POSITION = b"\x11\x4d\x9b\x74", b"\x4d\xbb", b"\x53\xac"
_CUES, _CUE_POINT, _CUE_TRACK, _CUE_CLUSTER = b"\x1c\x53\xbb\x6b", b"\xbb", b"\xb7", b"\xf1"
_CLUSTER, _CLUSTER_POSITION = b"\x1f\x43\xb6\x75", b"\xa7"
_TAGS, _TAG, _TARGETS = b"\x12\x54\xc3\x67", b"\x73\x73", b"\x63\xc0"
_SIMPLE, _NAME, _STRING = b"\x67\xc8", b"\x45\xa3", b"\x44\x87"
# Masters on the way to a position that counts from the start of the segment.
_ON_THE_WAY = frozenset({_SEEK, _CUE_POINT, _CUE_TRACK})
_POSITIONS = frozenset({_SEEK_POSITION, _CUE_CLUSTER})
_INDEXES = frozenset({_SEEK_HEAD, _CUES})

_LARGEST_IN_MEMORY = 64 << 20
_MOST_ELEMENTS = 100_000
_CLUSTER_BEGINNING = 64
_POSITION_WIDTH = 8

_Moves = Mapping[int, int]


@dataclass(frozen=True, slots=True)
class _File:
    segment: ebml.Place
    end: int
    """Of the segment."""
    elements: tuple[ebml.Place, ...]
    """Those right below the segment, up to the first of unknown size."""

    def named(self, name: bytes) -> list[ebml.Place]:
        return [place for place in self.elements if place.name == name]


class MatroskaLabelWriter(SplicingWriter):
    """Puts the label into a tag before the first cluster, and moves what is told by its place."""

    name = "matroska-aigc"
    kind = Kind.IMPLICIT

    @override
    def _splice(self, source: BinaryIO, label: Label) -> Iterable[Piece]:
        file = _file(source)
        tag = _tag(compact(label.aigc))
        # Positions have a fixed width, so that a first round tells where everything will stand.
        sizes = [_size(pieces) for pieces in _laid_out(source, file, tag, {})]
        moves: dict[int, int] = {}
        new = 0
        for place, size in zip(file.elements, sizes[:-1], strict=True):
            # What is put before an element does not belong to it: it is part of its size here.
            kept = _kept_size(place, file.end)
            begins = new + size - kept if place.name == _CLUSTER else new
            moves[place.start - file.segment.content] = begins
            new += size
        pieces = [piece for laid in _laid_out(source, file, tag, moves) for piece in laid]
        yield Span(0, file.segment.start)
        unknown = file.segment.end is None
        yield _SEGMENT
        yield ebml.UNKNOWN if unknown else ebml.sized(_size(pieces))
        yield from pieces
        yield Span(file.end, size_of(source) - file.end)

    @override
    def _find(self, source: BinaryIO) -> str | None:
        for place in _file(source).named(_TAGS):
            for name, tag in ebml.children(ebml.read(source, place, _LARGEST_IN_MEMORY)):
                values = _values(tag) if name == _TAG else []
                if values:
                    return values[0]
        return None


def _file(source: BinaryIO) -> _File:
    end = size_of(source)
    header = ebml.place(source, 0, end)
    if header.name != _HEADER or header.end is None:
        msg = "the file is not Matroska"
        raise UnsupportedMediaError(msg)
    segment = ebml.place(source, header.end, end)
    if segment.name != _SEGMENT:
        msg = "the Matroska file has no segment behind its header"
        raise UnsupportedMediaError(msg)
    limit = end if segment.end is None else segment.end
    return _File(segment, limit, tuple(_elements(source, segment.content, limit)))


def _elements(source: BinaryIO, start: int, limit: int) -> Iterator[ebml.Place]:
    at = start
    for _ in range(_MOST_ELEMENTS):
        if at >= limit:
            return
        place = ebml.place(source, at, limit)
        yield place
        if place.end is None:
            return
        at = place.end
    msg = f"the Matroska file has more than {_MOST_ELEMENTS} elements"
    raise UnsupportedMediaError(msg)


def _kept_size(place: ebml.Place, limit: int) -> int:
    return (limit if place.end is None else place.end) - place.start


def _laid_out(
    source: BinaryIO, file: _File, tag: bytes, moves: _Moves
) -> Iterator[Sequence[Piece]]:
    """Give what every element becomes, and last what stands behind all of them."""
    due: bytes | None = tag
    for place in file.elements:
        if place.name == _TAGS:
            yield [_tags(source, place, due or b"")]
            due = None
        elif place.name == _CLUSTER:
            # A reader that meets a cluster looks no further: the tag comes before.
            late = due if due and not file.named(_TAGS) else None
            cluster = list(_cluster(source, place, file, moves))
            yield [ebml.element(_TAGS, late), *cluster] if late else cluster
            due = None if late else due
        else:
            yield [_other(source, place, file, moves)]
    yield [ebml.element(_TAGS, due)] if due else []


def _other(source: BinaryIO, place: ebml.Place, file: _File, moves: _Moves) -> Piece:
    if place.name in _INDEXES:
        old = ebml.read(source, place, _LARGEST_IN_MEMORY)
        return ebml.element(place.name, _index(old, moves))
    if place.name == ebml.CHECKSUM:
        return ebml.void(_kept_size(place, file.end))
    return Span(place.start, _kept_size(place, file.end))


def _index(content: bytes, moves: _Moves) -> bytes:
    """Give an index with its positions moved, and without its checksum, which would not hold."""
    made = []
    for name, inner in ebml.children(content):
        if name in _ON_THE_WAY:
            made.append(ebml.element(name, _index(inner, moves)))
        elif name in _POSITIONS:
            old = int.from_bytes(inner, "big")
            position = moves.get(old, old).to_bytes(_POSITION_WIDTH, "big")
            made.append(ebml.element(name, position))
        elif name != ebml.CHECKSUM:
            made.append(ebml.element(name, inner))
    return b"".join(made)


def _cluster(source: BinaryIO, place: ebml.Place, file: _File, moves: _Moves) -> Iterator[Piece]:
    """Give a cluster; where it tells its own place, nothing does so instead."""
    size = _kept_size(place, file.end)
    head = take(source, place.start, min(size, _CLUSTER_BEGINNING))
    at = place.content - place.start
    patched = head[:at]
    while at < len(head) and head[at : at + 1] in (b"\xe7", b"\xab", b"\xbf", _CLUSTER_POSITION):
        end = at + 2 + (head[at + 1] & 0x7F if at + 1 < len(head) else len(head))
        if end > len(head):
            break
        told = head[at : at + 1] in (ebml.CHECKSUM, _CLUSTER_POSITION)
        patched += ebml.void(end - at) if told else head[at:end]
        at = end
    yield patched
    yield Span(place.start + at, size - at)


def _tag(value: str) -> bytes:
    pair = ebml.element(_NAME, KEY.encode()) + ebml.element(_STRING, value.encode())
    return ebml.element(_TAG, ebml.element(_TARGETS, b"") + ebml.element(_SIMPLE, pair))


def _tags(source: BinaryIO, place: ebml.Place, tag: bytes) -> bytes:
    """Give the tags with this one behind them, and without what was the label."""
    made = []
    for name, content in ebml.children(ebml.read(source, place, _LARGEST_IN_MEMORY)):
        if name == _TAG and _values(content):
            kept = [
                (below, inner)
                for below, inner in ebml.children(content)
                if below != _SIMPLE or _label(inner) is None
            ]
            if any(below == _SIMPLE for below, _ in kept):
                made.append(ebml.element(_TAG, b"".join(ebml.element(*pair) for pair in kept)))
        elif name != ebml.CHECKSUM:
            made.append(ebml.element(name, content))
    return ebml.element(_TAGS, b"".join(made) + tag)


def _values(tag: bytes) -> list[str]:
    found = [_label(inner) for name, inner in ebml.children(tag) if name == _SIMPLE]
    return [value for value in found if value is not None]


def _label(simple: bytes) -> str | None:
    fields = dict(ebml.children(simple))
    if fields.get(_NAME, b"").rstrip(b"\0").upper() != KEY.encode():
        return None
    return fields.get(_STRING, b"").rstrip(b"\0").decode(errors="replace")


def _size(pieces: Iterable[Piece]) -> int:
    return sum(piece.size if isinstance(piece, Span) else len(piece) for piece in pieces)
