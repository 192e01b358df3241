"""A front that takes whole answers, as a platform does; the test says how each sending ends."""

from typing import Any, ClassVar, Self

from typing_extensions import override

from channels.base import (
    Capabilities,
    Channel,
    ChannelAccount,
    ChannelTools,
    HttpReply,
    VerifiedBody,
    WebhookRequest,
)
from channels.messages import ConversationState, Inbound, Recipient
from labelling.content import MediaType, Surface
from labelling.output import LabelledPart
from runtime.store.accounts import Account


class Counter(Channel):
    """Keeps what it took; knows no key of ours."""

    name: ClassVar[str] = "counter"
    capabilities: ClassVar[Capabilities] = Capabilities(
        media_types=frozenset({MediaType.TEXT}),
        max_text_bytes=2000,
        max_parts=3,
        surface=Surface.PLATFORM,
        reply_window=3600.0,
    )
    settings: ClassVar[frozenset[str]] = frozenset()
    secrets: ClassVar[frozenset[str]] = frozenset()

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.ends: list[Exception | None] = []
        """How the next sendings end: with an error, or well."""

    @classmethod
    @override
    def of(cls, account: ChannelAccount, tools: ChannelTools) -> Self:
        return cls()

    @override
    def acknowledge(self, request: WebhookRequest, state: ConversationState) -> HttpReply:
        return HttpReply(status=200)

    @override
    def _verify(self, request: WebhookRequest) -> VerifiedBody:
        return VerifiedBody(request.body)

    @override
    def _parse(self, body: VerifiedBody) -> tuple[Inbound, ...]:
        return ()

    @override
    async def _post(self, part: LabelledPart, to: Recipient, key: str) -> str | None:
        end = self.ends.pop(0) if self.ends else None
        if end is not None:
            raise end
        self.taken.append(part.text)
        return f"id-{len(self.taken)}"


class TinyCounter(Counter):
    """Has room for a few words a message, so that an answer is several."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        media_types=frozenset({MediaType.TEXT}),
        max_text_bytes=80,
        max_parts=3,
        surface=Surface.PLATFORM,
    )


class KeyedCounter(Counter):
    """Honours our key: the same part sent twice arrives once."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        media_types=frozenset({MediaType.TEXT}),
        max_text_bytes=2000,
        max_parts=3,
        surface=Surface.PLATFORM,
        idempotent=True,
    )


class OnlyFront:
    """Gives one front for every account."""

    def __init__(self, front: Channel) -> None:
        self._front = front

    def of(self, account: Account) -> Any:
        return self._front
