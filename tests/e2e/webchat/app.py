"""A shop for the chat page: the routes it talks to, over the real channel, stage and encoder."""

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from typing_extensions import override

from channels.base import (
    ChannelAccount,
    ChannelTools,
    Citation,
    Outlet,
    WebhookRequest,
)
from channels.errors import ChannelError, PayloadInvalidError
from channels.messages import ConversationState, InboundMessage, Recipient
from channels.webchat import agui, session
from channels.webchat.channel import WebchatChannel
from labelling.content import Draft, Origin, Part, Surface
from labelling.identity import DUMMY_CODE, ProducerCode
from labelling.output import EventKind, LabelledEvent, LabelledPart
from labelling.stage import EventStream, LabellingStage
from labelling.wording import INTERFACE_NOTICE
from tests.fakes.tokens import MemoryTokenCache

NOW = datetime(2026, 3, 18, 6, 30, tzinfo=UTC)
ACCOUNT = "demo"
PAGE = Path(__file__).parents[3] / "console" / "webchat"
KEY = bytes(range(32))

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)


@dataclass
class Talk:
    """What one customer's page can fetch."""

    groups: list[bytes] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    open: dict[str, Any] | None = None
    state: ConversationState = ConversationState.BOT
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def add(self, group: Callable[[int], bytes]) -> None:
        async with self.news:
            self.groups.append(group(len(self.groups) + 1))
            self.news.notify_all()


class MemoryOutlet(Outlet):
    """Keeps what was pushed, numbered, and as the messages a reload finds."""

    def __init__(self, stage: LabellingStage, ids: Iterator[int]) -> None:
        self._stage = stage
        self._ids = ids
        self.talks: dict[str, Talk] = {}

    @override
    async def push(
        self, account: str, to: Recipient, event: LabelledEvent, citations: Sequence[Citation]
    ) -> None:
        talk = self.talks[to.customer]
        self._remember(talk, event, citations)
        events = agui.encode(event, thread=to.customer, citations=citations)
        await talk.add(lambda number: agui.sse(events, number))

    @override
    async def post(self, account: str, to: Recipient, part: LabelledPart, key: str) -> str:
        message = f"message-{next(self._ids)}"
        event = self._stage.restore_event(
            run_id=message,
            output_id=message,
            number=1,
            kind=EventKind.MESSAGE,
            text=part.text,
            aigc=None,
        )
        await self.push(account, to, event, ())
        return message

    def _remember(self, talk: Talk, event: LabelledEvent, citations: Sequence[Citation]) -> None:
        if event.kind is EventKind.LABEL:
            talk.open = {"run": event.run_id, "output": event.output_id, "text": ""}
            return
        if event.kind is EventKind.SENTENCE and talk.open:
            talk.open["text"] += event.text
            return
        words = talk.open["text"] if talk.open else ""
        talk.open = None if event.kind is not EventKind.MESSAGE else talk.open
        talk.messages.append(
            {
                "role": "staff" if event.aigc is None else "assistant",
                "text": event.text if event.kind is EventKind.MESSAGE else words + event.text,
                "output": event.output_id,
                "at": NOW.isoformat(),
                "citations": [asdict(each) for each in citations],
                "interrupted": event.kind is EventKind.INTERRUPTED,
                "vote": None,
            }
        )


class Answer:
    """A live answer that a test writes, sentence by sentence."""

    def __init__(self, channel: WebchatChannel, to: Recipient, stream: EventStream) -> None:
        self._channel = channel
        self._to = to
        self._stream = stream

    async def open(self) -> None:
        await self._channel.push(self._stream.open(), to=self._to)

    async def say(self, *sentences: str) -> None:
        for sentence in sentences:
            await self._channel.push(self._stream.sentence(sentence), to=self._to)

    async def end(self, *citations: Citation, kind: EventKind = EventKind.END) -> None:
        event, _ = self._stream.end(kind)
        await self._channel.push(event, to=self._to, citations=citations)


class Shop:
    """The server, and the hands of a test on it."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._ids = count(1)
        self._stage = LabellingStage(
            ProducerCode.parse(DUMMY_CODE),
            now=lambda: NOW,
            new_content_id=lambda: f"content-{next(self._ids)}",
        )
        self.outlet = MemoryOutlet(self._stage, self._ids)
        self.channel = WebchatChannel.of(_account(), _tools(self.outlet, http))
        self.arrivals: list[str] = []
        """External ids of all that was posted, repeats included."""
        self.inbound: asyncio.Queue[InboundMessage] = asyncio.Queue()
        self.votes: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self.cancels: asyncio.Queue[str] = asyncio.Queue()
        self.resumed: list[int] = []
        """What `?after=` was asked for."""
        self.refuse: list[int] = []
        """Statuses that the next posts get instead of an answer."""
        self.cutting = False
        self._followers = 0
        self._quiet = asyncio.Event()
        self.brand = "岫棠里"
        self.model: dict[str, str] = {}
        self.origin = ""
        """Where it is served; set by who serves it."""
        self.expired: set[str] = set()
        """Tokens whose time is over."""
        self.down = False
        """Whether sessions and events are answered with trouble."""
        self.forgot = False
        """Whether events as old as the next `?after=` are gone."""

    async def answer(self) -> Answer:
        """Wait for a message and open a live answer to it."""
        message = await self.inbound.get()
        stream = self._stage.label_stream(
            run_id=f"run-{next(self._ids)}",
            output_id=f"output-{next(self._ids)}",
            surface=Surface.OWN,
        )
        answer = Answer(self.channel, Recipient(message.customer), stream)
        await answer.open()
        return answer

    async def staff_says(self, customer: str, text: str) -> None:
        draft = Draft((Part.of_text(text),), Origin.HUMAN)
        output = self._stage.label(
            draft, output_id=f"output-{next(self._ids)}", surface=Surface.OWN
        )
        async for _ in self.channel.send(output, to=Recipient(customer), key="staff"):
            pass

    async def becomes(self, customer: str, state: ConversationState) -> None:
        talk = self.outlet.talks[customer]
        talk.state = state
        await talk.add(lambda number: agui.sse(agui.encode_state(state), number))

    async def cut(self, *, inside: Callable[[], Awaitable[None]] | None = None) -> None:
        """End every connection that follows; `inside` the groups that this pushes."""
        self.cutting = True
        if inside:
            await inside()
        for talk in self.outlet.talks.values():
            async with talk.news:
                talk.news.notify_all()
        if self._followers:
            await self._quiet.wait()

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Mount("/chat/static", StaticFiles(directory=PAGE)),
                Route("/chat/{account}", self._page),
                Route("/chat/{account}/session", self._session, methods=["POST"]),
                Route("/chat/{account}/messages", self._messages),
                Route("/chat/{account}/events", self._events),
                Route("/chat/{account}/feedback", self._feedback, methods=["POST"]),
                Route("/chat/{account}/cancel", self._cancel, methods=["POST"]),
                Route("/webhooks/webchat/{account}", self._webhook, methods=["POST"]),
            ]
        )

    async def _page(self, request: Request) -> Response:
        headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
        return FileResponse(PAGE / "index.html", headers=headers)

    async def _session(self, request: Request) -> Response:
        if self.down:
            return _refusal(503)
        old = (await request.json()).get("token")
        customer = session.open(KEY, old, NOW) if old else f"customer-{next(self._ids)}"
        self.outlet.talks.setdefault(customer, Talk())
        # Each ends at another time, so that no two are the same.
        token = session.issue(KEY, customer, NOW + timedelta(days=next(self._ids)))
        return JSONResponse(
            {
                "token": token,
                "customer": customer,
                "brand": {"name": self.brand},
                "model": self.model,
                "notice": INTERFACE_NOTICE,
            }
        )

    async def _messages(self, request: Request) -> Response:
        talk = self._talk(request)
        return JSONResponse(
            {
                "messages": talk.messages,
                "last": len(talk.groups),
                "state": talk.state.value,
                "open": talk.open,
            }
        )

    async def _events(self, request: Request) -> Response:
        after = int(request.query_params["after"])
        if self.down:
            return _refusal(503)
        if self.forgot:
            self.forgot = False
            return _refusal(410)
        self.resumed.append(after)
        self.cutting = False
        follow = self._counted(self._follow(self._talk(request), after))
        return StreamingResponse(follow, media_type="text/event-stream")

    async def _counted(self, stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        self._followers += 1
        self._quiet.clear()
        try:
            async for chunk in stream:
                yield chunk
        finally:
            self._followers -= 1
            self._quiet.set()

    async def _follow(self, talk: Talk, after: int) -> AsyncIterator[bytes]:
        yield agui.SSE_HEARTBEAT
        sent = after
        while not self.cutting:
            for group in talk.groups[sent:]:
                yield group
            sent = len(talk.groups)
            async with talk.news:
                await talk.news.wait_for(partial(self._due, talk, sent))
        # As a network does it: after the first frame of a group, where there is a group.
        for group in talk.groups[sent : sent + 1]:
            yield group.partition(b"\n\n")[0] + b"\n\n"

    def _due(self, talk: Talk, sent: int) -> bool:
        return self.cutting or len(talk.groups) > sent

    async def _feedback(self, request: Request) -> Response:
        self._talk(request)
        self.votes.put_nowait(await request.json())
        return Response(status_code=204)

    async def _cancel(self, request: Request) -> Response:
        self.cancels.put_nowait(self._customer(request))
        return Response(status_code=204)

    async def _webhook(self, request: Request) -> Response:
        if _token(request) in self.expired:
            return _refusal(401)
        body = await request.body()
        webhook = WebhookRequest(
            method="POST", query={}, headers=dict(request.headers), body=body, received_at=NOW
        )
        try:
            (message,) = self.channel.receive(webhook)
        except ChannelError as error:
            return _refusal(400 if isinstance(error, PayloadInvalidError) else 401)
        assert isinstance(message, InboundMessage)
        self.arrivals.append(message.external_id)
        if self.refuse:
            return _refusal(self.refuse.pop(0))
        talk = self.outlet.talks[message.customer]
        if self.arrivals.count(message.external_id) == 1 or not talk.messages:
            self.inbound.put_nowait(message)
            talk.messages.append(_remembered(message))
        reply = self.channel.acknowledge(webhook, talk.state)
        return Response(reply.body, reply.status, media_type=reply.media_type)

    def _talk(self, request: Request) -> Talk:
        return self.outlet.talks[self._customer(request)]

    def _customer(self, request: Request) -> str:
        return session.open(KEY, _token(request), NOW)


def _token(request: Request) -> str:
    return request.headers["authorization"].partition(" ")[2]


def _account() -> ChannelAccount:
    secret = SecretStr(base64.b64encode(KEY).decode())
    return ChannelAccount(id=ACCOUNT, settings={}, secrets={"session_key": secret})


def _tools(outlet: Outlet, http: httpx.AsyncClient) -> ChannelTools:
    tokens = MemoryTokenCache(lambda: NOW)
    return ChannelTools(http=http, tokens=tokens, now=lambda: NOW, nonce=bytes, outlet=outlet)


def _refusal(status: int) -> Response:
    if status >= 500:
        return Response("a proxy's error page", status)
    words = {"error": {"code": "refused", "message": "消息太频繁了，请稍后再发。"}}
    return JSONResponse(words, status)


def _remembered(message: InboundMessage) -> dict[str, Any]:
    return {
        "id": message.external_id.partition(":")[2],
        "role": "customer",
        "text": message.text,
        "output": None,
        "at": NOW.isoformat(),
        "citations": [],
        "interrupted": False,
        "vote": None,
    }
