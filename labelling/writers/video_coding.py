"""How the marked frames of a video are encoded, and how they are joined to the rest."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import av

from labelling.errors import UnsupportedMediaError
from labelling.writers import avc
from labelling.writers.remuxing import Packet

_PROFILES = {66: "baseline", 77: "main", 100: "high", 110: "high10", 122: "high422"}


@dataclass(frozen=True, slots=True)
class Coding:
    """The encoder for what was decoded from a codec."""

    encoder: str
    options: Mapping[str, str]
    joins: bool
    """Whether its frames can stand before frames of another encoder."""


_VPX = {"deadline": "realtime", "cpu-used": "6", "crf": "20", "b": "0", "auto-alt-ref": "0"}
CODINGS: Final[Mapping[str, Coding]] = MappingProxyType(
    {
        # With its macroblock tree x264 gives other bytes for the same frames now and then.
        "h264": Coding("libx264", {"preset": "veryfast", "crf": "20", "mbtree": "0"}, joins=True),
        # A key frame of VP8 and VP9 holds all that a decoder needs.
        "vp8": Coding("libvpx", _VPX, joins=True),
        "vp9": Coding("libvpx-vp9", _VPX | {"row-mt": "1"}, joins=True),
        # Their parameters stand apart from the frames, under numbers no encoder lets one choose.
        "hevc": Coding(
            "libx265",
            {"preset": "superfast", "crf": "22", "x265-params": "log-level=none"},
            joins=False,
        ),
        "av1": Coding("libsvtav1", {"preset": "10", "crf": "30"}, joins=False),
    }
)


def coding_of(stream: av.VideoStream) -> Coding:
    """Give the coding for a stream.

    Raises:
        UnsupportedMediaError: There is no encoder for it, or it would lose what it has.
    """
    codec = stream.codec_context.codec.canonical_name
    coding = CODINGS.get(codec)
    if coding is None or stream.metadata.get("alpha_mode") == "1":
        msg = f"video in {codec!r} cannot be marked, nor can video with transparency"
        raise UnsupportedMediaError(msg)
    return coding


class Encoder:
    """Encodes marked frames, in the form in which the container keeps the others."""

    def __init__(self, stream: av.VideoStream, coding: Coding, *, joined: bool) -> None:
        """`joined` says that frames of the stream itself will follow."""
        old = stream.codec_context
        context = av.VideoCodecContext.create(coding.encoder, "w")
        assert isinstance(context, av.VideoCodecContext)
        context.width, context.height = old.width, old.height
        context.pix_fmt = old.pix_fmt
        context.time_base = stream.time_base or context.time_base
        context.framerate = stream.average_rate or stream.guessed_rate or context.framerate
        if stream.sample_aspect_ratio:
            context.sample_aspect_ratio = stream.sample_aspect_ratio
        for name in ("color_range", "color_primaries", "color_trc", "colorspace"):
            setattr(context, name, getattr(old, name))
        # Containers keep what a decoder needs before the first frame apart from the frames.
        context.flags |= av.codec.context.Flags.global_header
        self._configuration = avc.Configuration.parse(old.extradata or b"") if joined else None
        context.options = dict(coding.options) | self._own_options(
            reordered=bool(old.reorder_depth)
        )
        context.open()
        self._context = context
        self._old_setup = old.extradata
        self._joined = joined

    def _own_options(self, *, reordered: bool) -> dict[str, str]:
        if self._configuration is None:
            return {}
        options = {"x264-params": f"sps-id={self._configuration.free_id()}"}
        if not reordered:
            # Decoders keep as many frames back as the stream did before.
            options["bf"] = "0"
        profile = _PROFILES.get(self._configuration.profile)
        return options | ({"profile": profile} if profile else {})

    @property
    def setup(self) -> bytes | None:
        """What the container must keep for all frames: of both encodings where they are joined."""
        if self._configuration is not None:
            return bytes(self._configuration.with_sets(avc.units(self._context.extradata or b"")))
        return self._old_setup if self._joined else self._context.extradata

    def encode(self, frame: av.VideoFrame | None) -> list[Packet]:
        """Encode a frame, or with None give what is still held back."""
        if frame is not None:
            frame.pict_type = 0
        return [self._stored(packet) for packet in self._context.encode(frame)]

    def _stored(self, packet: Packet) -> Packet:
        if self._configuration is None:
            return packet
        content = avc.prefixed(bytes(packet), self._configuration.length_width)
        made: Packet = av.Packet(content)
        made.pts, made.dts, made.duration = packet.pts, packet.dts, packet.duration
        made.time_base, made.is_keyframe = packet.time_base, packet.is_keyframe
        return made


def begins_anew(stream: av.VideoStream, packet: Packet) -> bool:
    """Tell whether the stream can go on from a packet without any before it."""
    if not packet.is_keyframe:
        return False
    if stream.codec_context.codec.canonical_name != "h264":
        return True
    configuration = avc.Configuration.parse(stream.codec_context.extradata or b"")
    # Where the parameter sets stand in the stream, nothing can be joined to it.
    return configuration is not None and avc.begins_anew(bytes(packet), configuration.length_width)
