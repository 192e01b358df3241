"""What can go wrong while an agent works.

AgentError
├─ ModelUnavailableError        retryable
├─ ModelRefusedError
├─ KnowledgeUnavailableError    retryable
├─ TurnDrainedError             retryable
└─ TurnTimeoutError
"""

from typing import ClassVar

from agents.turn import ModelUse


class AgentError(Exception):
    """A turn could not be turned into a reply."""

    retryable: ClassVar[bool] = False
    uses: tuple[ModelUse, ...] = ()
    """The model calls that were made before it went wrong, for the books."""


class ModelUnavailableError(AgentError):
    """The model gave no answer within its budget of retries: slow, cut, rate-limited or down."""

    retryable = True
    retry_after: float = 0.0
    """Seconds the provider asked to wait; 0.0 where it did not say."""


class ModelRefusedError(AgentError):
    """The model or its moderation refused the request, or our key or account is not accepted."""


class KnowledgeUnavailableError(AgentError):
    """The index or its embedder gave no answer, so nothing can be said to be unknown either."""

    retryable = True


class TurnDrainedError(AgentError):
    """The turn stopped between two nodes because the process is going down."""

    retryable = True


class TurnTimeoutError(AgentError):
    """A turn took longer than it may."""
