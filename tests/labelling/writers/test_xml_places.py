"""Where elements stand in XML."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelling.errors import LabellingError, UnsupportedMediaError
from labelling.writers import xml_places
from labelling.writers.xml_places import find, spliced

XML = (
    b'<?xml version="1.0"?><a:r xmlns:a="u"><!-- > -->'
    b"<a:c d='1>2' a:e='\"'>x<b/>y</a:c><c></c></a:r>"
)


def everything(name: str, depth: int) -> bool:
    return True


def test_places_are_those_of_the_tags() -> None:
    root, c, b, other = find(XML, everything)

    assert XML[c.start : c.end] == b"<a:c d='1>2' a:e='\"'>x<b/>y</a:c>"
    assert XML[c.inside : c.until] == b"x<b/>y"
    assert (c.text, c.prefix, c.namespace, c.depth) == ("xy", b"a:", "u", 2)
    assert c.attributes == {"d": "1>2", "u}e": '"'}
    assert (b.empty, XML[b.start : b.end]) == (True, b"<b/>")
    assert (other.empty, XML[other.start : other.end]) == (False, b"<c></c>")
    assert XML[root.until :] == b"</a:r>"


def test_reading_may_stop_early() -> None:
    found = find(b"<r><p>1</p><p>2</p></r>", everything, until="p")

    assert [one.text for one in found] == ["1", "1"]
    assert found[0].end == -1


def test_what_comes_after_the_stop_is_not_read() -> None:
    long = b"<r><p>1</p>" + b"<q/>" * 10_000 + b"<broken"

    assert find(long, everything, until="p")[1].text == "1"


def test_of_many_only_the_newest_may_be_kept() -> None:
    found = find(b"<r><p>1</p><q/><p>2</p><p>3</p></r>", everything, newest="p")

    assert [one.name for one in found] == ["r", "p", "q"]
    assert found[1].text == "3"


@pytest.mark.parametrize(
    ("xml", "why"),
    [
        (b"<r>", "not well-formed"),
        (b"", "not well-formed"),
        (b"<r>\xff</r>", "not well-formed"),
        ("<r/>".encode("utf-16"), "not in UTF-8"),
        (b'<?xml version="1.0" encoding="gbk"?><r/>', "not in UTF-8"),
        (b"<!DOCTYPE r><r/>", "document type"),
        (b"<r>" * 300, "deeper than"),
    ],
)
def test_what_cannot_be_read_is_refused(xml: bytes, why: str) -> None:
    with pytest.raises(UnsupportedMediaError, match=why):
        find(xml, everything)


def test_too_many_elements_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_places, "MOST_ELEMENTS", 3)

    with pytest.raises(UnsupportedMediaError, match="more than 3 elements"):
        find(b"<r>" + b"<p/>" * 3 + b"</r>", everything)


@given(st.binary(max_size=60))
def test_no_bytes_make_more_than_an_error_of_ours(noise: bytes) -> None:
    try:
        found = find(b"<r>" + noise + b"</r>", everything)
    except LabellingError:
        return

    assert found[0].name == "r"


def test_splicing_replaces_ranges_in_any_order() -> None:
    assert spliced(b"0123456789", (8, 9, b"x"), (0, 0, b"<"), (2, 5, b"")) == b"<01567x9"
