"""Counts of terms."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from knowledge.index.statistics import Frequencies, TermStatistics

TERMS = st.integers(0, 2**32 - 1)
PASSAGES = st.lists(st.lists(TERMS | st.integers(0, 9), max_size=6, unique=True), max_size=12)


def counted(passages: list[list[int]]) -> TermStatistics:
    statistics = TermStatistics()
    statistics.add(passages)
    return statistics


@given(PASSAGES, st.lists(TERMS | st.integers(0, 9), max_size=6))
def test_look_up_gives_how_many_passages_hold_a_term(
    passages: list[list[int]], asked: list[int]
) -> None:
    held = Counter(term for passage in passages for term in passage)

    found = counted(passages).look_up(asked)

    assert found == Frequencies(len(passages), tuple(held[term] for term in asked))


@given(PASSAGES, PASSAGES)
def test_taking_out_what_was_put_in_leaves_what_was_there(
    stay: list[list[int]], go: list[list[int]]
) -> None:
    statistics = counted(stay)
    statistics.pack()
    statistics.add(go)
    statistics.remove(go[::-1])

    assert statistics.pack() == counted(stay).pack()


@given(PASSAGES, PASSAGES, st.lists(TERMS | st.integers(0, 9), max_size=6))
def test_unpacked_counts_go_on_where_they_were_packed(
    first: list[list[int]], then: list[list[int]], asked: list[int]
) -> None:
    statistics = TermStatistics.unpack(counted(first).pack())
    statistics.add(then)

    whole = counted(first + then)
    assert statistics.look_up(asked) == whole.look_up(asked)
    assert statistics.pack() == whole.pack()
