"""Where fronts of our own leave what their clients fetch: stored first, then announced."""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from channels.base import Citation
from channels.messages import ConversationState, Recipient
from labelling.output import LabelledEvent, LabelledPart
from labelling.stage import LabellingStage
from runtime.errors import NotFoundError
from runtime.hub import EventHub, EventHubError
from runtime.logging import get_logger
from runtime.store.conversations import Conversations
from runtime.store.database import Database
from runtime.store.events import Events, StoredEvent
from runtime.store.keys import CustomerKeys

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Followed:
    """An event that may be shown, with its place in the customer's stream."""

    conversation: str
    sequence: int
    event: LabelledEvent
    citations: tuple[Citation, ...]
    state: ConversationState
    """Who has the conversation now."""


class StoredOutlet:
    """Keeps labelled events in the database and tells who follows; the rows are the truth."""

    def __init__(
        self,
        database: Database,
        keys: CustomerKeys,
        hub: EventHub,
        stage: LabellingStage,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._keys = keys
        self._hub = hub
        self._stage = stage
        self._now = now

    async def push(
        self, account: str, to: Recipient, event: LabelledEvent, citations: Sequence[Citation]
    ) -> None:
        """Leave one event of a live answer."""
        async with self._database.begin() as session:
            conversation = await Conversations(session, self._keys).of_customer(
                account, to.customer
            )
            await Events(session).append(event, conversation, citations, at=self._now())
        await self._tell(account, to.customer)

    async def post(self, account: str, to: Recipient, part: LabelledPart, key: str) -> str:
        """Leave a whole message; the same key twice leaves one."""
        async with self._database.begin() as session:
            conversation = await Conversations(session, self._keys).of_customer(
                account, to.customer
            )
            events = Events(session)
            if not await events.of_run(conversation, key):
                event = self._stage.announce(part, output_id=key.partition(":")[0], key=key)
                await events.append(event, conversation, (), at=self._now())
        await self._tell(account, to.customer)
        return key

    async def follow(
        self, account: str, customer: str, *, after: int, wait: float
    ) -> AsyncGenerator[Followed | None, None]:
        """Give a customer's events after a sequence number as they come.

        None stands for `wait` seconds in which nothing came. The customer need not have said
        anything yet.
        """
        async with self._hub.follow(_topic(account, customer)) as follower:
            while True:
                news = await self._read(account, customer, after)
                for item in news:
                    after = item.sequence
                    yield item
                if not news and not await follower.changed(timeout=wait):
                    yield None

    async def _tell(self, account: str, customer: str) -> None:
        try:
            await self._hub.notify(_topic(account, customer))
        except EventHubError as error:
            # The rows are there, and who follows reads them after its wait at the latest.
            log.warning("followers_not_told", error=str(error))

    async def _read(self, account: str, customer: str, after: int) -> list[Followed]:
        async with self._database.read() as session:
            try:
                conversation = await Conversations(session, self._keys).of_customer(
                    account, customer
                )
            except NotFoundError:
                return []
            stored = await Events(session).after(conversation, after)
        return [
            Followed(
                conversation.id,
                item.sequence,
                self._restored(item),
                item.citations,
                conversation.state,
            )
            for item in stored
        ]

    def _restored(self, item: StoredEvent) -> LabelledEvent:
        return self._stage.restore_event(
            run_id=item.run_id,
            output_id=item.output_id,
            number=item.number,
            kind=item.kind,
            text=item.text,
            aigc=item.aigc,
            digest=item.digest,
        )


def _topic(account: str, customer: str) -> str:
    return f"{account}:{customer}"
