"""The explicit wording holds both elements (GB 45438-2025 §5)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelling.errors import LabelMissingError
from labelling.wording import INTERFACE_NOTICE, NOTICE, TEXT_NOTICE, checked, compliant

GOOD = (
    "AI生成",
    "AI合成",
    "人工智能生成",
    "人工智能合成",
    "由AI生成",
    "内容由AI生成",
    "AI生成合成",
    "ai生成",
    "ＡＩ生成",
    "A I 生 成",
    "【AI】·生成",
    "AI-generated 内容由AI生成",
)
BAD = ("", "AI", "AIGC", "智能助手", "机器人回复", "通用模型", "AI创作", "AI-generated", "合成图片")


@pytest.mark.parametrize("words", [*GOOD, NOTICE, TEXT_NOTICE, INTERFACE_NOTICE])
def test_words_with_both_elements_may_serve(words: str) -> None:
    assert compliant(words)
    assert checked(words) == words


@pytest.mark.parametrize("words", BAD)
def test_words_that_lack_an_element_may_not(words: str) -> None:
    assert not compliant(words)
    with pytest.raises(LabelMissingError, match="no explicit label"):
        checked(words)


@given(
    st.sampled_from(["AI", "ai", "人工智能", "Ａｉ"]),
    st.text(alphabet=" ·-—，。_（）", max_size=5),
    st.sampled_from(["生成", "合成"]),
)
def test_spaces_and_punctuation_between_the_elements_do_not_matter(
    first: str, between: str, second: str
) -> None:
    assert compliant(first + between + second)
    assert compliant(second + between + first)
