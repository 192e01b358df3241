"""The front behind a real address: the platform saves it, pushes to it, and understands it."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from channels.base import HttpReply, WebhookRequest
from channels.errors import ChannelError
from channels.messages import ConversationState, Inbound, InboundMessage, SessionOpened
from channels.wechat.miniprogram import MiniProgramChannel
from simulators.wechat.simulator import WechatSimulator
from tests.channels.wechat.kit import OPENID, Clock, account, platform_account, tools

MODES = [(mode, form) for mode in ("plain", "compat", "safe") for form in ("json", "xml")]


class Callback:
    """What the ingress does with a push, without the store."""

    def __init__(self, front: MiniProgramChannel, clock: Clock) -> None:
        self.front = front
        self.state = ConversationState.BOT
        self.received: list[Inbound] = []
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        params = request.query_params
        push = WebhookRequest(
            method=request.method,
            query={name: tuple(params.getlist(name)) for name in params},
            headers=dict(request.headers),
            body=await request.body(),
            received_at=self._clock(),
        )
        try:
            reply = self._answer(push)
        except ChannelError:
            reply = HttpReply(status=403)
        response = Response(reply.body, reply.status, dict(reply.headers), reply.media_type)
        await response(scope, receive, send)

    def _answer(self, push: WebhookRequest) -> HttpReply:
        handshake = self.front.challenge(push)
        if handshake is not None:
            return handshake
        self.received += self.front.receive(push)
        return self.front.acknowledge(push, self.state)


@pytest.fixture(params=MODES, ids="-".join)
def platform(clock: Clock, request: pytest.FixtureRequest) -> WechatSimulator:
    return WechatSimulator(platform_account(*request.param), now=clock)


@pytest.fixture
async def callback(
    platform: WechatSimulator, http: httpx.AsyncClient, clock: Clock
) -> AsyncIterator[Callback]:
    console = platform.platform.account(None)
    settings = {
        "mode": console.mode.value,
        "format": console.format.value,
        "original_id": console.original_id,
        "transfer_to_staff": "true",
    }
    callback = Callback(MiniProgramChannel.of(account(settings), tools(http, clock)), clock)
    transport = httpx.ASGITransport(callback)
    async with httpx.AsyncClient(transport=transport, base_url="https://shop.example") as client:
        platform.connect("https://shop.example/webhooks/wechat-miniprogram/shop-1", client)
        yield callback


async def test_m1_the_address_can_be_saved(platform: WechatSimulator, callback: Callback) -> None:
    proved, attempt = await platform.verify_url()

    assert proved
    assert attempt.status == 200


async def test_m2_an_address_of_another_token_cannot(
    platform: WechatSimulator, callback: Callback, http: httpx.AsyncClient, clock: Clock
) -> None:
    stranger = account(secrets={"token": "stranger"})
    callback.front = MiniProgramChannel.of(stranger, tools(http, clock))

    proved, attempt = await platform.verify_url()

    assert not proved
    assert (attempt.status, attempt.body) == (403, b"")


async def test_m20_a_message_is_taken_at_the_first_try(
    platform: WechatSimulator, callback: Callback
) -> None:
    delivery = await platform.push_text(OPENID, "你好😊 ]]> &<>")

    (message,) = callback.received
    assert isinstance(message, InboundMessage)
    assert (message.text, message.customer) == ("你好😊 ]]> &<>", OPENID)
    assert message.external_id == delivery.id
    assert [attempt.body for attempt in delivery.attempts] == [b"success"]


async def test_m21_repeats_of_one_message_have_one_id(
    platform: WechatSimulator, callback: Callback
) -> None:
    fields = platform.message("text", OPENID, {"Content": "在吗"})
    for _ in range(3):
        await platform.push(fields)

    assert len({message.external_id for message in callback.received}) == 1


async def test_m22_repeats_of_one_event_have_one_id(
    platform: WechatSimulator, callback: Callback
) -> None:
    await platform.push_enter_session(OPENID, "product=42")
    await platform.push_enter_session(OPENID, "product=42")
    await platform.push_enter_session(OPENID, "product=43")

    assert all(isinstance(event, SessionOpened) for event in callback.received)
    assert len({event.external_id for event in callback.received}) == 2


async def test_m42_the_platform_passes_a_message_on_to_staff(
    platform: WechatSimulator, callback: Callback
) -> None:
    callback.state = ConversationState.REQUESTED

    await platform.push_text(OPENID, "转人工")

    assert platform.misunderstood == []
    assert platform.customer(OPENID).waits_for_staff


async def test_m43_the_platform_is_never_told_to_pass_an_event_on(
    platform: WechatSimulator, callback: Callback
) -> None:
    callback.state = ConversationState.HUMAN

    delivery = await platform.push_enter_session(OPENID)

    assert delivery.last.body == b"success"
    assert not platform.customer(OPENID).waits_for_staff
