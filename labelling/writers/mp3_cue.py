"""The explicit label in MP3: whole frames before the others."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from typing_extensions import override

from labelling.errors import UnsupportedMediaError
from labelling.wording import NOTICE
from labelling.writers import id3
from labelling.writers.base import Kind, Label
from labelling.writers.crc import crc16_arc, crc16_arc_joined
from labelling.writers.cue import Encoded, Encoding, encoded
from labelling.writers.splicing import Piece, Span, SplicingWriter, size_of

_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_MPEG1 = 3
_LAYER3 = 1
_MONO = 3
_BIT_RATES = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_FRAMES, _BYTES, _TABLE = 1, 2, 4
_TABLE_SIZE = 100
_SEARCHED = 1 << 16
_CLEAR_BIT_RATE = 64
"""In kbit/s: below it a variable stream would not give the tone clearly."""


@dataclass(frozen=True, slots=True)
class _Frame:
    start: int
    size: int
    mpeg: int
    rate: int
    bit_rate: int
    """In kbit/s."""
    channels: int

    @property
    def side_info(self) -> int:
        """The size of what stands between the header and the sound, or the Xing header."""
        if self.mpeg == _MPEG1:
            return 17 if self.channels == 1 else 32
        return 9 if self.channels == 1 else 17


class Mp3CueWriter(SplicingWriter):
    """Puts the rhythm of `AI`, and the spoken notice where there is one, before the sound."""

    name = "mp3-rhythm"
    kind = Kind.EXPLICIT

    def __init__(self, speech: bytes | None = None) -> None:
        """`speech` is a sound file that says the notice."""
        self._speech = speech

    @override
    def _splice(self, source: BinaryIO, label: Label) -> Iterable[Piece]:
        index, first = _beginning(source)
        made = self._sound(index, first)
        added = made.whole
        end = size_of(source)
        if _begins(source, first, added):
            return [Span(0, end)]
        head = Span(0, index.start)
        if index is first:
            return [head, added, Span(first.start, end - first.start)]
        source.seek(index.start)
        old = source.read(index.size)
        new = _longer(old, index, len(made.packets), len(added), crc16_arc(added))
        return [head, new, added, Span(first.start, end - first.start)]

    @override
    def _find(self, source: BinaryIO) -> str | None:
        index, first = _beginning(source)
        return NOTICE if _begins(source, first, self._sound(index, first).whole) else None

    def _sound(self, index: _Frame, first: _Frame) -> Encoded:
        # A stream without an index has one bit rate, which must stay one.
        bit_rate = first.bit_rate if index is first else max(first.bit_rate, _CLEAR_BIT_RATE)
        # Without the reservoir the last frame leaves nothing for the first one of the stream.
        options = (("reservoir", "0"),)
        how = Encoding(
            "libmp3lame", first.rate, first.channels, bit_rate=1000 * bit_rate, options=options
        )
        return encoded(how, self._speech)


def _begins(source: BinaryIO, first: _Frame, added: bytes) -> bool:
    source.seek(first.start)
    return source.read(len(added)) == added


def _beginning(source: BinaryIO) -> tuple[_Frame, _Frame]:
    """Give the frame that holds an index, and the first of sound; the same where there is none."""
    tags = list(id3.tags(source))
    start = tags[-1].end if tags else 0
    source.seek(start)
    window = source.read(_SEARCHED)
    for at in range(len(window) - 4):
        if window[at] == 0xFF and (frame := _frame(window, at, start)):  # noqa: PLR2004
            following = _frame(window, at + frame.size, start)
            if following is None and start + at + frame.size < size_of(source):
                continue
            indexed = _index_at(window[at : at + frame.size], frame) or _is_vbri(window, at)
            return frame, following if indexed and following else frame
    msg = "there is no frame of MPEG layer III where one should be"
    raise UnsupportedMediaError(msg)


def _frame(window: bytes, at: int, start: int) -> _Frame | None:
    head = window[at : at + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:  # noqa: PLR2004
        return None
    mpeg, layer, rated, sampled = head[1] >> 3 & 3, head[1] >> 1 & 3, head[2] >> 4, head[2] >> 2 & 3
    if layer != _LAYER3 or mpeg not in _RATES or rated in (0, 15) or sampled == 3:  # noqa: PLR2004
        return None
    rate, bit_rate = _RATES[mpeg][sampled], _BIT_RATES[mpeg == _MPEG1][rated]
    size = (144 if mpeg == _MPEG1 else 72) * 1000 * bit_rate // rate + (head[2] >> 1 & 1)
    channels = 1 if head[3] >> 6 == _MONO else 2
    return _Frame(start + at, size, mpeg, rate, bit_rate, channels)


def _index_at(frame: bytes, head: _Frame) -> int | None:
    """Tell where the Xing header begins."""
    at = 4 + head.side_info
    return at if frame[at : at + 4] in (b"Xing", b"Info") else None


def _is_vbri(window: bytes, at: int) -> bool:
    return window[at + 36 : at + 40] == b"VBRI"


def _longer(old: bytes, frame: _Frame, frames: int, size: int, crc: int) -> bytes:
    """Give the index of a stream with so many frames and bytes more at its start."""
    at = _index_at(old, frame)
    if at is None:
        # VBRI: its table of seek points stays as it is, and misses by the length of the cue.
        return _added(_added(old, 36 + 10, size), 36 + 14, frames)
    flags = int.from_bytes(old[at + 4 : at + 8], "big")
    counts = at + 8
    table = counts + 4 * bool(flags & _FRAMES) + 4 * bool(flags & _BYTES)
    made = old
    if flags & _FRAMES:
        made = _added(made, counts, frames)
    if flags & _BYTES:
        made = _added(made, table - 4, size)
    if flags & _TABLE and flags & _FRAMES and flags & _BYTES:
        entries = _later(made, counts, table, frames, size, frame.size)
        made = made[:table] + entries + made[table + _TABLE_SIZE :]
    lame = table + _TABLE_SIZE * bool(flags & _TABLE) + 4 * bool(flags & 8)
    return _checked(made, lame, size, crc) if made[lame : lame + 4] in _ENCODERS else made


_ENCODERS = (b"LAME", b"Lavf", b"Lavc")


def _added(content: bytes, at: int, more: int) -> bytes:
    number = (int.from_bytes(content[at : at + 4], "big") + more) & 0xFFFFFFFF
    return content[:at] + number.to_bytes(4, "big") + content[at + 4 :]


def _later(  # noqa: PLR0917 - numbers of one table
    content: bytes, counts: int, table: int, frames: int, size: int, head: int
) -> bytes:
    """Give the seek table: for each hundredth of the time the place, in 256ths of the bytes."""
    all_frames = int.from_bytes(content[counts : counts + 4], "big")
    all_bytes = int.from_bytes(content[table - 4 : table], "big")
    old = [*content[table : table + _TABLE_SIZE], 256]
    old_frames, old_bytes = max(1, all_frames - frames), all_bytes - size
    made = []
    for percent in range(_TABLE_SIZE):
        frame = percent / 100 * all_frames
        if frame < frames:
            place = head + frame / frames * size
        else:
            share = min(99.999, 100 * (frame - frames) / old_frames)
            low = int(share)
            entry = old[low] + (old[low + 1] - old[low]) * (share - low)
            place = size + entry / 256 * old_bytes
        made.append(min(255, int(256 * place / max(1, all_bytes))))
    return bytes(made)


def _checked(content: bytes, lame: int, size: int, crc: int) -> bytes:
    """Correct what LAME noted of the sound: its length, its checksum, and that of the note."""
    length = int.from_bytes(content[lame + 28 : lame + 32], "big")
    music = int.from_bytes(content[lame + 32 : lame + 34], "big")
    joined = crc16_arc_joined(crc, music, max(0, length - len(content)))
    made = _added(content, lame + 28, size)
    made = made[: lame + 32] + joined.to_bytes(2, "big")
    return made + crc16_arc(made[:190]).to_bytes(2, "big") + content[lame + 36 :]
