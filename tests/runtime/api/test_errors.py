import httpx
import pytest
from structlog.testing import capture_logs
from typing_extensions import override

from runtime.api.errors import STATUSES
from runtime.hub import EventHubError
from runtime.messages.catalogue import Catalogue
from runtime.queue.base import QueueError
from runtime.queue.memory import MemoryTurnQueue
from tests.e2e.visitor import Visitor
from tests.runtime.kit import QUESTION, Desk

BUSY = {"error": {"code": "unavailable", "message": "系统繁忙，请稍后再试"}}


class TestTheTable:
    def test_every_code_has_words_in_every_language(self) -> None:
        for locale in ("zh", "en"):
            keys = Catalogue.load(locale).keys
            assert {f"error.{code}" for _, code in STATUSES.values()} <= keys

    def test_what_may_pass_is_told_to_be_tried_again(self) -> None:
        passing = [kind for kind in STATUSES if getattr(kind, "retryable", False)]

        assert {EventHubError, QueueError} <= set(passing)
        assert {STATUSES[kind][0] for kind in passing} == {503}


class TestAnswers:
    async def test_no_route_is_said_in_the_same_form(self, http: httpx.AsyncClient) -> None:
        lost = await http.get("/nowhere")

        assert lost.status_code == 404
        assert lost.json() == {"error": {"code": "not_found", "message": "没有找到"}}

    async def test_a_wrong_method_names_the_right_ones(self, http: httpx.AsyncClient) -> None:
        wrong = await http.delete("/chat/main/messages")

        assert wrong.status_code == 405
        assert "GET" in wrong.headers["allow"]
        assert wrong.json()["error"]["message"]

    async def test_a_queue_that_is_away_asks_for_a_retry(
        self, desk: Desk, visitor: Visitor
    ) -> None:
        desk.container.queue = _Away()

        first = await visitor.say(QUESTION, message="same")
        desk.container.queue = queue = MemoryTurnQueue()
        second = await visitor.say(QUESTION, message="same")

        assert (first.status_code, first.json()) == (503, BUSY)
        assert second.status_code == 202
        assert await desk.inbound() == ["waiting"]
        jobs = [await queue.take(shard, wait=0) for shard in range(queue.shards)]
        assert sum(job is not None for job in jobs) == 1

    async def test_what_nobody_foresaw_is_a_plain_sentence(
        self, desk: Desk, visitor: Visitor
    ) -> None:
        desk.container.queue = _Broken()

        with capture_logs() as logs:
            broken = await visitor.say(QUESTION)

        assert broken.status_code == 500
        assert broken.json() == {"error": {"code": "internal", "message": "出了点问题，请稍后再试"}}
        assert [(entry["event"], entry["error"]) for entry in logs] == [
            ("request_refused", "ZeroDivisionError")
        ]


class TestHealth:
    async def test_it_lives_and_is_ready(self, http: httpx.AsyncClient) -> None:
        live = await http.get("/health/live")
        ready = await http.get("/health/ready")

        assert live.json() == {"status": "live"}
        assert ready.json() == {
            "status": "ready",
            "embedded": ["database", "queue", "vectors", "model"],
        }


class TestAccounts:
    async def test_one_that_cannot_work_is_told_from_one_that_is_not_there(
        self, http: httpx.AsyncClient
    ) -> None:
        lost = await http.post("/webhooks/webchat/nobody", content=b"{}")
        unknown = await http.post("/webhooks/telegram/main", content=b"{}")

        assert (lost.status_code, unknown.status_code) == (404, 404)

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
    async def test_callbacks_are_posted(self, http: httpx.AsyncClient, method: str) -> None:
        response = await http.request(method, "/webhooks/webchat/main")

        assert response.status_code == 405


class _Away(MemoryTurnQueue):
    @override
    async def put(self, conversation: str) -> None:
        msg = "away"
        raise QueueError(msg)


class _Broken(MemoryTurnQueue):
    @override
    async def put(self, conversation: str) -> None:
        raise ZeroDivisionError
