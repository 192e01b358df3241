"""Pictures to label, made by Pillow: small, and with something to see in every part of them."""

import hashlib
import io
import zlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageSequence
from PIL.TiffImagePlugin import IFDRational

from labelling.writers.png import SIGNATURE, chunks, encoded

SVG = (
    b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 300">'
    b"<script>let less = 1 &lt; 2;</script><style>text{display:none}</style>"
    b'<circle cx="200" cy="150" r="140" fill="#c33"/></svg>'
)


@lru_cache
def scene(width: int = 200, height: int = 150, grain: float = 4.0) -> Image.Image:
    """Draw a colourful scene with some grain; the same every time. Not to be changed."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [
        128 + 100 * np.sin(x / 37) * np.cos(y / 53),
        128 + 90 * np.cos(x / 71 + y / 29),
        x * 255 / width,
    ]
    noise = np.random.default_rng(7).normal(0, grain, (height, width, 1))
    return Image.fromarray((np.stack(waves, axis=-1) + noise).clip(0, 255).astype(np.uint8))


@lru_cache
def picture(
    form: str, mode: str = "RGB", size: tuple[int, int] = (200, 150), **how: object
) -> bytes:
    """Give the scene as a file; `how` is what the encoder takes."""
    made = io.BytesIO()
    drawn = scene(*size)
    if mode == "P":
        drawn = drawn.quantize(32)
    elif mode == "I;16":
        drawn = Image.fromarray(np.asarray(drawn.convert("L")).astype(np.uint16) * 257)
    elif mode == "RGBA":
        drawn = drawn.copy()
        drawn.putalpha(Image.linear_gradient("L").resize(size))
    elif mode != "RGB":
        drawn = drawn.convert(mode)
    drawn.save(made, form, **how)
    return made.getvalue()


@lru_cache
def animation(form: str, frames: int = 3, **how: object) -> bytes:
    """Give a film of a square that moves over the scene."""
    drawn = []
    for number in range(frames):
        frame = scene().copy()
        frame.paste((255, 0, 0), (90 + 20 * number, 90, 130 + 20 * number, 130))
        drawn.append(frame.quantize(64) if form == "GIF" else frame)
    made = io.BytesIO()
    drawn[0].save(made, form, save_all=True, append_images=drawn[1:], duration=100, **how)
    return made.getvalue()


def with_exif(form: str, exif: Image.Exif | bytes, **how: object) -> bytes:
    """Give the scene with EXIF."""
    made = io.BytesIO()
    scene().save(made, form, exif=exif, **how)
    return made.getvalue()


def turned(orientation: int) -> Image.Exif:
    """Make EXIF that says a picture is shown turned."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def personal() -> Image.Exif:
    """Make EXIF that tells who took a picture, where and with what; and whose it is."""
    exif = turned(1)
    exif[0x013B] = "ZHANG SAN"
    exif[0x8298] = "CC BY 4.0"
    inner = exif.get_ifd(0x8769)
    inner[0x9286] = b"ASCII\0\0\0at home"
    inner[0xA431] = "SERIAL-4711"
    inner[0x9003] = "2026:11:21 12:00:00"
    place = exif.get_ifd(0x8825)
    place[1], place[2] = "N", (IFDRational(39), IFDRational(54), IFDRational(20))
    return exif


def heic() -> bytes:
    """Give a picture in the container of HEIC; its codec is that of AVIF, which Pillow has."""
    made = picture("AVIF", speed=10)
    return made[:32].replace(b"avif", b"heic") + made[32:]


def heic_seen(content: bytes) -> tuple[object, ...]:
    """Give what a viewer sees of it."""
    return seen(content[:32].replace(b"heic", b"avif") + content[32:])


def seen(content: bytes) -> tuple[tuple[object, ...], ...]:
    """Give what a viewer sees of a picture: every frame, and how long."""
    frames = []
    for frame in ImageSequence.Iterator(Image.open(io.BytesIO(content))):
        digest = hashlib.sha256(frame.tobytes()).hexdigest()
        frames.append((frame.size, frame.mode, frame.info.get("duration"), digest))
    return tuple(frames)


def pixels(content: bytes, frame: int = 0) -> NDArray[np.int16]:
    """Give the pixels of one frame, as it is stored."""
    with Image.open(io.BytesIO(content)) as opened:
        opened.seek(frame)
        return np.asarray(opened.convert("RGBA")).astype(np.int16)


def interlaced(content: bytes) -> bytes:
    """Write a PNG of eight bits anew as Adam7, with a filter of its own for every row."""
    found = list(chunks(content))
    with Image.open(io.BytesIO(content)) as opened:
        samples = np.asarray(opened)
    raw = b""
    steps = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2))
    for left, top, x, y in (*steps, (0, 1, 1, 2)):
        part = samples[top::y, left::x]
        # Every row is told as the difference to the one above it.
        before = np.concatenate([np.zeros_like(part[:1]), part[:-1]])
        rows = (part.astype(np.int16) - before).astype(np.uint8).reshape(len(part), -1)
        raw += np.pad(rows, ((0, 0), (1, 0)), constant_values=2).tobytes()
    header = found[0].body(content)[:12] + b"\1"
    return b"".join(
        [
            SIGNATURE,
            encoded(b"IHDR", header),
            encoded(b"IDAT", zlib.compress(raw)),
            encoded(b"IEND", b""),
        ]
    )
