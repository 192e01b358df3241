"""Terms of Chinese text, and their weights."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.lexical import (
    SCHEME,
    LexicalEncoder,
    inverse_document_frequency,
    normalise,
    stop_words,
    term_id,
)

ENCODER = LexicalEncoder()


def test_words_pairs_and_characters_count_side_by_side() -> None:
    assert ENCODER.terms("包邮吗") == {"w包邮": 1, "p包邮": 1, "p邮吗": 1, "c包": 1, "c邮": 1}


def test_letters_and_digits_stand_in_all_three_places() -> None:
    assert ENCODER.terms("XTL") == {"wxtl": 1, "pxtl": 1, "cxtl": 1}


def test_width_and_case_make_no_difference() -> None:
    assert ENCODER.document("ＸＴＬ－Ｓ０１　８９元") == ENCODER.document("xtl-s01 89元")


@pytest.mark.parametrize("text", ["", "？！", "请问一下呢", "你好", "the"])
def test_question_without_a_telling_word_asks_for_nothing(text: str) -> None:
    assert ENCODER.question(text).ids == ()


def test_question_keeps_ids_terms_and_counts_together() -> None:
    question = ENCODER.question("面霜面霜")

    assert list(question.ids) == sorted(question.ids)
    assert [term_id(term) for term in question.terms] == list(question.ids)
    counts = dict(zip(question.terms, question.counts, strict=True))
    assert (counts["w面霜"], counts["c霜"], counts["p霜面"]) == (2, 2, 1)


def test_repetition_adds_less_and_less() -> None:
    weights = [
        dict(zip(vector.indices, vector.values, strict=True))[term_id("w面霜")]
        for vector in (ENCODER.document("面霜，" * count) for count in (1, 2, 4, 8))
    ]

    steps = [after - before for before, after in pairwise(weights)]
    assert weights == sorted(weights)
    assert steps[0] > steps[1] / 2 > 0
    assert max(weights) < 2.2


def test_term_counts_less_in_a_long_text() -> None:
    def weight(text: str) -> float:
        vector = ENCODER.document(text)
        return dict(zip(vector.indices, vector.values, strict=True))[term_id("w面霜")]

    assert weight("面霜" + "保湿" * 200) < weight("面霜保湿")


def test_words_of_the_lexicon_stay_whole() -> None:
    brand = LexicalEncoder(["岫棠里"])

    assert brand.words("岫棠里的面霜") == ["岫棠里", "面霜"]
    assert ENCODER.words("岫棠里的面霜") == ["岫棠", "面霜"]


def test_name_changes_with_the_lexicon_and_not_with_its_order() -> None:
    names = [LexicalEncoder(words).name for words in ([], ["甲乙", "丙丁"], ["丙丁", "甲乙"])]

    assert names[0] == SCHEME
    assert names[0] != names[1] == names[2]


def test_rarer_terms_weigh_more_and_none_weighs_less_than_nothing() -> None:
    weights = [inverse_document_frequency(100, holding) for holding in (0, 1, 50, 100)]

    assert weights == sorted(weights, reverse=True)
    assert weights[-1] >= 0


def test_stop_words_are_in_the_form_that_texts_are_compared_in() -> None:
    assert {normalise(word) for word in stop_words()} == stop_words()


@given(st.text(max_size=60))
def test_document_vectors_are_sound_for_any_text(text: str) -> None:
    vector = ENCODER.document(text)

    assert list(vector.indices) == sorted(set(vector.indices))
    assert all(0 <= index < 2**32 for index in vector.indices)
    assert all(value > 0 for value in vector.values)


@given(st.text(max_size=60))
def test_question_s_terms_are_among_its_text_s(text: str) -> None:
    assert set(ENCODER.question(text).ids) <= set(ENCODER.document(text).indices)
