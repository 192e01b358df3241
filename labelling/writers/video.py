"""The explicit label in MP4, MOV, MKV and WebM: a mark burnt into the first seconds."""

from fractions import Fraction
from pathlib import Path
from typing import overload

import av
from typing_extensions import override

from labelling.errors import UnsupportedMediaError
from labelling.writers.remuxing import Packet, Remux, RemuxingWriter, film_in
from labelling.writers.video_coding import Encoder, begins_anew, coding_of
from labelling.writers.video_plate import Plate

SECONDS = Fraction(2)
"""GB 45438-2025 §5.4: at least two seconds from the first frame on."""


class VideoMarkWriter(RemuxingWriter):
    """Burns the mark into the first frames; what follows the next key frame is copied.

    Where nothing can be joined, because there is no such key frame or the codec does not allow
    it, the whole picture is encoded anew. Sound and subtitles are always copied.
    """

    name = "video-mark"

    def __init__(self, seconds: Fraction | None = SECONDS) -> None:
        """`seconds` is how long the mark stands; None means to the end."""
        self._seconds = seconds

    @override
    def _shows(self, path: Path, words: str) -> bool:
        # The first frame and the last that must have it stand for those between.
        with av.open(path, "r") as container:
            stream = film_in(container)
            stream.thread_type = "AUTO"
            frames = container.decode(stream)
            first = next(frames, None)
            if first is None:
                msg = "the film has no frame that could be marked"
                raise UnsupportedMediaError(msg)
            plate = Plate.on(first, stream.sample_aspect_ratio, words)
            if not plate.stands_in(first):
                return False
            end = _end(stream, first, self._seconds or SECONDS)
            last = first
            for frame in frames:
                if _time(stream, frame) >= end:
                    break
                last = frame
            return plate.stands_in(last)

    @override
    def _mark(self, source: Path, target: Path, words: str) -> None:
        cut = _cut(source, self._seconds)
        with Remux(source, target, film_in) as remux:
            film = remux.changed
            encoder = Encoder(film, coding_of(film), joined=cut is not None)
            remux.open(encoder.setup)
            marking = _Marking(remux, encoder, cut, self._seconds, words)
            for packet in remux.packets():
                marking.take(packet)
            marking.finish()


class _Marking:
    """Takes the packets of a film: decodes, marks and encodes those up to the cut."""

    def __init__(
        self,
        remux: Remux[av.VideoStream],
        encoder: Encoder,
        cut: "Packet | None",
        seconds: Fraction | None,
        words: str,
    ) -> None:
        """Without a `cut` everything is encoded; without `seconds` everything is marked."""
        self._remux = remux
        self._film = remux.changed
        self._film.thread_type = "AUTO"
        self._encoder = encoder
        self._cut = cut
        # Frames that are shown late are decoded early: by this much in what is copied …
        self._early = (cut.pts or 0) - (cut.dts or 0) if cut is not None else 0
        self._earlier: int | None = None
        """… and by this much more than in what was encoded here."""
        self._seconds = seconds
        self._words = words
        self._plate: Plate | None = None
        self._end: Fraction | None = None
        self._finished = False

    def take(self, packet: Packet) -> None:
        """Take the next packet of any stream."""
        if packet.stream is not self._film:
            self._remux.copy(packet)
        elif self._finished or (self._cut is not None and packet.pts == self._cut.pts):
            self.finish()
            self._remux.copy(packet)
        else:
            self._put(self._film.codec_context.decode(packet))

    def finish(self) -> None:
        """Give out what decoder and encoder still hold; more than once is once."""
        if self._finished:
            return
        self._finished = True
        self._put(self._film.codec_context.decode(None))
        self._write(self._encoder.encode(None))

    def _put(self, frames: list[av.VideoFrame]) -> None:
        for frame in frames:
            if self._plate is None:
                aspect = self._film.sample_aspect_ratio
                self._plate = Plate.on(frame, aspect, self._words)
                self._end = _end(self._film, frame, self._seconds)
            if self._end is None or _time(self._film, frame) < self._end:
                self._plate.draw(frame)
            self._write(self._encoder.encode(frame))

    def _write(self, packets: list[Packet]) -> None:
        for packet in packets:
            if self._cut is not None:
                if self._earlier is None:
                    own = (packet.pts or 0) - (packet.dts or 0)
                    self._earlier = max(0, self._early - own)
                packet.dts = (packet.dts or 0) - self._earlier
            self._remux.write(packet, self._film.index)


def _cut(source: Path, seconds: Fraction | None) -> "Packet | None":
    """Give the first packet of pictures that may stay as it is."""
    if seconds is None:
        return None
    with av.open(source, "r") as container:
        film = film_in(container)
        if not coding_of(film).joins:
            return None
        end: Fraction | None = None
        for packet in container.demux(film):
            if not packet.size:
                continue
            end = _end(film, packet, seconds) if end is None else end
            late = end <= _time(film, packet)
            # Matroska keeps no times of decoding: without one nothing can be joined in order.
            if late and packet.dts is not None and begins_anew(film, packet):
                return packet
    return None


@overload
def _end(film: av.VideoStream, first: "av.VideoFrame | Packet", seconds: Fraction) -> Fraction: ...
@overload
def _end(film: av.VideoStream, first: "av.VideoFrame | Packet", seconds: None) -> None: ...
def _end(
    film: av.VideoStream, first: "av.VideoFrame | Packet", seconds: Fraction | None
) -> Fraction | None:
    """Tell when the mark may go. What stands before the start of time is not shown."""
    return None if seconds is None else max(Fraction(0), _time(film, first)) + seconds


def _time(film: av.VideoStream, of: "av.VideoFrame | Packet") -> Fraction:
    return (of.pts or 0) * (film.time_base or Fraction(1))
