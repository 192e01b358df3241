"""What platforms tell us of messages to customers, and of accounts."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from channels.base import PartReceipt
from channels.messages import ConversationState, DeliveryEcho, PlatformEvent
from runtime.errors import NotFoundError
from runtime.ids import bounded, new_id
from runtime.store.accounts import Account
from runtime.store.audit import AuditLog, Fact
from runtime.store.conversations import Conversations
from runtime.store.database import Session, insert_once
from runtime.store.outbox import OnItsWay, Outbox
from runtime.store.tables.conversations import PlatformEventRow

if TYPE_CHECKING:
    from runtime.container import Container


async def note(
    container: "Container",
    account: Account,
    events: Sequence[DeliveryEcho | PlatformEvent],
    *,
    at: datetime,
) -> None:
    """Take note of echoes and events, each once.

    An echo of ours settles an output of which we did not know whether it arrived. An echo of
    somebody else's means that a person answers in the platform's own app: the bot falls silent.
    """
    if not events:
        return
    async with container.database.begin() as session:
        for event in events:
            if await _new(session, account, event, at) and isinstance(event, DeliveryEcho):
                await _heard(container, session, account, event, at)


async def _new(
    session: Session, account: Account, event: DeliveryEcho | PlatformEvent, at: datetime
) -> bool:
    name = event.name if isinstance(event, PlatformEvent) else "delivery_echo"
    subject = event.subject if isinstance(event, PlatformEvent) else event.platform_id
    row = {
        "id": new_id(),
        "account_id": account.front.id,
        "external_id": bounded(event.external_id),
        "name": name,
        "subject": bounded(subject),
        "received_at": at,
    }
    inserted = await session.execute(
        insert_once(session, PlatformEventRow).values(row).returning(PlatformEventRow.id)
    )
    return inserted.one_or_none() is not None


async def _heard(
    container: "Container",
    session: Session,
    account: Account,
    echo: DeliveryEcho,
    at: datetime,
) -> None:
    conversations = Conversations(session, container.keys)
    try:
        conversation = await conversations.of_customer(account.front.id, echo.customer)
    except NotFoundError:
        # The brand wrote first: there is nothing of ours to settle.
        return
    outbox = Outbox(session)
    if not echo.by_us:
        await conversations.hand_over(
            conversation, ConversationState.HUMAN, reason="answered_in_app", at=at
        )
        return
    if await outbox.sent_as(conversation.id, echo.platform_id):
        return
    part = _told_of(echo, await outbox.on_their_way(conversation))
    if part is None:
        return
    # The echo is as good as the receipt that is missing, and may be quicker than the answer.
    await outbox.receipt(part.output, PartReceipt(part.number, echo.platform_id), at=at)
    if part.given_up and await outbox.whole(part.output):
        await outbox.settle(part.output, "delivered")
        body = {"output": part.output, "platform_id": echo.platform_id, "by": "echo"}
        await AuditLog(session).append([Fact(conversation.id, "delivered", body)], at=at)


def _told_of(echo: DeliveryEcho, parts: Sequence[OnItsWay]) -> OnItsWay | None:
    """Find the part an echo tells of: by its words, or the oldest where the echo has none."""
    wanted = echo.text.strip()
    return next((part for part in parts if wanted in {"", part.text.strip()}), None)
