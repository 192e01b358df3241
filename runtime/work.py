"""A claimed turn, with all that its steps need."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from agents.turn import Turn
from channels.base import Channel
from channels.messages import Recipient
from runtime.store.accounts import Account
from runtime.store.conversations import Conversation
from runtime.store.turns import Claimed


async def _nobody_waits() -> None:
    """There is no next turn."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a turn needs on its way from claim to close."""

    conversation: Conversation
    turn: Claimed
    question: Turn
    account: Account
    front: Channel
    started: Callable[[], Awaitable[None]] = _nobody_waits
    """To be called once the model is asked, or need not be: the next turn may start."""

    @property
    def recipient(self) -> Recipient:
        """Who the answer is for."""
        return Recipient(self.conversation.customer, self.turn.context)

    @property
    def told(self) -> dict[str, str | int]:
        """What the audit log tells of the turn itself."""
        return {"turn": self.turn.id, "attempts": self.turn.attempts}
