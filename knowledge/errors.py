"""What can go wrong with knowledge.

KnowledgeError
├─ DocumentUnreadableError
└─ IndexUnavailableError     retryable
"""

from typing import ClassVar


class KnowledgeError(Exception):
    """The knowledge domain could not do what was asked."""

    retryable: ClassVar[bool] = False


class DocumentUnreadableError(KnowledgeError):
    """A document cannot be loaded: unknown format, broken content, or over a limit."""


class IndexUnavailableError(KnowledgeError):
    """The passage index or the embedder gave no answer; the same call may succeed later."""

    retryable = True
