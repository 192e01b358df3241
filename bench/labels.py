"""What a label costs, warm, from bytes to sealed bytes: mark, metadata and reading back."""

import io
import time
import wave
from collections.abc import Callable
from functools import partial

import av
import numpy as np
import pikepdf
from PIL import Image

from bench.figures import Figure, Plan, Reading, Readings, Target, median, milliseconds
from labelling.content import Draft, MediaType, Origin, Part, Surface
from labelling.identity import DUMMY_CODE, ProducerCode
from labelling.output import Aigc
from labelling.stage import LabellingStage
from labelling.wording import NOTICE
from labelling.writers.base import Label
from labelling.writers.chains import CHAINS
from runtime import clock
from runtime.ids import new_content_id

_SIDE = 1000
_SECONDS, _RATE = 30, 44_100
_PAGES = 10
_CODEC = "Pillow: decode and encode once"
_COPY = "PyAV: decode once"
_LABEL = Label(NOTICE, Aigc("1", DUMMY_CODE, "content-1"))
_TEXT = "一般地区满 99 元免运费，不满收 8 元[1]。新疆、西藏满 199 元免运费〔据《常见问题》〕[1]。"

FIGURES = (
    Figure("text", "label a chat text", "ms", Target(0.05), reason="nothing else does it"),
    *(
        Figure(f"{form}_alone", f"{form}, 1 MP: metadata alone", "ms", Target(bound), _CODEC)
        for form, bound in (("JPEG", 1), ("PNG", 2), ("WebP", 1))
    ),
    *(
        Figure(form, f"{form}, 1 MP: mark, metadata, read back", "ms", Target(bound), _CODEC)
        for form, bound in (("JPEG", 15), ("PNG", 60), ("WebP", 40))
    ),
    *(
        Figure(form, f"{form}, 30 s: rhythm, metadata, read back", "ms", Target(bound), _COPY)
        for form, bound in (("MP3", 2), ("WAV", 8), ("FLAC", 60))
    ),
    Figure("PDF", "PDF, 10 pages: both, read back", "ms", Target(4), "pikepdf: open and save"),
)


async def measure(plan: Plan) -> Readings:
    """Label made-up media with the stage, as whatever leaves is labelled."""
    stage = LabellingStage(
        ProducerCode.parse(DUMMY_CODE), now=clock.now, new_content_id=new_content_id
    )
    rounds = plan.size(25, 5)

    def labelled(media_type: MediaType, content: bytes) -> float:
        draft = Draft((Part(media_type, content),), Origin.GENERATED)
        return _median(lambda: stage.label(draft, output_id="o", surface=Surface.PLATFORM), rounds)

    readings = {"text": Reading(labelled(MediaType.TEXT, _TEXT.encode()), rounds)}
    for form, media_type in (
        ("JPEG", MediaType.JPEG),
        ("PNG", MediaType.PNG),
        ("WebP", MediaType.WEBP),
    ):
        content = _picture(form)
        coded = _median(partial(_recoded, content, form), rounds)
        alone = _median(partial(CHAINS[media_type][-1].write, content, _LABEL), rounds)
        readings[f"{form}_alone"] = Reading(alone, rounds, coded)
        readings[form] = Reading(labelled(media_type, content), rounds, coded)
    for form, media_type in (
        ("MP3", MediaType.MP3),
        ("WAV", MediaType.WAV),
        ("FLAC", MediaType.FLAC),
    ):
        content = _sound(form.lower())
        decoded = _median(partial(_decoded, content), rounds)
        readings[form] = Reading(labelled(media_type, content), rounds, decoded)
    content = _document()
    saved = _median(partial(_saved, content), rounds)
    readings["PDF"] = Reading(labelled(MediaType.PDF, content), rounds, saved)
    return readings


def _median(work: Callable[[], object], rounds: int) -> float:
    work()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return milliseconds(median(times))


def _picture(form: str) -> bytes:
    """Make a megapixel with some grain, as a generator of pictures saves it."""
    y, x = np.mgrid[0:_SIDE, 0:_SIDE]
    waves = np.stack(
        [128 + 100 * np.sin(x / 37) * np.cos(y / 53), 128 + 90 * np.cos(x / 71 + y / 29), x / 4],
        axis=-1,
    )
    grain = np.random.default_rng(7).normal(0, 3, (_SIDE, _SIDE, 1))
    made = io.BytesIO()
    drawn = Image.fromarray((waves + grain).clip(0, 255).astype(np.uint8))
    drawn.save(made, form, **({} if form == "PNG" else {"quality": 90}))
    return made.getvalue()


def _recoded(content: bytes, form: str) -> bytes:
    made = io.BytesIO()
    Image.open(io.BytesIO(content)).save(made, form)
    return made.getvalue()


def _sound(form: str) -> bytes:
    made = io.BytesIO()
    tone = np.sin(np.arange(_SECONDS * _RATE) * 0.05) * 8_000
    samples = np.stack([tone, tone], axis=-1).astype("<i2")
    with wave.open(made, "wb") as target:
        target.setparams((2, 2, _RATE, 0, "NONE", ""))
        target.writeframes(samples.tobytes())
    if form == "wav":
        return made.getvalue()
    written = io.BytesIO()
    made.seek(0)
    with av.open(made, "r") as source, av.open(written, "w", format=form) as target:
        stream = target.add_stream("libmp3lame" if form == "mp3" else "flac", rate=_RATE)
        for frame in source.decode(audio=0):
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return written.getvalue()


def _decoded(content: bytes) -> int:
    with av.open(io.BytesIO(content), "r") as source:
        return len(list(source.decode(audio=0)))


def _document() -> bytes:
    made = io.BytesIO()
    with pikepdf.new() as pdf:
        for _ in range(_PAGES):
            pdf.add_blank_page()
        pdf.save(made)
    return made.getvalue()


def _saved(content: bytes) -> bytes:
    made = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        pdf.save(made)
    return made.getvalue()
