"""Drafts and their parts."""

import pytest

from labelling.content import Draft, MediaRef, MediaType, Origin, Part

REF = MediaRef(key="media/1", digest="0" * 64, size=1)


def test_a_text_part_gives_its_words_back() -> None:
    assert Part.of_text("七天内可退。").text == "七天内可退。"


@pytest.mark.parametrize("part", [Part(MediaType.PNG, b"x"), Part(MediaType.TEXT, REF)])
def test_a_part_without_words_at_hand_has_no_text(part: Part) -> None:
    with pytest.raises(TypeError, match="has no text"):
        _ = part.text


def test_a_models_words_become_a_draft_of_origin_generated() -> None:
    draft = Draft.generated("一", "二")

    assert draft == Draft((Part.of_text("一"), Part.of_text("二")), Origin.GENERATED)
