"""Conversations between a brand and its customers: who sees what, and what may still be sent."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from simulators.douyin.errors import Code, DouyinError
from simulators.wire import JsonObject


class Scene(StrEnum):
    """What an answer is an answer to."""

    REPLY = ""
    ENTER = "im_enter_direct_msg"


# The default may be spelt out; one page of the documentation misspells it.
REPLY_SPELLINGS = frozenset({"", "im_reply_msg", "im_replay_msg"})


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be sent; the platform's pages do not say, these are what others measured."""

    per_message: int = 6
    message_window: timedelta = timedelta(hours=24)
    per_entry: int = 3
    entry_window: timedelta = timedelta(seconds=30)
    max_text_characters: int = 1000


@dataclass(slots=True)
class Opening:
    """A customer's message or entry, which answers may refer to for a while."""

    scene: Scene
    ends_at: datetime
    left: int


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message as the customer sees it."""

    kind: str
    text: str
    at: datetime
    media_id: str = ""

    def as_json(self) -> JsonObject:
        return {
            "kind": self.kind,
            "text": self.text,
            "at": self.at.isoformat(),
            "media_id": self.media_id,
        }


@dataclass(slots=True)
class Conversation:
    """One customer and one brand."""

    id: str
    brand: str
    customer: str
    openings: dict[str, Opening] = field(default_factory=dict)
    inbox: list[Bubble] = field(default_factory=list)

    def spend(self, message_id: str, scene: Scene, now: datetime) -> None:
        """Take one answer off what a message or an entry is worth.

        Raises:
            DouyinError: There was no such message, it is too old, or its answers are used up.
        """
        opening = self.openings.get(message_id)
        if opening is None or opening.scene is not scene:
            raise DouyinError(Code.PARAMETER)
        if opening.ends_at <= now:
            late = Code.MESSAGE_TOO_OLD if scene is Scene.REPLY else Code.ENTRY_TOO_OLD
            raise DouyinError(late)
        if opening.left == 0:
            raise DouyinError(Code.REPLIES_USED_UP)
        opening.left -= 1


class ConversationBook:
    """All conversations of an app's brands."""

    def __init__(
        self, limits: Limits, *, now: Callable[[], datetime], new_id: Callable[[], str]
    ) -> None:
        self.limits = limits
        self._now = now
        self._new_id = new_id
        self._by_pair: dict[tuple[str, str], Conversation] = {}

    def between(self, brand: str, customer: str) -> Conversation:
        """Give the conversation of two; a conversation keeps its id for good."""
        if (brand, customer) not in self._by_pair:
            self._by_pair[brand, customer] = Conversation(self._new_id(), brand, customer)
        return self._by_pair[brand, customer]

    def addressed(self, conversation_id: object, brand: str, customer: object) -> Conversation:
        """Give the conversation a brand's call speaks of.

        Raises:
            DouyinError: There is none of that id, or it is with somebody else.
        """
        for conversation in self.all:
            if conversation.id == conversation_id:
                if (conversation.brand, conversation.customer) != (brand, customer):
                    raise DouyinError(Code.PEER_MISMATCH)
                return conversation
        raise DouyinError(Code.PARAMETER)

    def open(self, conversation: Conversation, message_id: str, scene: Scene) -> None:
        """Take a customer's message or entry: it may be answered for a while."""
        limits = self.limits
        window, count = limits.message_window, limits.per_message
        if scene is Scene.ENTER:
            window, count = limits.entry_window, limits.per_entry
        conversation.openings[message_id] = Opening(scene, self._now() + window, count)

    @property
    def all(self) -> list[Conversation]:
        return list(self._by_pair.values())
