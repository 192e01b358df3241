"""The web chat as a channel: a bearer token proves the customer, an outlet takes the answers."""

from collections.abc import Sequence
from typing import ClassVar, Self

import orjson
from pydantic import ValidationError
from typing_extensions import override

from channels.base import (
    Capabilities,
    Channel,
    ChannelAccount,
    ChannelTools,
    Citation,
    HttpReply,
    VerifiedBody,
    WebhookRequest,
)
from channels.errors import PayloadInvalidError, SignatureInvalidError
from channels.messages import ConversationState, Inbound, InboundMessage, Recipient
from channels.webchat import session
from channels.webchat.payloads import Verified
from labelling.content import MediaType, Surface
from labelling.output import LabelledEvent, LabelledPart


class WebchatChannel(Channel):
    """The chat page of one account."""

    name: ClassVar[str] = "webchat"
    capabilities: ClassVar[Capabilities] = Capabilities(
        media_types=frozenset({MediaType.TEXT}),
        max_text_bytes=8000,
        max_parts=1,
        surface=Surface.OWN,
        streams=True,
        idempotent=True,
    )
    settings: ClassVar[frozenset[str]] = frozenset()
    secrets: ClassVar[frozenset[str]] = frozenset({"session_key"})

    def __init__(self, account: str, session_key: bytes, tools: ChannelTools) -> None:
        """Made by `of`, which checks the key."""
        self._account = account
        self._session_key = session_key
        self._outlet = tools.outlet

    @classmethod
    @override
    def of(cls, account: ChannelAccount, tools: ChannelTools) -> Self:
        return cls(account.id, session.key_of(account), tools)

    @override
    def acknowledge(self, request: WebhookRequest, state: ConversationState) -> HttpReply:
        return HttpReply(
            status=202,
            body=orjson.dumps({"accepted": True, "state": state.value}),
            media_type="application/json",
        )

    @override
    def _verify(self, request: WebhookRequest) -> VerifiedBody:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            msg = "a webchat request needs the header 'authorization: Bearer <session token>'"
            raise SignatureInvalidError(msg)
        customer = session.open(self._session_key, token, request.received_at)
        try:
            message = request.body.decode()
        except UnicodeDecodeError as error:
            msg = "a webchat message is not UTF-8"
            raise PayloadInvalidError(msg) from error
        verified = {
            "customer": customer,
            "received_at": request.received_at,
            "message": message,
        }
        return VerifiedBody(orjson.dumps(verified))

    @override
    def _parse(self, body: VerifiedBody) -> tuple[Inbound, ...]:
        try:
            verified = Verified.model_validate_json(body)
        except ValidationError as error:
            # Neither the error's text nor the error itself goes on: both quote the customer.
            fields = sorted({".".join(map(str, each["loc"])) for each in error.errors()})
            msg = f"a webchat message is malformed in {', '.join(fields)}"
            raise PayloadInvalidError(msg) from None
        return (
            InboundMessage(
                external_id=f"{verified.customer}:{verified.message.id}",
                customer=verified.customer,
                sent_at=verified.received_at,
                text=verified.message.text,
            ),
        )

    @override
    async def _post(self, part: LabelledPart, to: Recipient, key: str) -> str | None:
        return await self._outlet.post(self._account, to, part, key)

    @override
    async def _push(
        self, event: LabelledEvent, to: Recipient, citations: Sequence[Citation]
    ) -> None:
        await self._outlet.push(self._account, to, event, citations)
