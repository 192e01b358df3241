"""The explicit label in Opus: packets before the others.

Vorbis has none yet: its packets can be read with the tables of their own encoder alone, and a
stream of its own before the other one is left out by many players.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import BinaryIO

from typing_extensions import override

from labelling.errors import UnsupportedMediaError
from labelling.wording import NOTICE
from labelling.writers import ogg
from labelling.writers.base import Kind, Label
from labelling.writers.cue import Encoding, encoded
from labelling.writers.splicing import Piece, Span, SplicingWriter, size_of

_OPUS_RATE = 48_000
_OPUS_PACKET = 960
"""In samples: 20 ms."""
_OPUS_DELAY = 312
_PACKETS_A_PAGE = 25
_MOST_CHANNELS = 2


class OpusCueWriter(SplicingWriter):
    """Puts the rhythm of `AI`, and the spoken notice where there is one, before the sound."""

    name = "opus-rhythm"
    kind = Kind.EXPLICIT

    def __init__(self, speech: bytes | None = None) -> None:
        """`speech` is a sound file that says the notice."""
        self._speech = speech

    @override
    def _splice(self, source: BinaryIO, label: Label) -> Iterable[Piece]:
        end = size_of(source)
        found, read = ogg.headers(source, end)
        audio = sum(page.size for page in read)
        added = self._packets(found[0])
        if _packets_at(source, audio, end, len(added)) == added:
            yield Span(0, end)
            return
        stream = read[0].stream
        ends = tuple(_OPUS_PACKET * number for number in range(1, len(added) + 1))
        made = _pages(added, ends, stream, read[-1].number + 1)
        yield Span(0, audio)
        yield from map(bytes, made)
        samples = len(added) * _OPUS_PACKET
        at = audio
        for page in ogg.pages(source, audio, end):
            if page.stream != stream:
                # Another file was joined to this one: it stays as it is.
                yield Span(at, end - at)
                return
            later = page.granule + (0 if page.granule == ogg.UNFINISHED else samples)
            yield bytes(replace(page, granule=later, number=page.number + len(made)))
            at += page.size

    @override
    def _find(self, source: BinaryIO) -> str | None:
        end = size_of(source)
        found, read = ogg.headers(source, end)
        added = self._packets(found[0])
        audio = sum(page.size for page in read)
        return NOTICE if _packets_at(source, audio, end, len(added)) == added else None

    def _packets(self, head: bytes) -> tuple[bytes, ...]:
        family, channels = head[18], head[9]
        if not head.startswith(b"OpusHead") or family or not 1 <= channels <= _MOST_CHANNELS:
            msg = f"Opus of {channels} channels in family {family} cannot be marked"
            raise UnsupportedMediaError(msg)
        # The player leaves out what the encoder needs to begin: silence there keeps the cue whole.
        silence = max(0, int.from_bytes(head[10:12], "little") - _OPUS_DELAY)
        encoding = Encoding("libopus", _OPUS_RATE, channels, "flt", bit_rate=32_000 * channels)
        return encoded(encoding, self._speech, silence).packets


def _packets_at(source: BinaryIO, audio: int, end: int, count: int) -> tuple[bytes, ...]:
    found: list[bytes] = []
    open_packet = b""
    for page in ogg.pages(source, audio, end):
        finished, open_packet = ogg.finished(page, open_packet)
        found += finished
        if len(found) >= count:
            break
    return tuple(found[:count])


def _pages(
    added: tuple[bytes, ...], ends: tuple[int, ...], stream: int, number: int
) -> list[ogg.Page]:
    made: list[ogg.Page] = []
    for start in range(0, len(added), _PACKETS_A_PAGE):
        here = added[start : start + _PACKETS_A_PAGE]
        granule = ends[start + len(here) - 1]
        lacing, body = b"".join(map(ogg.laced, here)), b"".join(here)
        made.append(ogg.Page(0, granule, stream, number + len(made), lacing, body))
    return made
