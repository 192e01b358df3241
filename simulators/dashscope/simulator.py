"""`DashscopeSimulator`: the model platform as one object, with its app."""

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from simulators.chance import RandomBytes
from simulators.control import ControlPlane
from simulators.dashscope.completion import Completion, event, refusal_body
from simulators.dashscope.embedding import embed
from simulators.dashscope.errors import Code, DashscopeError
from simulators.dashscope.replies import Reply, ReplyRule, extractive_reply
from simulators.dashscope.requests import read_request
from simulators.faults import Fault, FaultLayer, FaultSwitch, Sleep, fault_of
from simulators.wire import BodyUnreadableError, JsonObject, compact, json_object

GENERATION_PATH = "/api/v1/services/aigc/text-generation/generation"
EMBEDDING_PATH = "/api/v1/services/embeddings/text-embedding/text-embedding"
CHAT_FAMILIES = ("qwen", "deepseek")
MAX_INPUT_TOKENS = 129_024
EVENT_STREAM = "text/event-stream;charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Call:
    """One request that got past the key check."""

    path: str
    request_id: str
    body: JsonObject
    at: datetime

    def as_json(self) -> JsonObject:
        return {
            "path": self.path,
            "request_id": self.request_id,
            "body": self.body,
            "at": self.at.isoformat(),
        }


class DashscopeSimulator:
    """DashScope's native text generation and text embedding.

    The scripted replies are given first, one a call; after them `reply_rule` answers.
    """

    def __init__(
        self,
        *api_keys: str,
        now: Callable[[], datetime],
        sleep: Sleep = asyncio.sleep,
        random_bytes: RandomBytes = secrets.token_bytes,
        script: Iterable[Reply] = (),
        reply_rule: ReplyRule = extractive_reply,
        tokens_per_event: int = 4,
        max_input_tokens: int = MAX_INPUT_TOKENS,
        blocked_terms: Iterable[str] = (),
    ) -> None:
        self.faults = FaultSwitch()
        self.script = deque(script)
        self.blocked_terms = frozenset(blocked_terms)
        """What the platform's inspection lets neither in nor out."""
        self.calls: list[Call] = []
        self._api_keys = frozenset(api_keys)
        self._now = now
        self._random_bytes = random_bytes
        self._reply_rule = reply_rule
        self._tokens_per_event = tokens_per_event
        self._max_input_tokens = max_input_tokens
        control = ControlPlane(
            faults=self.faults,
            state=self.state,
            inbox=self.inboxes,
            actions={"script": self._script_action},
        )
        routes = [
            Route(GENERATION_PATH, self._endpoint(self._generate), methods=["POST"]),
            Route(EMBEDDING_PATH, self._endpoint(self._embed), methods=["POST"]),
            *control.routes(),
        ]
        self.app = FaultLayer(
            Starlette(routes=routes), self.faults, refusal=self._refusal, sleep=sleep
        )

    def state(self) -> JsonObject:
        """Give the number of calls, and of replies still to be given."""
        return {"platform": "dashscope", "calls": len(self.calls), "scripted": len(self.script)}

    def inboxes(self) -> JsonObject:
        """Give every request that got past the key check."""
        return {"inbox": [call.as_json() for call in self.calls]}

    def _endpoint(
        self, handler: Callable[[Request, JsonObject, str], Response]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            request_id = self._request_id()
            try:
                self._check_key(request)
                body = json_object(await request.body())
                self.calls.append(Call(request.url.path, request_id, body, at=self._now()))
                return handler(request, body, request_id)
            except BodyUnreadableError:
                return _refused(DashscopeError(Code.INVALID_PARAMETER), request, request_id)
            except DashscopeError as error:
                return _refused(error, request, request_id)

        return endpoint

    def _generate(self, request: Request, body: JsonObject, request_id: str) -> Response:
        wanted = read_request(
            body, stream=_wants_stream(request), max_input_tokens=self._max_input_tokens
        )
        if not wanted.model.startswith(CHAT_FAMILIES):
            raise DashscopeError(Code.MODEL_NOT_FOUND)
        if any(self._blocked(message.text) for message in wanted.messages):
            raise DashscopeError(Code.INSPECTION_FAILED)
        reply = self.script.popleft() if self.script else self._reply_rule(wanted)
        completion = Completion(
            wanted, reply, request_id=request_id, tokens_per_event=self._tokens_per_event
        )
        if wanted.stream:
            events = self._events(completion, fault_of(request), request_id)
            return StreamingResponse(events, headers=_headers(EVENT_STREAM, request_id))
        if self._blocked(completion.text):
            raise _output_blocked()
        return _json(completion.body(), request_id)

    def _embed(self, request: Request, body: JsonObject, request_id: str) -> Response:
        return _json({**embed(body), "request_id": request_id}, request_id)

    async def _events(
        self, completion: Completion, fault: Fault | None, request_id: str
    ) -> AsyncIterator[bytes]:
        for number, data in enumerate(completion.events(), start=1):
            error = self._trouble(completion, fault, written=number - 1)
            if error is not None:
                body = refusal_body(error.refusal, request_id)
                yield event(number, "error", error.refusal.status, body)
                return
            yield event(number, "result", 200, data)

    def _trouble(
        self, completion: Completion, fault: Fault | None, written: int
    ) -> DashscopeError | None:
        if fault is not None and written >= fault.after:
            return DashscopeError(fault.code)
        # The output is inspected while it is written, so something has already left.
        if written > 0 and self._blocked(completion.text):
            return _output_blocked()
        return None

    def _blocked(self, text: str) -> bool:
        return any(term in text for term in self.blocked_terms)

    def _check_key(self, request: Request) -> None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or key not in self._api_keys:
            raise DashscopeError(Code.INVALID_API_KEY)

    def _refusal(self, code: str, request: Request) -> Response:
        return _refused(DashscopeError(code or Code.INTERNAL_ERROR), request, self._request_id())

    def _request_id(self) -> str:
        return str(UUID(bytes=self._random_bytes(16), version=4))

    async def _script_action(self, fields: JsonObject) -> JsonObject:
        replies = fields.get("replies")
        if not isinstance(replies, list) or not all(isinstance(one, dict) for one in replies):
            msg = "a script is a list of objects under 'replies'"
            raise BodyUnreadableError(msg)
        self.script.extend(Reply.from_json(one) for one in replies)
        return {"scripted": len(self.script)}


def _wants_stream(request: Request) -> bool:
    return request.headers.get("x-dashscope-sse", "").lower() == "enable"


def _output_blocked() -> DashscopeError:
    return DashscopeError(Code.INSPECTION_FAILED, "Output data may contain inappropriate content.")


def _refused(error: DashscopeError, request: Request, request_id: str) -> Response:
    """Answer with an error: an event where a stream was wanted, JSON elsewhere."""
    refusal = error.refusal
    body = refusal_body(refusal, request_id)
    if not _wants_stream(request):
        return _json(body, request_id, status=refusal.status)
    return Response(
        event(1, "error", refusal.status, body),
        status_code=refusal.status,
        headers=_headers(EVENT_STREAM, request_id),
    )


def _json(body: JsonObject, request_id: str, *, status: int = 200) -> Response:
    headers = _headers("application/json", request_id)
    return Response(compact(body), status_code=status, headers=headers)


def _headers(content_type: str, request_id: str) -> dict[str, str]:
    return {"content-type": content_type, "x-request-id": request_id}
