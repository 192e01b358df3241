"""What a server keeps of each brand beside its passages: identity and term statistics."""

import base64
import zlib
from dataclasses import asdict, dataclass
from uuid import UUID, uuid5

from qdrant_client import AsyncQdrantClient, models

from knowledge.index.base import Identity
from knowledge.index.statistics import TermStatistics

_NAMESPACE = UUID("5b9f6b7a-2c0e-5a66-8f0e-0e8f2b7d4c11")


@dataclass(frozen=True, slots=True)
class BrandRecord:
    """One brand's record."""

    identity: Identity
    statistics: bytes
    revision: int
    """Goes up with every save."""
    settled: bool
    """Whether the statistics are those of the passages."""


class BrandRecords:
    """One brand's record in a collection that has no vectors."""

    def __init__(self, client: AsyncQdrantClient, collection: str, brand: str) -> None:
        self._client = client
        self._collection = collection
        self._brand = brand
        self._id = str(uuid5(_NAMESPACE, brand))

    async def exist(self) -> bool:
        """Say whether the collection is there."""
        return await self._client.collection_exists(self._collection)

    async def begin(self) -> None:
        """Make the collection."""
        await self._client.create_collection(self._collection, vectors_config={})

    async def revision(self) -> int:
        """Give the number of the last save, 0 before the first."""
        found = await self._client.retrieve(self._collection, [self._id], ["revision"])
        return int((found[0].payload or {})["revision"]) if found else 0

    async def read(self) -> BrandRecord | None:
        """Give the record, or None before the first save."""
        found = await self._client.retrieve(self._collection, [self._id])
        if not found:
            return None
        payload = found[0].payload or {}
        return BrandRecord(
            identity=Identity(**payload["identity"]),
            statistics=zlib.decompress(base64.b64decode(payload["statistics"])),
            revision=int(payload["revision"]),
            settled=bool(payload["settled"]),
        )

    async def save(self, identity: Identity, statistics: TermStatistics, revision: int) -> None:
        """Replace the record with a settled one."""
        packed = base64.b64encode(zlib.compress(statistics.pack())).decode("ascii")
        payload = {
            "brand": self._brand,
            "identity": asdict(identity),
            "statistics": packed,
            "revision": revision,
            "settled": True,
        }
        point = models.PointStruct(id=self._id, vector={}, payload=payload)
        await self._client.upsert(self._collection, [point])

    async def unsettle(self) -> None:
        """Record that passages are being changed."""
        await self._client.set_payload(self._collection, {"settled": False}, [self._id])
