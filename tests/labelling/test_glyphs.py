"""The font of the marks: all signs, a licence beside it, and how it is made."""

from pathlib import Path

import pytest

# It ships no types.
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

from labelling.fonts.subset import main, subset
from labelling.glyphs import FONT_PATH, SIGNS, font_bytes, font_path
from labelling.marks import WORDINGS
from labelling.wording import INTERFACE_NOTICE, TEXT_NOTICE


def test_the_font_draws_every_sign_of_our_wordings() -> None:
    drawn = TTFont(font_path()).getBestCmap()

    wanted = {*INTERFACE_NOTICE, *TEXT_NOTICE, *"".join(WORDINGS)}
    assert wanted <= set(SIGNS)
    assert {ord(sign) for sign in SIGNS} <= set(drawn)


def test_the_font_is_small_and_has_its_licence_beside_it() -> None:
    licence = font_path().with_name("OFL.txt").read_text()

    assert len(font_bytes()) < 40_000
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    assert "Copyright 2014-2021 Adobe" in licence


@pytest.mark.slow  # fontTools takes a second to load
def test_the_font_made_from_itself_is_itself() -> None:
    assert subset(FONT_PATH) == font_bytes()


@pytest.mark.slow  # fontTools takes a second to load
def test_the_script_writes_where_the_font_is_taken_from(tmp_path: Path) -> None:
    target = tmp_path / "made.otf"

    main([str(FONT_PATH), str(target)])

    assert target.read_bytes() == font_bytes()
