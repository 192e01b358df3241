"""Evidence, and look-alikes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.explain import is_look_alike, weigh
from knowledge.index.statistics import Frequencies
from knowledge.lexical import LexicalEncoder

ENCODER = LexicalEncoder()


def evidence(question: str, text: str) -> tuple[float, tuple[str, ...]]:
    asked = ENCODER.question(question)
    weighed = weigh(asked, Frequencies(100, tuple(0 for _ in asked.ids)))
    return weighed.evidence_in(text)


def test_rare_terms_weigh_more_than_common_ones() -> None:
    asked = ENCODER.question("面霜")
    held = {"w面霜": 90, "p面霜": 90, "c面": 1, "c霜": 90}

    weighed = weigh(asked, Frequencies(100, tuple(held[term] for term in asked.terms)))

    weights = dict(zip(weighed.terms, weighed.vector.values, strict=True))
    assert max(weights, key=weights.__getitem__) == "c面"


def test_a_number_is_not_in_a_longer_one() -> None:
    assert evidence("7", "17 天内送达")[0] == 0.0
    assert evidence("7", "7天内送达")[0] == 1.0


def test_a_product_code_is_found_in_any_case() -> None:
    coverage, terms = evidence("xtl-s01", "洗面奶（XTL-S01）")

    assert (coverage, terms) == (1.0, ("xtl-s01",))


def test_terms_are_not_told_twice_nor_with_particles() -> None:
    assert evidence("退货吗", "可以退货吗")[1] == ("退货",)


def test_question_without_terms_is_covered_by_nothing() -> None:
    assert evidence("请问", "请问") == (0.0, ())


@given(st.text(max_size=40), st.text(max_size=40))
def test_coverage_is_a_share(question: str, text: str) -> None:
    assert 0.0 <= evidence(question, text)[0] <= 1.0


@given(st.text(min_size=1, max_size=40))
def test_text_covers_itself(text: str) -> None:
    coverage, _ = evidence(text, text)

    assert coverage == (pytest.approx(1.0) if ENCODER.question(text).ids else 0.0)


@pytest.mark.parametrize(
    ("question", "look_alike"),
    [
        ("满多少可以用新人券", True),
        ("满多少能用新人券呀", True),
        ("满多少包邮", False),
        ("苏州有门店吗", False),
    ],
)
def test_look_alike_is_nearer_to_a_negative_than_to_any_wording(
    question: str, *, look_alike: bool
) -> None:
    wordings, negatives = ["满多少包邮", "多少钱免运费"], ["满多少可以用新人券"]

    assert is_look_alike(question, wordings, negatives) is look_alike


def test_without_negatives_nothing_is_a_look_alike() -> None:
    assert not is_look_alike("满多少包邮", ["满多少包邮"], [])
