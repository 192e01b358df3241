"""The implicit label in MP4, MOV and M4A: the `mdta` key `AIGC` in `moov/udta/meta`."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from typing_extensions import override

from labelling.errors import UnsupportedMediaError
from labelling.writers.base import Kind, Label
from labelling.writers.boxes import Box, Place, inner, load, move, places
from labelling.writers.payload import KEY, compact
from labelling.writers.splicing import Piece, Span, SplicingWriter, size_of

_MOST_KEYS = 100_000
_HANDLER = b"\0" * 8 + b"mdta" + b"\0" * 13
_UTF8 = b"\0\0\0\1" + b"\0" * 4
_KEY = b"mdta" + KEY.encode()
# What holds positions in the file, beside `moov`.
_INDEXES = frozenset({b"moof", b"mfra"})
# It counts the samples of a sound that has grown.
_GAPLESS = b"iTunSMPB"
_DESCRIPTIONS = frozenset({b"udta", b"meta"})


class Mp4LabelWriter(SplicingWriter):
    """Puts the label among the keys of the movie, and moves what is told by its place."""

    name = "mp4-aigc"
    kind = Kind.IMPLICIT

    @override
    def _splice(self, source: BinaryIO, label: Label) -> Iterable[Piece]:
        found = places(source)
        movie_at = _movie(found)
        movie = load(source, movie_at)
        _require_movable(source, found, movie)
        for meta in _metas(movie):
            _edit(meta, None)
        _edit(_home(movie), compact(label.aigc).encode())
        by = len(bytes(movie)) - movie_at.size
        move([movie], movie_at.start, by)
        yield Span(0, movie_at.start)
        yield bytes(movie)
        yield from _behind(source, found, movie_at, by)

    @override
    def _find(self, source: BinaryIO) -> str | None:
        movie = load(source, _movie(places(source)))
        values = (_value(meta) for meta in movie.all(b"udta", b"meta"))
        return next((value for value in values if value is not None), None)


def with_metadata_of(original: BinaryIO, made: BinaryIO) -> Iterator[Piece]:
    """Give a file made anew with the metadata of the one it was made from, box by box.

    Raises:
        UnsupportedMediaError: One of the files is broken.
    """
    kept = load(original, _movie(places(original))).children
    found = places(made)
    movie_at = _movie(found)
    movie = load(made, movie_at)
    _require_movable(made, found, movie)
    movie.children = [box for box in movie.children if box.kind not in _DESCRIPTIONS]
    movie.children += [box for box in kept if box.kind in _DESCRIPTIONS]
    for meta in _metas(movie):
        _drop_freeform(meta, _GAPLESS)
    by = len(bytes(movie)) - movie_at.size
    move([movie], movie_at.start, by)
    yield Span(0, movie_at.start)
    yield bytes(movie)
    yield from _behind(made, found, movie_at, by)


def _movie(found: list[Place]) -> Place:
    movies = [place for place in found if place.kind == b"moov"]
    if len(movies) != 1:
        msg = f"the file has {len(movies)} movie boxes instead of one"
        raise UnsupportedMediaError(msg)
    return movies[0]


def _require_movable(source: BinaryIO, found: list[Place], movie: Box) -> None:
    """Refuse what holds positions in forms that are not known here."""
    compressed = any(movie.all(b"cmov"))
    items = any(any(load(source, place).all(b"iloc")) for place in found if place.kind == b"meta")
    if compressed or items or any(box.kind == b"saio" for box in movie.walk()):
        msg = "the file has a compressed movie box, items or encryption, and cannot be labelled"
        raise UnsupportedMediaError(msg)


def _behind(source: BinaryIO, found: list[Place], movie: Place, by: int) -> Iterator[Piece]:
    at = movie.end
    for place in found:
        if place.kind in _INDEXES and by and place.end > at:
            index = load(source, place)
            move([index], movie.start, by)
            yield Span(at, place.start - at)
            yield bytes(index)
            at = place.end
    yield Span(at, size_of(source) - at)


def _metas(movie: Box) -> list[Box]:
    return [box for box in movie.walk() if box.kind == b"meta"]


def _home(movie: Box) -> Box:
    """Give the `meta` of keys in the movie's `udta`; one of iTunes stays beside it."""
    for meta in movie.all(b"udta", b"meta"):
        if _has_keys(meta):
            return meta
    made = Box(
        b"meta",
        bytes(4),
        [Box(b"hdlr", _HANDLER), Box(b"keys", bytes(8)), Box(b"ilst")],
    )
    users = next(movie.all(b"udta"), None)
    if users is None:
        users = Box(b"udta")
        movie.children.append(users)
    users.children.append(made)
    return made


def _has_keys(meta: Box) -> bool:
    handlers = [handler.body[8:12] for handler in meta.all(b"hdlr")]
    return handlers == [b"mdta"] and any(meta.all(b"keys")) and any(meta.all(b"ilst"))


def _edit(meta: Box, value: bytes | None) -> None:
    """Take what was the label out of a `meta`, and put this one in."""
    if not _has_keys(meta):
        _drop_freeform(meta, KEY.encode())
        return
    keys, items = next(meta.all(b"keys")), next(meta.all(b"ilst"))
    pairs = [pair for pair in _pairs(keys, items) if pair[0] != _KEY]
    if value is not None:
        pairs.append((_KEY, [Box(b"", bytes(Box(b"data", _UTF8 + value)))]))
    names = [(4 + len(key)).to_bytes(4, "big") + key for key, _ in pairs]
    keys.body = bytes(4) + len(pairs).to_bytes(4, "big") + b"".join(names)
    items.body = b"".join(
        bytes(Box(number.to_bytes(4, "big"), item.body))
        for number, (_, stored) in enumerate(pairs, start=1)
        for item in stored
    )


def _pairs(keys: Box, items: Box) -> list[tuple[bytes, list[Box]]]:
    """Give each key, namespace before its name, with the items that belong to it."""
    names: list[bytes] = []
    at = 8
    while at + 8 <= len(keys.body) and len(names) < _MOST_KEYS:
        size = int.from_bytes(keys.body[at : at + 4], "big")
        if size < 8 or at + size > len(keys.body):  # noqa: PLR2004 - a size and a namespace
            msg = "the keys of the movie are broken"
            raise UnsupportedMediaError(msg)
        names.append(keys.body[at + 4 : at + size])
        at += size
    stored: dict[int, list[Box]] = {}
    for item in inner(items.body):
        stored.setdefault(int.from_bytes(item.kind, "big"), []).append(item)
    return [(name, stored.get(number, [])) for number, name in enumerate(names, start=1)]


def _value(meta: Box) -> str | None:
    if not _has_keys(meta):
        return None
    for key, items in _pairs(next(meta.all(b"keys")), next(meta.all(b"ilst"))):
        data = [data for item in items for data in inner(item.body) if data.kind == b"data"]
        if key == _KEY and data:
            return data[0].body[8:].decode(errors="replace")
    return None


def _drop_freeform(meta: Box, name: bytes) -> None:
    """Take out what iTunes' own form of metadata holds under a name."""
    for items in () if _has_keys(meta) else meta.all(b"ilst"):
        kept = [item for item in inner(items.body) if not _is_freeform(item, name)]
        items.body = b"".join(map(bytes, kept))


def _is_freeform(item: Box, name: bytes) -> bool:
    return item.kind == b"----" and any(
        box.kind == b"name" and box.body[4:] == name for box in inner(item.body)
    )
