"""Labelled events as AG-UI 1.0 events, and those as SSE or as JSON lines."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType

from ag_ui.core import (
    BaseEvent,
    CustomEvent,
    RunFinishedCancelledOutcome,
    RunFinishedEvent,
    RunFinishedOutcome,
    RunStartedEvent,
    TextMessageContentEvent,
    TextMessageEndEvent,
    TextMessageStartEvent,
)

from channels.base import Citation
from channels.messages import ConversationState
from labelling.output import Aigc, EventKind, LabelledEvent
from labelling.wording import INTERFACE_NOTICE

PROTOCOL_VERSION = "1.0"

STAFF = "staff"
"""The author's name in a message that a person wrote."""

SSE_HEARTBEAT = b": ping\n\n"
LINES_HEARTBEAT = b"\n"
"""A client of JSON lines skips an empty one."""


def encode(
    event: LabelledEvent, *, thread: str, citations: Sequence[Citation] = ()
) -> list[BaseEvent]:
    """Give the AG-UI events that one labelled event is, in an order AG-UI allows.

    They are one group: a client that got part of it gets the whole again.

    Args:
        event: What may be pushed.
        thread: The conversation, as the client knows it.
        citations: The passages the answer stands on; shown with its last event.
    """
    return _ENCODERS[event.kind](event, thread, citations)


def encode_state(state: ConversationState) -> list[BaseEvent]:
    """Tell who has the conversation now."""
    return [CustomEvent(name="state", value={"state": state.value})]


def sse(events: Sequence[BaseEvent], sequence: int) -> bytes:
    """Write a group as Server-Sent Events; only its last frame has the id, so none is resumed in.

    Args:
        events: One group.
        sequence: Its number in the customer's stream, which `?after=` continues from.
    """
    frames = [f"data: {_json(event)}\n\n" for event in events]
    return "".join((*frames[:-1], f"id: {sequence}\n", frames[-1])).encode()


def lines(events: Sequence[BaseEvent], sequence: int) -> bytes:
    """Write a group as lines of ASCII JSON; only its last line has the field `sequence`.

    ASCII, because a chunk may end inside a character and mini-programs have no decoder that waits.

    Args:
        events: One group.
        sequence: As in `sse`.
    """
    *others, last = (_fields(event) for event in events)
    objects = [*others, {**last, "sequence": sequence}]
    return "".join(f"{json.dumps(each, separators=(',', ':'))}\n" for each in objects).encode()


def _json(event: BaseEvent) -> str:
    return event.model_dump_json(by_alias=True)


def _fields(event: BaseEvent) -> dict[str, object]:
    return event.model_dump(mode="json", by_alias=True)


def _opened(event: LabelledEvent, thread: str, citations: Sequence[Citation]) -> list[BaseEvent]:
    return [
        _run_started(event, thread),
        *_label(event.aigc, event.text),
        TextMessageStartEvent(message_id=event.output_id, role="assistant"),
    ]


def _said(event: LabelledEvent, thread: str, citations: Sequence[Citation]) -> list[BaseEvent]:
    return [_words(event)]


def _ended(event: LabelledEvent, thread: str, citations: Sequence[Citation]) -> list[BaseEvent]:
    return [
        _words(event),
        TextMessageEndEvent(message_id=event.output_id),
        _citations(citations),
        _run_finished(event, thread),
    ]


def _interrupted(
    event: LabelledEvent, thread: str, citations: Sequence[Citation]
) -> list[BaseEvent]:
    return [
        _words(event),
        TextMessageEndEvent(message_id=event.output_id),
        CustomEvent(name="interrupted", value={"output": event.output_id}),
        _run_finished(event, thread, RunFinishedCancelledOutcome()),
    ]


def _whole(event: LabelledEvent, thread: str, citations: Sequence[Citation]) -> list[BaseEvent]:
    return [
        _run_started(event, thread),
        *_label(event.aigc, INTERFACE_NOTICE),
        TextMessageStartEvent(
            message_id=event.output_id,
            role="assistant",
            name=STAFF if event.aigc is None else None,
        ),
        _words(event),
        TextMessageEndEvent(message_id=event.output_id),
        *([_citations(citations)] if citations else []),
        _run_finished(event, thread),
    ]


_ENCODERS: Mapping[
    EventKind, Callable[[LabelledEvent, str, Sequence[Citation]], list[BaseEvent]]
] = MappingProxyType(
    {
        EventKind.LABEL: _opened,
        EventKind.SENTENCE: _said,
        EventKind.END: _ended,
        EventKind.INTERRUPTED: _interrupted,
        EventKind.MESSAGE: _whole,
    }
)


def _run_started(event: LabelledEvent, thread: str) -> BaseEvent:
    return RunStartedEvent(
        thread_id=thread,
        run_id=event.run_id,
        protocol_version=PROTOCOL_VERSION,
        **_labelled(event),
    )


def _run_finished(
    event: LabelledEvent, thread: str, outcome: RunFinishedOutcome | None = None
) -> BaseEvent:
    digest = {"digest": event.digest} if event.digest else {}
    return RunFinishedEvent(
        thread_id=thread, run_id=event.run_id, outcome=outcome, **_labelled(event), **digest
    )


def _words(event: LabelledEvent) -> BaseEvent:
    return TextMessageContentEvent(message_id=event.output_id, delta=event.text)


def _citations(citations: Sequence[Citation]) -> BaseEvent:
    return CustomEvent(name="citations", value=[asdict(citation) for citation in citations])


def _label(aigc: Aigc | None, notice: str) -> list[BaseEvent]:
    # Before any word: a client that stops after the first of them has shown the label.
    return [CustomEvent(name="aigc", value={**aigc.as_dict(), "notice": notice})] if aigc else []


def _labelled(event: LabelledEvent) -> dict[str, dict[str, str]]:
    return {"aigc": event.aigc.as_dict()} if event.aigc else {}
