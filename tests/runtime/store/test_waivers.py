"""Waivers are kept with all that Article 9 asks for, whatever is erased."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from labelling.content import Draft, Surface
from labelling.policy import Waiver
from runtime.errors import NotFoundError
from runtime.ids import new_id
from runtime.store.conversations import Author
from runtime.store.customers import Customers
from runtime.store.outbox import Outbox
from runtime.store.tables.customers import CustomerRow
from runtime.store.tables.waivers import WaivedRow, WaiverRow
from runtime.store.waivers import Waivers
from tests.factories import NOON, inbound_message, labelling_stage
from tests.runtime.conftest import Shop

FACTS = {
    "agreement": "2026-11",
    "identity": "晨露护肤 李敏",
    "recipient": "印刷厂",
    "reason": "纸质说明书",
}


async def grant(shop: Shop) -> Waiver:
    async with shop.database.begin() as session:
        return await Waivers(session, shop.vault).grant(shop.account.brand.id, **FACTS, at=NOON)


async def issue(shop: Shop, waiver: Waiver) -> str:
    await shop.admit(inbound_message())
    output = labelling_stage().label(
        Draft.generated("每日早晚各一次。"),
        output_id=new_id(),
        surface=Surface.PLATFORM,
        waiver=waiver,
    )
    async with shop.database.begin() as session:
        await Outbox(session).add(
            output,
            await shop.conversation(),
            author=Author.BOT,
            turn=None,
            context={},
            citations=(),
            status="labelled",
            at=NOON,
        )
    return output.record.output_id


class TestGrant:
    async def test_what_was_granted_is_loaded_again(self, shop: Shop) -> None:
        waiver = await grant(shop)

        async with shop.database.read() as session:
            loaded = await Waivers(session, shop.vault).get(
                waiver.reference, brand=shop.account.brand.id
            )

        assert loaded == waiver
        assert (loaded.identity, loaded.reason) == (FACTS["identity"], FACTS["reason"])

    @pytest.mark.parametrize("missing", FACTS)
    async def test_it_is_refused_while_anything_is_missing(self, shop: Shop, missing: str) -> None:
        facts = {**FACTS, missing: " "}

        with pytest.raises(ValueError, match=f"a waiver needs {missing}"):
            async with shop.database.begin() as session:
                await Waivers(session, shop.vault).grant(shop.account.brand.id, **facts, at=NOON)

        async with shop.database.read() as session:
            assert await Waivers(session, shop.vault).every(shop.account.brand.id) == []

    async def test_another_brands_is_none(self, shop: Shop) -> None:
        waiver = await grant(shop)

        async with shop.database.read() as session:
            with pytest.raises(NotFoundError):
                await Waivers(session, shop.vault).get(waiver.reference, brand="another")

    async def test_who_asked_does_not_stand_in_the_open(self, shop: Shop) -> None:
        await grant(shop)

        async with shop.database.read() as session:
            row = (await session.execute(select(WaiverRow))).one()

        assert FACTS["identity"].encode() not in row.sealed


class TestIssue:
    async def test_what_left_under_it_is_on_record(self, shop: Shop) -> None:
        waiver = await grant(shop)

        output = await issue(shop, waiver)

        async with shop.database.read() as session:
            (row,) = (await session.execute(select(WaivedRow))).all()
            ((_, granted_at, outputs),) = await Waivers(session, shop.vault).every(
                shop.account.brand.id
            )
        assert (row.output_id, row.waiver_id) == (output, waiver.reference)
        assert row.produce_id
        assert len(row.digests) == 1
        assert (granted_at, outputs) == (NOON, 1)

    async def test_it_outlives_the_erasure_of_the_customer(self, shop: Shop) -> None:
        waiver = await grant(shop)
        output = await issue(shop, waiver)

        async with shop.database.begin() as session:
            customer = (await session.execute(select(CustomerRow.id))).scalar_one()
            await Customers(session).erase(customer, at=NOON + timedelta(days=1))

        async with shop.database.read() as session:
            kept = await Waivers(session, shop.vault).get(
                waiver.reference, brand=shop.account.brand.id
            )
            (row,) = (await session.execute(select(WaivedRow))).all()
        assert kept == waiver
        assert row.output_id == output
