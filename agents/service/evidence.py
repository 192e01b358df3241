"""Whether what was found is evidence."""

from collections.abc import Sequence

from knowledge.base import Passage

_BESIDE_BEST = 0.5
"""Share of the best coverage from which a passage is shown beside it."""


def judge_passages(
    passages: Sequence[Passage], *, min_coverage: float, min_similarity: float | None
) -> tuple[Passage, ...]:
    """Keep the passages an answer may stand on, in their order; none where none carries one."""
    best = max((passage.coverage for passage in passages), default=0.0)
    threshold = best * _BESIDE_BEST if best >= min_coverage else float("inf")
    return tuple(
        passage
        for passage in passages
        if passage.coverage >= threshold or _is_similar(passage, min_similarity)
    )


def _is_similar(passage: Passage, min_similarity: float | None) -> bool:
    return min_similarity is not None and passage.dense_score >= min_similarity
