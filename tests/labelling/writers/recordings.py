"""Sound and film to label, made by PyAV: as small as they can be and still be whole."""

import hashlib
import itertools
import tempfile
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer

from labelling.output import Aigc
from labelling.wording import NOTICE
from labelling.writers.base import Label
from labelling.writers.payload import compact

LABEL = Label(
    NOTICE,
    Aigc(
        label="1",
        content_producer="001191000000000000000K10001",
        produce_id="content-1",
        content_propagator="001191000000000000000K10001",
        propagate_id="content-1",
    ),
)
VALUE = compact(LABEL.aigc)
OTHER = Label(NOTICE, Aigc(label="1", content_producer="other", produce_id="7"))
TITLE = "七天无理由"

QUICK_VPX = (("deadline", "realtime"), ("cpu-used", "8"))


@lru_cache
def sound(
    form: str,
    codec: str,
    *,
    rate: int = 44100,
    channels: int = 2,
    seconds: float = 0.6,
    options: tuple[tuple[str, str], ...] = (),
    title: str = TITLE,
) -> bytes:
    """Make a recording of noise."""
    written = BytesIO()
    with av.open(written, "w", format=form, options=dict(options)) as target:
        if title:
            target.metadata["title"] = title
        stream = target.add_stream(codec, rate=rate)
        assert isinstance(stream, av.AudioStream)
        stream.codec_context.layout = "mono" if channels == 1 else "stereo"
        stream.codec_context.options = {"strict": "experimental"}
        noise = np.random.default_rng(7).uniform(-0.3, 0.3, (channels, int(rate * seconds)))
        layout = stream.codec_context.layout.name
        frame = av.AudioFrame.from_ndarray(noise.astype(np.float32), "fltp", layout)
        frame.sample_rate = rate
        fifo, resampler = (
            av.AudioFifo(),
            av.AudioResampler(stream.codec_context.format, layout, rate),
        )
        for part in resampler.resample(frame):
            part.pts = None
            fifo.write(part)
        stream.codec_context.open()
        size = stream.codec_context.frame_size or 1024
        while (taken := fifo.read(size, partial=True)) is not None:
            target.mux(stream.encode(taken))
        target.mux(stream.encode(None))
    return written.getvalue()


@lru_cache
def film(
    form: str,
    codec: str,
    *,
    seconds: float = 3,
    rate: int = 8,
    size: tuple[int, int] = (96, 64),
    keys: int = 8,
    pixels: str = "yuv420p",
    options: tuple[tuple[str, str], ...] = (),
    movie: tuple[tuple[str, str], ...] = (),
    turn: int = 0,
    aspect: Fraction | None = None,
    silent: bool = False,
    timecode: bool = False,
) -> bytes:
    """Make a film of a moving ramp, with noise to hear."""
    # Only a file can be read again, as is needed to put an index before the pictures.
    folder = tempfile.TemporaryDirectory()
    written = Path(folder.name, "film")
    with folder, av.open(written, "w", format=form, options=dict(movie)) as target:
        target.metadata["title"] = TITLE
        stream = target.add_stream(codec, rate=rate)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt = pixels
        stream.codec_context.gop_size = keys
        stream.options = dict(options)
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        if timecode:
            stream.metadata.update(timecode="00:00:00:00", encoder="somebody's")
        if turn:
            stream.set_display_rotation(turn)
        ear = (
            None if silent else target.add_stream("libopus" if form in _WEB else "aac", rate=48000)
        )
        for number in range(int(seconds * rate)):
            target.mux(stream.encode(_picture(size, number, pixels)))
            if ear is not None:
                target.mux(ear.encode(_second(48000 // rate, number)))
        target.mux(stream.encode(None))
        if ear is not None:
            target.mux(ear.encode(None))
        target.close()
        return written.read_bytes()


_WEB = ("webm", "matroska")


def _picture(size: tuple[int, int], number: int, pixels: str) -> av.VideoFrame:
    across, down = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    ramp = (across * 2 + down + 5 * number) % 200 + 20
    picture = np.stack([ramp, ramp[::-1], np.full_like(ramp, 90)], axis=2).astype(np.uint8)
    frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=pixels)
    frame.pts = number
    return frame


def _second(samples: int, number: int) -> av.AudioFrame:
    noise = np.random.default_rng(number).uniform(-0.2, 0.2, (2, samples)).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(noise, "fltp", "stereo")
    frame.sample_rate, frame.pts = 48000, number * samples
    return frame


def without_media(content: bytes) -> bytes:
    """Give a file in boxes whose chunks lie behind its end."""
    parts = content.split(b"stco")
    far = (1 << 30).to_bytes(4, "big")
    cut = [
        part[:8]
        + far * int.from_bytes(part[4:8], "big")
        + part[8 + 4 * int.from_bytes(part[4:8], "big") :]
        for part in parts[1:]
    ]
    return b"stco".join([parts[0], *cut])


def packets(content: bytes) -> Mapping[int, list[str]]:
    """Give a digest of every packet, by stream."""
    found: dict[int, list[str]] = {}
    with av.open(BytesIO(content), "r") as source:
        for packet in source.demux():
            if packet.size:
                digest = hashlib.sha256(bytes(packet)).hexdigest()
                found.setdefault(packet.stream.index, []).append(digest)
    return found


def heard(content: bytes) -> np.ndarray:
    """Decode all sound: one row a channel."""
    with av.open(BytesIO(content), "r") as source:
        return np.concatenate([_rows(frame) for frame in source.decode(audio=0)], axis=1)


def _rows(frame: av.AudioFrame) -> np.ndarray:
    samples = frame.to_ndarray()
    channels = len(frame.layout.channels)
    return samples if frame.format.is_planar else samples.reshape(-1, channels).T


def seen(content: bytes) -> list[np.ndarray]:
    """Decode all pictures: the lightness of each, as stored."""
    with av.open(BytesIO(content), "r") as source:
        return [frame.reformat(format="gray8").to_ndarray() for frame in source.decode(video=0)]


def told(content: bytes) -> dict[str, str]:
    """Give the metadata of a file as FFmpeg's library reads them."""
    with av.open(BytesIO(content), "r") as source:
        assert isinstance(source, InputContainer)
        streams = [stream.metadata for stream in source.streams]
        return {key: value for one in [*streams, source.metadata] for key, value in one.items()}


def rhythm(content: bytes, rate: int) -> list[tuple[str, float]]:
    """Tell tones and pauses at the start, each with its length in seconds."""
    samples = heard(content)[0].astype(np.float64)
    samples = samples - np.median(samples)
    window = rate // 200
    loud = np.abs(samples[: len(samples) // window * window]).reshape(-1, window).max(axis=1)
    tones = loud > 0.4 * loud[: 2 * 200 // 3].max()
    edges = [0, *(np.flatnonzero(np.diff(tones.astype(int))) + 1)]
    return [
        ("tone" if tones[start] else "pause", (end - start) / 200)
        for start, end in itertools.pairwise(edges)
    ]
