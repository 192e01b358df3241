"""The explicit label in M4A: packets before the others."""

from pathlib import Path

import av
from av.container import InputContainer
from typing_extensions import override

from labelling.errors import UnsupportedMediaError
from labelling.writers.cue import Encoded, Encoding, encoded
from labelling.writers.remuxing import Packet, Remux, RemuxingWriter

_MOST_CHANNELS = 2
_PACKET = 1024
"""In samples."""
_BIT_RATE = 64_000
"""Of one channel; that of the stream would change with the cue."""
_SETUP = 2
"""Bytes that tell the kind of AAC, the rate and the channels."""


class M4aCueWriter(RemuxingWriter):
    """Puts the rhythm of `AI`, and the spoken notice where there is one, before the sound."""

    name = "m4a-rhythm"

    def __init__(self, speech: bytes | None = None) -> None:
        """`speech` is a sound file that says the notice."""
        self._speech = speech

    @override
    def _shows(self, path: Path, words: str) -> bool:
        with av.open(path, "r") as container:
            stream = _sound_in(container)
            added = self._encoded(stream).packets
            packets = (packet for packet in container.demux(stream) if packet.size)
            # No longer than the cue: `zip` would take one packet more.
            found = [bytes(packet) for _, packet in zip(added, packets, strict=False)]
            return tuple(found) == added

    @override
    def _mark(self, source: Path, target: Path, words: str) -> None:
        with Remux(source, target, _sound_in) as remux:
            stream = remux.changed
            made = self._encoded(stream)
            remux.open(stream.codec_context.extradata)
            later = len(made.packets) * _PACKET
            began = False
            for packet in remux.packets():
                if packet.stream is stream and not began:
                    began = True
                    for cue in _timed(made, packet, stream):
                        remux.write(cue, stream.index)
                _move(packet, later, stream.rate)
                remux.copy(packet)
            if not began:
                msg = "the file has no sound to stand behind the mark"
                raise UnsupportedMediaError(msg)

    def _encoded(self, stream: av.AudioStream) -> Encoded:
        context = stream.codec_context
        channels = context.channels
        if context.codec.canonical_name != "aac" or not 1 <= channels <= _MOST_CHANNELS:
            msg = f"M4A in {context.codec.canonical_name!r} of {channels} channels cannot be marked"
            raise UnsupportedMediaError(msg)
        how = Encoding("aac", stream.rate, channels, bit_rate=_BIT_RATE * channels)
        made = encoded(how, self._speech)
        if made.setup[:_SETUP] != (context.extradata or b"")[:_SETUP]:
            msg = "this kind of AAC cannot be marked: only the low-complexity one can"
            raise UnsupportedMediaError(msg)
        return made


def _sound_in(container: InputContainer) -> av.AudioStream:
    if len(container.streams.audio) != 1:
        msg = f"the file has {len(container.streams.audio)} streams of sound instead of one"
        raise UnsupportedMediaError(msg)
    return container.streams.audio[0]


def _timed(made: Encoded, first: Packet, stream: av.AudioStream) -> list[Packet]:
    """Give the packets of the cue, the first at the time of what was the first."""
    packets = []
    for number, content in enumerate(made.packets):
        packet: Packet = av.Packet(content)
        packet.time_base = first.time_base
        packet.pts = packet.dts = (first.dts or 0) + number * _in_ticks(first, stream.rate)
        packet.duration = _in_ticks(first, stream.rate)
        packet.is_keyframe = True
        packets.append(packet)
    return packets


def _in_ticks(packet: Packet, rate: int) -> int:
    return round(_PACKET / rate / packet.time_base)


def _move(packet: Packet, samples: int, rate: int) -> None:
    ticks = round(samples / rate / packet.time_base)
    packet.pts = None if packet.pts is None else packet.pts + ticks
    packet.dts = None if packet.dts is None else packet.dts + ticks
