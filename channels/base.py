"""The contract of every channel: verify before reading, labelled before sending."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, NewType, Protocol, Self, final

import httpx
from pydantic import SecretStr

from channels.messages import ConversationState, Inbound, Recipient
from labelling.content import MediaType, Surface
from labelling.output import LabelledEvent, LabelledOutput, LabelledPart

VerifiedBody = NewType("VerifiedBody", bytes)
"""A body whose sender was proved, decrypted where needed; only `_verify` makes one."""


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A platform's request, with the bytes as they were signed."""

    method: str
    query: Mapping[str, tuple[str, ...]]
    """Every value of every parameter, decoded once."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    received_at: datetime

    def parameter(self, name: str) -> str:
        """Give a query parameter that must stand there exactly once; empty where it does not."""
        values = self.query.get(name, ())
        return values[0] if len(values) == 1 else ""


@dataclass(frozen=True, slots=True)
class HttpReply:
    """What the platform gets as an answer."""

    status: int
    body: bytes = b""
    media_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a front can carry."""

    media_types: frozenset[MediaType]
    max_text_bytes: int
    """Of one message, in UTF-8, the label included."""
    max_parts: int
    """Messages that one answer may be."""
    surface: Surface
    max_text_characters: int | None = None
    """Of one message, where the platform counts characters as well; the label included."""
    streams: bool = False
    """A front of our own that takes labelled events while the answer is being written."""
    keeps_metadata: bool = False
    reply_window: float | None = None
    """Seconds after a customer's message in which an answer is taken; None is for ever."""
    idempotent: bool = False
    """The platform honours our key: the same part sent twice arrives once."""


@dataclass(frozen=True, slots=True)
class PartReceipt:
    """The platform took a part."""

    number: int
    """Of the part in its output, from 0."""
    platform_id: str | None
    """None where the platform gives none."""


@dataclass(frozen=True, slots=True)
class ChannelAccount:
    """One shop's identity on a channel."""

    id: str
    settings: Mapping[str, str]
    """What is no secret, such as app id, mode and API address."""
    secrets: Mapping[str, SecretStr] = field(default_factory=dict)

    def setting(self, name: str, default: str = "") -> str:
        """Give a setting, or the default where it is not set."""
        return self.settings.get(name, default)

    def secret(self, name: str) -> str:
        """Give a secret, or nothing where it is not set: checks must refuse an empty one."""
        secret = self.secrets.get(name)
        return secret.get_secret_value() if secret else ""


class TokenCache(Protocol):
    """Platform tokens, shared by all processes; keys carry channel and account."""

    async def get(self, key: str) -> str | None:
        """Give a token that still lives."""
        ...

    async def put(self, key: str, token: str, *, lifetime: float) -> None:
        """Keep a token for so many seconds."""
        ...

    async def drop(self, key: str, token: str) -> None:
        """Forget a token that was refused; does nothing where another took its place."""
        ...

    def lock(self, key: str) -> AbstractAsyncContextManager[None]:
        """Let one at a time, of all processes, fetch a token."""
        ...


@dataclass(frozen=True, slots=True)
class Citation:
    """A passage that an answer stands on, as a front of our own shows it."""

    number: int
    """As it stands in the text: `[1]`."""
    title: str
    heading: str
    text: str
    source: str


class Outlet(Protocol):
    """Where fronts of our own leave what their clients fetch: stored first, then announced."""

    async def push(
        self, account: str, to: Recipient, event: LabelledEvent, citations: Sequence[Citation]
    ) -> None:
        """Leave one event of a live answer."""
        ...

    async def post(self, account: str, to: Recipient, part: LabelledPart, key: str) -> str:
        """Leave a whole message; the same key twice leaves one. Gives the message's id."""
        ...


@dataclass(frozen=True, slots=True)
class ChannelTools:
    """What the container hands to every channel; it owns and closes them."""

    http: httpx.AsyncClient
    tokens: TokenCache
    now: Callable[[], datetime]
    nonce: Callable[[int], bytes]
    """Gives so many random bytes."""
    outlet: Outlet


class Channel(ABC):
    """One front of a platform, for one account.

    Laws: for any request `receive` raises nothing but `ChannelError`; nothing is read that was not
    verified; a part is sent as it is, never cut, joined or re-encoded; every answer of the platform
    becomes a receipt or a `DeliveryError`.
    """

    name: ClassVar[str]
    capabilities: ClassVar[Capabilities]
    settings: ClassVar[frozenset[str]]
    """Names of the account settings the front needs to work."""
    secrets: ClassVar[frozenset[str]]
    """Names of the account secrets the front needs to work."""

    @classmethod
    @abstractmethod
    def of(cls, account: ChannelAccount, tools: ChannelTools) -> Self:
        """Make the front of an account.

        Raises:
            ValueError: A setting or secret is missing or malformed; the message names it.
        """

    @final
    def receive(self, request: WebhookRequest) -> tuple[Inbound, ...]:
        """Verify and read a request; a known event that we do not use gives nothing.

        Raises:
            SignatureInvalidError: It is not from the platform.
            PayloadInvalidError: It is, but says what this platform does not say.
        """
        return self._parse(self._verify(request))

    @final
    async def send(
        self, output: LabelledOutput, *, to: Recipient, key: str, start: int = 0
    ) -> AsyncGenerator[PartReceipt, None]:
        """Send the parts in order, from `start` on, giving a receipt after each.

        Args:
            output: What may leave.
            to: Who it is for.
            key: Names the output; a part's own key is `{key}:{number}`.
            start: Number of the first part that has no receipt yet.

        Raises:
            DeliveryError: A part was not taken; its subclass says what to do next.
            TypeError: Something else than a labelled output was passed.
        """
        _require(LabelledOutput, output)
        for number, part in enumerate(output.parts[start:], start):
            yield PartReceipt(number, await self._post(part, to, f"{key}:{number}"))

    @final
    async def push(
        self, event: LabelledEvent, *, to: Recipient, citations: Sequence[Citation] = ()
    ) -> None:
        """Let a front of our own show one event of a live answer.

        Raises:
            TypeError: Something else than a labelled event was passed, or the front streams none.
        """
        _require(LabelledEvent, event)
        await self._push(event, to, citations)

    def challenge(self, request: WebhookRequest) -> HttpReply | None:
        """Answer the platform's handshake; None where the request is none.

        Raises:
            SignatureInvalidError: It is a handshake, but not from the platform.
        """
        return None

    @abstractmethod
    def acknowledge(self, request: WebhookRequest, state: ConversationState) -> HttpReply:
        """Say that the request was taken, in the platform's own words."""

    @abstractmethod
    def _verify(self, request: WebhookRequest) -> VerifiedBody:
        """Prove the sender, and decrypt where needed."""

    @abstractmethod
    def _parse(self, body: VerifiedBody) -> tuple[Inbound, ...]:
        """Read what was verified."""

    @abstractmethod
    async def _post(self, part: LabelledPart, to: Recipient, key: str) -> str | None:
        """Give one part to the platform; return its id there, if it has one."""

    async def _push(
        self, event: LabelledEvent, to: Recipient, citations: Sequence[Citation]
    ) -> None:
        """Leave one event; only fronts with `capabilities.streams` have this hook."""
        msg = f"{self.name} takes no live answers"
        raise TypeError(msg)


def _require(labelled: type, given: object) -> None:
    # What an `Any` or a cast hid from the type checker is refused here, before a byte leaves.
    if type(given) is not labelled:
        msg = f"a {labelled.__name__} may leave, a {type(given).__name__} may not"
        raise TypeError(msg)
