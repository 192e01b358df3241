"""Labels in pictures: what marking and labelling take, warm, from bytes to bytes."""

import io
import statistics
import time
from collections.abc import Callable

import numpy as np
from PIL import Image

from labelling import reader
from labelling.content import MediaType
from labelling.output import Aigc
from labelling.wording import NOTICE
from labelling.writers.base import Label
from labelling.writers.chains import CHAINS

SIDE = 1000
_ROUNDS = 15
_CODE = "001191000000000000000K10001"
_LABEL = Label(
    NOTICE, Aigc("1", _CODE, "content-1", content_propagator=_CODE, propagate_id="content-1")
)


def picture(media_type: MediaType) -> bytes:
    """Make a picture of a megapixel, with some grain, as a generator of pictures saves it."""
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    waves = np.stack(
        [128 + 100 * np.sin(x / 37) * np.cos(y / 53), 128 + 90 * np.cos(x / 71 + y / 29), x / 4],
        axis=-1,
    )
    grain = np.random.default_rng(7).normal(0, 3, (SIDE, SIDE, 1))
    made = io.BytesIO()
    drawn = Image.fromarray((waves + grain).clip(0, 255).astype(np.uint8))
    form, how = {
        MediaType.JPEG: ("JPEG", {"quality": 90}),
        MediaType.PNG: ("PNG", {}),
        MediaType.WEBP: ("WEBP", {"quality": 80}),
    }[media_type]
    drawn.save(made, form, **how)
    return made.getvalue()


def milliseconds(media_type: MediaType) -> tuple[float, float, int]:
    """Give the median time of the implicit label alone, of all with read-back, and the growth."""
    content = picture(media_type)
    mark, metadata = CHAINS[media_type]

    def alone() -> bytes:
        return metadata.write(content, _LABEL)

    def whole() -> bytes:
        made = metadata.write(mark.write(content, _LABEL), _LABEL)
        assert mark.read(made) == NOTICE
        assert reader.read(media_type, made).fields == _LABEL.aigc
        return made

    return _median(alone), _median(whole), len(whole()) - len(content)


def _median(work: Callable[[], bytes]) -> float:
    work()
    times = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)
