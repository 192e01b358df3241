"""Live answers on fronts of our own: the label first, then sentence by sentence."""

from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

from agents.errors import AgentError, TurnDrainedError
from agents.run import run_turn
from agents.turn import Phrase, Reply
from labelling.content import Draft
from labelling.errors import LabellingError
from labelling.output import EventKind, LabelledOutput
from labelling.stage import EventStream
from runtime import pipeline
from runtime.delivery import settle
from runtime.errors import StaleLeaseError, TakenOverError
from runtime.ids import new_id
from runtime.spans import span
from runtime.store.events import Events, StoredEvent
from runtime.store.outbox import Outbox, Stored
from runtime.store.turns import Turns
from runtime.work import Work

if TYPE_CHECKING:
    from runtime.container import Container

_ENDS = {EventKind.END: "delivered", EventKind.INTERRUPTED: "interrupted"}


async def answer(container: "Container", work: Work) -> None:
    """Answer as a stream of labelled events; each is stored before anybody sees it.

    A crash leaves what was shown: the next call marks it as interrupted and answers anew.
    """
    stream = await _opened(container, work)
    try:
        await _answer(container, work, stream)
    except LabellingError:
        await _end_early(container, work, Phrase.APOLOGY)
        raise
    except TakenOverError:
        await _end_early(container, work, Phrase.HAND_OFF)
        raise


async def break_off(container: "Container", conversation: str, fence: int) -> None:
    """End what is shown of an answer that is given up: whoever follows waits for its end."""
    async with container.database.read() as session:
        shown = await Events(session).open_run(conversation)
    work = await pipeline.claim(container, conversation, fence) if shown else None
    if work is not None:
        await _end_early(container, work, Phrase.APOLOGY)


async def finish(container: "Container", work: Work, stored: Stored) -> None:
    """End an answer that was kept whole before a crash: its last event may be missing."""
    events = await _left(container, work)
    # Whoever asked to stop may have done so in vain; then the answer is marked all the same.
    kind = EventKind.INTERRUPTED if await _cancelled(container, work) else EventKind.END
    if events and events[-1].kind is EventKind.SENTENCE:
        event, _ = _new_stream(container, work, work.turn.run_id, events).end(kind)
        await work.front.push(event, to=work.recipient, citations=stored.citations)
    await settle(container, work, stored.id, _ENDS[kind])


async def _answer(container: "Container", work: Work, stream: EventStream) -> None:
    try:
        reply = await _stream(container, work, stream)
    except TurnDrainedError as error:
        msg = f"turn {work.turn.id!r} goes on at the next start"
        raise StaleLeaseError(msg) from error
    except AgentError as error:
        reply = pipeline.apology(work, error)
        if stream.text:
            await _interrupt(container, work, stream)
            stream = await _again(container, work)
        await _say(container, work, stream, reply.phrase)
    kind = EventKind.INTERRUPTED if reply.intent == "cancelled" else EventKind.END
    event, output = stream.end(kind)
    await pipeline.keep(container, work, reply, output, status="streamed")
    await work.front.push(event, to=work.recipient, citations=pipeline.citations(reply))
    await settle(container, work, output.record.output_id, _ENDS[kind])


async def _opened(container: "Container", work: Work) -> EventStream:
    events = await _left(container, work) if work.turn.attempts > 1 else []
    stream = _new_stream(container, work, work.turn.run_id, events)
    if not events:
        await work.front.push(stream.open(), to=work.recipient)
        return stream
    if events[-1].kind is EventKind.LABEL:
        return stream
    if events[-1].kind is EventKind.SENTENCE:
        # Words were shown before the crash: they stay, and the new answer is a new message.
        await _interrupt(container, work, stream)
    return await _again(container, work)


async def _left(container: "Container", work: Work) -> list[StoredEvent]:
    async with container.database.read() as session:
        return await Events(session).of_run(work.conversation, work.turn.run_id)


def _new_stream(
    container: "Container", work: Work, run_id: str, events: list[StoredEvent]
) -> EventStream:
    return container.stage.label_stream(
        run_id=run_id,
        output_id=events[0].output_id if events else new_id(),
        surface=work.front.capabilities.surface,
        shown=[event.text for event in events if event.kind is EventKind.SENTENCE],
        aigc=events[0].aigc if events else None,
    )


async def _interrupt(container: "Container", work: Work, stream: EventStream) -> None:
    event, output = stream.end(EventKind.INTERRUPTED)
    await _keep_broken(container, work, stream.text, output)
    await work.front.push(event, to=work.recipient)


async def _keep_broken(
    container: "Container", work: Work, text: str, output: LabelledOutput
) -> None:
    async with container.database.read() as session:
        kept = await Outbox(session).has(output.record.output_id)
    if not kept:
        broken = Reply(draft=Draft.generated(text), intent="interrupted")
        await pipeline.keep(container, work, broken, output, status="interrupted")


async def _end_early(container: "Container", work: Work, name: Phrase) -> None:
    """Mark the run that is being shown as broken off; one without words says why."""
    async with container.database.read() as session:
        # Not always the run that was claimed: an apology has one of its own.
        run = await Events(session).open_run(work.conversation.id)
        events = await Events(session).of_run(work.conversation, run.run) if run else []
    if run is None or events[-1].kind not in {EventKind.LABEL, EventKind.SENTENCE}:
        return
    stream = _new_stream(container, work, run.run, events)
    if not stream.text:
        await _say(container, work, stream, name)
    event, output = stream.end(EventKind.INTERRUPTED)
    # With a person by now, nothing more is kept; but who follows still waits for an end.
    with suppress(TakenOverError):
        await _keep_broken(container, work, stream.text, output)
    await work.front.push(event, to=work.recipient)


async def _again(container: "Container", work: Work) -> EventStream:
    run_id = new_id()
    async with container.database.begin() as session:
        await Turns(session).rerun(work.turn, run_id)
    stream = _new_stream(container, work, run_id, [])
    await work.front.push(stream.open(), to=work.recipient)
    return stream


async def _stream(container: "Container", work: Work, stream: EventStream) -> Reply:
    context = pipeline.context_of(container, work)
    timeout = container.settings.worker.turn_timeout
    run = run_turn(
        container.graph, work.question, context, timeout=timeout, control=container.control
    )
    with span("think", turn=work.turn.id):
        async with aclosing(run):
            async for item in run:
                if isinstance(item, Reply):
                    await _say(container, work, stream, item.phrase)
                    return item
                if await _cancelled(container, work):
                    return await _stopped(container, work, stream)
                await work.front.push(stream.sentence(item.text), to=work.recipient)
    msg = "an agent run ends with a reply"
    raise AssertionError(msg)


async def _cancelled(container: "Container", work: Work) -> bool:
    async with container.database.read() as session:
        return await Turns(session).cancelled(work.turn)


async def _stopped(container: "Container", work: Work, stream: EventStream) -> Reply:
    if not stream.text:
        await _say(container, work, stream, Phrase.STOPPED)
    return Reply(draft=Draft.generated(stream.text), intent="cancelled")


async def _say(
    container: "Container", work: Work, stream: EventStream, name: Phrase | None
) -> None:
    if name is not None:
        text = pipeline.phrase(container, work.account.brand, name)
        await work.front.push(stream.sentence(text), to=work.recipient)
