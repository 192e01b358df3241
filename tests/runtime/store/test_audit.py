import pytest
from sqlalchemy import delete, select, update

from runtime.errors import NotFoundError
from runtime.store.audit import AuditLog, ChainFault, Fact
from runtime.store.customers import Customers
from runtime.store.tables.audit import AuditRow
from runtime.store.tables.conversations import ConversationRow
from tests.factories import NOON, inbound_message
from tests.runtime.conftest import Shop


async def faults(shop: Shop, brand: str | None = None) -> list[ChainFault]:
    async with shop.database.read() as session:
        return [fault async for fault in AuditLog(session).faults(brand)]


@pytest.fixture
async def conversation(shop: Shop) -> str:
    await shop.admit(inbound_message(), inbound_message(), inbound_message())
    return (await shop.conversation()).id


class TestChain:
    async def test_a_whole_chain_holds(self, shop: Shop, conversation: str) -> None:
        assert await faults(shop) == []

    async def test_an_altered_entry_is_found(self, shop: Shop, conversation: str) -> None:
        async with shop.database.begin() as session:
            entry = (
                await session.execute(select(AuditRow.entry).where(AuditRow.sequence == 2))
            ).scalar_one()
            forged = entry.replace('"received"', '"recieved"')
            await session.execute(
                update(AuditRow).where(AuditRow.sequence == 2).values(entry=forged)
            )

        assert await faults(shop) == [ChainFault(conversation, 2, "altered")]

    async def test_an_entry_forged_with_its_digest_breaks_the_next(
        self, shop: Shop, conversation: str
    ) -> None:
        async with shop.database.begin() as session:
            row = (await session.execute(select(AuditRow).where(AuditRow.sequence == 1))).one()
            await session.execute(
                update(AuditRow)
                .where(AuditRow.sequence == 2)
                .values(entry=row.entry, digest=row.digest)
            )

        found = await faults(shop)

        assert ChainFault(conversation, 2, "out of its chain") in found
        assert ChainFault(conversation, 3, "out of its chain") in found

    async def test_a_missing_entry_is_found(self, shop: Shop, conversation: str) -> None:
        async with shop.database.begin() as session:
            await session.execute(delete(AuditRow).where(AuditRow.sequence == 2))

        assert ChainFault(conversation, 2, "missing") in await faults(shop)

    async def test_a_cut_off_end_is_found(self, shop: Shop, conversation: str) -> None:
        async with shop.database.begin() as session:
            await session.execute(delete(AuditRow).where(AuditRow.sequence == 3))

        assert await faults(shop) == [ChainFault(conversation, 3, "the end is cut off")]

    async def test_another_brands_chains_are_left_out_where_asked(
        self, shop: Shop, conversation: str
    ) -> None:
        async with shop.database.begin() as session:
            await session.execute(update(ConversationRow).values(audit_digest="0" * 64))

        assert len(await faults(shop, shop.account.brand.id)) == 1
        assert await faults(shop, "another-brand") == []


class TestContent:
    async def test_customer_text_stands_in_no_entry(self, shop: Shop) -> None:
        await shop.admit(inbound_message("我的电话是13800138000"))

        async with shop.database.read() as session:
            entries = (await session.execute(select(AuditRow.entry))).scalars().all()

        assert all("13800138000" not in entry for entry in entries)

    async def test_erasing_a_customer_leaves_the_chain_and_takes_the_text(
        self, shop: Shop, conversation: str
    ) -> None:
        async with shop.database.begin() as session:
            customer = (await session.execute(select(ConversationRow.customer_id))).scalar_one()
            await Customers(session).erase(customer, at=NOON)
        shop.keys.forget(customer)

        assert await faults(shop) == []
        with pytest.raises(NotFoundError):
            await shop.conversation()

    async def test_who_was_erased_begins_anew(self, shop: Shop, conversation: str) -> None:
        async with shop.database.begin() as session:
            customer = (await session.execute(select(ConversationRow.customer_id))).scalar_one()
            await Customers(session).erase(customer, at=NOON)

        await shop.admit(inbound_message())

        assert (await shop.conversation()).id != conversation

    async def test_content_given_with_a_fact_is_kept_under_the_customers_key(
        self, shop: Shop, conversation: str
    ) -> None:
        key = (await shop.conversation()).key
        fact = Fact(conversation, "labelled", {"output": "o1"}, "七天内可退。".encode(), key)
        async with shop.database.begin() as session:
            await AuditLog(session).append([fact], at=NOON)
            row = (await session.execute(select(AuditRow).where(AuditRow.kind == "labelled"))).one()

        assert row.content is not None
        place = f"audit/{conversation}/{row.sequence}"
        assert key.decrypt(row.content, place=place).decode() == "七天内可退。"
