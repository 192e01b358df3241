"""Labels in SVG: a plate that every viewer draws, and XMP in the metadata."""

from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from labelling import reader
from labelling.content import MediaType
from labelling.errors import LabellingError, UnsupportedMediaError
from labelling.wording import NOTICE
from labelling.writers.svg import SvgNoticeWriter, SvgXmpWriter
from tests.labelling.writers import pictures
from tests.labelling.writers.recordings import LABEL, OTHER, VALUE
from tests.labelling.writers.tools import needed

EXPLICIT, IMPLICIT = SvgNoticeWriter(), SvgXmpWriter()
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" %b>%b</svg>'


def labelled(content: bytes) -> bytes:
    return IMPLICIT.write(EXPLICIT.write(content, LABEL), LABEL)


def test_the_drawing_stays_byte_for_byte() -> None:
    made = labelled(pictures.SVG)

    head, _, rest = pictures.SVG.partition(b"<script>")
    assert made.startswith(head + b"<metadata")
    assert b"<script>" + rest.removesuffix(b"</svg>") in made
    assert made.endswith(b"</g></svg>")


def test_the_tolerant_reader_finds_both() -> None:
    reading = reader.read(MediaType.SVG, labelled(pictures.SVG))

    assert reading.explicit == NOTICE
    assert reading.fields == LABEL.aigc


def test_words_of_another_mark_of_ours_give_way() -> None:
    other = EXPLICIT.write(pictures.SVG, LABEL).replace(NOTICE.encode(), "AI生成".encode())

    made = EXPLICIT.write(other, LABEL)

    assert made == EXPLICIT.write(pictures.SVG, LABEL)


def test_rdf_that_is_there_takes_the_label() -> None:
    rdf = b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><!--kept--></rdf:RDF>'
    content = SVG % (b'viewBox="0 0 100 100"', b"<metadata>" + rdf + b"</metadata><g/>")

    made = IMPLICIT.write(content, LABEL)

    assert made.count(b"<metadata") == 1
    assert b"<!--kept-->" in made
    assert IMPLICIT.read(IMPLICIT.write(made, OTHER)) != VALUE == IMPLICIT.read(made)


def test_a_document_type_that_only_names_goes() -> None:
    kind = b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/svg11.dtd">'
    content = kind + SVG % (b'viewBox="0 0 100 100"', b"<g/>")

    assert b"DOCTYPE" not in labelled(content)
    assert EXPLICIT.read(labelled(content)) == NOTICE


@pytest.mark.parametrize(
    ("size", "side"),
    [
        (b'viewBox="-50,-50 100 200"', 100),
        (b'width="64" height="100px"', 64),
        (b'width="10mm" height="5cm"', 37.795),
        (b'viewBox="broken" width="2in" height="1e3"', 192),
    ],
)
def test_the_signs_are_a_twentieth_of_the_shortest_side(size: bytes, side: float) -> None:
    made = EXPLICIT.write(SVG % (size, b"<g/>"), LABEL).decode()

    set_in = float(made.partition("font:")[2].partition("px")[0])
    # The lowest sign of the fonts it may be drawn in is three fifths of its size.
    assert set_in * 0.6 == pytest.approx(side / 20, rel=0.01)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no element"),
        (b"<svg/>", "no svg element"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "nothing drawn"),
        (SVG % (b"", b"<g/>"), "how large"),
        (SVG % (b'viewBox="0 0 0 9"', b"<g/>"), "how large"),
        (SVG % (b'viewBox="0 0 nan 9"', b"<g/>"), "how large"),
        (SVG % (b'width="50%" height="9em"', b"<g/>"), "how large"),
        (SVG % (b"", b"<g>" * 300 + b"</g>" * 300), "too deep"),
        (b'<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG % (b"", b"&a;"), "cannot be read"),
        (b" " * (33 << 20), "too large"),
    ],
)
def test_what_is_no_svg_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(UnsupportedMediaError, match=why):
        EXPLICIT.write(content, LABEL)


def test_a_drawing_too_narrow_for_the_words_is_refused() -> None:
    class Wide:
        notice = NOTICE * 4
        aigc = LABEL.aigc

    with pytest.raises(LabellingError, match="no room"):
        EXPLICIT.write(SVG % (b'viewBox="0 0 100 100"', b"<g/>"), Wide())  # type: ignore[arg-type]


@pytest.mark.browser
@pytest.mark.slow  # a browser is started
def test_a_browser_draws_the_plate_over_all_and_whatever_the_styles_say(tmp_path: Path) -> None:
    file = tmp_path / "labelled.svg"
    file.write_bytes(labelled(pictures.SVG))
    kept = Path(__file__).parents[3] / "artefacts" / "marks" / "labelled-svg.png"
    kept.parent.mkdir(parents=True, exist_ok=True)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needed("chromium"))
        page = browser.new_page(viewport={"width": 400, "height": 300})
        page.goto(file.as_uri())
        text = page.locator("#aigc-notice text")
        box = text.bounding_box()
        on_top = page.evaluate("document.elementFromPoint(60, 25).closest('g').id")
        page.screenshot(path=kept)
        browser.close()

    assert box is not None
    assert box["height"] >= 15
    assert on_top == "aigc-notice"
