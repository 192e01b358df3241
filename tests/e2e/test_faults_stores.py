"""Redis or the database away: the platform is told to retry, and nothing is lost."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from runtime.settings import WorkerSettings
from simulators.faults import Fault, FaultKind
from tests.e2e.forging import Wechat, hand_in
from tests.e2e.house import WECHAT, House, open_house, until
from tests.e2e.prepared import Model, Stores, Templates
from tests.e2e.visitor import Visitor, finished

QUESTION, ANOTHER = "满多少包邮？", "运费多少钱？"
GENERATION = "text-generation"
ONCE = ["received", "labelled", "delivered"]
UNAVAILABLE = {"code": "unavailable", "message": "系统繁忙，请稍后再试"}


async def _noted(logs: list, event: str) -> None:  # type: ignore[type-arg]  # structlog's own type
    """Wait until the process has noticed what happened to it."""

    async def events() -> list[str]:
        return [entry["event"] for entry in logs]

    await until(events, lambda seen: event in seen)


async def _think(house: House, customer: str) -> None:
    """Let a customer ask, and the model be about to answer."""
    house.model.faults.add(Fault(FaultKind.DELAY, GENERATION, seconds=60))
    await house.town.wechat.push_text(customer, QUESTION)
    await house.gate.entered.wait()


class TestTheDatabase:
    async def test_the_platform_is_told_to_retry_and_its_retry_is_answered_once(
        self, any_house: House
    ) -> None:
        town = any_house.town.wechat
        fields = town.message("text", "lin", {"Content": QUESTION})
        # The account is known by now, so that it is the message which cannot be kept.
        await any_house.http.post(f"/webhooks/{WECHAT}/demo", content=b"{}")

        async with any_house.database_away():
            refused = await town.push(fields)
        admitted = await any_house.admitted()
        taken = await town.push(fields)
        kinds = await any_house.audited(WECHAT, "lin", "delivered")

        assert [attempt.status for attempt in refused.attempts] == [503] * 3
        assert admitted == 0
        assert taken.accepted
        assert kinds == ONCE
        assert len(town.inbox("lin")) == 1

    async def test_health_says_so(self, any_house: House) -> None:
        async with any_house.database_away():
            away = await any_house.http.get("/health/ready")
            alive = await any_house.http.get("/health/live")

        back = await any_house.http.get("/health/ready")

        assert (away.status_code, alive.status_code, back.status_code) == (503, 200, 200)
        assert away.json()["error"] == UNAVAILABLE

    async def test_the_page_is_told_in_plain_words_and_its_retry_is_answered_once(
        self, any_house: House
    ) -> None:
        visitor = await Visitor.enter(any_house.http)

        async with any_house.database_away():
            refused = await visitor.say(QUESTION, message="again")
        taken = await visitor.say(QUESTION, message="again")
        events = await visitor.events(finished())

        assert (refused.status_code, taken.status_code) == (503, 202)
        assert refused.json()["error"] == UNAVAILABLE
        assert [event["type"] for event in events].count("RUN_STARTED") == 1

    @pytest.mark.slow  # the worker's own pause before it asks the database again
    async def test_an_answer_in_the_making_goes_out_once_when_it_is_back(
        self, model_house: House
    ) -> None:
        await _think(model_house, "lin")

        with capture_logs() as logs:
            async with model_house.database_away():
                model_house.gate.opened.set()
                await _noted(logs, "turn_postponed")
            kinds = await model_house.audited(WECHAT, "lin", "delivered")

        assert kinds == ONCE
        assert len(model_house.town.wechat.inbox("lin")) == 1

    @pytest.mark.slow  # as above
    async def test_an_answer_whose_receipt_could_not_be_kept_is_unknown_and_not_sent_again(
        self, any_house: House
    ) -> None:
        town = any_house.town.wechat
        town.faults.add(Fault(FaultKind.DELAY, "custom/send", seconds=0.5))

        async def sent() -> int:
            return len(town.inbox("lin"))

        async def on_its_way() -> bool:
            return not town.faults.standing

        with capture_logs() as logs:
            await town.push_text("lin", QUESTION)
            await until(on_its_way, bool)
            async with any_house.database_away():
                await until(sent, bool)
                await _noted(logs, "turn_postponed")
            kinds = await any_house.audited(WECHAT, "lin", "handed_over")
        await town.push_text("lin", ANOTHER)
        await any_house.audited(WECHAT, "lin", "delivered")

        assert kinds == ["received", "labelled", "unknown", "handed_over"]
        assert len(town.inbox("lin")) == 2


@pytest.mark.servers
class TestRedis:
    @pytest.fixture
    async def house(self, templates: Templates, tmp_path: Path) -> AsyncIterator[House]:
        async with open_house(
            templates,
            tmp_path,
            stores=Stores.SERVERS,
            model=Model.DASHSCOPE,
            worker=WorkerSettings(grace=5),
        ) as house:
            yield house

    async def test_the_platform_is_told_to_retry_and_its_retry_is_answered_once(
        self, house: House
    ) -> None:
        assert house.redis is not None
        town, us = house.town.wechat, Wechat.of(house)
        fields = town.message("text", "lin", {"Content": QUESTION})

        async with house.redis.away():
            refused = await hand_in(house, WECHAT, us.push(fields))
            ready = await house.http.get("/health/ready")
            admitted = await house.admitted()
        taken = await town.push(fields)
        kinds = await house.audited(WECHAT, "lin", "delivered")

        assert refused.status_code == 503
        assert refused.json()["error"] == UNAVAILABLE
        assert ready.status_code == 503
        # Kept, but nobody was told: it is the platform's retry that wakes a worker.
        assert admitted == 1
        assert taken.accepted
        assert kinds == ["received", "duplicate", "labelled", "delivered"]
        assert len(town.inbox("lin")) == 1

    async def test_an_answer_in_the_making_goes_out_once_and_the_worker_works_on(
        self, house: House
    ) -> None:
        assert house.redis is not None
        town = house.town.wechat
        await _think(house, "lin")

        with capture_logs() as logs:
            async with house.redis.away():
                await _noted(logs, "queue_away")
                house.gate.opened.set()
            kinds = await house.audited(WECHAT, "lin", "delivered")
            await town.push_text("lin", ANOTHER)
            await house.audited(WECHAT, "lin", "delivered", times=2)

        assert kinds == ONCE
        assert len(town.inbox("lin")) == 2

    async def test_a_live_answer_is_kept_although_nobody_can_be_told(self, house: House) -> None:
        assert house.redis is not None
        visitor = await Visitor.enter(house.http)
        house.model.faults.add(Fault(FaultKind.DELAY, GENERATION, seconds=60))
        await visitor.say(QUESTION)
        await house.gate.entered.wait()

        with capture_logs() as logs:
            async with house.redis.away():
                house.gate.opened.set()
                await until(house.statuses, lambda seen: seen == (["delivered"], ["delivered"]))
                shown = (await visitor.messages())["messages"]
        events = await visitor.events(finished())

        assert "followers_not_told" in [entry["event"] for entry in logs]
        assert [line["role"] for line in shown] == ["customer", "assistant"]
        assert [event["type"] for event in events].count("RUN_STARTED") == 1
