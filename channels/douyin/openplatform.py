"""The open platform's front: direct messages to a brand's Douyin account."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Self

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
from channels.douyin.client import DouyinClient
from channels.douyin.events import Brand, Event, envelope_of, inbound_of
from channels.douyin.payloads import Challenge
from channels.douyin.settings import REQUIRED_SECRETS, REQUIRED_SETTINGS, OpenPlatformSettings
from channels.douyin.signature import check
from channels.errors import DeliveryRefusedError
from channels.messages import ConversationState, Inbound, Recipient
from labelling.content import MediaType, Surface
from labelling.output import LabelledPart

_HANDSHAKE = "verify_webhook"
_TEXT = 1
"""The `msg_type` of a text."""
_DELIVERY_ID = re.compile(r"[!-~]{1,128}")
_CONTEXT = frozenset({"conversation_id", "msg_id", "scene", "sent_at"})


class DouyinChannel(Channel):
    """Direct messages to one brand account, answered within the platform's window."""

    name = "douyin"
    capabilities = Capabilities(
        media_types=frozenset({MediaType.TEXT}),
        max_text_bytes=4000,
        max_text_characters=1000,
        max_parts=3,
        surface=Surface.PLATFORM,
    )
    settings = REQUIRED_SETTINGS
    secrets = REQUIRED_SECRETS

    def __init__(
        self, settings: OpenPlatformSettings, client: DouyinClient, now: Callable[[], datetime]
    ) -> None:
        self._settings = settings
        self._brand = Brand(settings.client_key, settings.brand_open_id)
        self._client = client
        self._now = now

    @classmethod
    @override
    def of(cls, account: ChannelAccount, tools: ChannelTools) -> Self:
        settings = OpenPlatformSettings.of(account)
        return cls(settings, DouyinClient(settings, tools), tools.now)

    @override
    def challenge(self, request: WebhookRequest) -> HttpReply | None:
        """Echo what the platform sends when the callback address is saved.

        Raises:
            SignatureInvalidError: It is a handshake, but not from the platform.
            PayloadInvalidError: It is one, but holds no challenge.
        """
        # A look at the bytes, not a reading: nothing is parsed before it is verified.
        if _HANDSHAKE.encode() not in request.body:
            return None
        self._check(request)
        envelope = envelope_of(request.body)
        if envelope.event != _HANDSHAKE:
            return None
        asked = Challenge.read(envelope.content_object, _HANDSHAKE)
        return _json({"challenge": asked.challenge})

    @override
    def acknowledge(self, request: WebhookRequest, state: ConversationState) -> HttpReply:
        return _json({})

    @override
    def _verify(self, request: WebhookRequest) -> VerifiedBody:
        self._check(request)
        delivery_id = _DELIVERY_ID.fullmatch(request.headers.get("msg-id", ""))
        # The delivery's id comes as a header: it is handed on as a line before the body.
        line = delivery_id[0].encode() if delivery_id else b""
        return VerifiedBody(line + b"\n" + request.body)

    def _check(self, request: WebhookRequest) -> None:
        signature = request.headers.get("x-douyin-signature", "")
        secrets = self._settings.webhook_secrets.valid_at(request.received_at)
        check(signature, request.body, secrets)

    @override
    def _parse(self, body: VerifiedBody) -> tuple[Inbound, ...]:
        delivery_id, _, signed = body.partition(b"\n")
        return inbound_of(Event.of(delivery_id.decode(), signed), self._brand)

    @override
    async def _post(self, part: LabelledPart, to: Recipient, key: str) -> str | None:
        if not to.context.keys() >= _CONTEXT:
            msg = "douyin takes answers to a message or to an opened chat, and this is neither"
            raise DeliveryRefusedError(msg, code="no_context")
        scene = to.context["scene"]
        sent_at = datetime.fromisoformat(to.context["sent_at"])
        if self._now() >= self._settings.windows.end(scene, sent_at):
            msg = "douyin's time to answer is over: only the customer can open it again"
            raise DeliveryRefusedError(msg, code="window_closed")
        message = {
            "msg_id": to.context["msg_id"],
            "conversation_id": to.context["conversation_id"],
            "to_user_id": to.customer,
            "content": {"msg_type": _TEXT, "text": {"text": part.text}},
        }
        return await self._client.send_message(message | ({"scene": scene} if scene else {}))


def _json(value: dict[str, object]) -> HttpReply:
    body = json.dumps(value, separators=(",", ":")).encode()
    return HttpReply(status=200, body=body, media_type="application/json")
