"""What a turn knows while it goes through the service graph: data only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Required, TypedDict

from agents.service.intents import Intent
from agents.turn import HandOffReason, Phrase, Reply, Turn, Utterance
from knowledge.base import Passage


@dataclass(frozen=True, slots=True)
class Intake:
    """The turn as a model may see it: nothing personal in it."""

    question: str
    recent: tuple[Utterance, ...]
    summary: str
    profile: str
    masked: Mapping[str, str]
    """Placeholder to what it stands for."""


@dataclass(frozen=True, slots=True)
class Written:
    """What came of asking the model: the sentences that passed, put together."""

    text: str
    cited: tuple[Passage, ...]
    gap: HandOffReason | None = None
    """Why a person should say the rest; None where nothing is missing."""


class ServiceState(TypedDict, total=False):
    """A turn under way. Every key is written by one node, but `searches` and `passages`."""

    turn: Required[Turn]
    intake: Intake
    intent: Intent
    phrase: Phrase
    reason: HandOffReason
    searches: tuple[str, ...]
    """What is still to be searched for."""
    earlier: str
    passages: tuple[Passage, ...]
    evidence: tuple[Passage, ...]
    written: Written
    reply: Reply


class Guarded(TypedDict, total=False):
    """What `guard_input` found out."""

    intake: Intake
    phrase: Phrase
    reason: HandOffReason


class Understood(TypedDict, total=False):
    """What `understand` made of it."""

    intent: Intent
    searches: tuple[str, ...]
    earlier: str
    phrase: Phrase
    reason: HandOffReason


class Found(TypedDict):
    """What `retrieve` found."""

    passages: tuple[Passage, ...]
    searches: tuple[str, ...]


class Judged(TypedDict):
    """What `judge` holds for evidence."""

    evidence: tuple[Passage, ...]


class Answered(TypedDict, total=False):
    """What `answer` wrote; a reply only where nothing is missing."""

    written: Written
    reason: HandOffReason
    reply: Reply


class Closed(TypedDict):
    """What a last node says."""

    reply: Reply
