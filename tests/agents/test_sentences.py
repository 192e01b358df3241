import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.sentences import SentenceSplitter


def split(*deltas: str, limit: int = 60) -> list[str]:
    splitter = SentenceSplitter(limit)
    sentences = [sentence for delta in deltas for sentence in splitter.feed(delta)]
    return [*sentences, *splitter.flush()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("可以。不行！为什么？", ["可以。", "不行！", "为什么？"]),
        ("价格是 3.5 元。每 1.5 升", ["价格是 3.5 元。", "每 1.5 升"]),
        ("见 https://a.cn/x?b=1;c 。好", ["见 https://a.cn/x?b=1;c 。", "好"]),
        ("七天内[1]。超过不行。[2][3]好", ["七天内[1]。", "超过不行。[2][3]", "好"]),
        ("“真的吗？”他说……好", ["“真的吗？”", "他说……", "好"]),
        ("一\n二\n", ["一\n", "二\n"]),
        ("Yes. It is! Really", ["Yes. ", "It is! ", "Really"]),
        ("1.洗面奶 2.面霜", ["1.洗面奶 2.面霜"]),
        ("", []),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    assert split(text) == expected


def test_a_finished_sentence_is_given_at_once() -> None:
    splitter = SentenceSplitter(60)

    assert list(splitter.feed("可以退")) == []
    assert list(splitter.feed("货。")) == []
    assert list(splitter.feed("七")) == ["可以退货。"]


def test_a_citation_cut_in_two_stays_with_its_sentence() -> None:
    assert split("可以。", "[", "1", "]", "好") == ["可以。[1]", "好"]


def test_a_sentence_without_end_is_cut_at_a_pause() -> None:
    assert split("洗面奶，面霜，精华没有句号一直写下去", limit=8) == [
        "洗面奶，面霜，",
        "精华没有句号一直",
        "写下去",
    ]


def test_a_placeholder_is_not_cut() -> None:
    assert split("请您拨打电话〔电话1〕联系吧", limit=8)[:2] == ["请您拨打电话", "〔电话1〕联系吧"]


_TEXT = st.text(st.sampled_from("茶，。！？；…\n .3a[1]］〔〕”(:"), max_size=80)


@given(_TEXT, st.integers(min_value=4, max_value=20), st.data())
def test_splitting_loses_nothing_whatever_the_deltas(
    text: str, limit: int, data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    deltas = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]

    sentences = split(*deltas, limit=limit)

    assert "".join(sentences) == text
    assert sentences == split(*text, limit=limit)
    assert all(len(sentence) <= limit for sentence in sentences)
