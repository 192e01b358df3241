"""The audit log for others: bundles that prove it, whole or in part."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import select

from labelling.evidence.heads import SignedHead
from runtime import attesting
from runtime.container import Container, build
from runtime.errors import ConfigurationError, NotFoundError
from runtime.settings import Settings
from runtime.store.evidence import Evidence
from runtime.store.tables.conversations import ConversationRow
from runtime.store.tables.customers import CustomerRow
from runtime.store.tables.outputs import OutputRow


async def export_log(settings: Settings, target: Path, *, with_keys: bool) -> SignedHead:
    """Sign the log as it is now and write all of it.

    Args:
        settings: Of this installation.
        target: Where the bundle goes; it is whole or as it was before.
        with_keys: Whether the customers' digest keys go with it, without which no text can be
            matched with its entry.

    Raises:
        ConfigurationError: No key for signing is set, or the bundle cannot be written.
        BundleError: The log is not what its nodes say.
    """
    async with _signed(settings) as (container, head):
        async with container.database.read() as session:
            evidence = Evidence(session)
            keys = await _digest_keys(container) if with_keys else []
            with _written(target) as file:
                await evidence.export(file, await evidence.witness(keys))
        return head


async def prove_entries(settings: Settings, wanted: str, target: Path) -> SignedHead:
    """Write the entries of a conversation, given by its id or that of an output in it.

    Raises:
        ConfigurationError: No key for signing is set, or the bundle cannot be written.
        NotFoundError: There is neither.
        BundleError: The log is not what its nodes say.
    """
    async with _signed(settings) as (container, head):
        async with container.database.read() as session:
            query = select(OutputRow.conversation_id).where(OutputRow.id == wanted)
            conversation = (await session.execute(query)).scalar_one_or_none() or wanted
            evidence = Evidence(session)
            placed = await evidence.placed(conversation)
            if not placed:
                msg = f"there is neither a conversation nor an output {wanted!r}"
                raise NotFoundError(msg)
            with _written(target) as file:
                await evidence.prove(file, placed, await evidence.witness())
        return head


@asynccontextmanager
async def _signed(settings: Settings) -> AsyncIterator[tuple[Container, SignedHead]]:
    async with build(settings) as container:
        await attesting.take_on(container)
        head = await attesting.sign(container)
        if head is None:
            msg = "ZHANGGUI_LABELLING__EVIDENCE_KEY is not set: nobody can sign the audit log"
            raise ConfigurationError(msg)
        yield container, head


async def _digest_keys(container: Container) -> list[bytes]:
    query = (
        select(CustomerRow.id, CustomerRow.data_key)
        .join_from(CustomerRow, ConversationRow, ConversationRow.customer_id == CustomerRow.id)
        .where(CustomerRow.data_key.is_not(None))
    )
    async with container.database.read() as session:
        rows = (await session.execute(query)).all()
    return [container.keys.open(customer, sealed).digest_key for customer, sealed in rows]


@contextmanager
def _written(target: Path) -> Iterator[BinaryIO]:
    unfinished = target.with_name(f"{target.name}.part")
    try:
        with unfinished.open("wb") as file:
            yield file
        unfinished.replace(target)
    except OSError as error:
        msg = f"{str(target)!r} cannot be written: {error.strerror}"
        raise ConfigurationError(msg) from error
    finally:
        unfinished.unlink(missing_ok=True)
