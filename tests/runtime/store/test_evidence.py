"""Every audit entry stands in the Merkle log, whose heads are signed."""

import io
import json
import zipfile

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select, update

from labelling.evidence.bundle import BundleError
from labelling.evidence.heads import HeadSigner
from labelling.evidence.merkle import (
    consistency_proof,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from runtime.store.audit import AuditLog, Fact
from runtime.store.evidence import Evidence, _node
from runtime.store.tables.audit import AuditRow
from tests.factories import NOON, inbound_message
from tests.runtime.conftest import Shop

SIGNER = HeadSigner(Ed25519PrivateKey.generate())


async def admit(shop: Shop, *customers: str) -> None:
    for number, customer in enumerate(customers):
        await shop.admit(inbound_message(f"{customer}-{number}", customer=customer))


async def append(shop: Shop) -> int:
    async with shop.database.begin() as session:
        return await Evidence(session).append()


async def sign(shop: Shop) -> None:
    async with shop.database.begin() as session:
        await Evidence(session).sign(SIGNER, log="test", at=NOON)


class TestAppend:
    async def test_every_entry_is_taken_on_once(self, shop: Shop) -> None:
        await admit(shop, "alice", "bob", "alice")

        assert (await append(shop), await append(shop)) == (3, 0)
        await admit(shop, "bob")
        assert await append(shop) == 1

    async def test_entries_of_a_conversation_keep_their_order(self, shop: Shop) -> None:
        await admit(shop, "alice")
        conversation = (await shop.conversation()).id
        async with shop.database.begin() as session:
            await AuditLog(session).append(
                [Fact(conversation, f"kind-{number}", {}) for number in range(5)], at=NOON
            )

        await append(shop)

        async with shop.database.read() as session:
            placed = await Evidence(session).placed(conversation)
        assert [one.position for one in placed] == list(range(6))
        assert [json.loads(one.entry)["sequence"] for one in placed] == list(range(1, 7))


class TestProofs:
    async def test_an_entry_is_proved_to_stand_under_the_head(self, shop: Shop) -> None:
        await admit(shop, *(f"customer-{number}" for number in range(7)))
        await append(shop)
        await sign(shop)
        target = io.BytesIO()

        async with shop.database.read() as session:
            evidence = Evidence(session)
            conversation = (await shop.conversation("customer-3")).id
            placed = await evidence.placed(conversation)
            witness = await evidence.witness()
            await evidence.prove(target, placed, witness)

        (head,) = witness.heads
        head.check(SIGNER.public_key)
        with zipfile.ZipFile(target) as bundle:
            (line,) = bundle.read("proofs.jsonl").splitlines()
        told = json.loads(line)
        proof = [bytes.fromhex(one) for one in told["proof"]]
        verify_inclusion(
            leaf_hash(told["entry"].encode()), told["index"], head.size, proof, head.root
        )

    async def test_a_newer_head_goes_on_from_the_older(self, shop: Shop) -> None:
        await admit(shop, "alice", "bob", "carol")
        await append(shop)
        await sign(shop)
        await admit(shop, "dave", "eve")
        await append(shop)
        await sign(shop)

        async with shop.database.read() as session:
            old, new = (await Evidence(session).witness()).heads
            proof = await session.run(
                lambda connection: consistency_proof(
                    old.size, new.size, lambda level, index: _node(connection, level, index)
                )
            )

        verify_consistency(old.size, new.size, old.root, new.root, proof)


class TestExport:
    async def test_the_whole_log_is_written(self, shop: Shop) -> None:
        await admit(shop, *(f"customer-{number}" for number in range(5)))
        await append(shop)
        await sign(shop)
        await admit(shop, "later")
        target = io.BytesIO()

        async with shop.database.read() as session:
            evidence = Evidence(session)
            await evidence.export(target, await evidence.witness())

        with zipfile.ZipFile(target) as bundle:
            assert len(bundle.read("entries.jsonl").splitlines()) == 5

    async def test_an_entry_that_was_altered_is_not_exported_as_if_it_were_whole(
        self, shop: Shop
    ) -> None:
        await admit(shop, "alice", "bob")
        await append(shop)
        await sign(shop)
        async with shop.database.begin() as session:
            entry = (await session.execute(select(AuditRow.entry).limit(1))).scalar_one()
            forged = entry.replace("received", "recieved")
            change = update(AuditRow).where(AuditRow.entry == entry).values(entry=forged)
            await session.execute(change)

        async with shop.database.read() as session:
            evidence = Evidence(session)
            with pytest.raises(BundleError):
                await evidence.export(io.BytesIO(), await evidence.witness())

    async def test_without_a_head_nothing_is_exported(self, shop: Shop) -> None:
        async with shop.database.read() as session:
            evidence = Evidence(session)
            with pytest.raises(BundleError):
                await evidence.export(io.BytesIO(), await evidence.witness())
