import pytest

from agents.service.routing import (
    route_by_evidence,
    route_by_gap,
    route_by_intent,
    route_by_verdict,
)
from agents.service.state import ServiceState, Written
from agents.turn import HandOffReason, Phrase
from tests.agents.builders import passage, turn

_START = ServiceState(turn=turn("几天到"))
_SAID: ServiceState = {**_START, "phrase": Phrase.GREETING}
_HANDED: ServiceState = {**_START, "reason": HandOffReason.ASKED}


@pytest.mark.parametrize(
    ("state", "expected"), [(_START, "understand"), (_SAID, "say"), (_HANDED, "hand_off")]
)
def test_what_the_guards_passed_is_understood(state: ServiceState, expected: str) -> None:
    assert route_by_verdict(state) == expected


@pytest.mark.parametrize(
    ("state", "expected"), [(_START, "retrieve"), (_SAID, "say"), (_HANDED, "hand_off")]
)
def test_questions_are_looked_up(state: ServiceState, expected: str) -> None:
    assert route_by_intent(state) == expected


@pytest.mark.parametrize(
    ("found", "searches", "expected"),
    [
        (1, (), "answer"),
        (1, ("再找",), "answer"),
        (0, ("再找",), "retrieve"),
        (0, (), "hand_off"),
    ],
)
def test_without_evidence_a_person_takes_over(
    found: int, searches: tuple[str, ...], expected: str
) -> None:
    state: ServiceState = {**_START, "evidence": (passage(),) * found, "searches": searches}

    assert route_by_evidence(state) == expected


@pytest.mark.parametrize(
    ("gap", "expected"), [(None, "__end__"), (HandOffReason.NO_EVIDENCE, "hand_off")]
)
def test_where_something_is_missing_a_person_is_offered(
    gap: HandOffReason | None, expected: str
) -> None:
    assert route_by_gap({**_START, "written": Written("好。", (), gap)}) == expected
