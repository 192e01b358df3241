"""DashScope's embedder against its simulator, over real HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from knowledge.errors import IndexUnavailableError, KnowledgeError
from simulators.dashscope.simulator import EMBEDDING_PATH, DashscopeSimulator
from simulators.faults import Fault, FaultKind
from tests.knowledge.platform import Pauses, embedder_at, served, simulator


@pytest.fixture
def platform() -> DashscopeSimulator:
    return simulator()


@pytest.fixture
def address(platform: DashscopeSimulator) -> Iterator[str]:
    with served(platform.app) as address:
        yield address


async def test_documents_go_in_batches_of_ten(platform: DashscopeSimulator, address: str) -> None:
    async with embedder_at(address) as embedder:
        await embedder.embed_documents([f"第{number}条" for number in range(23)])

    bodies = [call.body for call in platform.calls]
    assert sorted(len(body["input"]["texts"]) for body in bodies) == [3, 10, 10]
    assert {body["model"] for body in bodies} == {"text-embedding-v4"}
    assert [body["parameters"] for body in bodies] == [
        {"text_type": "document", "dimension": 1024}
    ] * 3


async def test_question_is_sent_as_a_query(platform: DashscopeSimulator, address: str) -> None:
    async with embedder_at(address) as embedder:
        await embedder.embed_question("能退货吗")

    assert platform.calls[0].body["parameters"]["text_type"] == "query"


async def test_tokens_are_counted(address: str) -> None:
    async with embedder_at(address) as embedder:
        await embedder.embed_documents(["满 99 元包邮"])
        first = embedder.tokens
        await embedder.embed_documents(["满 99 元包邮"])

    assert embedder.tokens == 2 * first > 0


async def test_long_text_is_embedded_by_its_beginning(
    platform: DashscopeSimulator, address: str
) -> None:
    async with embedder_at(address) as embedder:
        await embedder.embed_documents(["长" * 20_000])

    assert [len(text) for text in platform.calls[0].body["input"]["texts"]] == [8000]


async def test_dimension_can_be_another(address: str) -> None:
    async with embedder_at(address, dimension=256) as embedder:
        assert len(await embedder.embed_question("能退货吗")) == 256


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.CODE, code="Throttling.RateQuota", times=2),
        Fault(FaultKind.CODE, code="InternalError", times=2),
        Fault(FaultKind.STATUS, status=503, times=2),
        Fault(FaultKind.DROP, times=2),
    ],
    ids=["throttled", "internal error", "bad gateway", "answer lost"],
)
async def test_passing_trouble_is_waited_out(
    platform: DashscopeSimulator, address: str, fault: Fault
) -> None:
    pauses = Pauses()
    platform.faults.add(fault)

    async with embedder_at(address, sleep=pauses) as embedder:
        vector = await embedder.embed_question("能退货吗")

    assert len(vector) == 1024
    assert pauses.seconds == [0.5, 1.0]


async def test_trouble_that_lasts_is_told_after_the_last_attempt(
    platform: DashscopeSimulator, address: str
) -> None:
    pauses = Pauses()
    platform.faults.add(Fault(FaultKind.CODE, code="Throttling", times=None))

    async with embedder_at(address, sleep=pauses, attempts=3) as embedder:
        with pytest.raises(IndexUnavailableError, match="'Throttling', status 429"):
            await embedder.embed_documents(["满 99 元包邮"])

    assert len(pauses.seconds) == 2


async def test_answer_that_never_comes_is_not_waited_for(
    platform: DashscopeSimulator, address: str
) -> None:
    platform.faults.add(Fault(FaultKind.HANG, times=None))

    async with embedder_at(address, seconds=0.2) as embedder:
        with pytest.raises(IndexUnavailableError, match=r"no answer within 0\.2 s|be reached"):
            await embedder.embed_question("能退货吗")


@pytest.mark.parametrize("code", ["DataInspectionFailed", "Arrearage", "AccessDenied"])
async def test_refusal_is_final_and_does_not_quote_the_text(
    platform: DashscopeSimulator, address: str, code: str
) -> None:
    pauses = Pauses()
    platform.faults.add(Fault(FaultKind.CODE, code=code))

    async with embedder_at(address, sleep=pauses) as embedder:
        with pytest.raises(KnowledgeError, match=f"refused: code '{code}'") as caught:
            await embedder.embed_question("能退货吗")

    assert not isinstance(caught.value, IndexUnavailableError)
    assert "退货" not in str(caught.value)
    assert pauses.seconds == []


async def test_wrong_key_is_refused_and_not_told(address: str) -> None:
    async with embedder_at(address, key="sk-wrong") as embedder:
        with pytest.raises(KnowledgeError, match="InvalidApiKey") as caught:
            await embedder.embed_question("能退货吗")

    assert "sk-wrong" not in str(caught.value)


async def test_one_batch_that_fails_stops_the_others(
    platform: DashscopeSimulator, address: str
) -> None:
    platform.faults.add(Fault(FaultKind.CODE, code="DataInspectionFailed"))

    async with embedder_at(address) as embedder:
        with pytest.raises(KnowledgeError, match="DataInspectionFailed"):
            await embedder.embed_documents([f"第{number}条" for number in range(40)])


async def test_nobody_there_is_unavailable() -> None:
    async with embedder_at("http://127.0.0.1:9/api/v1") as embedder:
        with pytest.raises(IndexUnavailableError, match="cannot be reached"):
            await embedder.embed_question("能退货吗")


def answering(body: Any, headers: dict[str, str] | None = None, status: int = 200) -> Starlette:
    """Make a platform that gives one answer to everything."""

    async def endpoint(_: Request) -> Response:
        if isinstance(body, str):
            return PlainTextResponse(body, status_code=status, headers=headers)
        return JSONResponse(body, status_code=status, headers=headers)

    return Starlette(routes=[Route(EMBEDDING_PATH, endpoint, methods=["POST"])])


@pytest.mark.parametrize(
    "body",
    [
        "<html>a proxy's page</html>",
        {"output": {"embeddings": [{"text_index": 0, "embedding": "none"}]}},
        {"output": {"embeddings": []}, "usage": {"total_tokens": 1}},
        {"output": {"embeddings": [{"text_index": 0, "embedding": [1.0, 0.0]}]}},
    ],
    ids=["not JSON", "not numbers", "no vectors", "another size"],
)
async def test_answer_that_is_none_is_unavailable(body: Any) -> None:
    with served(answering(body)) as address:
        async with embedder_at(address) as embedder:
            with pytest.raises(IndexUnavailableError, match=r"cannot be read|vectors for 1 texts"):
                await embedder.embed_question("能退货吗")


async def test_platform_may_say_how_long_to_wait() -> None:
    pauses = Pauses()
    throttled = answering({"code": "Throttling"}, {"retry-after": "7"}, status=429)
    with served(throttled) as address:
        async with embedder_at(address, sleep=pauses, attempts=2) as embedder:
            with pytest.raises(IndexUnavailableError):
                await embedder.embed_question("能退货吗")

    assert pauses.seconds == [7.0]


async def test_key_does_not_show_in_the_embedder(address: str) -> None:
    async with embedder_at(address) as embedder:
        assert "sk-of" not in repr(vars(embedder))
