"""Where a turn goes next: pure functions of the state."""

from typing import Literal

from agents.service.state import ServiceState


def route_by_verdict(
    state: ServiceState,
) -> Literal["understand", "say", "hand_off"]:
    """Let through what the guards passed."""
    if "reason" in state:
        return "hand_off"
    return "say" if "phrase" in state else "understand"


def route_by_intent(state: ServiceState) -> Literal["retrieve", "say", "hand_off"]:
    """Look up questions; to everything else there is a fixed answer."""
    if "reason" in state:
        return "hand_off"
    return "say" if "phrase" in state else "retrieve"


def route_by_evidence(state: ServiceState) -> Literal["answer", "retrieve", "hand_off"]:
    """No passage, no answer: without evidence a person takes over."""
    if state["evidence"]:
        return "answer"
    return "retrieve" if state["searches"] else "hand_off"


def route_by_gap(state: ServiceState) -> Literal["hand_off", "__end__"]:
    """Where something is missing a person is offered."""
    return "hand_off" if state["written"].gap else "__end__"
