"""Questions and answers in CSV."""

import pytest

from knowledge.base import Block, BlockKind, Document
from knowledge.errors import DocumentUnreadableError
from knowledge.loaders.base import Limits
from knowledge.loaders.faq import load_faq

HEADER = "question,similar,negative,answer,category\n"


def read(text: str, limits: Limits | None = None) -> Document:
    return load_faq(text.encode(), "faq.csv", limits or Limits())


def test_row_is_one_answer_with_all_its_wordings() -> None:
    document = read(
        HEADER + '满多少包邮,免运费吗| 包邮吗 ||,新人券｜香港,"满 99 元，\n包邮。",配送\n'
    )

    assert document.title == "常见问题"
    assert document.blocks == (
        Block(
            "满 99 元，\n包邮。",
            BlockKind.FAQ,
            ("配送", "满多少包邮"),
            similar=("免运费吗", "包邮吗"),
            negative=("新人券", "香港"),
        ),
    )


def test_only_question_and_answer_are_needed_in_any_order() -> None:
    document = read("Answer , QUESTION\n甲,乙\n\n,\n")

    assert document.blocks == (Block("甲", BlockKind.FAQ, ("乙",)),)


@pytest.mark.parametrize("header", ["", "question,category\n", "question,answer,answer\n"])
def test_wrong_columns_are_refused_with_the_right_ones(header: str) -> None:
    with pytest.raises(DocumentUnreadableError, match="question, similar, negative, answer"):
        read(header + "甲,乙,丙\n")


def test_all_faults_are_told_by_row_and_without_their_text() -> None:
    rows = ["甲,,,答,", "乙,,,,", ",,,答,", "甲,,,答,", "丙,,,答,类,多"]

    with pytest.raises(DocumentUnreadableError) as caught:
        read(HEADER + "\n".join(rows))

    told = str(caught.value)
    assert told.startswith(
        "'faq.csv' must be put right: row 3 has no answer; row 4 has no question"
    )
    assert "row 5 asks the same as row 2" in told
    assert "row 6 has more cells than the first row" in told
    assert "甲" not in told


def test_many_faults_are_counted() -> None:
    with pytest.raises(DocumentUnreadableError, match="and 5 more"):
        read(HEADER + "问,,,,\n" * 15)


def test_open_quote_is_told_by_its_line() -> None:
    with pytest.raises(DocumentUnreadableError, match="broken CSV near line"):
        read(HEADER + '甲,,,"答,\n')


def test_too_many_rows_are_refused() -> None:
    with pytest.raises(DocumentUnreadableError, match="over 2 rows"):
        read("question,answer\n甲,答\n乙,答\n丙,答\n", Limits(max_rows=2))


def test_list_without_rows_is_refused() -> None:
    with pytest.raises(DocumentUnreadableError, match="holds no text"):
        read(HEADER)
