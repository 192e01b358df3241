"""The words that a page of a PDF shows, as far as its fonts say what their glyphs mean."""

import re
from collections.abc import Iterator

import pikepdf

_LARGEST_STREAM = 256 << 10
_MOST_FORMS = 16
_MOST_PIECES = 4000
_OPERATION = re.compile(
    rb"/(?P<font>[^\s/\[\]()<>]+)\s+[-+.\d]+\s+Tf\b"
    rb"|/ActualText\s*(?:\((?P<actual>(?:[^()\\]|\\.)*)\)|<(?P<actual_hex>[0-9A-Fa-f\s]*)>)"
    rb"|\((?P<literal>(?:[^()\\]|\\.)*)\)"
    rb"|(?<!<)<(?P<hex>[0-9A-Fa-f\s]+)>(?!>)"
    rb"|\b(?P<end>ET|Td|TD|Tm|T\*)(?![\w*])",
    re.DOTALL,
)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|\r\n|.)", re.DOTALL)
_ESCAPED = {
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"b": b"\b",
    b"f": b"\f",
    b"\n": b"",
    b"\r\n": b"",
}
_SECTION = re.compile(rb"begin(bfchar|bfrange)(.*?)end\1", re.DOTALL)
_CODES = re.compile(rb"<([0-9A-Fa-f\s]*)>|\[([^\]]*)\]")
_WIDEST_RANGE = 4096

_Meanings = dict[bytes, str]


def pieces(page: pikepdf.Page) -> Iterator[str]:
    """Give the pieces of text a page is set from; marks are small forms, so those come first."""
    resources = page.obj.get("/Resources", pikepdf.Dictionary())
    forms = resources.get("/XObject", pikepdf.Dictionary())
    for name in list(forms.keys())[:_MOST_FORMS]:
        form = forms[name]
        if form.get("/Subtype") == "/Form" and _small(form):
            yield from _pieces(form.read_bytes(), form.get("/Resources", resources))
    contents = page.obj.get("/Contents", pikepdf.Array())
    streams = list(contents) if isinstance(contents, pikepdf.Array) else [contents]
    data = b"\n".join(stream.read_bytes() for stream in streams[:_MOST_FORMS] if _small(stream))
    yield from _pieces(data, resources)


def _small(stream: pikepdf.Object) -> bool:
    return int(stream.get("/Length", 0)) <= _LARGEST_STREAM


def _pieces(data: bytes, resources: pikepdf.Object) -> Iterator[str]:
    fonts: dict[bytes, tuple[_Meanings, int]] = {}
    font: tuple[_Meanings, int] = ({}, 1)
    words: list[str] = []
    given = 0
    for found in _OPERATION.finditer(data[: 4 * _LARGEST_STREAM]):
        kind = found.lastgroup or ""
        value = found[kind]
        if kind == "font":
            font = fonts[value] = fonts.get(value) or _font(value, resources)
        elif kind.startswith("actual"):
            yield _string(value, kind == "actual_hex").decode("utf-16", "replace")
        elif kind == "end":
            yield "".join(words)
            words.clear()
            given += 1
        else:
            words.append(_meaning(_string(value, kind == "hex"), *font))
        if given > _MOST_PIECES:
            break
    yield "".join(words)


def _string(value: bytes, is_hex: bool) -> bytes:  # noqa: FBT001 -- one of two notations
    if is_hex:
        digits = b"".join(value.split())
        return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())
    return _ESCAPE.sub(_unescaped, value)


def _unescaped(found: re.Match[bytes]) -> bytes:
    code = found[1]
    if code.isdigit():
        return bytes([int(code, 8) & 0xFF])
    return _ESCAPED.get(code, code)


def _meaning(codes: bytes, meanings: _Meanings, width: int) -> str:
    if not meanings:
        return codes.decode("latin-1")
    return "".join(
        meanings.get(codes[place : place + width], "") for place in range(0, len(codes), width)
    )


def _font(name: bytes, resources: pikepdf.Object) -> tuple[_Meanings, int]:
    font = resources.get("/Font", pikepdf.Dictionary()).get("/" + name.decode("latin-1"))
    table = font.get("/ToUnicode") if isinstance(font, pikepdf.Dictionary) else None
    if not isinstance(table, pikepdf.Stream) or not _small(table):
        return {}, 1
    meanings = _meanings(table.read_bytes()[:_LARGEST_STREAM])
    return meanings, max(map(len, meanings), default=1)


def _meanings(table: bytes) -> _Meanings:
    """Read a table of what codes mean."""
    meanings: _Meanings = {}
    for section in _SECTION.finditer(table):
        entries = [
            bytes.fromhex(b"".join(found[1].split()).decode()) if found[1] is not None else found[2]
            for found in _CODES.finditer(section[2])
        ]
        if section[1] == b"bfchar":
            for code, meaning in zip(entries[::2], entries[1::2], strict=False):
                meanings[code] = meaning.decode("utf-16-be", "replace")
        else:
            for first, last, meaning in zip(
                entries[::3], entries[1::3], entries[2::3], strict=False
            ):
                _range(first, last, meaning, meanings)
    return meanings


def _range(first: bytes, last: bytes, meaning: bytes, meanings: _Meanings) -> None:
    start, end = int.from_bytes(first, "big"), int.from_bytes(last, "big")
    listed = [
        bytes.fromhex(found[1].decode()) for found in re.finditer(rb"<([0-9A-Fa-f]+)>", meaning)
    ]
    for place in range(min(end - start + 1, _WIDEST_RANGE)):
        if listed:
            value = listed[min(place, len(listed) - 1)]
        else:
            value = meaning[:-2] + (int.from_bytes(meaning[-2:], "big") + place & 0xFFFF).to_bytes(
                2, "big"
            )
        meanings[(start + place).to_bytes(len(first), "big")] = value.decode("utf-16-be", "replace")
