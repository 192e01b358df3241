from agents.citations import Citations, with_sources
from tests.agents.builders import passage

_FIRST = passage("甲", title="A")
_SECOND = passage("乙", title="A")
_THIRD = passage("丙", title="B")


def test_passages_are_numbered_in_the_order_they_are_cited() -> None:
    citations = Citations([_FIRST, _SECOND, _THIRD])

    sentences = [citations.renumber(text) for text in ("好[3]。", "行【1】［3］。")]

    assert sentences == ["好[1]。", "行[2][1]。"]
    assert citations.cited == (_THIRD, _FIRST)


def test_a_citation_of_nothing_goes() -> None:
    assert Citations([_FIRST]).renumber("好[2][0][1]。") == "好[1]。"


def test_all_passages_count_where_none_is_cited() -> None:
    assert Citations([_FIRST, _SECOND]).cited == (_FIRST, _SECOND)


def test_sources_are_named_for_fronts_without_tap_targets() -> None:
    text = with_sources("好[1]，行[2]，嗯[3]。", [_FIRST, _SECOND, _THIRD], "来源：")

    assert text == "好[1]，行[2]，嗯[3]。\n来源：[1][2]《A》；[3]《B》"


def test_an_answer_that_cites_nothing_names_no_sources() -> None:
    assert with_sources("好。", [_FIRST], "来源：") == "好。"


def test_a_document_that_the_text_names_is_not_named_again() -> None:
    text = f"好〔据《{_FIRST.title}》〕[1]。"

    assert with_sources(text, [_FIRST], "来源：") == text
