"""Outbox to platform: parts sent once each, receipts kept, the turn closed."""

from contextlib import aclosing
from typing import TYPE_CHECKING

from channels.base import PartReceipt
from channels.errors import DeliveryRefusedError, DeliveryRetryableError, DeliveryUnknownError
from channels.messages import ConversationState
from labelling.errors import LabellingError
from labelling.output import LabelledOutput
from runtime.logging import get_logger
from runtime.spans import span
from runtime.store.audit import AuditLog, Fact
from runtime.store.conversations import Conversations
from runtime.store.outbox import Outbox, Stored
from runtime.store.turns import Turns
from runtime.work import Work

if TYPE_CHECKING:
    from runtime.container import Container

_NOTHING_FOR_STAFF = frozenset({"delivered", "interrupted", "skipped", "for_staff"})
log = get_logger(__name__)


async def deliver(
    container: "Container", work: Work, output: LabelledOutput, stored: Stored | None = None
) -> None:
    """Send the parts that have no receipt yet, committing each receipt before the next part."""
    front, key = work.front, output.record.output_id
    marked = not front.capabilities.idempotent
    if stored is not None and stored.in_doubt and marked:
        await settle(container, work, key, "unknown", "stopped between sending and its receipt")
        return
    try:
        last = await _send_parts(container, work, output, first=stored.sent if stored else 0)
    except DeliveryRetryableError:
        async with container.database.begin() as session:
            await Outbox(session).put_back(key)
        raise
    except DeliveryUnknownError as error:
        if not marked:
            raise DeliveryRetryableError(str(error)) from error
        heard = await _heard_of(container, work)
        if heard is None:
            await settle(container, work, key, "unknown", str(error))
        else:
            await deliver(container, work, output, heard)
        return
    except DeliveryRefusedError as error:
        await settle(container, work, key, "undelivered", f"{error} ({error.code})")
        return
    await settle(container, work, key, "delivered", receipt=last)


async def _send_parts(
    container: "Container", work: Work, output: LabelledOutput, *, first: int
) -> PartReceipt | None:
    """Send what has no receipt; give the last one, which is kept with the end of the turn."""
    receipt: PartReceipt | None = None
    for number in range(first, len(output.parts)):
        if receipt is not None:
            async with container.database.begin() as session:
                await Outbox(session).receipt(output.record.output_id, receipt, at=container.now())
        receipt = await _send_part(container, work, output, number)
    return receipt


async def _heard_of(container: "Container", work: Work) -> Stored | None:
    """Give the output anew where the platform's echo was quicker than its answer."""
    async with container.database.read() as session:
        stored = await Outbox(session).find(work.turn.id, work.conversation)
    return None if stored is None or stored.in_doubt else stored


async def _send_part(
    container: "Container", work: Work, output: LabelledOutput, number: int
) -> PartReceipt:
    key = output.record.output_id
    if not work.front.capabilities.idempotent:
        # Without it a crash in between could not be told from one before it, and a worker that
        # lost its shard could send what the next owner sends too.
        async with container.database.begin() as session:
            await Turns(session).hold(work.turn)
            await Outbox(session).sending(key, number)
    with span("send", channel=work.front.name, output=key):
        async with container.limiters.slot(f"account:{work.account.front.id}"):
            sent = work.front.send(output, to=work.recipient, key=key, start=number)
            async with aclosing(sent):
                return await anext(sent)


async def settle(
    container: "Container",
    work: Work,
    output: str,
    status: str,
    why: str = "",
    *,
    receipt: PartReceipt | None = None,
) -> None:
    """Close the turn with what became of its output; staff see what did not arrive.

    The last part's receipt goes into the same commit.
    """
    body = {"output": output, **({"why": why} if why else {})}
    facts = [Fact(work.conversation.id, status, body)]
    await close(container, work, status, facts, output=output, receipt=receipt)
    if status not in _NOTHING_FOR_STAFF:
        log.warning("output_not_delivered", output=output, status=status)


async def refuse(container: "Container", work: Work, error: LabellingError) -> None:
    """Close a turn whose draft could not be labelled: nothing leaves, staff take over."""
    log.error("labelling_refused", turn=work.turn.id, error=type(error).__name__)
    body = {**work.told, "error": str(error)}
    await close(container, work, "refused", [Fact(work.conversation.id, "refused", body)])


async def abandon(container: "Container", conversation: str, fence: int) -> None:
    """Leave to staff what could not be answered in so many tries.

    Only rows are touched: what broke the turn, such as an account that cannot work, is not needed.
    """
    async with container.database.begin() as session:
        at = container.now()
        conversations, turns = Conversations(session, container.keys), Turns(session)
        held = await conversations.get(conversation, locked=True)
        turn = await turns.claim(held, fence=fence, at=at)
        if turn is None:
            return
        await Outbox(session).give_up(turn.id)
        await turns.close(turn, status="undelivered", at=at)
        body = {"turn": turn.id, "attempts": turn.attempts}
        await AuditLog(session).append([Fact(conversation, "undelivered", body)], at=at)
        await conversations.hand_over(
            held, ConversationState.REQUESTED, reason="undelivered", at=at
        )


async def close(
    container: "Container",
    work: Work,
    status: str,
    facts: list[Fact],
    *,
    output: str = "",
    receipt: PartReceipt | None = None,
) -> None:
    """Commit the end of a turn; what went wrong gives the conversation to staff.

    Without an output, what was labelled for the turn is given up.
    """
    with span("close", turn=work.turn.id, status=status):
        async with container.database.begin() as session:
            at = container.now()
            # First, as it locks the conversation: every unit of work takes that before its turn.
            await AuditLog(session).append(facts, at=at)
            await Turns(session).close(work.turn, status=status, at=at)
            outbox = Outbox(session)
            if receipt is not None:
                await outbox.receipt(output, receipt, at=at)
            if output:
                await outbox.settle(output, status)
            else:
                await outbox.give_up(work.turn.id)
            if status not in _NOTHING_FOR_STAFF:
                conversations = Conversations(session, container.keys)
                await conversations.hand_over(
                    await conversations.get(work.conversation.id),
                    ConversationState.REQUESTED,
                    reason=status,
                    at=at,
                )
