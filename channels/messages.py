"""Our words for what platforms say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who an output is for."""

    customer: str
    """The platform's id of the customer on this account; always a string."""
    context: Mapping[str, str] = field(default_factory=dict)
    """What the platform wants back with an answer, such as a message id; from the inbound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _FromCustomer:
    external_id: str
    """Unique on the account for what the platform sent; a redelivery has the same."""
    customer: str
    sent_at: datetime
    """When the platform says it happened; aware."""
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage(_FromCustomer):
    """A customer said something."""

    text: str = ""
    """The words; empty where it is a picture or a kind we cannot read."""
    kind: str = "text"
    """The platform's own word for the kind."""
    media: Mapping[str, str] = field(default_factory=dict)
    """How to fetch a picture: the platform's media id and address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened(_FromCustomer):
    """A customer opened the chat and has said nothing yet."""

    source: str = ""
    """Where from, as the platform passes it on; untrusted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryEcho(_FromCustomer):
    """The platform tells us of a message that went to the customer."""

    platform_id: str
    by_us: bool
    """Sent through our API; otherwise a person typed it in the platform's own app."""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullDue:
    """There is something to pull."""

    external_id: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """A content check that was asked for has a verdict."""

    external_id: str
    reference: str
    passed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformEvent:
    """An order, permission or similar event, kept by name for those who care."""

    external_id: str
    name: str
    subject: str = ""


Inbound = InboundMessage | SessionOpened | DeliveryEcho | PullDue | CheckResult | PlatformEvent


class ConversationState(StrEnum):
    """Who has the conversation."""

    BOT = "bot"
    REQUESTED = "requested"
    """The customer or the agent asked for a person."""
    QUEUED = "queued"
    HUMAN = "human"
    CLOSED = "closed"

    @property
    def silent(self) -> bool:
        """Whether the bot must keep silent."""
        return self in {ConversationState.QUEUED, ConversationState.HUMAN}
