"""Sending against the platform's double: what arrives, and what each failure becomes."""

import json
from collections.abc import Callable

import httpx
import pytest

from channels.base import Channel, PartReceipt
from channels.errors import (
    DeliveryError,
    DeliveryRefusedError,
    DeliveryRetryableError,
    DeliveryUnknownError,
)
from channels.messages import Recipient
from channels.wechat.miniprogram import MiniProgramChannel
from labelling.content import Origin
from labelling.output import LabelledOutput
from simulators.faults import Fault, FaultKind
from simulators.wechat.customers import Trigger
from simulators.wechat.simulator import WechatSimulator
from tests.channels.wechat.kit import OPENID, Clock, account, labelled, tools

CUSTOMER = Recipient(OPENID)
TOKEN_BODY = {"access_token": "1_token", "expires_in": 7200}


async def send(
    front: Channel, output: LabelledOutput, to: Recipient = CUSTOMER
) -> list[PartReceipt]:
    return [receipt async for receipt in front.send(output, to=to, key="output-1")]


async def failure_of(front: Channel) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await send(front, labelled("有货的。"))
    return caught.value


def front_over(
    answer: Callable[[httpx.Request], httpx.Response], clock: Clock
) -> MiniProgramChannel:
    """A front on a platform that gives a token and then does what the test says."""

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/cgi-bin/stable_token":
            return httpx.Response(200, json=TOKEN_BODY)
        return answer(request)

    http = httpx.AsyncClient(transport=httpx.MockTransport(handle))
    return MiniProgramChannel.of(account(), tools(http, clock))


def raising(error: type[httpx.RequestError]) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        message = "it broke"
        raise error(message, request=request)

    return answer


class TestTaken:
    async def test_a_text_reaches_the_customer_as_it_is(
        self, front: MiniProgramChannel, platform: WechatSimulator
    ) -> None:
        output = labelled("有货的，今天下单明天发😊。")

        receipts = await send(front, output)

        assert receipts == [PartReceipt(0, None)]
        assert [bubble.text for bubble in platform.inbox(OPENID)] == [output.parts[0].text]

    async def test_m26_parts_arrive_in_order(
        self, front: MiniProgramChannel, platform: WechatSimulator
    ) -> None:
        output = labelled("第一段。", "第二段。", "第三段。")

        receipts = await send(front, output)

        assert [receipt.number for receipt in receipts] == [0, 1, 2]
        assert [message.text for message in platform.sent] == [part.text for part in output.parts]

    async def test_m26_a_failed_part_stops_the_later_ones(
        self, front: MiniProgramChannel, platform: WechatSimulator
    ) -> None:
        platform.customer(OPENID).budgets[Trigger.MESSAGE].remaining = 1
        sending = front.send(labelled("一。", "二。"), to=CUSTOMER, key="output-1")

        first = await anext(sending)
        with pytest.raises(DeliveryRefusedError):
            await anext(sending)

        assert first == PartReceipt(0, None)
        assert len(platform.sent) == 1

    async def test_m27_a_text_as_long_as_we_allow_is_taken(
        self, front: MiniProgramChannel, platform: WechatSimulator
    ) -> None:
        text = "茶" * 666 + "ok"

        await send(front, labelled(text, origin=Origin.HUMAN))

        assert len(text.encode()) == front.capabilities.max_text_bytes
        assert platform.sent[0].text == text

    @pytest.mark.parametrize("origin", [Origin.GENERATED, Origin.ASSISTED])
    async def test_m31_what_a_model_wrote_is_declared(
        self, front: MiniProgramChannel, platform: WechatSimulator, origin: Origin
    ) -> None:
        await send(front, labelled("有货的。", origin=origin))

        assert platform.sent[0].is_ai
        assert platform.inbox(OPENID)[0].note == "内容由第三方AI生成"

    async def test_m31_what_a_person_wrote_is_not_declared(
        self, front: MiniProgramChannel, platform: WechatSimulator
    ) -> None:
        await send(front, labelled("我是店员小李。", origin=Origin.HUMAN))

        assert "aimsgcontext" not in platform.sent[0].body

    async def test_m33_the_body_is_raw_utf_8(self, clock: Clock) -> None:
        bodies: list[bytes] = []

        def take(request: httpx.Request) -> httpx.Response:
            bodies.append(request.content)
            return httpx.Response(200, json={"errcode": 0, "errmsg": "ok"})

        await send(front_over(take, clock), labelled("乌龙茶😊\n第二行", origin=Origin.HUMAN))

        assert "乌龙茶😊".encode() in bodies[0]
        assert json.loads(bodies[0]) == {
            "touser": OPENID,
            "msgtype": "text",
            "text": {"content": "乌龙茶😊\n第二行"},
        }


class TestRefused:
    @pytest.mark.parametrize(
        "code", ["40003", "45002", "45015", "45047", "48001", "48002", "48004", "50002", "70000"]
    )
    async def test_a_final_code_is_refused_with_the_platforms_code(
        self, front: MiniProgramChannel, platform: WechatSimulator, code: str
    ) -> None:
        platform.faults.add(Fault(FaultKind.CODE, "custom/send", times=None, code=code))

        error = await failure_of(front)

        assert isinstance(error, DeliveryRefusedError)
        assert error.code == code
        assert not error.retryable

    async def test_an_unknown_code_is_refused(
        self, front: MiniProgramChannel, platform: WechatSimulator
    ) -> None:
        platform.faults.add(Fault(FaultKind.CODE, "custom/send", code="99999"))

        error = await failure_of(front)

        assert isinstance(error, DeliveryRefusedError)
        assert error.code == "99999"

    async def test_m29_a_used_up_allowance_is_refused_not_repeated(
        self, front: MiniProgramChannel, platform: WechatSimulator
    ) -> None:
        platform.customer(OPENID).budgets[Trigger.MESSAGE].remaining = 0

        error = await failure_of(front)

        assert isinstance(error, DeliveryRefusedError)
        assert error.code == "45047"

    async def test_m29_a_closed_window_is_refused(
        self, front: MiniProgramChannel, platform: WechatSimulator, clock: Clock
    ) -> None:
        clock.forward(hours=49)

        error = await failure_of(front)

        assert isinstance(error, DeliveryRefusedError)
        assert error.code == "45015"

    async def test_m30_a_text_over_the_limit_is_refused_not_cut(
        self, front: MiniProgramChannel, platform: WechatSimulator
    ) -> None:
        with pytest.raises(DeliveryRefusedError) as caught:
            await send(front, labelled("茶" * 700))

        assert caught.value.code == "45002"
        assert platform.sent == []

    async def test_a_stranger_is_refused(self, front: MiniProgramChannel) -> None:
        with pytest.raises(DeliveryRefusedError) as caught:
            await send(front, labelled("有货的。"), Recipient("somebody-else"))

        assert caught.value.code == "40003"

    async def test_another_status_is_refused(self, clock: Clock) -> None:
        error = await failure_of(front_over(lambda _: httpx.Response(404), clock))

        assert isinstance(error, DeliveryRefusedError)
        assert error.code == "HTTP 404"

    async def test_a_redirect_is_not_followed(self, clock: Clock) -> None:
        elsewhere = httpx.Response(307, headers={"location": "https://elsewhere.example/"})

        error = await failure_of(front_over(lambda _: elsewhere, clock))

        assert isinstance(error, DeliveryRefusedError)
        assert error.code == "HTTP 307"

    async def test_s23_the_platforms_request_id_is_kept(self, clock: Clock) -> None:
        body = {"errcode": 45015, "errmsg": "out of time, 乌龙茶 rid: 6740-1a2b-3c4d"}

        error = await failure_of(front_over(lambda _: httpx.Response(200, json=body), clock))

        assert "rid: 6740-1a2b-3c4d" in str(error)
        assert "乌龙茶" not in str(error)

    async def test_an_address_off_the_whitelist_is_named(self, clock: Clock) -> None:
        text = "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist rid: 1-2"
        answer = httpx.Response(200, json={"errcode": 40164, "errmsg": text})

        error = await failure_of(front_over(lambda _: answer, clock))

        assert "invalid ip 203.0.113.7, rid: 1-2" in str(error)


class TestRetryable:
    @pytest.mark.parametrize(("code", "at_least"), [("-1", 1), ("45011", 60), ("45009", 3600)])
    async def test_a_passing_code_says_when_to_come_again(
        self, front: MiniProgramChannel, platform: WechatSimulator, code: str, at_least: float
    ) -> None:
        platform.faults.add(Fault(FaultKind.CODE, "custom/send", code=code))

        error = await failure_of(front)

        assert isinstance(error, DeliveryRetryableError)
        assert error.retry_after >= at_least
        assert platform.sent == []

    @pytest.mark.parametrize(
        "kind", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError]
    )
    async def test_nothing_written_may_be_repeated(
        self, clock: Clock, kind: type[httpx.RequestError]
    ) -> None:
        error = await failure_of(front_over(raising(kind), clock))

        assert isinstance(error, DeliveryRetryableError)

    async def test_one_call_too_many_may_be_repeated_in_a_minute(self, clock: Clock) -> None:
        error = await failure_of(front_over(lambda _: httpx.Response(429), clock))

        assert isinstance(error, DeliveryRetryableError)
        assert error.retry_after == 60


class TestUnknown:
    @pytest.mark.parametrize(
        "kind",
        [
            httpx.ReadTimeout,
            httpx.WriteTimeout,
            httpx.ReadError,
            httpx.WriteError,
            httpx.RemoteProtocolError,
            httpx.DecodingError,
        ],
    )
    async def test_m34_no_answer_after_writing_is_unknown(
        self, clock: Clock, kind: type[httpx.RequestError]
    ) -> None:
        error = await failure_of(front_over(raising(kind), clock))

        assert isinstance(error, DeliveryUnknownError)
        assert not error.retryable

    async def test_m34_a_lost_answer_is_unknown_and_sent_once(
        self, front: MiniProgramChannel, platform: WechatSimulator
    ) -> None:
        platform.faults.add(Fault(FaultKind.DROP, "custom/send"))

        error = await failure_of(front)

        assert isinstance(error, DeliveryUnknownError)
        assert len(platform.sent) == 1

    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    async def test_a_servers_failure_is_unknown(
        self, front: MiniProgramChannel, platform: WechatSimulator, status: int
    ) -> None:
        platform.faults.add(Fault(FaultKind.STATUS, "custom/send", status=status))

        assert isinstance(await failure_of(front), DeliveryUnknownError)

    @pytest.mark.parametrize(
        "content", [b"", b"ok", b"[]", b"{}", b'{"errcode":"no"}', b"[" * 100_000, b"\xff"]
    )
    async def test_an_answer_that_is_none_of_wechats_is_unknown(
        self, clock: Clock, content: bytes
    ) -> None:
        front = front_over(lambda _: httpx.Response(200, content=content), clock)

        assert isinstance(await failure_of(front), DeliveryUnknownError)


class TestToken:
    async def test_m36_a_refused_token_is_replaced_once_and_the_message_sent(
        self, front: MiniProgramChannel, platform: WechatSimulator
    ) -> None:
        await send(front, labelled("一。"))
        platform.revoke_tokens()

        await send(front, labelled("二。"))

        assert len(platform.sent) == 2
        assert len(platform.platform.tokens.issued) == 2

    @pytest.mark.parametrize("code", ["40001", "40014", "42001"])
    async def test_m36_a_second_refusal_is_an_error(
        self, front: MiniProgramChannel, platform: WechatSimulator, code: str
    ) -> None:
        platform.faults.add(Fault(FaultKind.CODE, "custom/send", times=2, code=code))

        error = await failure_of(front)

        assert isinstance(error, DeliveryRetryableError)
        assert error.retry_after >= 60
        assert platform.faults.standing == ()

    async def test_m36_an_overaged_token_is_replaced_before_it_is_used(
        self, front: MiniProgramChannel, platform: WechatSimulator, clock: Clock
    ) -> None:
        await send(front, labelled("一。"))
        clock.forward(seconds=7200 - 300)

        await send(front, labelled("二。"))

        assert len(platform.platform.tokens.issued) == 2

    async def test_a_wrong_secret_is_refused_for_good(
        self, http: httpx.AsyncClient, clock: Clock
    ) -> None:
        wrong = account(secrets={"app_secret": "0" * 32})

        error = await failure_of(MiniProgramChannel.of(wrong, tools(http, clock)))

        assert isinstance(error, DeliveryRefusedError)
        assert error.code == "40125"

    @pytest.mark.parametrize("kind", [FaultKind.STATUS, FaultKind.DROP])
    async def test_without_a_token_nothing_was_sent_and_all_may_be_repeated(
        self, front: MiniProgramChannel, platform: WechatSimulator, kind: FaultKind
    ) -> None:
        platform.faults.add(Fault(kind, "stable_token"))

        error = await failure_of(front)
        await send(front, labelled("有货的。"))

        assert isinstance(error, DeliveryRetryableError)
        assert len(platform.sent) == 1
