"""The engines an index runs on, each as one test sees it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from qdrant_client import AsyncQdrantClient
from typing_extensions import override

from knowledge.index.base import PassageIndex
from knowledge.index.edge import EdgePassageIndex
from knowledge.index.server import ServerPassageIndex

SERVER_URL = os.environ.get("ZHANGGUI_TEST_QDRANT_URL", "")
BACKENDS = ("edge", "memory", *(("server",) if SERVER_URL else ()))


class Backend(Protocol):
    """One engine with nothing in it."""

    def index(self, brand: str = "brand") -> PassageIndex:
        """Give a brand's index, not opened; twice the same brand gives the same passages."""
        ...


class EdgeBackend(Backend):
    """Folders below one path."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @override
    def index(self, brand: str = "brand") -> PassageIndex:
        return EdgePassageIndex(self._path / brand, brand)


class ClientBackend(Backend):
    """One collection of a server, or of the client's own double of one."""

    def __init__(self, client: AsyncQdrantClient) -> None:
        self.client = client
        self.collection = f"test-{uuid4().hex}"

    @override
    def index(self, brand: str = "brand") -> PassageIndex:
        return ServerPassageIndex(self.client, brand, collection=self.collection)


@asynccontextmanager
async def backend_of(kind: str, path: Path) -> AsyncIterator[Backend]:
    """Open an engine, and leave nothing behind."""
    if kind == "edge":
        yield EdgeBackend(path)
        return
    client = AsyncQdrantClient(":memory:") if kind == "memory" else AsyncQdrantClient(SERVER_URL)
    backend = ClientBackend(client)
    try:
        yield backend
    finally:
        await client.delete_collection(backend.collection)
        await client.delete_collection(f"{backend.collection}-records")
        await client.close()
