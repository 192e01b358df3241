"""The platform's double, connected to a front of ours: what it delivers is received here."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from channels.base import WebhookRequest
from channels.douyin.openplatform import DouyinChannel
from channels.messages import ConversationState, Inbound, Recipient, SessionOpened
from channels.messages import InboundMessage as Message
from labelling.content import Draft, Surface
from labelling.identity import DUMMY_CODE, ProducerCode
from labelling.output import LabelledOutput
from labelling.stage import LabellingStage
from simulators.douyin.app import DouyinApp
from simulators.douyin.simulator import DouyinSimulator
from tests.channels.douyin.shop import CLIENT_KEY, CUSTOMER, NOON, SECRET, Clock, account, tools

# As real ids are: each of the signs in it must be escaped in a query string.
BRAND = "@9VxT0uuFWsE7M3Koc4olFM791Wbs+PG/Op1w=="
API = "http://open.douyin.test"


@dataclass
class Callback:
    """Our callback address: as little of the runtime as a front needs."""

    channel: DouyinChannel
    received: list[Inbound] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = Request(scope, receive)
        request = WebhookRequest(
            method=asked.method,
            query={},
            headers=dict(asked.headers),
            body=await asked.body(),
            received_at=NOON,
        )
        reply = self.channel.challenge(request)
        if reply is None:
            self.received.extend(self.channel.receive(request))
            reply = self.channel.acknowledge(request, ConversationState.BOT)
        response = Response(reply.body, reply.status, media_type=reply.media_type)
        await response(scope, receive, send)


@dataclass
class Shop:
    """A brand account on the platform's double, and the front that serves it."""

    platform: DouyinSimulator
    channel: DouyinChannel
    callback: Callback
    clock: Clock
    calls: list[httpx.Request]
    """Every call that left the front."""
    network: asyncio.Event
    """Calls wait while it is cleared."""

    async def said(self, text: str = "在吗") -> Recipient:
        """Let the customer write; give whom an answer is for."""
        delivery = await self.platform.push_text(CUSTOMER, text)
        assert delivery.accepted, delivery
        return self._latest()

    async def entered(self) -> Recipient:
        """Let the customer open the chat; give whom a greeting is for."""
        delivery = await self.platform.push_enter(CUSTOMER)
        assert delivery.accepted, delivery
        return self._latest()

    async def send(self, *texts: str, to: Recipient) -> list[str | None]:
        """Label the texts and send them; give the platform's ids."""
        return [
            receipt.platform_id
            async for receipt in self.channel.send(labelled(*texts), to=to, key="output-1")
        ]

    @property
    def paths(self) -> list[str]:
        return [call.url.path for call in self.calls]

    def _latest(self) -> Recipient:
        inbound = self.callback.received[-1]
        assert isinstance(inbound, Message | SessionOpened)
        return Recipient(inbound.customer, inbound.context)


def labelled(*texts: str) -> LabelledOutput:
    stage = LabellingStage(
        ProducerCode.parse(DUMMY_CODE), now=lambda: NOON, new_content_id=lambda: "content-1"
    )
    return stage.label(Draft.generated(*texts), output_id="output-1", surface=Surface.PLATFORM)


@asynccontextmanager
async def opened_shop() -> AsyncIterator[Shop]:
    """Authorise a brand account and connect both sides."""
    clock, calls, network = Clock(), list[httpx.Request](), asyncio.Event()
    network.set()

    async def no_sleep(seconds: float) -> None:
        clock.forward(seconds=seconds)

    async def note(request: httpx.Request) -> None:
        calls.append(request)
        await network.wait()

    platform = DouyinSimulator(
        DouyinApp(client_key=CLIENT_KEY, client_secret=SECRET, brands=(BRAND,)),
        now=clock,
        sleep=no_sleep,
    )
    transport = httpx.ASGITransport(app=platform.app)
    async with httpx.AsyncClient(transport=transport) as console:
        told = {"api_base": API, "brand_open_id": BRAND}
        secrets = {"refresh_token": await _granted(platform, console)}
        ours = tools(transport, clock)
        ours.http.event_hooks = {"request": [note]}
        channel = DouyinChannel.of(account(told, secrets), ours)
        callback = Callback(channel)
        async with (
            ours.http,
            httpx.AsyncClient(transport=httpx.ASGITransport(app=callback)) as courier,
        ):
            platform.connect("https://shop.test/webhooks/douyin/shop-1", courier)
            yield Shop(platform, channel, callback, clock, calls, network)


async def _granted(platform: DouyinSimulator, console: httpx.AsyncClient) -> str:
    form = {
        "client_key": CLIENT_KEY,
        "client_secret": SECRET,
        "code": platform.authorise(),
        "grant_type": "authorization_code",
    }
    answer = await console.post(f"{API}/oauth/access_token/", data=form)
    return str(answer.json()["data"]["refresh_token"])
