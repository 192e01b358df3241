"""Queue to platform: the straight line a turn takes, one step a line."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from agents.citations import with_sources
from agents.errors import AgentError, TurnDrainedError
from agents.run import run_turn
from agents.turn import AgentContext, HandOffReason, Phrase, Reply, Turn
from channels.base import Citation
from channels.messages import ConversationState
from labelling.content import Draft, Origin, Part
from labelling.errors import LabellingError
from labelling.output import LabelledOutput, LabelRecord
from runtime import live
from runtime.delivery import close, deliver, refuse
from runtime.errors import StaleLeaseError, TakenOverError
from runtime.fitting import fit
from runtime.ids import new_id
from runtime.logging import get_logger
from runtime.spans import span
from runtime.store.accounts import Brand
from runtime.store.audit import AuditLog, Fact
from runtime.store.conversations import Author, Conversation, Conversations
from runtime.store.inbox import Inbox
from runtime.store.outbox import Outbox, Stored
from runtime.store.turns import Turns
from runtime.work import Work

if TYPE_CHECKING:
    from runtime.container import Container

_RECENT = 8
log = get_logger(__name__)


async def answer(container: "Container", conversation: str, fence: int) -> None:
    """Answer what waits in one conversation, once.

    Raises:
        DeliveryRetryableError: The platform took nothing; the same call continues later.
        StoreUnavailableError: The database is away; the same call continues later.
        StaleLeaseError: Another worker owns the conversation now; nothing was written.
    """
    # Few at a time are on their way to the model: of many that come at once the first have asked
    # it long before the last, and their answers do not all come back in one moment either.
    async with AsyncExitStack() as starting:
        await starting.enter_async_context(container.limiters.slot("starting"))
        work = await claim(container, conversation, fence)
        if work is not None:
            await _answer(container, replace(work, started=starting.aclose))


async def _answer(container: "Container", work: Work) -> None:
    if await set_aside(container, work):
        return
    stored = await find(container, work)
    try:
        if stored is not None:
            await work.started()
            await resume(container, work, stored)
        elif work.front.capabilities.streams:
            await live.answer(container, work)
        else:
            reply = await think(container, work)
            await work.started()
            output = await label(container, work, reply)
            await deliver(container, work, output)
    except LabellingError as error:
        await refuse(container, work, error)
    except TakenOverError:
        # A person answered while we wrote: the bot says nothing more.
        facts = [Fact(work.conversation.id, "for_staff", work.told)]
        await close(container, work, "for_staff", facts)


async def claim(container: "Container", conversation: str, fence: int) -> Work | None:
    """Claim what waits as one turn; None where nothing does, or a person has the conversation."""
    with span("claim", conversation=conversation):
        async with container.database.begin() as session:
            conversations = Conversations(session, container.keys)
            held = await conversations.get(conversation, locked=True)
            at = container.now()
            if _staff_are_silent(container, held, at):
                await conversations.give_back(held, at=at)
            elif held.state.silent:
                await Inbox(session, container.keys).ignore(conversation)
                await Turns(session).leave(conversation, at=at)
                return None
            turn = await Turns(session).claim(held, fence=fence, at=at)
            if turn is None:
                return None
            recent = await conversations.recent(held, limit=_RECENT)
        account = await container.accounts.get(held.account)
    question = Turn(
        id=turn.id,
        messages=turn.messages,
        at=turn.sent_at,
        channel=held.channel,
        recent=tuple(line.utterance for line in recent),
        summary=held.summary,
    )
    return Work(held, turn, question, account, container.fronts.of(account))


def _staff_are_silent(container: "Container", held: Conversation, at: datetime) -> bool:
    longest = timedelta(seconds=container.settings.worker.staff_hold)
    return held.state is not ConversationState.BOT and at - held.state_since > longest


async def set_aside(container: "Container", work: Work) -> bool:
    """Close a turn that needs no answer: too late for the platform, or a guest who comes back."""
    window = work.front.capabilities.reply_window
    late = window is not None and container.now() - work.turn.sent_at > timedelta(seconds=window)
    if opened(work) and (late or work.question.recent):
        status = "skipped"
    elif late:
        status = "expired"
    else:
        return False
    await close(container, work, status, [Fact(work.conversation.id, status, work.told)])
    return True


def opened(work: Work) -> bool:
    """Tell whether the customer opened the chat and said nothing."""
    return set(work.turn.kinds) == {"session_opened"}


async def find(container: "Container", work: Work) -> Stored | None:
    """Give what was labelled already, before a crash or a postponed delivery."""
    if work.turn.attempts == 1:
        return None
    async with container.database.read() as session:
        return await Outbox(session).find(work.turn.id, work.conversation)


async def resume(container: "Container", work: Work, stored: Stored) -> None:
    """Go on with what was labelled before a crash; never a second draft."""
    if stored.status == "streamed":
        await live.finish(container, work, stored)
    else:
        output = container.stage.restore(stored.parts, stored.record)
        await deliver(container, work, output, stored)


async def think(container: "Container", work: Work) -> Reply:
    """Let the agent write; a fault of ours becomes an apology and a person."""
    if opened(work):
        return Reply(phrase=Phrase.GREETING, intent="session_opened")
    with span("think", turn=work.turn.id):
        try:
            return await _to_reply(container, work.question, context_of(container, work))
        except TurnDrainedError as error:
            raise _leaving(work) from error
        except AgentError as error:
            return apology(work, error)


async def run_to_reply(container: "Container", turn: Turn, brand: Brand) -> Reply:
    """Run an agent to its reply; the sentences on the way are not looked at.

    Raises:
        AgentError: The agent could not make a reply.
    """
    return await _to_reply(container, turn, container.agent_context(brand))


def context_of(container: "Container", work: Work) -> AgentContext:
    """Give what the agent of a turn may reach; that it asks the model lets the next turn start."""
    context = container.agent_context(work.account.brand)

    @asynccontextmanager
    async def slot() -> AsyncIterator[None]:
        await work.started()
        async with context.slot():
            yield

    return replace(context, slot=slot)


async def _to_reply(container: "Container", turn: Turn, context: AgentContext) -> Reply:
    timeout = container.settings.worker.turn_timeout
    async with aclosing(
        run_turn(container.graph, turn, context, timeout=timeout, control=container.control)
    ) as run:
        reply = [item async for item in run][-1]
    assert isinstance(reply, Reply)
    return reply


def apology(work: Work, error: AgentError) -> Reply:
    """Make the reply of a turn that failed: plain words and a person."""
    log.warning("turn_failed", turn=work.turn.id, error=type(error).__name__)
    return Reply(
        phrase=Phrase.APOLOGY, hand_off=HandOffReason.FAILURE, intent="failure", uses=error.uses
    )


def word(container: "Container", brand: Brand, reply: Reply) -> Draft:
    """Put a reply into words: a model's with their sources, or the catalogue's."""
    fixed = phrase(container, brand, reply.phrase) if reply.phrase else ""
    if reply.draft is None:
        return Draft((Part.of_text(fixed),), Origin.HUMAN)
    heading = container.catalogue.text("answer.sources")
    words = "".join(part.text for part in reply.draft.parts)
    return Draft.generated(
        with_sources(words, reply.passages, heading), *([fixed] if fixed else [])
    )


def phrase(container: "Container", brand: Brand, name: Phrase) -> str:
    """Give a fixed text in the language of this installation."""
    return container.catalogue.text(f"phrase.{name.value}", brand=brand.name)


async def label(container: "Container", work: Work, reply: Reply) -> LabelledOutput:
    """Fit, label, and commit to the outbox with everything that belongs to it."""
    capabilities = work.front.capabilities
    with span("fit", turn=work.turn.id):
        fitted = fit(word(container, work.account.brand, reply), capabilities)
    with span("label", turn=work.turn.id):
        output = container.stage.label(fitted, output_id=new_id(), surface=capabilities.surface)
    with span("commit", turn=work.turn.id):
        await keep(container, work, reply, output, status="labelled")
    return output


async def keep(
    container: "Container", work: Work, reply: Reply, output: LabelledOutput, *, status: str
) -> None:
    """Commit an output, what it cost, the summary and the hand-off, in one transaction."""
    conversation = work.conversation
    async with container.database.begin() as session:
        # Not before: what waited for its turn to write would seem to have happened earlier.
        at = container.now()
        conversations = Conversations(session, container.keys)
        await Turns(session).hold(work.turn)
        outbox = Outbox(session)
        await outbox.add(
            output,
            conversation,
            author=Author.BOT,
            turn=work.turn.id,
            context=work.turn.context,
            citations=citations(reply),
            status=status,
            at=at,
        )
        await outbox.book(reply.uses, turn=work.turn.id, brand=conversation.brand, at=at)
        if reply.summary:
            await conversations.summarise(conversation, reply.summary)
        await AuditLog(session).append([_labelled(work, reply, output)], at=at)
        if reply.hand_off is not None:
            await conversations.hand_over(
                conversation, ConversationState.REQUESTED, reason=reply.hand_off.value, at=at
            )


def citations(reply: Reply) -> list[Citation]:
    """Give what an answer stands on, as a front of our own shows it."""
    return [
        Citation(number, passage.title, passage.heading, passage.text, passage.source)
        for number, passage in enumerate(reply.passages, 1)
    ]


def _leaving(work: Work) -> StaleLeaseError:
    return StaleLeaseError(f"turn {work.turn.id!r} goes on at the next start")


def _labelled(work: Work, reply: Reply, output: LabelledOutput) -> Fact:
    record: LabelRecord = output.record
    key = work.conversation.key
    words = b"\n".join(part.content for part in output.parts if isinstance(part.content, bytes))
    use = reply.uses[-1] if reply.uses else None
    return Fact(
        conversation=work.conversation.id,
        kind="labelled",
        body={
            "turn": work.turn.id,
            "output": record.output_id,
            "origin": record.origin.value,
            "rule": record.rule,
            "aigc": record.aigc.as_dict() if record.aigc else None,
            # Keyed, so that a digest tells nothing once the customer's key is erased.
            "parts": [key.digest(part.digest_after.encode()) for part in record.parts],
            "writers": [list(part.writers) for part in record.parts],
            "intent": reply.intent,
            "phrase": reply.phrase.value if reply.phrase else None,
            "hand_off": reply.hand_off.value if reply.hand_off else None,
            "model": use.model if use else None,
            "route": use.route if use else None,
            "prompt_version": use.prompt_version if use else None,
            "passages": [passage.id for passage in reply.passages],
            "release": max((passage.release for passage in reply.passages), default=None),
        },
        content=words,
        key=key,
    )
