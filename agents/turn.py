"""What an agent is asked, with what it may reach, and what it gives back."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from langchain_core.language_models import BaseChatModel

from agents.guards import Guards
from knowledge.base import Passage, Retriever
from labelling.content import Draft


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something that was said in the conversation."""

    role: Literal["customer", "assistant", "staff"]
    text: str


@dataclass(frozen=True, slots=True)
class Turn:
    """What an agent gets: the messages to answer, and what the stores know of the conversation."""

    id: str
    messages: tuple[str, ...]
    """The customer's messages to be answered together, oldest first; empty text is a picture."""
    at: datetime
    channel: str
    recent: tuple[Utterance, ...] = ()
    """The turns before, oldest first, bounded by the caller."""
    summary: str = ""
    """What was said before `recent`, in a few sentences."""
    profile: Mapping[str, str] = field(default_factory=dict)
    """What the customer agreed to have used."""
    region: str = ""
    audience: str = ""


class Phrase(StrEnum):
    """A fixed text of the message catalogue, written by people; an agent names it, never words it.

    So a model's words can never pass for a person's: what an agent words is a generated draft.
    """

    GREETING = "greeting"
    THANKS = "thanks"
    """An answer to thanks and to goodbyes."""
    HAND_OFF = "hand_off"
    """A person takes over."""
    NO_EVIDENCE = "no_evidence"
    """The brand's knowledge does not say; a person is offered."""
    OUT_OF_SCOPE = "out_of_scope"
    TEXT_ONLY = "text_only"
    """Pictures and the like cannot be read; words are asked for."""
    REFUSED = "refused"
    """The message cannot be dealt with: too long, or an attack."""
    STOPPED = "stopped"
    """The customer stopped the answer before its first sentence."""
    APOLOGY = "apology"
    """A fault on our side; a person takes over."""


class HandOffReason(StrEnum):
    """Why a person takes over."""

    ASKED = "asked"
    NO_EVIDENCE = "no_evidence"
    POLICY = "policy"
    COMPLAINT = "complaint"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs a thousand tokens."""

    input: Decimal
    output: Decimal
    currency: str = "CNY"

    def of(self, input_tokens: int, output_tokens: int) -> Decimal:
        """Price one call."""
        return (self.input * input_tokens + self.output * output_tokens) / 1000


@dataclass(frozen=True, slots=True)
class ModelUse:
    """One call of a model, for the books."""

    model: str
    route: str
    """Which provider and endpoint family served it, such as `dashscope` or `offline`."""
    prompt_version: str
    input_tokens: int
    output_tokens: int
    latency: float
    """In seconds."""
    cost: Decimal = Decimal(0)
    currency: str = "CNY"
    error: str = ""
    """Name of the error it ended with; empty where it went well."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What an agent gives back: generated words, a fixed phrase, or the one and then the other."""

    draft: Draft | None = None
    """Always of origin GENERATED."""
    phrase: Phrase | None = None
    intent: str = ""
    hand_off: HandOffReason | None = None
    passages: tuple[Passage, ...] = ()
    """What the answer stands on, in the order it cites them."""
    uses: tuple[ModelUse, ...] = ()
    summary: str = ""
    """The running summary after this turn."""

    def __post_init__(self) -> None:
        if self.draft is None and self.phrase is None:
            msg = "a reply needs a draft or a phrase"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A finished sentence of the answer being written, guarded and grounded."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentContext:
    """All that a node may reach."""

    retriever: Retriever
    model: BaseChatModel
    guards: Guards
    brand_name: str
    now: Callable[[], datetime]
    clock: Callable[[], float]
    """Monotonic seconds, for latencies."""
    min_coverage: float = 0.2
    """Evidence below it is none: see `judge`."""
    min_similarity: float | None = None
    """Cosine similarity that is evidence by itself; None where the embedder knows only words."""
    passages: int = 6
    max_answer_chars: int = 600
    prices: Mapping[str, Price] = field(default_factory=dict)
    """What tokens cost, by the name the provider gives the model; one not in it is free."""
    slot: Callable[[], AbstractAsyncContextManager[object]] = nullcontext
    """Held while the model is asked; bounds how many calls run at once."""
    ledger: list[ModelUse] = field(default_factory=list)
    """The model calls of this turn; `run_turn` opens a new one for every turn."""
