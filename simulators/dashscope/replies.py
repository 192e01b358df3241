"""What the model answers: scripted replies, or one drawn from the passages of the prompt."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from simulators.dashscope.requests import ChatMessage, GenerationRequest
from simulators.wire import BodyUnreadableError, JsonObject

UNKNOWN = "抱歉，我手头的资料里没有提到这一点。"
MAX_SENTENCES = 2
# Below this share of the question's letter pairs a sentence is about something else.
MIN_OVERLAP = 0.2
NUMBERED = re.compile(r"^\s*[\[【(（]\s*(\d+)\s*[\]】)）]\s*")
ASKED = re.compile(r"(?:问题|提问|顾客|客户|用户|question)\s*[：:]\s*(.+)", re.IGNORECASE)
SENTENCE = re.compile(r"[^。！？；!?;\n]+[。！？；!?;]?")
WORD = re.compile(r"[a-z0-9]+|[\u4e00-\u9fff]+")


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One function the model wants called; `arguments` is JSON text."""

    name: str
    arguments: str = "{}"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of the model: words, calls or both."""

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = field(default=())

    @classmethod
    def from_json(cls, fields: JsonObject) -> "Reply":
        """Read a reply from the control plane; arguments may be an object or JSON text.

        Raises:
            BodyUnreadableError: A field has the wrong form.
        """
        try:
            calls = tuple(
                ToolCall(str(call["name"]), _as_json_text(call.get("arguments", {})))
                for call in fields.get("tool_calls", [])
            )
        except (KeyError, TypeError, AttributeError) as error:
            msg = "a tool call has a name and arguments"
            raise BodyUnreadableError(msg) from error
        return cls(text=str(fields.get("text", "")), tool_calls=calls)


ReplyRule: TypeAlias = Callable[[GenerationRequest], Reply]


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    citation: str
    place: int


def extractive_reply(request: GenerationRequest) -> Reply:
    """Answer with the sentences of the prompt that share most with its question.

    Numbered passages (`[1] …`) are preferred, and cited by their number. The same prompt always
    gets the same answer; one without a fitting sentence gets a confession.
    """
    question = _question(request.messages)
    wanted = _pairs(question)
    scored = [
        (len(wanted & _pairs(sentence.text)) / max(1, len(wanted)), sentence)
        for sentence in _sentences(request.messages, question)
    ]
    # A second sentence must be nearly as good, or it is about something else after all.
    needed = max([MIN_OVERLAP, *(score / 2 for score, _ in scored)])
    fitting = [(score, sentence) for score, sentence in scored if score >= needed]
    best = sorted(fitting, key=lambda pair: (-pair[0], pair[1].place))[:MAX_SENTENCES]
    chosen = sorted((sentence for _, sentence in best), key=lambda sentence: sentence.place)
    return Reply(text="".join(one.text + one.citation for one in chosen) or UNKNOWN)


def _question(messages: tuple[ChatMessage, ...]) -> str:
    asked = [message.text for message in messages if message.role == "user"]
    last = asked[-1] if asked else messages[-1].text
    named = ASKED.findall(last)
    if named:
        return str(named[-1]).strip()
    lines = [line.strip() for line in last.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _sentences(messages: tuple[ChatMessage, ...], question: str) -> list[_Sentence]:
    lines = [
        (citation, line)
        for message in messages
        if message.role != "assistant"
        for citation, line in _lines(message)
        if question not in line
    ]
    numbered = [(citation, line) for citation, line in lines if citation]
    found: dict[str, _Sentence] = {}
    for citation, line in numbered or lines:
        for text in SENTENCE.findall(line):
            found.setdefault(text.strip(), _Sentence(text.strip(), citation, place=len(found)))
    return list(found.values())


def _lines(message: ChatMessage) -> Iterator[tuple[str, str]]:
    """Give each line with the number of the passage it belongs to; an empty line ends a passage."""
    text = _spoken(message.text) if message.role == "tool" else message.text
    citation = ""
    for line in text.splitlines():
        mark = NUMBERED.match(line)
        if mark is not None:
            citation = f"[{mark[1]}]"
        elif not line.strip():
            citation = ""
        yield citation, NUMBERED.sub("", line)


def _spoken(text: str) -> str:
    """Give the strings inside a tool's JSON answer, or the answer itself where it is none."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return "\n".join(_strings(value))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _strings(one)
    else:
        yield str(value)


def _pairs(text: str) -> set[str]:
    """Give what a text is compared by: Latin words whole, Chinese in pairs of characters."""
    found: set[str] = set()
    for run in WORD.findall(text.lower()):
        if run.isascii():
            found.add(run)
        else:
            found.update(run[place : place + 2] for place in range(max(1, len(run) - 1)))
    return found


def _as_json_text(arguments: Any) -> str:
    return arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
