from decimal import Decimal

import pytest
from sqlalchemy import select

from agents.turn import ModelUse
from channels.base import Citation, PartReceipt
from labelling.content import Draft, Surface
from labelling.output import LabelledOutput
from runtime.ids import new_id
from runtime.store.conversations import Author, Conversation, Conversations
from runtime.store.outbox import OnItsWay, Outbox, Stored
from runtime.store.tables.outputs import ModelCallRow
from runtime.store.turns import Claimed, Turns
from tests.factories import NOON, inbound_message, labelling_stage
from tests.runtime.conftest import Shop

CITATION = Citation(1, "退换货政策", "七天无理由", "七天内可退。", "returns.md")


class Desk:
    """A claimed turn, and shorthands for what happens to its output."""

    def __init__(self, shop: Shop, conversation: Conversation, turn: Claimed) -> None:
        self.shop = shop
        self.conversation = conversation
        self.turn = turn

    async def add(self, *texts: str, status: str = "labelled") -> LabelledOutput:
        output = labelling_stage().label(
            Draft.generated(*texts), output_id=new_id(), surface=Surface.PLATFORM
        )
        async with self.shop.database.begin() as session:
            await Outbox(session).add(
                output,
                self.conversation,
                author=Author.BOT,
                turn=self.turn.id,
                context={"msg_id": "m1"},
                citations=[CITATION],
                status=status,
                at=NOON,
            )
        return output

    async def find(self) -> Stored | None:
        async with self.shop.database.read() as session:
            return await Outbox(session).find(self.turn.id, self.conversation)


@pytest.fixture
async def desk(shop: Shop) -> Desk:
    await shop.admit(inbound_message())
    conversation = await shop.conversation()
    async with shop.database.begin() as session:
        turn = await Turns(session).claim(conversation, fence=1, at=NOON)
    assert turn is not None
    return Desk(shop, conversation, turn)


class TestFind:
    async def test_a_stored_output_can_be_restored(self, desk: Desk) -> None:
        output = await desk.add("第一段。", "第二段。")

        stored = await desk.find()

        assert stored is not None
        assert (stored.sent, stored.in_doubt, stored.context) == (0, False, {"msg_id": "m1"})
        assert stored.citations == (CITATION,)
        assert labelling_stage().restore(stored.parts, stored.record) == output

    async def test_receipts_tell_how_far_it_got(self, desk: Desk) -> None:
        output = await desk.add("第一段。", "第二段。")
        key = output.record.output_id
        async with desk.shop.database.begin() as session:
            await Outbox(session).receipt(key, PartReceipt(0, "p1"), at=NOON)

        stored = await desk.find()

        assert stored is not None
        assert (stored.sent, stored.in_doubt) == (1, False)

    async def test_a_part_on_its_way_is_in_doubt_until_it_is_put_back(self, desk: Desk) -> None:
        output = await desk.add("第一段。")
        key = output.record.output_id
        async with desk.shop.database.begin() as session:
            await Outbox(session).sending(key, 0)
        doubtful = await desk.find()
        async with desk.shop.database.begin() as session:
            await Outbox(session).put_back(key)
        certain = await desk.find()

        assert doubtful is not None
        assert certain is not None
        assert (doubtful.in_doubt, certain.in_doubt) == (True, False)

    async def test_an_interrupted_output_is_not_sent_on(self, desk: Desk) -> None:
        await desk.add("断了。", status="interrupted")

        assert await desk.find() is None


class TestEchoes:
    async def test_a_part_without_a_receipt_is_on_its_way_until_it_has_one(
        self, desk: Desk
    ) -> None:
        output = await desk.add("第一段。")
        key = output.record.output_id
        async with desk.shop.database.begin() as session:
            outbox = Outbox(session)
            await outbox.sending(key, 0)
            under_way = await outbox.on_their_way(desk.conversation)
            await outbox.settle(key, "unknown")
            given_up = await outbox.on_their_way(desk.conversation)
            await outbox.receipt(key, PartReceipt(0, "p1"), at=NOON)
            arrived = await outbox.on_their_way(desk.conversation)

        text = output.parts[0].text
        assert under_way == [OnItsWay(key, 0, given_up=False, text=text)]
        assert given_up == [OnItsWay(key, 0, given_up=True, text=text)]
        assert arrived == []

    async def test_an_output_is_whole_when_every_part_has_a_receipt(self, desk: Desk) -> None:
        output = await desk.add("第一段。", "第二段。")
        key = output.record.output_id
        async with desk.shop.database.begin() as session:
            outbox = Outbox(session)
            await outbox.receipt(key, PartReceipt(0, "p1"), at=NOON)
            half = await outbox.whole(key)
            await outbox.receipt(key, PartReceipt(1, "p2"), at=NOON)
            both = await outbox.whole(key)

        assert (half, both) == (False, True)

    async def test_a_platforms_id_is_recognised_in_its_conversation_alone(self, desk: Desk) -> None:
        output = await desk.add("第一段。")
        async with desk.shop.database.begin() as session:
            outbox = Outbox(session)
            await outbox.receipt(output.record.output_id, PartReceipt(0, "p1"), at=NOON)
            here = await outbox.sent_as(desk.conversation.id, "p1")
            elsewhere = await outbox.sent_as("another", "p1")

        assert (here, elsewhere) == (True, False)


class TestBook:
    async def test_a_models_calls_are_kept_to_the_millionth(self, desk: Desk) -> None:
        use = ModelUse(
            model="qwen-plus",
            route="dashscope",
            prompt_version="1",
            input_tokens=120,
            output_tokens=30,
            latency=0.25,
            cost=Decimal("0.000156"),
        )
        async with desk.shop.database.begin() as session:
            await Outbox(session).book(
                [use], turn=desk.turn.id, brand=desk.conversation.brand, at=NOON
            )
            row = (await session.execute(select(ModelCallRow))).one()

        assert (row.cost_millionths, row.latency_ms, row.currency) == (156, 250, "CNY")


class TestHistory:
    async def test_what_was_said_is_given_in_order(self, desk: Desk) -> None:
        await desk.add("七天内可退。", "运费由我们承担。", status="delivered")
        async with desk.shop.database.begin() as session:
            await Turns(session).close(desk.turn, status="delivered", at=NOON)

        async with desk.shop.database.read() as session:
            conversations = Conversations(session, desk.shop.keys)
            lines = await conversations.recent(desk.conversation, limit=9)

        assert [line.utterance.role for line in lines] == ["customer", "assistant", "assistant"]
        assert lines[1].utterance.text.startswith("七天内可退。")
        assert lines[2].utterance.text.startswith("运费由我们承担。")

    async def test_what_waits_is_given_only_where_asked_for(self, desk: Desk) -> None:
        async with desk.shop.database.read() as session:
            conversations = Conversations(session, desk.shop.keys)
            answered = await conversations.recent(desk.conversation, limit=9)
            every = await conversations.recent(desk.conversation, limit=9, unanswered=True)

        assert (len(answered), len(every)) == (0, 1)

    async def test_the_summary_is_read_back(self, desk: Desk) -> None:
        async with desk.shop.database.begin() as session:
            conversations = Conversations(session, desk.shop.keys)
            await conversations.summarise(desk.conversation, "问过退货")

        assert (await desk.shop.conversation()).summary == "问过退货"
