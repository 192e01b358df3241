"""The running summary: what was asked and what became of it, a line each, newest last."""

from collections.abc import Sequence

from agents.masking import forget_numbers
from agents.turn import HandOffReason
from knowledge.base import Passage

MAX_CHARS = 300
_MAX_QUESTION = 48
_MAX_TITLES = 2

# rule-skip: user-text: the summary is read by the model and by staff, never by a customer
_OUTCOMES = {
    HandOffReason.ASKED: "要求转人工",
    HandOffReason.COMPLAINT: "投诉，已转人工",
    HandOffReason.NO_EVIDENCE: "资料未载，已提出转人工",
    HandOffReason.POLICY: "按规定转人工",
    HandOffReason.FAILURE: "系统故障，已转人工",
}


def extend_summary(
    summary: str, question: str, reason: HandOffReason | None, passages: Sequence[Passage]
) -> str:
    """Add a turn to the summary; the oldest lines go where it grows over `MAX_CHARS`.

    `question` is the masked one: what was masked is not written down a second time.
    """
    asked = _clip(" ".join(forget_numbers(question).split()), _MAX_QUESTION)
    # rule-skip: user-text: as above
    lines = [*summary.splitlines(), f"客户：{asked}（{_outcome(reason, passages)}）"]
    while len("\n".join(lines)) > MAX_CHARS:
        del lines[0]
    return "\n".join(lines)


def _outcome(reason: HandOffReason | None, passages: Sequence[Passage]) -> str:
    if reason is not None:
        return _OUTCOMES[reason]
    titles = list(dict.fromkeys(_clip(passage.title, 20) for passage in passages))[:_MAX_TITLES]
    return f"已据{''.join(f'《{title}》' for title in titles)}作答"


def _clip(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
