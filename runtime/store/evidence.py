"""The Merkle log over all audit entries: appended behind the hot path, signed, proved, exported."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import BinaryIO

from sqlalchemy import Connection, bindparam, func, insert, select, update

from labelling.evidence.bundle import Witness, write_part, write_whole
from labelling.evidence.heads import HeadSigner, SignedHead, key_id
from labelling.evidence.merkle import Frontier, leaf_hash
from runtime.ids import new_id
from runtime.store.database import Session
from runtime.store.tables.audit import AuditRow
from runtime.store.tables.conversations import ConversationRow
from runtime.store.tables.evidence import HeadRow, LeafRow, NodeRow

_AUDIT, _CONVERSATIONS = AuditRow.core(), ConversationRow.core()
_LEAVES, _NODES, _HEADS = LeafRow.core(), NodeRow.core(), HeadRow.core()
_AT_ONCE = 1_000
"""Conversations whose entries one unit of work takes on."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An audit entry and its place in the log."""

    position: int
    entry: str
    """The canonical text that was hashed."""


class Evidence:
    """Appends to, signs and reads the log through one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def size(self) -> int:
        """Count the entries in the log."""
        last = (await self._session.execute(select(func.max(_LEAVES.c.position)))).scalar_one()
        return 0 if last is None else last + 1

    async def append(self) -> int:
        """Take on entries that are not in the log yet; give how many.

        Two processes that append at once compute the same places, and one of them is refused.
        """
        waiting = (await self._session.execute(_UNPROVED)).all()
        tree = await self._tree(await self.size())
        leaves, nodes, reached = [], [], []
        for conversation, proved in waiting:
            values = {"conversation": conversation, "proved": proved}
            last = proved
            for last, entry in (await self._session.execute(_ENTRIES, values)).all():
                leaves.append(
                    {
                        "position": tree.size,
                        "conversation_id": conversation,
                        "sequence": last,
                    }
                )
                nodes += [
                    {"level": node.level, "place": node.index, "hash": node.hash}
                    for node in tree.append(leaf_hash(entry.encode()))
                ]
            reached.append({"_id": conversation, "_sequence": last})
        if leaves:
            await self._session.execute(insert(_LEAVES), leaves)
            await self._session.execute(insert(_NODES), nodes)
            await self._session.execute(_REACHED, reached)
        return len(leaves)

    async def sign(self, signer: HeadSigner, *, log: str, at: datetime) -> SignedHead:
        """Attest the log as it is now."""
        tree = await self._tree(await self.size())
        head = signer.sign(log, tree.size, tree.root(), at=at)
        row = {
            "id": new_id(),
            "log": log,
            "size": head.size,
            "root": head.root,
            "at": at,
            "public_key": signer.public_key,
            "signature": head.signature,
        }
        await self._session.execute(insert(_HEADS), row)
        return head

    async def witness(self, digest_keys: Iterable[bytes] = ()) -> Witness:
        """Give all signed heads, oldest first, and the keys to check them with."""
        rows = (await self._session.execute(select(_HEADS).order_by(_HEADS.c.id))).all()
        heads = [
            SignedHead(row.log, row.size, row.root, row.at, key_id(row.public_key), row.signature)
            for row in rows
        ]
        public_keys = {key_id(row.public_key): row.public_key for row in rows}
        return Witness(heads, public_keys, digest_keys)

    async def last_head(self) -> datetime | None:
        """Tell when the log was signed last."""
        moment: datetime | None = (
            await self._session.execute(select(func.max(_HEADS.c.at)))
        ).scalar_one()
        return moment

    async def placed(self, conversation: str) -> list[Placed]:
        """Give a conversation's entries with their places, in the order of the log."""
        rows = await self._session.execute(_PLACED, {"conversation": conversation})
        return [Placed(position, entry) for position, entry in rows.all()]

    async def export(self, target: BinaryIO, witness: Witness) -> None:
        """Write the whole log, as far as its newest head reaches.

        Raises:
            BundleError: The entries are not those that the newest head covers.
        """
        size = witness.heads[-1].size if witness.heads else 0
        await self._session.run(partial(_write_whole, target=target, witness=witness, size=size))

    async def prove(self, target: BinaryIO, entries: Sequence[Placed], witness: Witness) -> None:
        """Write some entries with their proofs.

        Raises:
            BundleError: The newest head does not cover one of them.
        """
        placed = [(one.position, one.entry) for one in entries]
        await self._session.run(
            lambda connection: write_part(target, placed, partial(_node, connection), witness)
        )

    async def _tree(self, size: int) -> Frontier:
        return await self._session.run(
            lambda connection: Frontier.at(size, partial(_node, connection))
        )


def _write_whole(connection: Connection, *, target: BinaryIO, witness: Witness, size: int) -> None:
    write_whole(target, _in_order(connection, size), witness)


def _in_order(connection: Connection, size: int) -> Iterator[str]:
    for start in range(0, size, _AT_ONCE):
        values = {"start": start, "end": min(start + _AT_ONCE, size)}
        yield from connection.execute(_RANGE, values).scalars()


def _node(connection: Connection, level: int, index: int) -> bytes:
    found: bytes = connection.execute(_NODE, {"level": level, "place": index}).scalar_one()
    return found


_JOINED = (_AUDIT.c.conversation_id == _LEAVES.c.conversation_id) & (
    _AUDIT.c.sequence == _LEAVES.c.sequence
)
_UNPROVED = (
    select(_CONVERSATIONS.c.id, _CONVERSATIONS.c.evidence_sequence)
    .where(_CONVERSATIONS.c.evidence_sequence < _CONVERSATIONS.c.audit_sequence)
    .order_by(_CONVERSATIONS.c.id)
    .limit(_AT_ONCE)
)
_ENTRIES = (
    select(_AUDIT.c.sequence, _AUDIT.c.entry)
    .where(
        _AUDIT.c.conversation_id == bindparam("conversation"),
        _AUDIT.c.sequence > bindparam("proved"),
    )
    .order_by(_AUDIT.c.sequence)
)
_REACHED = (
    update(_CONVERSATIONS)
    .where(_CONVERSATIONS.c.id == bindparam("_id"))
    .values(evidence_sequence=bindparam("_sequence"))
)
_NODE = select(_NODES.c.hash).where(
    _NODES.c.level == bindparam("level"), _NODES.c.place == bindparam("place")
)
_PLACED = (
    select(_LEAVES.c.position, _AUDIT.c.entry)
    .join_from(_LEAVES, _AUDIT, _JOINED)
    .where(_LEAVES.c.conversation_id == bindparam("conversation"))
    .order_by(_LEAVES.c.position)
)
_RANGE = (
    select(_AUDIT.c.entry)
    .join_from(_LEAVES, _AUDIT, _JOINED)
    .where(_LEAVES.c.position >= bindparam("start"), _LEAVES.c.position < bindparam("end"))
    .order_by(_LEAVES.c.position)
)
