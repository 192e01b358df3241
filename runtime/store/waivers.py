"""Waivers of the explicit label: the only place they can be loaded from."""

from datetime import datetime

import orjson
from sqlalchemy import insert, select

from labelling.output import LabelRecord
from labelling.policy import Waiver
from runtime.errors import NotFoundError
from runtime.ids import new_id
from runtime.store.database import Session
from runtime.store.tables.waivers import WaivedRow, WaiverRow
from runtime.vault import Vault

_WAIVERS, _WAIVED = WaiverRow.core(), WaivedRow.core()


class Waivers:
    """Grants and loads waivers through one session; they are kept for good."""

    def __init__(self, session: Session, vault: Vault) -> None:
        self._session = session
        self._vault = vault

    async def grant(
        self,
        brand: str,
        *,
        agreement: str,
        identity: str,
        recipient: str,
        reason: str,
        at: datetime,
    ) -> Waiver:
        """Put a request on record and grant it.

        Args:
            brand: Id of the brand that grants it.
            agreement: Version of the agreement that told the customer of their own duty.
            identity: Who asks, as a real person or company can be found again.
            recipient: Who receives the outputs.
            reason: Why.
            at: When the agreement was accepted.

        Raises:
            ValueError: One of these facts is missing.
        """
        waiver = Waiver(new_id(), agreement, identity, recipient, reason)
        told = {"identity": identity, "recipient": recipient, "reason": reason}
        sealed = self._vault.seal(orjson.dumps(told), place=_place(waiver.reference))
        row = {
            "id": waiver.reference,
            "brand_id": brand,
            "agreement": agreement,
            "sealed": sealed,
            "granted_at": at,
        }
        await self._session.execute(insert(_WAIVERS), row)
        return waiver

    async def get(self, reference: str, *, brand: str) -> Waiver:
        """Give a waiver of a brand.

        Raises:
            NotFoundError: There is none.
        """
        query = select(_WAIVERS).where(_WAIVERS.c.id == reference, _WAIVERS.c.brand_id == brand)
        row = (await self._session.execute(query)).one_or_none()
        if row is None:
            msg = f"there is no waiver {reference!r}"
            raise NotFoundError(msg)
        told = orjson.loads(self._vault.open(row.sealed, place=_place(row.id)))
        return Waiver(row.id, row.agreement, **told)

    async def every(self, brand: str) -> list[tuple[Waiver, datetime, int]]:
        """Give a brand's waivers, oldest first, each with its moment and the outputs under it."""
        found = []
        query = select(_WAIVERS.c.id, _WAIVERS.c.granted_at).where(_WAIVERS.c.brand_id == brand)
        for row in (await self._session.execute(query.order_by(_WAIVERS.c.id))).all():
            waived = select(_WAIVED.c.output_id).where(_WAIVED.c.waiver_id == row.id)
            outputs = (await self._session.execute(waived)).all()
            found.append((await self.get(row.id, brand=brand), row.granted_at, len(outputs)))
        return found


async def note_waived(session: Session, record: LabelRecord) -> None:
    """Put on record that an output was issued under its waiver; nothing where it has none."""
    if not record.waiver:
        return
    assert record.aigc is not None
    row = {
        "output_id": record.output_id,
        "waiver_id": record.waiver,
        "produce_id": record.aigc.produce_id,
        "digests": [part.digest_after for part in record.parts],
        "at": record.labelled_at,
    }
    await session.execute(insert(_WAIVED), row)


def _place(reference: str) -> str:
    return f"waivers/{reference}"
