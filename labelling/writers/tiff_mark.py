"""The explicit mark of TIFF: on every page, which keeps its mode, its packing and what it says."""

import io

from PIL import Image, TiffImagePlugin

from labelling import marks
from labelling.writers.base import Kind, Label
from labelling.writers.pictures import decoding, frames_of, opened, with_mark

_KEPT = (
    270,  # ImageDescription
    282,  # XResolution
    283,  # YResolution
    296,  # ResolutionUnit
    305,  # Software
    306,  # DateTime
    700,  # XMP
    33432,  # Copyright
    33723,  # IPTC
    34675,  # ICC profile
)
_PACKINGS = frozenset({"tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits"})


class TiffMarkWriter:
    """Draws the wording onto every page of a TIFF (GB 45438-2025 §5.2)."""

    name = "tiff-mark"
    kind = Kind.EXPLICIT

    @decoding("TIFF")
    def write(self, content: bytes, label: Label) -> bytes:
        if self.read(content) == label.notice:
            return content
        made = io.BytesIO()
        with TiffImagePlugin.AppendingTiffWriter(made, new=True) as pages:
            for page in frames_of(opened(content, "TIFF")):
                # Pillow has turned the page already, so its tag for turning is not kept.
                mark = marks.plate_for(*page.size, label.notice)
                _save(with_mark(page, mark), page, pages)
                pages.newFrame()
        return made.getvalue()

    @decoding("TIFF")
    def read(self, content: bytes) -> str | None:
        found: set[str | None] = {
            marks.read(page, 1) for page in frames_of(opened(content, "TIFF"))
        }
        return found.pop() if len(found) == 1 else None


def _save(
    drawn: Image.Image, page: Image.Image, pages: TiffImagePlugin.AppendingTiffWriter
) -> None:
    assert isinstance(page, TiffImagePlugin.TiffImageFile)
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    for tag in _KEPT:
        if tag in page.tag_v2:
            tags[tag] = page.tag_v2[tag]
            tags.tagtype[tag] = page.tag_v2.tagtype[tag]
    packing = page.info.get("compression", "raw")
    if packing != "raw" and packing not in _PACKINGS:
        # What loses nothing takes the place of what does, or of what is for two colours alone.
        packing = "tiff_adobe_deflate"
    drawn.save(pages, "TIFF", compression=packing, tiffinfo=tags)
