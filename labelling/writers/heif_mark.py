"""The explicit mark of AVIF and HEIC, which are decoded and coded anew whole.

Pillow has a codec for AVIF. For HEIC it has none: where the deployment has installed a plug-in of
its own (`pillow-heif`, which brings patented codecs) and registered it, it is used.
"""

import io

from PIL import Image

from labelling import marks
from labelling.errors import UnsupportedMediaError
from labelling.writers.base import Kind, Label
from labelling.writers.pictures import decoding, frames_of, opened, with_mark

_FINE = 90
_QUICK = 8
_ORIENTATION = 0x0112


class HeifMarkWriter:
    """Draws the wording into every picture of an AVIF or a HEIC (GB 45438-2025 §5.2)."""

    kind = Kind.EXPLICIT

    def __init__(self, form: str) -> None:
        """`form` is what Pillow calls the format: `AVIF` or `HEIF`."""
        self.name = f"{form.lower()}-mark"
        self._form = form

    def write(self, content: bytes, label: Label) -> bytes:
        with decoding(self._form):
            return self._write(content, label)

    def read(self, content: bytes) -> str | None:
        with decoding(self._form):
            return self._read(content)

    def _write(self, content: bytes, label: Label) -> bytes:
        if self._read(content) == label.notice:
            return content
        picture = self._opened(content)
        turned = _orientation(picture)
        mark = marks.stored_mark(*picture.size, turned, label.notice)
        drawn, durations = [], []
        for frame in frames_of(picture):
            drawn.append(with_mark(frame, mark))
            durations.append(frame.info.get("duration", 0))
        kept = {
            name: value
            for name in ("exif", "xmp", "icc_profile")
            if (value := picture.info.get(name))
        }
        if len(drawn) > 1:
            kept |= {"save_all": True, "append_images": drawn[1:], "duration": durations}
        made = io.BytesIO()
        drawn[0].save(made, self._form, quality=_FINE, speed=_QUICK, **kept)
        return made.getvalue()

    def _read(self, content: bytes) -> str | None:
        picture = self._opened(content)
        for mark, words in marks.possible(*picture.size, _orientation(picture)):
            if all(marks.shows(frame.crop(mark.box), mark) for frame in frames_of(picture)):
                return words
        return None

    def _opened(self, content: bytes) -> Image.Image:
        Image.init()
        if self._form not in Image.SAVE or self._form not in Image.OPEN:
            msg = f"{self._form} needs a codec that is not installed: send JPEG or AVIF instead"
            raise UnsupportedMediaError(msg)
        return opened(content, self._form)


def _orientation(picture: Image.Image) -> int:
    turned = picture.getexif().get(_ORIENTATION, 1)
    return turned if turned in range(1, 9) else 1
