"""A reply as DashScope sends it: one JSON body, or a stream of events."""

from collections.abc import Iterator
from dataclasses import dataclass

from simulators.dashscope.errors import Refusal
from simulators.dashscope.replies import Reply, ToolCall
from simulators.dashscope.requests import GenerationRequest, count_tokens, pieces
from simulators.wire import JsonObject, compact

UNFINISHED = "null"  # the platform spells it out as text


@dataclass(frozen=True, slots=True)
class _Growth:
    """How far an answer has come: what is new, and all so far."""

    text: str
    text_so_far: str
    calls: tuple[JsonObject, ...]
    calls_so_far: tuple[JsonObject, ...]

    @property
    def tokens(self) -> int:
        """What all so far counts in tokens."""
        arguments = [call["function"]["arguments"] for call in self.calls_so_far]
        return sum(count_tokens(text) for text in [self.text_so_far, *arguments])


class Completion:
    """One answer under way."""

    def __init__(
        self, request: GenerationRequest, reply: Reply, *, request_id: str, tokens_per_event: int
    ) -> None:
        self._request = request
        self._request_id = request_id
        self._step = tokens_per_event
        tokens = pieces(reply.text)
        limit = request.max_tokens
        self._cut = limit is not None and len(tokens) > limit
        self.text = "".join(tokens[:limit])
        self._calls = () if self._cut else reply.tool_calls

    @property
    def finish_reason(self) -> str:
        if self._cut:
            return "length"
        return "tool_calls" if self._calls else "stop"

    def body(self) -> JsonObject:
        """Give the whole answer."""
        calls = tuple(self._call(number, call) for number, call in enumerate(self._calls))
        whole = _Growth(self.text, self.text, calls, calls)
        return self._envelope(self.text, calls, self.finish_reason, whole)

    def events(self) -> Iterator[JsonObject]:
        """Give the answer piece by piece; the last event brings the reason it ended."""
        incremental = self._request.incremental
        last = _Growth("", "", (), ())
        for last in self._growth():
            text, calls = last.text, last.calls
            if not incremental:
                text, calls = last.text_so_far, last.calls_so_far
            yield self._envelope(text, calls, UNFINISHED, last)
        text, calls = ("", ()) if incremental else (last.text_so_far, last.calls_so_far)
        yield self._envelope(text, calls, self.finish_reason, last)

    def _growth(self) -> Iterator[_Growth]:
        so_far = ""
        tokens = pieces(self.text)
        for place in range(0, len(tokens), self._step):
            text = "".join(tokens[place : place + self._step])
            so_far += text
            yield _Growth(text, so_far, (), ())
        done: tuple[JsonObject, ...] = ()
        for number, call in enumerate(self._calls):
            yield from self._call_growth(number, call, done)
            done = (*done, self._call(number, call))

    def _call_growth(
        self, number: int, call: ToolCall, done: tuple[JsonObject, ...]
    ) -> Iterator[_Growth]:
        opened = self._call(number, ToolCall(call.name, ""))
        yield _Growth("", self.text, (opened,), (*done, opened))
        so_far = ""
        for piece in pieces(call.arguments):
            so_far += piece
            new = {"function": {"arguments": piece}, "id": "", "index": number, "type": "function"}
            grown = self._call(number, ToolCall(call.name, so_far))
            yield _Growth("", self.text, (new,), (*done, grown))

    def _call(self, number: int, call: ToolCall) -> JsonObject:
        return {
            "function": {"name": call.name, "arguments": call.arguments},
            "index": number,
            "id": f"call_{self._request_id.replace('-', '')[:20]}{number:02d}",
            "type": "function",
        }

    def _envelope(
        self, text: str, calls: tuple[JsonObject, ...], reason: str, growth: _Growth
    ) -> JsonObject:
        output: JsonObject = {"finish_reason": reason, "text": text}
        if self._request.as_message:
            message: JsonObject = {"role": "assistant", "content": text}
            message |= {"tool_calls": list(calls)} if calls else {}
            output = {"choices": [{"finish_reason": reason, "message": message}]}
        asked, answered = self._request.input_tokens, growth.tokens
        usage = {
            "total_tokens": asked + answered,
            "input_tokens": asked,
            "output_tokens": answered,
        }
        return {"output": output, "usage": usage, "request_id": self._request_id}


def event(number: int, kind: str, status: int, data: JsonObject) -> bytes:
    """Write one server-sent event; the platform puts the status into a comment line."""
    head = f"id:{number}\nevent:{kind}\n:HTTP_STATUS/{status}\ndata:"
    return head.encode() + compact(data) + b"\n\n"


def refusal_body(refusal: Refusal, request_id: str) -> JsonObject:
    """Put a refusal into the platform's shell."""
    return {"code": refusal.code, "message": refusal.message, "request_id": request_id}
