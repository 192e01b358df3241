"""A web chat account, its tools, and an outlet that remembers."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import httpx
from pydantic import SecretStr
from typing_extensions import override

from channels.base import ChannelAccount, ChannelTools, Citation, Outlet, WebhookRequest
from channels.messages import Recipient
from channels.webchat import session
from channels.webchat.channel import WebchatChannel
from labelling.identity import DUMMY_CODE, ProducerCode
from labelling.output import LabelledEvent, LabelledPart
from labelling.stage import LabellingStage
from tests.fakes.tokens import MemoryTokenCache

NOW = datetime(2026, 3, 18, 6, 30, tzinfo=UTC)
KEY = bytes(range(32))
CUSTOMER = "customer-1"


class RememberingOutlet(Outlet):
    def __init__(self) -> None:
        self.pushed: list[tuple[str, str, LabelledEvent, tuple[Citation, ...]]] = []
        self.posted: list[tuple[str, str, str, str]] = []

    @override
    async def push(
        self, account: str, to: Recipient, event: LabelledEvent, citations: Sequence[Citation]
    ) -> None:
        self.pushed.append((account, to.customer, event, tuple(citations)))

    @override
    async def post(self, account: str, to: Recipient, part: LabelledPart, key: str) -> str:
        self.posted.append((account, to.customer, part.text, key))
        return f"message-{len(self.posted)}"


def account(session_key: str = base64.b64encode(KEY).decode()) -> ChannelAccount:
    secrets = {"session_key": SecretStr(session_key)}
    return ChannelAccount(id="demo", settings={}, secrets=secrets)


def channel(outlet: Outlet | None = None) -> WebchatChannel:
    tools = ChannelTools(
        http=httpx.AsyncClient(),
        tokens=MemoryTokenCache(lambda: NOW),
        now=lambda: NOW,
        nonce=bytes,
        outlet=outlet or RememberingOutlet(),
    )
    return WebchatChannel.of(account(), tools)


def token(customer: str = CUSTOMER) -> str:
    return session.issue(KEY, customer, NOW + timedelta(hours=1))


def request(body: bytes, authorization: str | None = None) -> WebhookRequest:
    return WebhookRequest(
        method="POST",
        query={},
        headers={"authorization": authorization or f"Bearer {token()}"},
        body=body,
        received_at=NOW,
    )


def stage() -> LabellingStage:
    return LabellingStage(
        ProducerCode.parse(DUMMY_CODE), now=lambda: NOW, new_content_id=lambda: "content-1"
    )
