"""The implicit label in AVIF and HEIC whose boxes are of other versions than Pillow writes."""

import pytest

from labelling.errors import UnsupportedMediaError
from labelling.writers import xmp
from labelling.writers.heif import HeifXmpWriter, _File
from labelling.writers.heif_boxes import encoded
from tests.labelling.writers import pictures
from tests.labelling.writers.recordings import LABEL, VALUE

WRITER = HeifXmpWriter()
PIXELS = b"the pixels of a picture"
OLD = xmp.rdf("{}") + b"   "


def infe(number: int, kind: bytes, content_type: bytes = b"", version: int = 2) -> bytes:
    width = 4 if version > 2 else 2
    head = bytes([version, 0, 0, 0]) + number.to_bytes(width, "big")
    if version < 2:
        return encoded(b"infe", head, b"\0\0name\0")
    return encoded(
        b"infe", head, b"\0\0", kind, b"name\0", content_type, b"\0" * bool(content_type)
    )


def file(
    *,
    version: int = 1,
    infos: tuple[bytes, ...] = (infe(1, b"hvc1"),),
    more: tuple[tuple[int, int, int, int, int], ...] = (),
    idat: bytes = b"",
    iref: bytes = b"",
    pitm: bytes = b"\0\0\0\0\0\1",
    wide_infos: bool = False,
) -> bytes:
    """Make a file of items: the pixels, and more of them by number, method, reference, place."""
    wide = 4 if version > 1 else 2
    ftyp = encoded(b"ftyp", b"heic\0\0\0\0mif1heic")

    def meta(pixels_at: int) -> bytes:
        locations = [(1, 0, 0, pixels_at, len(PIXELS)), *more]
        pieces = [bytes([version, 0, 0, 0, 0x44, 0x40]), len(locations).to_bytes(wide, "big")]
        for number, method, reference, at, length in locations:
            pieces += [number.to_bytes(wide, "big"), method.to_bytes(2, "big") * bool(version)]
            # Half of the place stands in the base, half in the offset.
            pieces += [reference.to_bytes(2, "big"), (at // 2).to_bytes(4, "big"), b"\0\1"]
            pieces += [(at - at // 2).to_bytes(4, "big"), length.to_bytes(4, "big")]
        count = len(infos).to_bytes(4 if wide_infos else 2, "big")
        return encoded(
            b"meta",
            bytes(4),
            encoded(b"pitm", pitm),
            encoded(b"iloc", *pieces),
            encoded(b"iinf", bytes([wide_infos, 0, 0, 0]), count, *infos),
            encoded(b"idat", idat) if idat else b"",
            iref,
        )

    at = len(ftyp) + len(meta(0)) + 8
    return ftyp + meta(at) + encoded(b"mdat", PIXELS)


@pytest.mark.parametrize(
    "content",
    [
        file(version=0),
        file(version=1),
        file(version=2, wide_infos=True),
        file(infos=(infe(1, b"hvc1"), infe(7, b"", version=0), infe(9, b"hvc1", version=3))),
        file(iref=encoded(b"iref", bytes(4))),
        file(iref=encoded(b"iref", b"\1\0\0\0")),
        file(version=2, infos=(infe(1, b"hvc1"), infe(70_000, b"hvc1", version=3))),
        file(pitm=b"\1\0\0\0\0\0\0\1"),
    ],
)
def test_boxes_of_all_versions_take_the_label(content: bytes) -> None:
    made = WRITER.write(content, LABEL)

    assert WRITER.read(made) == VALUE
    assert WRITER.write(made, LABEL) == made
    # The place of the pixels has moved with them.
    assert made[location(made, 1) :].startswith(PIXELS)


def location(content: bytes, number: int) -> int:
    """Read where an item stands."""
    found = next(one for one in _File.of(content).locations.items if one.item == number)
    return found.extents[0][1]


class TestItemsInTheMetaBox:
    def test_a_packet_there_is_replaced_and_leaves_nothing(self) -> None:
        content = file(
            infos=(infe(1, b"hvc1"), infe(2, b"mime", b"application/rdf+xml\0")),
            more=((2, 1, 0, 4, len(OLD)),),
            idat=b"else" + OLD,
        )

        made = WRITER.write(content, LABEL)

        assert WRITER.read(made) == VALUE
        assert b"else" + bytes(len(OLD)) in made

    def test_a_second_packet_loses_its_label(self) -> None:
        content = file(
            infos=(
                infe(1, b"hvc1"),
                infe(2, b"mime", b"application/rdf+xml\0"),
                infe(3, b"mime", b"application/rdf+xml\0"),
            ),
            more=((2, 1, 0, 0, len(OLD)), (3, 1, 0, len(OLD), 0)),
            idat=OLD + OLD,
        )

        made = WRITER.write(content, LABEL)

        assert made.count(b"</TC260:AIGC>") == 1

    @pytest.mark.parametrize("begins", [0, 6, 5000])
    def test_exif_begins_where_it_says(self, begins: int) -> None:
        block = begins.to_bytes(4, "big") + b"Exif\0\0"[: min(begins, 6)]
        block += pictures.personal().tobytes()[6:]
        content = file(
            infos=(infe(1, b"hvc1"), infe(2, b"Exif")), more=((2, 1, 0, 0, len(block)),), idat=block
        )

        made = WRITER.write(content, LABEL)

        assert b"ZHANG SAN" in content
        assert b"ZHANG SAN" not in made
        assert (b"CC BY" in made) == (begins < 5000)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (file(infos=(infe(1, b"hvc1"), infe(2, b"Exif"))), "item 2 is not in it"),
        (file(infos=(infe(2, b"Exif"),), more=((2, 0, 1, 0, 4),)), "item 2 is not in it"),
        (file(infos=(infe(2, b"Exif"),), more=((2, 2, 0, 0, 4),)), "item 2 is not in it"),
        (file(infos=(infe(2, b"Exif"),), more=((2, 1, 0, 0, 4),)), "no 'idat' box"),
        (file(infos=(infe(2, b"Exif"),), more=((2, 0, 0, 0, 9999),)), "item 2 does not end"),
        (file(infos=(infe(65_535, b"hvc1"),)), "no number left"),
        (
            file(
                version=2,
                infos=(infe(70_000, b"hvc1", version=3),),
                iref=encoded(b"iref", bytes(4)),
            ),
            "no number left",
        ),
        (file().replace(b"\0\0\0\x0epitm", b"\0\0\0\x0efree"), "no 'pitm' box"),
        (file(more=((2, 0, 0, 0, 4),) * 5000), "too many items"),
        (file()[:60], "does not end"),
        (
            encoded(b"ftyp") + encoded(b"meta", bytes(4), encoded(b"iinf"), encoded(b"iloc")),
            "nothing",
        ),
    ],
)
def test_what_cannot_be_followed_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(UnsupportedMediaError, match=why):
        WRITER.write(content, LABEL)


def test_a_table_that_points_before_what_moves_stays() -> None:
    content = bytearray(pictures.animation("AVIF", 2, speed=10))
    at = content.index(b"stco") + 12
    content[at : at + 4] = (9).to_bytes(4, "big")

    made = WRITER.write(bytes(content), LABEL)

    assert made[made.index(b"stco") + 12 :].startswith((9).to_bytes(4, "big"))


def test_an_item_larger_than_any_packet_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xmp, "MOST_BYTES", 3)
    content = file(infos=(infe(2, b"Exif"),), more=((2, 0, 0, 0, 4),))

    with pytest.raises(UnsupportedMediaError, match="too large"):
        WRITER.write(content, LABEL)
