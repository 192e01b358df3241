"""The explicit mark of pictures: in every frame, legible, and with nothing else changed."""

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps, ImageSequence
from typing_extensions import override

from labelling import marks
from labelling.content import MediaType
from labelling.errors import LabellingError, UnsupportedMediaError
from labelling.wording import NOTICE
from labelling.writers.base import LabelWriter
from labelling.writers.gif_mark import GifMarkWriter
from labelling.writers.heif_mark import HeifMarkWriter
from labelling.writers.jpeg_mark import JpegMarkWriter
from labelling.writers.png_mark import PngMarkWriter
from labelling.writers.tiff_mark import TiffMarkWriter
from labelling.writers.webp_mark import WebpMarkWriter, quality_of
from tests.labelling.writers import pictures
from tests.labelling.writers.recordings import LABEL

ARTEFACTS = Path(__file__).parents[3] / "artefacts" / "marks"
WRITERS: Mapping[str, LabelWriter] = {
    "JPEG": JpegMarkWriter(),
    "PNG": PngMarkWriter(),
    "WEBP": WebpMarkWriter(),
    "GIF": GifMarkWriter(),
    "TIFF": TiffMarkWriter(),
    "AVIF": HeifMarkWriter("AVIF"),
}
EXACT = [("PNG", {"mode": mode}) for mode in ("RGB", "RGBA", "L", "LA", "P", "1", "I;16")] + [
    ("GIF", {"mode": "P"}),
    ("WEBP", {"lossless": True}),
    ("WEBP", {"mode": "RGBA", "lossless": True}),
    *(("TIFF", {"mode": mode}) for mode in ("RGB", "RGBA", "L", "LA", "P", "1", "CMYK", "I;16")),
    ("TIFF", {"mode": "YCbCr"}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("TIFF", {"compression": "jpeg"}),
]


def outside(
    content: bytes, frame: int = 0, words: str = NOTICE
) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    """Give the pixels of a frame with the mark's box blanked."""
    seen = pictures.pixels(content, frame)
    left, top, right, bottom = marks.plate_for(seen.shape[1], seen.shape[0], words).box
    seen[top:bottom, left:right] = 0
    # What is transparent has no colour.
    seen[seen[..., 3] == 0] = 0
    return seen


class TestEveryForm:
    @pytest.mark.parametrize(("form", "how"), EXACT)
    def test_no_pixel_outside_changes_where_nothing_is_lost(
        self, form: str, how: dict[str, object]
    ) -> None:
        content = pictures.picture(form, **how)

        made = WRITERS[form].write(content, LABEL)

        assert WRITERS[form].read(made) == NOTICE
        assert (outside(made) == outside(content)).all()

    @pytest.mark.parametrize("form", ["PNG", "WEBP", "GIF", "TIFF", "AVIF"])
    def test_every_frame_is_marked_and_keeps_its_time(self, form: str) -> None:
        how = {"lossless": True} if form == "WEBP" else {"speed": 10} if form == "AVIF" else {}
        content = pictures.animation(form, 3, **how)

        made = WRITERS[form].write(content, LABEL)

        # Size, mode and time of each.
        times = [None] * 3 if form == "TIFF" else [100] * 3
        assert [frame[2] for frame in pictures.seen(made)] == times
        for number, frame in enumerate(ImageSequence.Iterator(Image.open(io.BytesIO(made)))):
            assert marks.read(frame, 1) == NOTICE
            if form != "AVIF":
                assert (outside(made, number) == outside(content, number)).all()

    @pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
    @pytest.mark.parametrize("orientation", [1, 3, 6, 8])
    def test_the_words_are_upright_where_exif_turns_the_picture(
        self, form: str, orientation: int
    ) -> None:
        if form == "TIFF":
            content = pictures.picture("TIFF", tiffinfo=Tags({0x0112: orientation}))
        else:
            content = pictures.with_exif(form, pictures.turned(orientation), quality=90)

        made = WRITERS[form].write(content, LABEL)

        with Image.open(io.BytesIO(made)) as picture:
            picture.load()
            shown = ImageOps.exif_transpose(picture)
        assert shown.size == ((150, 200) if orientation >= 5 else (200, 150))
        assert marks.read(shown, 1) == NOTICE

    @pytest.mark.parametrize("form", list(WRITERS))
    def test_a_picture_too_small_is_refused(self, form: str) -> None:
        content = pictures.picture(form, "P" if form == "GIF" else "RGB", size=(40, 40))

        with pytest.raises(LabellingError, match="no room"):
            WRITERS[form].write(content, LABEL)
        assert WRITERS[form].read(content) is None

    @pytest.mark.parametrize("form", [*WRITERS])
    @given(data=st.data())
    @settings(max_examples=25, deadline=None)
    def test_broken_files_raise_our_errors_alone(self, form: str, data: st.DataObject) -> None:
        mode = "P" if form == "GIF" else "RGB"
        broken = bytearray(pictures.picture(form, mode, size=(80, 64)))
        for _ in range(data.draw(st.integers(0, 4))):
            at = data.draw(st.integers(0, len(broken) - 1))
            broken[at] = data.draw(st.integers(0, 255))
        content = bytes(broken[: data.draw(st.integers(0, len(broken)))])

        try:
            made = WRITERS[form].write(content, LABEL)
            found = WRITERS[form].read(made)
        except LabellingError:
            return

        # A scan whose bits have rotted may fall behind the mark; the stage reads back and refuses.
        assert found in {NOTICE, None}

    @pytest.mark.parametrize("form", list(WRITERS))
    def test_a_bomb_is_refused_before_it_is_decoded(
        self, form: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("pictures.MOST_PIXELS", "png_frames.MOST_PIXELS"):
            monkeypatch.setattr(f"labelling.writers.{name}", 100)
        content = pictures.picture(form, "P" if form == "GIF" else "RGB", size=(80, 64))

        with pytest.raises(LabellingError, match="too many pixels"):
            WRITERS[form].write(content, LABEL)

    def test_a_size_beyond_all_reason_is_refused_from_the_head_alone(self) -> None:
        content = bytearray(pictures.picture("JPEG"))
        at = content.index(b"\xff\xc0") + 5
        content[at : at + 4] = b"\xff\xff\xff\xff"

        with pytest.raises(LabellingError, match="too many pixels"):
            JpegMarkWriter().write(bytes(content), LABEL)

    @pytest.mark.slow  # AVIF of a larger picture
    def test_pictures_of_all_forms_are_kept_for_a_person_to_look_at(self) -> None:
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        for form, writer in WRITERS.items():
            content = pictures.picture(form, "P" if form == "GIF" else "RGB", size=(480, 320))
            made = writer.write(content, LABEL)
            (ARTEFACTS / f"labelled.{form.lower()}").write_bytes(made)

            with Image.open(io.BytesIO(made)) as seen:
                assert marks.read(seen, 1) == NOTICE


class Tags(dict[int, int]):
    """Tags that `lru_cache` takes."""

    @override
    def __hash__(self) -> int:  # type: ignore[override]  # a dict has none
        return hash(tuple(self.items()))


class TestWebp:
    @pytest.mark.parametrize("quality", [10, 50, 75, 90])
    def test_a_lossy_one_is_coded_as_finely_as_it_was(self, quality: int) -> None:
        content = pictures.picture("WEBP", quality=quality, size=(400, 300))

        made = WebpMarkWriter().write(content, LABEL)

        assert quality_of(content[20:]) == pytest.approx(quality, abs=4)
        change = (outside(made) - outside(content)).astype(float)
        assert 10 * np.log10(255**2 / (change**2).mean()) > 36
        assert len(made) - len(content) < 10_000

    def test_what_it_says_besides_is_kept(self) -> None:
        content = pictures.with_exif("WEBP", pictures.personal(), xmp=b"<x/>", icc_profile=b"icc!")

        made = WebpMarkWriter().write(content, LABEL)

        for name in (b"EXIF", b"XMP ", b"ICCP"):
            assert name in made

    def test_the_header_of_an_odd_frame_is_read_to_its_end(self) -> None:
        # Ones all over: segments of their own, a new map, and every optional part.
        assert 0 <= quality_of(b"\0" * 10 + b"\xff" * 60) <= 100
        assert 0 <= quality_of(b"") <= 100
        for byte in range(256):
            assert 0 <= quality_of(b"\0" * 10 + bytes([byte]) * 60) <= 100


class TestHeif:
    def test_without_a_codec_heic_is_refused(self) -> None:
        with pytest.raises(UnsupportedMediaError, match="codec that is not installed"):
            HeifMarkWriter("HEIF").write(pictures.heic(), LABEL)

    def test_an_orientation_out_of_range_is_upright(self) -> None:
        content = pictures.picture("AVIF", speed=10)

        assert HeifMarkWriter("AVIF").read(content) is None


class TestTiff:
    def test_pages_of_different_kinds_are_each_marked_in_their_kind(self) -> None:
        made = io.BytesIO()
        scene = pictures.scene()
        pages = [scene.convert("1"), scene.resize((300, 100))]
        scene.save(made, "TIFF", save_all=True, append_images=pages)

        marked = TiffMarkWriter().write(made.getvalue(), LABEL)

        seen = [(p.mode, p.size) for p in ImageSequence.Iterator(Image.open(io.BytesIO(marked)))]
        assert seen == [("RGB", (200, 150)), ("1", (200, 150)), ("RGB", (300, 100))]

    def test_what_a_page_says_of_itself_stays(self) -> None:
        content = pictures.picture("TIFF", dpi=(300, 300), software="a scanner")

        made = TiffMarkWriter().write(content, LABEL)

        with Image.open(io.BytesIO(made)) as page:
            assert page.info["dpi"] == (300, 300)
            assert page.getexif()[305] == "a scanner"

    def test_a_mode_that_cannot_be_drawn_in_becomes_colours(self) -> None:
        made = io.BytesIO()
        Image.new("LAB", (100, 100), (150, 128, 128)).save(made, "TIFF")

        assert Image.open(io.BytesIO(TiffMarkWriter().write(made.getvalue(), LABEL))).mode == "RGB"

    def test_a_palette_without_room_becomes_full_colours(self) -> None:
        mid = Image.fromarray(
            np.arange(150 * 200, dtype=np.uint16).reshape(150, 200).astype(np.uint8)
        )
        mid.putpalette([100 + value % 20 for value in range(768)])
        made = io.BytesIO()
        mid.save(made, "TIFF")

        marked = TiffMarkWriter().write(made.getvalue(), LABEL)

        assert Image.open(io.BytesIO(marked)).mode == "RGB"
        assert (outside(marked) == outside(made.getvalue())).all()


def test_the_registry_marks_what_these_tests_mark() -> None:
    assert {form.lower() for form in WRITERS} <= {medium.name.lower() for medium in MediaType}
