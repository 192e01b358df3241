"""Plain text."""

import pytest

from knowledge.base import Block, Document
from knowledge.loaders.base import Limits
from knowledge.loaders.text import load_text


def read(text: str) -> Document:
    return load_text(text.encode(), "about.txt", Limits())


def test_paragraphs_stand_between_blank_lines() -> None:
    document = read("我们的故事\n\n甲\n乙\n \n\n丙\n")

    assert document.title == "我们的故事"
    assert document.blocks == (Block("甲\n乙"), Block("丙"))


@pytest.mark.parametrize("first", ["长" * 41, "两\n行"])
def test_first_paragraph_that_is_no_title_stays(first: str) -> None:
    document = read(f"{first}\n\n甲")

    assert document.title == "about"
    assert document.blocks == (Block(first), Block("甲"))


def test_only_line_is_text() -> None:
    assert read("营业到十点").blocks == (Block("营业到十点"),)
