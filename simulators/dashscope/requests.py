"""Generation requests, read and checked as the platform checks them."""

import re
from dataclasses import dataclass
from typing import Any

from simulators.dashscope.errors import invalid
from simulators.wire import JsonObject

ROLES = ("system", "user", "assistant", "tool")
# A run of Latin letters or digits, or one other character: near enough to the real tokenisers.
PIECE = re.compile(r"\s*[A-Za-z0-9]+|\s*[^\sA-Za-z0-9]|\s+")


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of the prompt, its content flattened to text."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """What a caller wants written."""

    model: str
    messages: tuple[ChatMessage, ...]
    parameters: JsonObject
    stream: bool

    @property
    def incremental(self) -> bool:
        """Whether a stream's events hold what is new, instead of all so far."""
        return self.parameters.get("incremental_output") is True

    @property
    def as_message(self) -> bool:
        """Whether the answer comes as a message, instead of a bare text."""
        return self.parameters.get("result_format") == "message"

    @property
    def tools(self) -> tuple[str, ...]:
        """The names of the functions the model may call.

        Raises:
            DashscopeError: The parameter has another form.
        """
        try:
            return tuple(one["function"]["name"] for one in self.parameters.get("tools") or [])
        except (KeyError, TypeError) as error:
            msg = "tools must be a list of functions with names"
            raise invalid(msg) from error

    @property
    def max_tokens(self) -> int | None:
        limit = self.parameters.get("max_tokens")
        return limit if isinstance(limit, int) else None

    @property
    def input_tokens(self) -> int:
        return sum(count_tokens(message.text) for message in self.messages)


def pieces(text: str) -> list[str]:
    """Cut a text into tokens; joined they are the text again."""
    return PIECE.findall(text)


def count_tokens(text: str) -> int:
    """Count a text's tokens."""
    return len(pieces(text))


def read_request(body: JsonObject, *, stream: bool, max_input_tokens: int) -> GenerationRequest:
    """Check a generation request.

    Raises:
        DashscopeError: The prompt or a parameter is missing, wrong or too long.
    """
    request = GenerationRequest(
        model=str(body.get("model", "")),
        messages=_messages(body.get("input")),
        parameters=parameters_of(body),
        stream=stream,
    )
    if request.tools and not request.as_message:
        msg = 'When "tools" is set, "result_format" must be "message".'
        raise invalid(msg)
    if not 0 < request.input_tokens <= max_input_tokens:
        msg = f"Range of input length should be [1, {max_input_tokens}]"
        raise invalid(msg)
    return request


def parameters_of(body: JsonObject) -> JsonObject:
    """Give a request's parameters.

    Raises:
        DashscopeError: They are no object.
    """
    parameters = body.get("parameters") or {}
    if not isinstance(parameters, dict):
        msg = "parameters must be an object"
        raise invalid(msg)
    return parameters


def _messages(given: Any) -> tuple[ChatMessage, ...]:
    fields = given if isinstance(given, dict) else {}
    prompt, listed = fields.get("prompt"), fields.get("messages")
    if isinstance(listed, list) and listed:
        _check_order(listed)
        return tuple(ChatMessage(one["role"], _text(one.get("content"))) for one in listed)
    if isinstance(prompt, str) and prompt:
        return (ChatMessage("user", prompt),)
    msg = 'Either "prompt" or "messages" must exist and cannot both be none'
    raise invalid(msg)


def _check_order(messages: list[Any]) -> None:
    asked: set[str] = set()
    for message in messages:
        if not isinstance(message, dict) or message.get("role") not in ROLES:
            msg = f"Role must be in {list(ROLES)}"
            raise invalid(msg)
        calls = [call for call in message.get("tool_calls") or [] if isinstance(call, dict)]
        asked |= {str(call.get("id")) for call in calls}
        if message["role"] == "tool" and str(message.get("tool_call_id")) not in asked:
            msg = (
                'messages with role "tool" must be a response to a preceeding message '
                'with "tool_calls".'
            )
            raise invalid(msg)


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""
