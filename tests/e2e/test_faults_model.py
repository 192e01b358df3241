"""DashScope slow, cut, rate-limited, refusing: a late answer, or a hand-off in plain Chinese."""

import itertools
import re
from collections.abc import AsyncIterator, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from agents.models.dashscope import DashscopeChatModel
from agents.models.retries import RetryBudget
from labelling.wording import TEXT_NOTICE
from runtime.messages.catalogue import Catalogue
from runtime.settings import WorkerSettings
from simulators.dashscope.errors import Code
from simulators.dashscope.replies import Reply
from simulators.faults import Fault, FaultKind
from tests.e2e.conftest import STORES
from tests.e2e.house import WECHAT, House, open_house
from tests.e2e.prepared import Model, Templates
from tests.e2e.visitor import Visitor, finished

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUESTION = "满多少包邮？"
GENERATION, EMBEDDING = "text-generation", "text-embedding"
APOLOGY = Catalogue.load("zh").text("phrase.apology")
MINUTE = 60.0
ATTEMPTS = RetryBudget().attempts
MANY = 50
"""More calls than any of these tests makes: what is left of them tells how many were made."""
BROKEN_OFF = Reply("满99元包邮[1]。" * 3 + "偏远地区除外[1]。")
_numbers = itertools.count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=STORES)
async def house(
    request: pytest.FixtureRequest, templates: Templates, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """One house for all: every test has a customer of its own."""
    async with open_house(
        templates,
        tmp_path_factory.mktemp("house"),
        stores=request.param,
        model=Model.DASHSCOPE,
        worker=WorkerSettings(tries=2, grace=1),
    ) as house:
        yield house


@pytest.fixture(autouse=True)
def _fine_weather(request: pytest.FixtureRequest) -> Iterator[None]:
    if "house" not in request.fixturenames:
        yield
        return
    house: House = request.getfixturevalue("house")
    house.gate.entered.clear()
    house.gate.opened.clear()
    yield
    house.gate.opened.set()
    house.model.faults.clear()
    house.model.script.clear()


@pytest.fixture
def customer() -> str:
    return f"customer-{next(_numbers)}"


class TestSlow:
    async def test_who_asks_is_acknowledged_while_the_model_thinks_and_answered_late_and_once(
        self, house: House, customer: str
    ) -> None:
        town, customers = house.town.wechat, [f"{customer}-{number}" for number in range(5)]
        house.model.faults.add(Fault(FaultKind.DELAY, GENERATION, times=None, seconds=MINUTE))

        deliveries = [await town.push_text(each, QUESTION) for each in customers]
        # The model hangs by now; the platform has long been answered.
        await house.gate.entered.wait()
        early = [town.inbox(each) for each in customers if town.inbox(each)]
        house.gate.opened.set()
        kinds = [await house.audited(WECHAT, each, "delivered") for each in customers]

        assert [(each.last.status, each.last.body) for each in deliveries] == [
            (200, b"success")
        ] * 5
        assert {len(each.attempts) for each in deliveries} == {1}
        assert early == []
        assert kinds == [["received", "labelled", "delivered"]] * 5
        for each in customers:
            (bubble,) = town.inbox(each)
            assert "99" in bubble.text
            assert bubble.text.endswith(TEXT_NOTICE)

    async def test_the_process_waits_a_minute_for_a_first_word(self, house: House) -> None:
        model = house.container.model

        assert isinstance(model, DashscopeChatModel)
        assert min(model.idle_timeout, model.timeout) > MINUTE
        assert house.container.settings.worker.turn_timeout > model.timeout

    async def test_redeliveries_while_it_thinks_are_taken_and_change_nothing(
        self, house: House, customer: str
    ) -> None:
        town = house.town.wechat
        house.model.faults.add(Fault(FaultKind.DELAY, GENERATION, seconds=MINUTE))
        fields = town.message("text", customer, {"Content": QUESTION})
        await town.push(fields)
        await house.gate.entered.wait()

        again = [await town.push(fields) for _ in range(2)]
        house.gate.opened.set()
        kinds = await house.audited(WECHAT, customer, "delivered")

        assert [each.last.status for each in again] == [200, 200]
        assert kinds == ["received", "duplicate", "duplicate", "labelled", "delivered"]
        assert len(town.inbox(customer)) == 1

    async def test_others_are_served_beside_it(self, house: House, customer: str) -> None:
        town, slow = house.town.wechat, f"{customer}-slow"
        house.model.faults.add(Fault(FaultKind.DELAY, GENERATION, seconds=MINUTE))
        await town.push_text(slow, QUESTION)
        await house.gate.entered.wait()

        await town.push_text(customer, QUESTION)
        await house.audited(WECHAT, customer, "delivered")

        assert town.inbox(slow) == []
        assert len(town.inbox(customer)) == 1

    async def test_the_same_customers_next_question_waits_for_its_turn(
        self, house: House, customer: str
    ) -> None:
        town = house.town.wechat
        house.model.script.extend([Reply("满99元包邮[1]。"), Reply("不满99元收8元[1]。")])
        house.model.faults.add(Fault(FaultKind.DELAY, GENERATION, seconds=MINUTE))
        await town.push_text(customer, QUESTION)
        await house.gate.entered.wait()

        await town.push_text(customer, "运费多少钱？")
        await house.audited(WECHAT, customer, "received", times=2)
        early = list(town.inbox(customer))
        house.gate.opened.set()
        await house.audited(WECHAT, customer, "delivered", times=2)

        assert early == []
        first, second = town.inbox(customer)
        assert first.text.startswith("满99元包邮")
        assert second.text.startswith("不满99元收8元")

    @pytest.mark.slow  # a house of its own, with a model that is given up soon
    async def test_one_that_is_slower_than_our_patience_is_apologised_for(
        self, templates: Templates, tmp_path: Path, customer: str
    ) -> None:
        async with open_house(
            templates, tmp_path, model=Model.DASHSCOPE, patience=0.2
        ) as impatient:
            impatient.model.faults.add(
                Fault(FaultKind.DELAY, GENERATION, times=MANY, seconds=MINUTE)
            )

            await _apologises(impatient, customer)


class TestPassing:
    @pytest.mark.parametrize(
        "fault",
        [
            Fault(FaultKind.CODE, GENERATION, code=Code.RATE_QUOTA),
            Fault(FaultKind.CODE, GENERATION, code=Code.MODEL_UNAVAILABLE),
            Fault(FaultKind.STATUS, GENERATION, status=502),
            Fault(FaultKind.CUT, GENERATION, after=0),
        ],
        ids=["rate limit", "unavailable", "gateway", "cut before a word"],
    )
    async def test_what_passes_is_asked_again(
        self, house: House, fault: Fault, customer: str
    ) -> None:
        house.model.faults.add(fault)

        await house.town.wechat.push_text(customer, QUESTION)
        kinds = await house.audited(WECHAT, customer, "delivered")

        (bubble,) = house.town.wechat.inbox(customer)
        assert "99" in bubble.text
        assert kinds == ["received", "labelled", "delivered"]
        assert house.model.faults.standing == ()


class TestLasting:
    @pytest.mark.slow  # the model's own budget of retries, with its real waits
    @pytest.mark.parametrize(
        "fault",
        [
            Fault(FaultKind.CODE, GENERATION, times=MANY, code=Code.RATE_QUOTA),
            Fault(FaultKind.STATUS, GENERATION, times=MANY, status=500),
            Fault(FaultKind.CUT, GENERATION, times=MANY, after=0),
        ],
        ids=["rate limit", "broken", "cut"],
    )
    async def test_what_does_not_pass_ends_with_an_apology_and_a_person(
        self, house: House, fault: Fault, customer: str, capfd: pytest.CaptureFixture[str]
    ) -> None:
        house.model.faults.add(fault)

        await _apologises(house, customer)

        assert _asked(house) == ATTEMPTS
        assert "Traceback" not in "".join(capfd.readouterr())

    @pytest.mark.parametrize(
        "code", [Code.INVALID_API_KEY, Code.ARREARAGE, Code.INSPECTION_FAILED, Code.ACCESS_DENIED]
    )
    async def test_a_refusal_is_not_asked_again(
        self, house: House, code: Code, customer: str, capfd: pytest.CaptureFixture[str]
    ) -> None:
        house.model.faults.add(Fault(FaultKind.CODE, GENERATION, times=MANY, code=code))

        await _apologises(house, customer)

        assert _asked(house) == 1
        assert "Traceback" not in "".join(capfd.readouterr())

    async def test_an_index_that_gives_no_answer_is_no_excuse_to_guess(
        self, house: House, customer: str, capfd: pytest.CaptureFixture[str]
    ) -> None:
        house.model.faults.add(
            Fault(FaultKind.CODE, EMBEDDING, times=None, code=Code.INVALID_API_KEY)
        )
        house.model.calls.clear()

        await _apologises(house, customer)

        assert house.model.calls == []
        assert "Traceback" not in "".join(capfd.readouterr())

    async def test_the_page_is_apologised_to_under_its_label(self, house: House) -> None:
        house.model.faults.add(
            Fault(FaultKind.CODE, GENERATION, times=None, code=Code.INVALID_API_KEY)
        )
        visitor = await Visitor.enter(house.http)
        await visitor.say(QUESTION)

        events = await visitor.events(finished())

        assert _words(events) == APOLOGY + TEXT_NOTICE
        assert _labels_come_first(events)
        said = (await visitor.messages())["messages"]
        assert [line["text"] for line in said] == [QUESTION, APOLOGY + TEXT_NOTICE]


class TestCutInMidStream:
    async def test_on_the_page_what_was_shown_stays_and_an_apology_follows(
        self, house: House
    ) -> None:
        house.model.script.append(BROKEN_OFF)
        house.model.faults.add(Fault(FaultKind.CUT, GENERATION, after=8))
        visitor = await Visitor.enter(house.http)
        await visitor.say(QUESTION)

        events = await visitor.events(finished(2))

        runs = [
            list(run)
            for _, run in groupby(events, key=lambda event: event["type"] == "RUN_STARTED")
        ]
        shown, apology = _words(runs[1]), _words(runs[3])
        assert shown.startswith("满99元包邮")
        assert apology == APOLOGY + TEXT_NOTICE
        assert ["interrupted" in _names(run) for run in runs[1::2]] == [True, False]
        assert _labels_come_first(events)
        said = (await visitor.messages())["messages"]
        assert [each["text"] for each in said] == [QUESTION, shown, apology]
        assert [each["interrupted"] for each in said] == [False, True, False]

    async def test_on_a_platform_the_apology_alone_is_sent(
        self, house: House, customer: str
    ) -> None:
        house.model.script.append(BROKEN_OFF)
        house.model.faults.add(Fault(FaultKind.CUT, GENERATION, after=8))

        await _apologises(house, customer)


def _asked(house: House) -> int:
    """Tell how often the model was asked under a fault that strikes many times."""
    (left,) = house.model.faults.standing
    assert left.times is not None
    return MANY - left.times


def _words(events: list[dict[str, Any]]) -> str:
    return "".join(event["delta"] for event in events if event["type"] == "TEXT_MESSAGE_CONTENT")


def _names(events: list[dict[str, Any]]) -> list[str]:
    return [event["name"] for event in events if event["type"] == "CUSTOM"]


def _labels_come_first(events: list[dict[str, Any]]) -> bool:
    """No words before their run's label."""
    labelled = False
    for event in events:
        if event["type"] == "RUN_STARTED":
            labelled = False
        elif event.get("name") == "aigc":
            labelled = True
        elif event["type"] == "TEXT_MESSAGE_CONTENT" and not labelled:
            return False
    return True


async def _apologises(house: House, customer: str) -> None:
    """Ask, and see nothing but the apology: a fixed text, so without a label."""
    await house.town.wechat.push_text(customer, QUESTION)
    kinds = await house.audited(WECHAT, customer, "delivered")

    assert [bubble.text for bubble in house.town.wechat.inbox(customer)] == [APOLOGY]
    assert re.search("[A-Za-z]", APOLOGY) is None
    assert kinds == ["received", "labelled", "handed_over", "delivered"]
    assert (await house.conversation(WECHAT, customer)).state == "requested"
