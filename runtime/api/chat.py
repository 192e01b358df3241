"""The web chat: its page, its session, what was said, and what is being said."""

from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from channels.errors import PayloadInvalidError, SignatureInvalidError
from channels.messages import ConversationState
from channels.webchat import agui, session
from labelling.output import LabelledOutput
from labelling.wording import INTERFACE_NOTICE
from runtime.api.requests import container_of, read_body
from runtime.errors import EventsGoneError, NotFoundError, StoreUnavailableError
from runtime.hub import EventHubError
from runtime.ids import new_id
from runtime.logging import get_logger
from runtime.store.accounts import Account
from runtime.store.conversations import Conversation, Conversations, Line
from runtime.store.customers import Customers
from runtime.store.events import Events
from runtime.store.outbox import Outbox
from runtime.store.turns import Turns

log = get_logger(__name__)
_CHANNEL = "webchat"
_SESSION_DAYS = 30
_HEARTBEAT = 15.0
_HISTORY = 50
_SMALL_BODY = 8_192
_MAX_SEQUENCE_DIGITS = 9
_PAGE_HEADERS = {
    # What the page may do, and no more: nothing of it comes from elsewhere.
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}
_STREAM_HEADERS = {"cache-control": "no-store, no-transform", "x-accel-buffering": "no"}


_Body = TypeVar("_Body", bound=BaseModel)


class _Old(BaseModel):
    token: str = ""


class _Vote(BaseModel):
    output: str
    vote: Literal["up", "down", "none"]


@dataclass(frozen=True, slots=True)
class _Visitor:
    account: Account
    customer: str


def _folder() -> Path:
    return Path(str(files("console") / "webchat"))


async def page(request: Request) -> Response:
    """Give the chat page of an account."""
    await _account(request)
    return FileResponse(_folder() / "index.html", headers=_PAGE_HEADERS)


async def open_session(request: Request) -> Response:
    """Give a visitor a token: a new one, or a fresh one for who was here before."""
    container = container_of(request)
    account = await _account(request)
    key = session.key_of(account.front)
    old = await _read(request, _Old)
    try:
        customer = session.open(key, old.token, container.now())
    except SignatureInvalidError:
        customer = new_id()
    expires_at = container.now() + timedelta(days=_SESSION_DAYS)
    return JSONResponse(
        {
            "token": session.issue(key, customer, expires_at),
            "customer": customer,
            "brand": {"name": account.brand.name},
            "model": {
                "name": container.model_name,
                "filing": container.settings.model.filing_number,
            },
            "notice": INTERFACE_NOTICE,
        }
    )


async def messages(request: Request) -> Response:
    """Give what was said last, and from where to follow what comes."""
    container = container_of(request)
    visitor = await _visitor(request)
    async with container.database.read() as database:
        conversations = Conversations(database, container.keys)
        try:
            conversation = await conversations.of_customer(
                visitor.account.front.id, visitor.customer
            )
        except NotFoundError:
            return JSONResponse({"messages": [], "last": 0, "state": "bot", "open": None})
        lines = await conversations.recent(conversation, limit=_HISTORY, unanswered=True)
        said = [line.id for line in lines if line.utterance.role != "customer"]
        outputs = await Outbox(database).every(said, conversation)
        votes = await Customers(database).votes(conversation.id)
        events = Events(database)
        run = await events.open_run(conversation.id)
        # A run that is being written is followed from its first event, so that nothing is missed.
        last = run.first - 1 if run else await events.last(conversation.id)
    # What was answered leaves once more, so it comes from the labelling stage once more.
    labelled = {
        stored.id: container.stage.restore(stored.parts, stored.record) for stored in outputs
    }
    return JSONResponse(
        {
            "messages": [
                {
                    "id": line.external_id.removeprefix(f"{visitor.customer}:"),
                    "role": line.utterance.role,
                    **_words(line, labelled.get(line.id)),
                    "at": line.at.isoformat(),
                    "citations": [asdict(citation) for citation in line.citations],
                    "interrupted": line.status == "interrupted",
                    "vote": votes.get(line.id),
                }
                for line in lines
            ],
            "last": last,
            "state": conversation.state.value,
            "open": {"run": run.run, "output": run.output, "text": ""} if run else None,
        }
    )


def _words(line: Line, output: LabelledOutput | None) -> dict[str, Any]:
    if output is None:
        return {"text": line.utterance.text, "output": None, "aigc": None}
    part = output.parts[line.part]
    aigc = part.aigc.as_dict() if part.aigc else None
    return {"text": part.text, "output": line.id, "aigc": aigc}


async def events(request: Request) -> Response:
    """Stream what is said from `?after=` on: SSE, or JSON lines for mini-programs."""
    visitor = await _visitor(request)
    after = request.query_params.get("after", "0")
    if not after.isdecimal() or len(after) > _MAX_SEQUENCE_DIGITS:
        msg = "'after' is no sequence number"
        raise PayloadInvalidError(msg)
    await _check_kept(request, visitor, int(after))
    as_lines = "application/x-ndjson" in request.headers.get("accept", "")
    return StreamingResponse(
        _stream(request, visitor, int(after), as_lines=as_lines),
        media_type="application/x-ndjson" if as_lines else "text/event-stream",
        headers=_STREAM_HEADERS,
    )


async def _check_kept(request: Request, visitor: _Visitor, after: int) -> None:
    container = container_of(request)
    async with container.database.read() as database:
        try:
            conversation = await Conversations(database, container.keys).of_customer(
                visitor.account.front.id, visitor.customer
            )
        except NotFoundError:
            # A visitor may listen before the first word.
            return
        if not await Events(database).whole(conversation.id, after):
            msg = f"events after {after} are not kept any more"
            raise EventsGoneError(msg)


async def _stream(
    request: Request, visitor: _Visitor, after: int, *, as_lines: bool
) -> AsyncIterator[bytes]:
    heartbeat = agui.LINES_HEARTBEAT if as_lines else agui.SSE_HEARTBEAT
    yield heartbeat
    try:
        async for group in _groups(request, visitor, after, as_lines=as_lines):
            yield group or heartbeat
    except (StoreUnavailableError, EventHubError) as error:
        # The answer has begun, so no status can say it: the page resumes from where it was.
        log.warning("stream_ended", error=str(error))


async def _groups(
    request: Request, visitor: _Visitor, after: int, *, as_lines: bool
) -> AsyncIterator[bytes]:
    """Give each event as bytes; none where nothing came for a heartbeat's time."""
    write = agui.lines if as_lines else agui.sse
    state = ConversationState.BOT
    followed = container_of(request).outlet.follow(
        visitor.account.front.id, visitor.customer, after=after, wait=_HEARTBEAT
    )
    async for item in followed:
        if item is None:
            yield b""
            continue
        frames = agui.encode(item.event, thread=item.conversation, citations=item.citations)
        if item.state is not state:
            state = item.state
            frames += agui.encode_state(state)
        yield write(frames, item.sequence)


async def feedback(request: Request) -> Response:
    """Keep a thumb on an answer."""
    container = container_of(request)
    visitor = await _visitor(request)
    vote = await _read(request, _Vote)
    conversation = await _conversation(request, visitor)
    async with container.database.begin() as database:
        await Customers(database).vote(conversation.id, vote.output, vote.vote, at=container.now())
    return Response(status_code=204)


async def cancel(request: Request) -> Response:
    """Stop the answer that is being written."""
    container = container_of(request)
    conversation = await _conversation(request, await _visitor(request))
    async with container.database.begin() as database:
        await Turns(database).cancel(conversation.id)
    return Response(status_code=204)


async def _account(request: Request) -> Account:
    return await container_of(request).accounts.named(_CHANNEL, request.path_params["account"])


async def _visitor(request: Request) -> _Visitor:
    account = await _account(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        msg = "a session token is due"
        raise SignatureInvalidError(msg)
    customer = session.open(session.key_of(account.front), token, container_of(request).now())
    return _Visitor(account, customer)


async def _conversation(request: Request, visitor: _Visitor) -> Conversation:
    container = container_of(request)
    async with container.database.read() as database:
        return await Conversations(database, container.keys).of_customer(
            visitor.account.front.id, visitor.customer
        )


async def _read(request: Request, kind: type[_Body]) -> _Body:
    body = await read_body(request, _SMALL_BODY)
    try:
        return kind.model_validate_json(body or b"{}")
    except ValidationError:
        # Neither the error nor its text goes on: both quote what was sent.
        msg = f"the body is no {kind.__name__.strip('_').lower()}"
        raise PayloadInvalidError(msg) from None


def routes() -> list[Any]:
    """Give the routes; the static files are looked for here, not at import."""
    return [
        Mount("/chat/static", StaticFiles(directory=_folder())),
        Route("/chat/{account}", page),
        Route("/chat/{account}/session", open_session, methods=["POST"]),
        Route("/chat/{account}/messages", messages),
        Route("/chat/{account}/events", events),
        Route("/chat/{account}/feedback", feedback, methods=["POST"]),
        Route("/chat/{account}/cancel", cancel, methods=["POST"]),
    ]
