import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from channels.errors import PayloadInvalidError
from channels.messages import InboundMessage
from runtime.errors import StoreUnavailableError, VaultError
from runtime.ids import bounded, new_id
from runtime.store.inbox import Arrival
from runtime.vault import Vault
from tests.factories import inbound_message
from tests.runtime.kit import Desk, open_desk


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as desk:
        yield desk


def arrival(desk: Desk, message: InboundMessage | None = None, *, account: str = "") -> Arrival:
    return Arrival(
        new_id(),
        desk.brand.id,
        account or desk.account.front.id,
        desk.account.channel,
        message or inbound_message(),
        desk.clock(),
    )


class TestGroups:
    async def test_what_comes_at_once_shares_a_commit(self, desk: Desk) -> None:
        commits = _commits(desk)

        admitted = await asyncio.gather(
            *(desk.container.admitter.admit([arrival(desk)]) for _ in range(20))
        )

        assert len(admitted) == 20
        assert commits[0] <= 2

    async def test_a_group_has_an_end(self, desk: Desk) -> None:
        commits = _commits(desk)

        await asyncio.gather(*(desk.container.admitter.admit([arrival(desk)]) for _ in range(100)))

        assert 4 <= commits[0] <= 6

    async def test_the_same_in_one_group_is_admitted_once(self, desk: Desk) -> None:
        message = inbound_message(external_id="same")

        admitted = await asyncio.gather(
            *(desk.container.admitter.admit([arrival(desk, message)]) for _ in range(20))
        )

        assert [each.duplicate for (each,) in admitted].count(False) == 1
        assert all(each.waiting for (each,) in admitted)

    async def test_each_gets_what_became_of_its_own(self, desk: Desk) -> None:
        people = [f"customer-{number}" for number in range(10)]

        admitted = await asyncio.gather(
            *(
                desk.container.admitter.admit([arrival(desk, inbound_message(customer=each))])
                for each in people
            )
        )

        expected = [(await desk.conversation(each)).id for each in people]
        assert [each.conversation for (each,) in admitted] == expected

    async def test_who_hangs_up_harms_nobody(self, desk: Desk) -> None:
        gone = asyncio.create_task(desk.container.admitter.admit([arrival(desk)]))
        stays = asyncio.create_task(desk.container.admitter.admit([arrival(desk)]))
        await asyncio.sleep(0)
        gone.cancel()

        (admission,) = await stays

        assert not admission.duplicate


class TestPoison:
    async def test_one_that_the_database_cannot_hold_harms_nobody_else(self, desk: Desk) -> None:
        good = [desk.container.admitter.admit([arrival(desk)]) for _ in range(3)]
        # Nobody's account: the foreign key refuses it, and with it the whole group.
        bad = desk.container.admitter.admit([arrival(desk, account="nobodys")])

        *admitted, refused = await asyncio.gather(*good, bad, return_exceptions=True)

        assert [type(each) for each in admitted] == [list] * 3
        assert isinstance(refused, PayloadInvalidError)
        assert len(await desk.inbound()) == 3

    async def test_nor_one_that_the_driver_cannot_write(self, desk: Desk) -> None:
        good = desk.container.admitter.admit([arrival(desk)])
        bad = desk.container.admitter.admit([arrival(desk, inbound_message(external_id="\ud800"))])

        admitted, refused = await asyncio.gather(good, bad, return_exceptions=True)

        assert isinstance(admitted, list)
        assert isinstance(refused, PayloadInvalidError)

    async def test_nor_a_customer_whose_key_cannot_be_opened(
        self, desk: Desk, tmp_path: Path
    ) -> None:
        await desk.admit(inbound_message(customer="locked"))
        desk.container.keys._keys.clear()
        desk.container.keys._vault = Vault([b"another key of thirty-two bytes!"])
        good = desk.container.admitter.admit([arrival(desk, inbound_message(customer="new"))])
        bad = desk.container.admitter.admit([arrival(desk, inbound_message(customer="locked"))])

        admitted, refused = await asyncio.gather(good, bad, return_exceptions=True)

        assert isinstance(admitted, list)
        assert isinstance(refused, VaultError)


class TestAStoreThatIsAway:
    async def test_everybody_is_told_and_nothing_is_admitted(self, desk: Desk) -> None:
        engine = desk.container.database.engine
        event.listen(engine, "begin", _gone)

        told = await asyncio.gather(
            *(desk.container.admitter.admit([arrival(desk)]) for _ in range(3)),
            return_exceptions=True,
        )
        event.remove(engine, "begin", _gone)

        assert [type(each) for each in told] == [StoreUnavailableError] * 3
        assert await desk.inbound() == []

    async def test_and_a_retry_is_admitted_once(self, desk: Desk) -> None:
        engine = desk.container.database.engine
        message = inbound_message()
        event.listen(engine, "begin", _gone)
        with pytest.raises(StoreUnavailableError):
            await desk.container.admitter.admit([arrival(desk, message)])
        event.remove(engine, "begin", _gone)

        (admission,) = await desk.container.admitter.admit([arrival(desk, message)])

        assert not admission.duplicate


class TestIds:
    def test_an_id_that_fits_stays_as_it_is(self) -> None:
        assert bounded("x" * 200) == "x" * 200

    def test_a_longer_one_becomes_its_digest(self) -> None:
        assert bounded("x" * 201).startswith("sha256:")
        assert len(bounded("x" * 201)) < 200
        assert bounded("x" * 201) != bounded("y" * 201)


def _commits(desk: Desk) -> list[int]:
    counted = [0]

    def count(connection: Any) -> None:
        counted[0] += 1

    event.listen(desk.container.database.engine, "commit", count)
    return counted


def _gone(connection: Any) -> None:
    msg = "gone"
    raise OSError(msg)
