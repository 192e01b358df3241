"""Sent once or said to be unknown: duplicates, lost answers, refusals, a platform that is busy."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from labelling.wording import TEXT_NOTICE
from runtime.settings import WorkerSettings
from simulators.douyin.conversations import Opening, Scene
from simulators.douyin.errors import Code
from simulators.faults import Fault, FaultKind
from simulators.wechat.customers import Budget, Trigger
from simulators.wechat.errors import Errcode
from tests.e2e.conftest import STORES
from tests.e2e.forging import Wechat, douyin, douyin_event, hand_in
from tests.e2e.house import DOUYIN, WECHAT, House, open_house, until
from tests.e2e.prepared import Templates
from tests.e2e.visitor import Visitor, finished

pytestmark = pytest.mark.asyncio(loop_scope="module")

RETURNS, DELIVERY = "七天内可以退货吗？", "满多少包邮？"
WECHAT_SEND, DOUYIN_SEND = "custom/send", "/im/send/msg/"
UNKNOWN = ["received", "labelled", "unknown", "handed_over"]
UNDELIVERED = ["received", "labelled", "undelivered", "handed_over"]
_numbers = itertools.count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=STORES)
async def house(
    request: pytest.FixtureRequest, templates: Templates, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """One house for all: every test has a customer of its own."""
    folder, worker = tmp_path_factory.mktemp("house"), WorkerSettings(tries=2, grace=0)
    async with open_house(templates, folder, stores=request.param, worker=worker) as house:
        yield house


@pytest.fixture(autouse=True)
def _fine_weather(house: House) -> Iterator[None]:
    yield
    house.town.wechat.faults.clear()
    house.town.douyin.faults.clear()
    house.town.douyin.echoes = True


@pytest.fixture
def customer() -> str:
    return f"customer-{next(_numbers)}"


def _spoken(house: House, customer: str, text: str, *, left: int = 6) -> dict[str, Any]:
    """Let a customer write on Douyin; give what the webhook tells of it."""
    conversation = house.town.douyin.conversation(customer)
    message = f"@message-{next(_numbers)}"
    ends_at = house.container.now() + timedelta(hours=24)
    conversation.openings[message] = Opening(Scene.REPLY, ends_at, left)
    return {
        "conversation_short_id": conversation.id,
        "server_message_id": message,
        "conversation_type": 1,
        "create_time": int(house.container.now().timestamp() * 1000),
        "message_type": "text",
        "text": text,
    }


async def _reason(house: House, channel: str, customer: str, kind: str) -> str:
    """Give why an output did not arrive, as the audit log has it."""
    (entry,) = [entry for entry in await house.audit(channel, customer) if entry.kind == kind]
    return str(entry.body["why"])


class TestTheSameAgain:
    async def test_twenty_at_once_on_wechat_are_admitted_once_and_answered_once(
        self, house: House, customer: str
    ) -> None:
        town, before = house.town.wechat, await house.admitted()
        fields = town.message("text", customer, {"Content": RETURNS})

        deliveries = await asyncio.gather(*(town.push(fields) for _ in range(20)))
        await house.audited(WECHAT, customer, "delivered")
        kinds = await house.audited(WECHAT, customer, "duplicate", times=19)

        assert {(each.last.status, each.last.body) for each in deliveries} == {(200, b"success")}
        assert await house.admitted() == before + 1
        assert [kinds.count(kind) for kind in ("received", "labelled", "delivered")] == [1, 1, 1]
        (bubble,) = town.inbox(customer)
        assert "无理由退货" in bubble.text
        assert bubble.text.endswith(TEXT_NOTICE)

    async def test_twenty_at_once_on_douyin_are_admitted_once_and_answered_once(
        self, house: House, customer: str
    ) -> None:
        town, before = house.town.douyin, await house.admitted()
        body = douyin_event(house, _spoken(house, customer, DELIVERY)).replace(
            b'"chen"', f'"{customer}"'.encode()
        )
        letter = douyin(house, body)

        replies = await asyncio.gather(*(hand_in(house, DOUYIN, letter) for _ in range(20)))
        await house.audited(DOUYIN, customer, "delivered")
        kinds = await house.audited(DOUYIN, customer, "duplicate", times=19)

        assert {reply.status_code for reply in replies} == {200}
        assert await house.admitted() == before + 1
        assert [kinds.count(kind) for kind in ("received", "labelled", "delivered")] == [1, 1, 1]
        assert len(town.inbox(customer)) == 1

    async def test_twenty_at_once_from_the_page_are_answered_once(self, house: House) -> None:
        visitor, before = await Visitor.enter(house.http), await house.admitted()

        replies = await asyncio.gather(*(visitor.say(DELIVERY, message="same") for _ in range(20)))
        await visitor.events(finished())

        assert {reply.status_code for reply in replies} == {202}
        assert await house.admitted() == before + 1
        said = (await visitor.messages())["messages"]
        assert [line["role"] for line in said] == ["customer", "assistant"]

    async def test_a_replayed_request_changes_nothing(self, house: House, customer: str) -> None:
        town = house.town.wechat
        fields = town.message("text", customer, {"Content": RETURNS})
        await town.push(fields)
        await house.audited(WECHAT, customer, "delivered")
        letter = Wechat.of(house).push(fields)

        first = await hand_in(house, WECHAT, letter)
        second = await hand_in(house, WECHAT, letter)
        kinds = await house.audited(WECHAT, customer, "duplicate", times=2)

        assert (first.status_code, second.status_code) == (200, 200)
        assert kinds == ["received", "labelled", "delivered", "duplicate", "duplicate"]
        assert len(town.inbox(customer)) == 1

    async def test_a_message_under_a_new_delivery_id_is_still_the_same(
        self, house: House, customer: str
    ) -> None:
        town = house.town.douyin
        content = _spoken(house, customer, DELIVERY)
        brand = town.conversation(customer).brand
        await town.push_event("im_receive_msg", content, from_user=customer, to_user=brand)
        await house.audited(DOUYIN, customer, "delivered")

        await town.push_event("im_receive_msg", content, from_user=customer, to_user=brand)
        await house.audited(DOUYIN, customer, "duplicate")

        assert len(town.inbox(customer)) == 1


class TestALostAnswer:
    async def test_wechats_is_unknown_and_never_sent_again(
        self, house: House, customer: str
    ) -> None:
        town = house.town.wechat
        town.faults.add(Fault(FaultKind.DROP, WECHAT_SEND))
        await town.push_text(customer, RETURNS)
        kinds = await house.audited(WECHAT, customer, "unknown")
        state = (await house.conversation(WECHAT, customer)).state

        # Whatever else is said in this conversation comes after all that was to be sent before.
        await town.push_text(customer, DELIVERY)
        await house.audited(WECHAT, customer, "delivered")

        assert kinds == UNKNOWN
        assert state == "requested"
        first, second = town.inbox(customer)
        assert "无理由退货" in first.text
        assert "无理由退货" not in second.text

    async def test_a_gateways_error_is_unknown_too(self, house: House, customer: str) -> None:
        town = house.town.wechat
        town.faults.add(Fault(FaultKind.STATUS, WECHAT_SEND, status=502))

        await town.push_text(customer, RETURNS)
        kinds = await house.audited(WECHAT, customer, "unknown")

        assert kinds == UNKNOWN
        assert town.inbox(customer) == []

    async def test_douyins_is_settled_by_an_echo_that_is_quicker(
        self, house: House, customer: str
    ) -> None:
        town = house.town.douyin
        town.faults.add(Fault(FaultKind.DROP, DOUYIN_SEND))

        await town.push_text(customer, DELIVERY)
        kinds = await house.audited(DOUYIN, customer, "delivered")

        assert len(town.inbox(customer)) == 1
        assert kinds == ["received", "labelled", "delivered"]

    async def test_douyins_is_settled_by_an_echo_that_comes_later(
        self, house: House, customer: str
    ) -> None:
        town = house.town.douyin
        await _lose_without_an_echo(house, customer)
        sent = town.sent[-1]

        for _ in range(2):
            await _echo(house, customer, sent.id, sent.text)
        kinds = await house.audited(DOUYIN, customer, "delivered")

        assert kinds == [*UNKNOWN, "delivered"]
        assert len(town.inbox(customer)) == 1

    async def test_an_echo_of_other_words_settles_nothing(
        self, house: House, customer: str
    ) -> None:
        await _lose_without_an_echo(house, customer)

        await _echo(house, customer, "@another", "另一条消息")

        kinds = [entry.kind for entry in await house.audit(DOUYIN, customer)]
        assert kinds == UNKNOWN


async def _lose_without_an_echo(house: House, customer: str) -> None:
    town = house.town.douyin
    town.echoes = False
    town.faults.add(Fault(FaultKind.DROP, DOUYIN_SEND))
    await town.push_text(customer, DELIVERY)
    await house.audited(DOUYIN, customer, "handed_over")


async def _echo(house: House, customer: str, message: str, text: str) -> None:
    town = house.town.douyin
    content = {
        **_spoken(house, customer, text),
        "server_message_id": message,
        "source": town.douyin_app.client_key,
    }
    brand = town.conversation(customer).brand
    delivery = await town.push_event("im_send_msg", content, from_user=brand, to_user=customer)
    assert delivery.accepted


class TestBusy:
    @pytest.mark.slow  # the pause that we grant WeChat
    async def test_wechat_is_asked_again_and_the_answer_arrives_once(
        self, house: House, customer: str
    ) -> None:
        town = house.town.wechat
        town.faults.add(Fault(FaultKind.CODE, WECHAT_SEND, code=str(int(Errcode.BUSY))))

        await town.push_text(customer, RETURNS)
        kinds = await house.audited(WECHAT, customer, "delivered")

        assert kinds == ["received", "labelled", "delivered"]
        assert len(town.inbox(customer)) == 1

    @pytest.mark.slow  # the same, for every try
    async def test_wechat_that_stays_busy_is_given_up_and_staff_are_told(
        self, house: House, customer: str
    ) -> None:
        town = house.town.wechat
        town.faults.add(Fault(FaultKind.CODE, WECHAT_SEND, times=20, code=str(int(Errcode.BUSY))))

        await town.push_text(customer, RETURNS)
        kinds = await house.audited(WECHAT, customer, "handed_over")

        assert kinds == UNDELIVERED
        assert town.inbox(customer) == []
        (left,) = town.faults.standing
        assert left.times == 20 - house.container.settings.worker.tries
        assert (await house.conversation(WECHAT, customer)).state == "requested"

    async def test_douyin_may_have_taken_it_all_the_same_so_it_is_not_asked_again(
        self, house: House, customer: str
    ) -> None:
        town = house.town.douyin
        town.faults.add(Fault(FaultKind.CODE, DOUYIN_SEND, times=20, code=str(int(Code.BUSY))))

        await town.push_text(customer, DELIVERY)
        kinds = await house.audited(DOUYIN, customer, "handed_over")

        assert kinds == UNKNOWN
        (left,) = town.faults.standing
        assert left.times == 19


class TestRefusedForGood:
    async def test_wechats_window_that_closed_goes_to_staff(
        self, house: House, customer: str
    ) -> None:
        town, us = house.town.wechat, Wechat.of(house)
        fields = town.message("text", customer, {"Content": RETURNS})
        # Known to WeChat, but handed in past it: it counts no message that could be answered.
        town.customer(customer)

        await hand_in(house, WECHAT, us.push(fields))
        kinds = await house.audited(WECHAT, customer, "handed_over")

        assert kinds == UNDELIVERED
        assert town.inbox(customer) == []
        assert str(int(Errcode.WINDOW_CLOSED)) in await _reason(
            house, WECHAT, customer, "undelivered"
        )

    async def test_wechats_quota_that_is_used_up_goes_to_staff(
        self, house: House, customer: str
    ) -> None:
        town, us = house.town.wechat, Wechat.of(house)
        fields = town.message("text", customer, {"Content": RETURNS})
        ends_at = house.container.now() + timedelta(hours=48)
        town.customer(customer).budgets[Trigger.MESSAGE] = Budget(0, ends_at)

        await hand_in(house, WECHAT, us.push(fields))
        kinds = await house.audited(WECHAT, customer, "handed_over")

        assert kinds == UNDELIVERED
        assert town.inbox(customer) == []
        assert str(int(Errcode.COUNT_USED_UP)) in await _reason(
            house, WECHAT, customer, "undelivered"
        )

    async def test_douyins_quota_that_is_used_up_goes_to_staff(
        self, house: House, customer: str
    ) -> None:
        town = house.town.douyin
        content = _spoken(house, customer, DELIVERY, left=0)
        brand = town.conversation(customer).brand

        await town.push_event("im_receive_msg", content, from_user=customer, to_user=brand)
        kinds = await house.audited(DOUYIN, customer, "handed_over")

        assert kinds == UNDELIVERED
        assert town.inbox(customer) == []
        assert str(int(Code.REPLIES_USED_UP)) in await _reason(
            house, DOUYIN, customer, "undelivered"
        )

    async def test_what_waited_past_the_window_is_not_sent_at_all(
        self, house: House, customer: str
    ) -> None:
        town, us = house.town.wechat, Wechat.of(house)
        fields = town.message("text", customer, {"Content": RETURNS})
        long_ago = house.container.now() - timedelta(hours=49)
        town.faults.add(Fault(FaultKind.STATUS, WECHAT_SEND))

        await hand_in(house, WECHAT, us.push({**fields, "CreateTime": int(long_ago.timestamp())}))
        kinds = await house.audited(WECHAT, customer, "handed_over")

        assert kinds == ["received", "expired", "handed_over"]
        assert len(town.faults.standing) == 1

    async def test_a_revoked_token_is_renewed_and_nothing_is_lost(
        self, house: House, customer: str
    ) -> None:
        town = house.town.wechat
        await town.push_text(customer, RETURNS)
        await house.audited(WECHAT, customer, "delivered")
        town.revoke_tokens()

        await town.push_text(customer, DELIVERY)
        await house.audited(WECHAT, customer, "delivered", times=2)

        assert len(town.inbox(customer)) == 2


class TestOthers:
    async def test_a_customer_who_cannot_be_reached_delays_no_other(
        self, house: House, customer: str
    ) -> None:
        town = house.town.wechat
        town.faults.add(Fault(FaultKind.HANG, WECHAT_SEND))
        await town.push_text("stuck", RETURNS)
        await house.audited(WECHAT, "stuck", "labelled")

        await town.push_text(customer, DELIVERY)
        await house.audited(WECHAT, customer, "delivered")

        assert town.inbox("stuck") == []
        assert len(town.inbox(customer)) == 1

    async def test_a_person_who_answers_in_the_app_silences_the_bot(
        self, house: House, customer: str
    ) -> None:
        town = house.town.douyin
        await town.push_text(customer, DELIVERY)
        await house.audited(DOUYIN, customer, "delivered")
        await town.push_staff_reply(customer, "我来帮您看看")
        await house.audited(DOUYIN, customer, "handed_over")

        await town.push_text(customer, RETURNS)
        await house.audited(DOUYIN, customer, "received", times=2)
        await until(house.waiting, lambda left: left == 0)

        kinds = [entry.kind for entry in await house.audit(DOUYIN, customer)]
        assert kinds == ["received", "labelled", "delivered", "handed_over", "received"]
        assert len(town.inbox(customer)) == 2

    async def test_every_audit_chain_holds_after_all_this(self, house: House) -> None:
        assert await house.faults() == []
