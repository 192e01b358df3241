"""What the audit log tells of a file, a text or an id."""

import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import select

from labelling import reader
from labelling.errors import LabellingError
from runtime import attesting
from runtime.container import Container
from runtime.store.audit import AuditLog
from runtime.store.database import Session
from runtime.store.evidence import Evidence
from runtime.store.tables.audit import AuditRow
from runtime.store.tables.brands import AccountRow, BrandRow
from runtime.store.tables.conversations import ConversationRow
from runtime.store.tables.customers import CustomerRow

_ID = re.compile(r"[0-9A-Za-z_-]{8,64}", re.ASCII)
_MOST_TEXT = 20_000
_LABELLED = select(AuditRow.conversation_id, AuditRow.sequence, AuditRow.entry).where(
    AuditRow.kind == "labelled"
)


@dataclass(frozen=True, slots=True)
class Testimony:
    """What is on record of one output."""

    output: str
    produced_at: datetime
    brand: str
    channel: str
    account: str
    conversation: str
    model: str | None
    route: str | None
    prompt_version: str | None
    passages: tuple[str, ...]
    release: int | None
    aigc: dict[str, str] | None
    became: tuple[tuple[str, datetime], ...]
    """What happened to it afterwards, such as that it was delivered."""
    chain_holds: bool
    position: int
    """Its place in the log over all entries."""


async def testify(container: Container, subject: str) -> list[Testimony]:
    """Tell what is on record of a file, a text or an id; nothing where nothing is.

    Args:
        container: Of this installation.
        subject: Path of a file, the words of a message with their notice, a produce id, or the id
            of an output.

    Raises:
        LabellingError: The file cannot be read.
    """
    await attesting.take_on(container)
    async with container.database.read() as session:
        return [
            await _testimony(session, conversation, sequence, orjson.loads(entry))
            async for conversation, sequence, entry in _found(container, session, subject)
        ]


async def _found(
    container: Container, session: Session, subject: str
) -> AsyncIterator[tuple[str, int, str]]:
    path = Path(subject) if len(subject) <= _MOST_TEXT and "\0" not in subject else None
    if path is not None and _is_file(path):
        number, words = _read(path)
    else:
        number, words = (subject, b"") if _ID.fullmatch(subject) else ("", subject.encode())
    rows = _of_id(session, number) if number else _of_words(container, session, words)
    async for found in rows:
        yield found


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        # A text may be longer than any name.
        return False


def _read(path: Path) -> tuple[str, bytes]:
    """Give the number in a file's label, or the words of a file that has none."""
    reading = reader.read_path(path)
    if reading.fields is not None and reading.fields.produce_id:
        return reading.fields.produce_id, b""
    if path.stat().st_size > _MOST_TEXT:
        msg = f"{path.name!r} carries no label that names it, and is no message"
        raise LabellingError(msg)
    return "", path.read_bytes()


async def _of_id(session: Session, wanted: str) -> AsyncIterator[tuple[str, int, str]]:
    # The canonical text: no other field can hold these words, as quotation marks are escaped.
    query = _LABELLED.where(
        AuditRow.entry.contains(f'"ProduceID":"{wanted}"', autoescape=True)
        | AuditRow.entry.contains(f'"output":"{wanted}"', autoescape=True)
    )
    for row in (await session.execute(query)).all():
        yield row[0], row[1], row[2]


async def _of_words(
    container: Container, session: Session, words: bytes
) -> AsyncIterator[tuple[str, int, str]]:
    """Look under every customer's key: the digests tell nothing to who has none of them."""
    digest = hashlib.sha256(words).hexdigest().encode()
    customers = await session.execute(
        select(ConversationRow.id, CustomerRow.id, CustomerRow.data_key)
        .join_from(ConversationRow, CustomerRow, ConversationRow.customer_id == CustomerRow.id)
        .where(CustomerRow.data_key.is_not(None))
    )
    for conversation, customer, sealed in customers.all():
        keyed = container.keys.open(customer, sealed).digest(digest)
        query = _LABELLED.where(
            AuditRow.conversation_id == conversation, AuditRow.entry.contains(f'"{keyed}"')
        )
        for row in (await session.execute(query)).all():
            yield row[0], row[1], row[2]


async def _testimony(
    session: Session, conversation: str, sequence: int, told: dict[str, Any]
) -> Testimony:
    body = told["body"]
    place = (
        await session.execute(
            select(BrandRow.slug, ConversationRow.channel, AccountRow.slug)
            .join_from(ConversationRow, BrandRow, ConversationRow.brand_id == BrandRow.id)
            .join(AccountRow, ConversationRow.account_id == AccountRow.id)
            .where(ConversationRow.id == conversation)
        )
    ).one()
    audit = AuditLog(session)
    entries = await audit.entries(conversation)
    placed = await Evidence(session).placed(conversation)
    return Testimony(
        output=body["output"],
        produced_at=datetime.fromisoformat(told["at"]),
        brand=place[0],
        channel=place[1],
        account=place[2],
        conversation=conversation,
        model=body["model"],
        route=body["route"],
        prompt_version=body["prompt_version"],
        passages=tuple(body["passages"]),
        release=body["release"],
        aigc=body["aigc"],
        became=tuple(
            (entry.kind, entry.at)
            for entry in entries
            if entry.sequence > sequence and entry.body.get("output") == body["output"]
        ),
        chain_holds=not await audit.faults_of(conversation),
        position=placed[sequence - 1].position,
    )
