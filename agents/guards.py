"""Guards: ports that look at text and say pass, mask, refuse or hand off, with a reason."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Verdict(StrEnum):
    """What a guard decides."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    MASK = "mask"
    REFUSE = "refuse"
    HAND_OFF = "hand_off"


@dataclass(frozen=True, slots=True)
class Finding:
    """A guard's decision on one text."""

    verdict: Verdict
    text: str
    """The text to go on with; masked where the verdict is MASK."""
    reason: str = ""
    """A name for the log and the audit, such as `injection` or `phone`; never customer text."""
    masked: Mapping[str, str] = field(default_factory=dict)
    """Placeholder to what it stands for, to be put back after the model."""


class Guard(Protocol):
    """Looks at one text. A moderation service is a guard like any other."""

    @property
    def name(self) -> str: ...

    async def check(self, text: str) -> Finding:
        """Decide on a text.

        Raises:
            AgentError: The guard gave no verdict; the caller treats that as HAND_OFF.
        """
        ...


@dataclass(frozen=True, slots=True)
class Masked:
    """Texts with placeholders in them, and what the placeholders stand for."""

    texts: tuple[str, ...]
    masked: Mapping[str, str]


class Masker(ABC):
    """A guard that masks a whole conversation at once: one thing, one placeholder throughout.

    A class to inherit from, not a protocol: guards are asked on every turn whether they are one.
    """

    @abstractmethod
    def mask(self, texts: Sequence[str]) -> Masked: ...


@dataclass(frozen=True, slots=True)
class Guards:
    """The guards of a brand, in the order they look."""

    input: tuple[Guard, ...]
    output: tuple[Guard, ...]
