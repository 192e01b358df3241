import pytest

from agents.service.evidence import judge_passages
from tests.agents.builders import passage


@pytest.mark.parametrize(
    ("found", "kept"),
    [
        ([], []),
        ([(0.34, 0.0)], []),
        ([(0.35, 0.0)], [0]),
        ([(0.8, 0.0), (0.4, 0.0), (0.39, 0.0)], [0, 1]),
        ([(0.1, 0.7)], [0]),
        ([(0.1, 0.59)], []),
        ([(0.2, 0.7), (0.8, 0.0), (0.1, 0.1)], [0, 1]),
        ([(0.0, 0.0)], []),
    ],
)
def test_evidence_is_what_covers_the_question(
    found: list[tuple[float, float]], kept: list[int]
) -> None:
    passages = [
        passage(str(number), coverage=coverage, dense_score=similarity)
        for number, (coverage, similarity) in enumerate(found)
    ]

    evidence = judge_passages(passages, min_coverage=0.35, min_similarity=0.6)

    assert evidence == tuple(passages[number] for number in kept)


def test_similarity_counts_only_where_it_is_asked_for() -> None:
    found = [passage(coverage=0.1, dense_score=0.99)]

    assert judge_passages(found, min_coverage=0.35, min_similarity=None) == ()
