"""A brand account on Douyin, its clock, and events signed as the platform signs them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from hypothesis import strategies as st
from pydantic import SecretStr
from typing_extensions import override

from channels.base import ChannelAccount, ChannelTools, Citation, Outlet, WebhookRequest
from channels.douyin.openplatform import DouyinChannel
from channels.messages import Recipient
from labelling.output import LabelledEvent, LabelledPart
from tests.fakes.tokens import MemoryTokenCache

CLIENT_KEY = "awsampleclientkey"
BRAND = "biz-open-id"
CUSTOMER = "cust-open-id"
SECRET = "conformance-client-secret"
WORDS = st.lists(st.sampled_from([*'0a@号😀é {}[]:\\"', "\n", "\0", "\ud83d"])).map("".join)
"""Of a few telling characters: to learn all of Unicode takes hypothesis over a second."""
NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


class Clock:
    """The time, until it is moved on."""

    def __init__(self) -> None:
        self.moment = NOON

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **units: float) -> None:
        self.moment += timedelta(**units)


def account(
    settings: Mapping[str, str] | None = None, secrets: Mapping[str, str] | None = None
) -> ChannelAccount:
    """An account with all that is needed; what is given replaces or adds."""
    told = {"client_key": CLIENT_KEY, "brand_open_id": BRAND} | dict(settings or {})
    kept = {"client_secret": SECRET, "refresh_token": "rft.sample"} | dict(secrets or {})
    return ChannelAccount(
        id="shop-1",
        settings=told,
        secrets={name: SecretStr(value) for name, value in kept.items()},
    )


def refuse_calls(request: httpx.Request) -> httpx.Response:
    msg = f"no call was expected, and {request.url.path} was called"
    raise AssertionError(msg)


class NoOutlet(Outlet):
    """Nothing may be left here: Douyin's messages are sent."""

    @override
    async def push(
        self, account: str, to: Recipient, event: LabelledEvent, citations: Sequence[Citation]
    ) -> None:
        raise NotImplementedError

    @override
    async def post(self, account: str, to: Recipient, part: LabelledPart, key: str) -> str:
        raise NotImplementedError


def tools(
    transport: httpx.AsyncBaseTransport | None = None, clock: Clock | None = None
) -> ChannelTools:
    now = clock or Clock()
    return ChannelTools(
        http=httpx.AsyncClient(
            transport=transport or httpx.MockTransport(refuse_calls), trust_env=False
        ),
        tokens=MemoryTokenCache(now),
        now=now,
        nonce=bytes,
        outlet=NoOutlet(),
    )


def front(
    settings: Mapping[str, str] | None = None, secrets: Mapping[str, str] | None = None
) -> DouyinChannel:
    """A front that only receives."""
    return DouyinChannel.of(account(settings, secrets), tools())


def signature(body: bytes, secret: str = SECRET) -> str:
    return hashlib.sha1(secret.encode() + body).hexdigest()  # noqa: S324 - the platform's choice


def request(
    body: bytes,
    headers: Mapping[str, str] | None = None,
    *,
    secret: str = SECRET,
    received_at: datetime = NOON,
) -> WebhookRequest:
    """A signed request; headers that are given replace or add."""
    signed = {"x-douyin-signature": signature(body, secret), "msg-id": "delivery-1"}
    return WebhookRequest(
        method="POST",
        query={},
        headers=signed | dict(headers or {}),
        body=body,
        received_at=received_at,
    )


@dataclass(frozen=True)
class Written:
    """An event's body, with the content as an object or as a string."""

    as_object: bytes
    as_string: bytes


def event(
    name: str,
    content: Mapping[str, Any] | None = None,
    *,
    sender: str = CUSTOMER,
    receiver: str = BRAND,
) -> Written:
    envelope = {
        "event": name,
        "client_key": CLIENT_KEY,
        "from_user_id": sender,
        "to_user_id": receiver,
        "log_id": "0216",
    }
    text = json.dumps(content, ensure_ascii=False)
    return Written(
        as_object=json.dumps(envelope | {"content": content}, ensure_ascii=False).encode(),
        as_string=json.dumps(envelope | {"content": text}, ensure_ascii=False).encode(),
    )


def said(**fields: Any) -> dict[str, Any]:
    """The content of a message; fields that are given replace or add, `None` takes one away."""
    content = {
        "conversation_short_id": "@9VconvSample==",
        "server_message_id": "@msg/1+2==",
        "conversation_type": 1,
        "create_time": 1681303285997,
        "message_type": "text",
        "source": "",
        "scene_type": 100,
        "text": "裙子有 M 码吗？😀",
        "user_infos": [
            {"open_id": CUSTOMER, "nick_name": "样例用户", "avatar": "https://x.test/a"}
        ],
    } | fields
    return {name: value for name, value in content.items() if value is not None}


def entered(**fields: Any) -> dict[str, Any]:
    """The content of an opened chat."""
    return {
        "conversation_short_id": "@9VconvSample==",
        "server_message_id": "@enter-1==",
        "conversation_type": 1,
        "create_time": 1681303285997,
        "scene_type": 100,
    } | fields
