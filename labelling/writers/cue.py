"""What is heard as the explicit label: the rhythm of `AI`, and words behind it where there are."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import av
import numpy as np
from numpy.typing import NDArray

from labelling.errors import UnsupportedMediaError

Samples = NDArray[np.float32]
"""One channel, between -1 and 1."""

# GB 45438-2025 §5.3 asks for short-long-short-short. It gives no lengths: these are the usual ones.
_UNIT_SECONDS = 0.1
_TONES = (1, 3, 1, 1)
_GAPS = (1, 3, 1, 3)
"""Units of silence behind each tone; the last one keeps what follows apart."""
_TONE_HERTZ = 800
_AMPLITUDE = 10 ** (-12 / 20)
_RAMP_SECONDS = 0.005
_LOWEST_RATE = 4 * _TONE_HERTZ
_LONGEST_SPEECH_SECONDS = 30


@lru_cache(maxsize=16)
def cue(rate: int, speech: bytes | None = None) -> Samples:
    """Give the rhythm at so many samples a second, with the words of a sound file behind it.

    Raises:
        UnsupportedMediaError: The rate is too low for the tone, or the speech cannot be used.
    """
    if rate < _LOWEST_RATE:
        msg = f"{rate} samples a second are too few for an audible mark"
        raise UnsupportedMediaError(msg)
    unit = round(_UNIT_SECONDS * rate)
    parts = []
    for tone, gap in zip(_TONES, _GAPS, strict=True):
        parts += [_tone(tone * unit, rate), np.zeros(gap * unit, np.float32)]
    if speech is not None:
        parts += [_spoken(speech, rate), np.zeros(_GAPS[-1] * unit, np.float32)]
    made = np.concatenate(parts)
    made.setflags(write=False)
    return made


def _tone(size: int, rate: int) -> Samples:
    at = np.arange(size)
    # Without ramps the tone would click.
    ramp = np.minimum(1, np.minimum(at, size - 1 - at) / (_RAMP_SECONDS * rate))
    wave = np.sin(2 * np.pi * _TONE_HERTZ * at / rate)
    return (_AMPLITUDE * ramp * wave).astype(np.float32)


def _spoken(speech: bytes, rate: int) -> Samples:
    resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
    heard: list[Samples] = []
    with av.open(io.BytesIO(speech), "r") as container:
        if not container.streams.audio:
            msg = "the speech file has no sound"
            raise UnsupportedMediaError(msg)
        for frame in container.decode(audio=0):
            heard += [part.to_ndarray()[0] for part in resampler.resample(frame)]
            if sum(map(len, heard)) > _LONGEST_SPEECH_SECONDS * rate:
                msg = f"the spoken notice is longer than {_LONGEST_SPEECH_SECONDS} seconds"
                raise UnsupportedMediaError(msg)
    heard += [part.to_ndarray()[0] for part in resampler.resample(None)]
    return np.concatenate(heard)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a cue is encoded, so that its packets can be joined to others."""

    codec: str
    rate: int
    channels: int
    sample_format: str = "fltp"
    bit_rate: int = 0
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Encoded:
    """A cue as packets."""

    setup: bytes
    """What a decoder needs before the first packet, in the form that containers keep."""
    packets: tuple[bytes, ...]
    ends: tuple[int, ...]
    """When each packet ends, in samples."""

    @property
    def whole(self) -> bytes:
        """All packets, for what joins them without a container."""
        return b"".join(self.packets)


@lru_cache(maxsize=16)
def encoded(encoding: Encoding, speech: bytes | None = None, silence: int = 0) -> Encoded:
    """Give the cue encoded, with so many samples of silence before it."""
    context = av.AudioCodecContext.create(encoding.codec, "w")
    assert isinstance(context, av.AudioCodecContext)
    context.sample_rate = encoding.rate
    context.layout = "mono" if encoding.channels == 1 else "stereo"
    context.format = encoding.sample_format
    context.options = dict(encoding.options)
    context.bit_rate = encoding.bit_rate
    context.open()
    made: list[av.Packet[av.stream.Stream]] = []
    for frame in _frames(encoding, context.frame_size, speech, silence):
        made += context.encode(frame)
    made += context.encode(None)
    return Encoded(
        setup=context.extradata or b"",
        packets=tuple(map(bytes, made)),
        ends=tuple((packet.pts or 0) + (packet.duration or 0) for packet in made),
    )


def _frames(
    encoding: Encoding, size: int, speech: bytes | None, silence: int
) -> Iterator[av.AudioFrame]:
    samples = np.concatenate([np.zeros(silence, np.float32), cue(encoding.rate, speech)])
    padded = np.pad(samples, (0, -len(samples) % size))
    for start, end in pairwise(range(0, len(padded) + 1, size)):
        block = np.tile(padded[start:end], (encoding.channels, 1))
        layout = "mono" if encoding.channels == 1 else "stereo"
        if encoding.sample_format == "flt":
            block = block.T.reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(block), format=encoding.sample_format, layout=layout
        )
        frame.sample_rate, frame.pts = encoding.rate, start
        yield frame
