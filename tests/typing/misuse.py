"""Lines the type checker must refuse; read by mypy, never run.

An ignore that is not needed is an error: on the day one of these lines becomes legal, the build
breaks.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from typing import Any

from typing_extensions import override

from channels.base import Channel, Citation, PartReceipt, WebhookRequest
from channels.messages import Inbound, Recipient
from channels.webchat.channel import WebchatChannel
from labelling.content import Draft, MediaType, Origin, Part, Surface
from labelling.output import (  # type: ignore[attr-defined]
    _SEAL,
    Aigc,
    EventKind,
    LabelledEvent,
    LabelledOutput,
    LabelledPart,
    LabelRecord,
    _Seal,
)
from labelling.stage import LabellingStage


async def what_is_not_labelled_is_not_sent(channel: Channel, to: Recipient, draft: Draft) -> None:
    channel.send(draft, to=to, key="k")  # type: ignore[arg-type]
    channel.send(draft.parts, to=to, key="k")  # type: ignore[arg-type]
    channel.send("text", to=to, key="k")  # type: ignore[arg-type]
    channel.send(None, to=to, key="k")  # type: ignore[arg-type]
    await channel.push(draft, to=to)  # type: ignore[arg-type]
    await channel.push("text", to=to)  # type: ignore[arg-type]


async def a_hook_takes_nothing_but_what_is_labelled(
    channel: Channel, to: Recipient, part: Part
) -> None:
    await channel._post(part, to, "k")  # type: ignore[arg-type]
    await channel._push(part, to, ())  # type: ignore[arg-type]


def the_labelling_line_is_not_left_out(draft: Draft, stage: LabellingStage) -> LabelledOutput:
    output: LabelledOutput = draft  # type: ignore[assignment]
    stage.label(output, output_id="o", surface=Surface.OWN)  # type: ignore[arg-type]
    return draft  # type: ignore[return-value]


def nothing_labelled_is_made_by_hand(
    record: LabelRecord, part: LabelledPart, aigc: Aigc, draft: Draft
) -> None:
    LabelledOutput(parts=(part,), record=record)  # type: ignore[call-arg]
    LabelledOutput(parts=(part,), record=record, seal=None)  # type: ignore[arg-type]
    LabelledOutput(parts=(part,), record=record, seal=object())  # type: ignore[arg-type]
    LabelledOutput(parts=draft.parts, record=record, seal=None)  # type: ignore[arg-type]
    LabelledPart(  # type: ignore[call-arg]
        media_type=MediaType.TEXT, content=b"x", origin=Origin.GENERATED, aigc=aigc
    )
    LabelledPart(
        media_type=MediaType.TEXT,
        content=b"x",
        origin=Origin.GENERATED,
        aigc=aigc,
        seal=None,  # type: ignore[arg-type]
    )
    LabelledEvent(  # type: ignore[call-arg]
        run_id="r", number=1, kind=EventKind.SENTENCE, text="x", aigc=aigc, output_id="o"
    )
    LabelledEvent(
        run_id="r",
        number=1,
        kind=EventKind.SENTENCE,
        text="x",
        aigc=aigc,
        output_id="o",
        seal=None,  # type: ignore[arg-type]
    )


def nothing_labelled_is_made_over(output: LabelledOutput, event: LabelledEvent) -> None:
    replace(output, seal=None)  # type: ignore[arg-type]
    replace(event, seal=None, text="other words")  # type: ignore[arg-type]
    _ = output.seal  # type: ignore[attr-defined]


def nothing_labelled_is_changed(
    output: LabelledOutput, part: LabelledPart, event: LabelledEvent, draft: Draft
) -> None:
    output.parts = ()  # type: ignore[misc]
    part.content = b"other words"  # type: ignore[misc]
    part.aigc = None  # type: ignore[misc]
    event.text = "other words"  # type: ignore[misc]
    event.note = "x"  # type: ignore[attr-defined]
    draft.origin = Origin.HUMAN  # type: ignore[misc]


class MyOutput(LabelledOutput):  # type: ignore[misc]
    """A relative of what is sealed."""


class MyPart(LabelledPart):  # type: ignore[misc]
    """A relative of what is sealed."""


class MyEvent(LabelledEvent):  # type: ignore[misc]
    """A relative of what is sealed."""


class MySeal(_Seal):  # type: ignore[misc]
    """A relative of the seal."""


class Sneaky(WebchatChannel):
    """An adapter that reads before it verifies, and sends before it checks."""

    @override  # type: ignore[misc]
    def receive(self, request: WebhookRequest) -> tuple[Inbound, ...]:
        return self._parse(request.body)  # type: ignore[arg-type]

    @override  # type: ignore[misc]
    async def send(
        self, output: Any, *, to: Recipient, key: str, start: int = 0
    ) -> AsyncGenerator[PartReceipt, None]:
        yield PartReceipt(0, None)

    @override  # type: ignore[misc]
    async def push(
        self, event: Any, *, to: Recipient, citations: Sequence[Citation] = ()
    ) -> None: ...

    @override
    async def _post(self, part: Part, to: Recipient, key: str) -> str | None:  # type: ignore[override]
        return _SEAL.__class__.__name__


def what_was_not_verified_is_not_parsed(channel: Channel, request: WebhookRequest) -> None:
    channel._parse(request.body)  # type: ignore[arg-type]
    channel._parse(b"raw")  # type: ignore[arg-type]
