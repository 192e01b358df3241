"""What is the server's own: its collections, its record of each brand, and its absence."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from qdrant_client import AsyncQdrantClient

from knowledge.errors import IndexUnavailableError
from knowledge.index.server import REFRESH_SECONDS, ServerPassageIndex
from knowledge.index.statistics import Frequencies
from tests.knowledge.builders import IDENTITY, entry, scope, sparse, vector

# The client's double of a server searches without the indexes a server would have.
pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect:UserWarning")


class Seconds:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
async def client() -> AsyncIterator[AsyncQdrantClient]:
    client = AsyncQdrantClient(":memory:")
    yield client
    await client.close()


async def opened(
    client: AsyncQdrantClient, seconds: Seconds, brand: str = "brand"
) -> ServerPassageIndex:
    index = ServerPassageIndex(client, brand, clock=seconds)
    await index.open(IDENTITY)
    return index


class TestStatistics:
    async def test_another_process_learns_of_an_import_after_a_while(
        self, client: AsyncQdrantClient, seconds: Seconds
    ) -> None:
        writer, reader = await opened(client, seconds), await opened(client, seconds)
        await writer.upsert([entry(1, terms=(1, 2))])
        await writer.settle()

        at_once = await reader.frequencies([1, 2])
        seconds.now += REFRESH_SECONDS
        later = await reader.frequencies([1, 2])

        assert (at_once, later) == (Frequencies(0, (0, 0)), Frequencies(1, (1, 1)))

    async def test_passages_themselves_are_found_at_once(
        self, client: AsyncQdrantClient, seconds: Seconds
    ) -> None:
        writer, reader = await opened(client, seconds), await opened(client, seconds)
        await writer.upsert([entry(1)])

        assert len((await reader.search(vector(1), sparse(1), scope(), 3)).dense) == 1

    async def test_what_did_not_change_is_not_read_again(
        self, client: AsyncQdrantClient, seconds: Seconds
    ) -> None:
        reader = await opened(client, seconds)
        seconds.now += REFRESH_SECONDS

        assert await reader.frequencies([1]) == Frequencies(0, (0,))

    async def test_next_import_counts_anew_where_the_last_was_cut_off(
        self, client: AsyncQdrantClient, seconds: Seconds
    ) -> None:
        cut_off = await opened(client, seconds)
        await cut_off.upsert([entry(1, terms=(1,))])

        following = await opened(client, seconds)
        before = await following.frequencies([1])
        await following.settle()

        assert (before, await following.frequencies([1])) == (
            Frequencies(0, (0,)),
            Frequencies(1, (1,)),
        )
        third = await opened(client, seconds)
        assert await third.frequencies([1]) == Frequencies(1, (1,))


class Wire:
    """A server that agrees to everything, and remembers what was asked of it."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.asked: list[tuple[str, str, Any]] = []

    def client(self) -> AsyncQdrantClient:
        transport = httpx.MockTransport(self._answer)
        return AsyncQdrantClient(
            "http://qdrant.test", transport=transport, check_compatibility=False
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else None
        self.asked.append((request.method, request.url.path, body))
        if self.status != 200:
            return httpx.Response(self.status, json={"status": {"error": "no"}})
        result = self._result(request.method, request.url.path)
        return httpx.Response(200, json={"result": result, "status": "ok", "time": 0.0})

    @staticmethod
    def _result(method: str, path: str) -> Any:
        if path.endswith("/exists"):
            return {"exists": False}
        if path.endswith("/points") and method == "POST":
            return []
        written = path.endswith(("/index", "/points"))
        return {"operation_id": 1, "status": "completed"} if written else True


class TestServer:
    async def test_brand_is_made_a_tenant_with_a_graph_of_its_own(self) -> None:
        wire = Wire()

        await ServerPassageIndex(wire.client(), "brand").open(IDENTITY)

        made = {path: body for method, path, body in wire.asked if method == "PUT"}
        indexes = {
            body["field_name"]: body["field_schema"]
            for method, path, body in wire.asked
            if path == "/collections/zhanggui/index"
        }
        assert made["/collections/zhanggui"]["hnsw_config"] == {"m": 0, "payload_m": 16}
        assert made["/collections/zhanggui"]["vectors"]["dense"] == {
            "size": 8,
            "distance": "Cosine",
        }
        assert indexes["brand"] == {"type": "keyword", "is_tenant": True}
        assert indexes["valid_to"] == "float"

    @pytest.mark.parametrize("status", [429, 500, 503])
    async def test_server_that_refuses_is_unavailable(self, status: int) -> None:
        index = ServerPassageIndex(Wire(status).client(), "brand")

        with pytest.raises(IndexUnavailableError, match="no answer from the Qdrant server"):
            await index.open(IDENTITY)

    async def test_server_that_is_away_is_unavailable(self) -> None:
        client = AsyncQdrantClient("http://127.0.0.1:9", check_compatibility=False)

        with pytest.raises(IndexUnavailableError):
            await ServerPassageIndex(client, "brand").open(IDENTITY)

        await client.close()
