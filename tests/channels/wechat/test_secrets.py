"""Checklist M38: no token, secret, key, name or word of a customer's in logs and errors."""

import logging
import traceback

import httpx
import pytest

from channels.errors import ChannelError
from channels.messages import Recipient
from channels.wechat.exchange import QuietUrl
from channels.wechat.miniprogram import MiniProgramChannel
from simulators.faults import Fault, FaultKind
from simulators.wechat.simulator import WechatSimulator
from tests.channels.wechat.kit import (
    AES_KEY,
    APP_SECRET,
    OPENID,
    Clock,
    Hand,
    account,
    channel,
    labelled,
    tools,
)

WORDS = "请不要记下这句话"
FAULTS = [
    Fault(FaultKind.DROP, "custom/send"),
    Fault(FaultKind.STATUS, "custom/send", status=502),
    Fault(FaultKind.CODE, "custom/send", code="45015"),
    Fault(FaultKind.CODE, "custom/send", times=2, code="40001"),
    Fault(FaultKind.DROP, "stable_token"),
    Fault(FaultKind.CODE, "stable_token", code="40125"),
]


async def send(front: MiniProgramChannel) -> None:
    async for _ in front.send(labelled(WORDS), to=Recipient(OPENID), key="output-1"):
        pass


def everything_of(error: BaseException) -> str:
    """The error as a careless log would have it: with all it hangs on to, shown or not."""
    seen = [error]
    while (inner := seen[-1].__cause__ or seen[-1].__context__) is not None:
        seen.append(inner)
    values = [repr(value) for one in seen for value in vars(one).values()]
    return "".join([*map(repr, seen), *values, *traceback.format_exception(error)])


def assert_silent(text: str, platform: WechatSimulator) -> None:
    hidden = [*platform.platform.tokens.issued, APP_SECRET, AES_KEY, OPENID, WORDS]
    assert [secret for secret in hidden if secret in text] == []


class TestSending:
    async def test_m38_a_delivery_logs_no_secret(
        self,
        front: MiniProgramChannel,
        platform: WechatSimulator,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level(logging.DEBUG)

        await send(front)

        assert "/cgi-bin/message/custom/send" in caplog.text
        assert platform.platform.tokens.issued
        assert_silent(caplog.text, platform)

    @pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.path}-{fault.kind}")
    async def test_m38_a_failure_holds_no_secret(
        self,
        front: MiniProgramChannel,
        platform: WechatSimulator,
        caplog: pytest.LogCaptureFixture,
        fault: Fault,
    ) -> None:
        caplog.set_level(logging.DEBUG)
        platform.faults.add(fault)

        with pytest.raises(ChannelError) as caught:
            await send(front)

        assert_silent(caplog.text + everything_of(caught.value), platform)

    async def test_m38_an_unreachable_platform_holds_no_secret(
        self, platform: WechatSimulator, clock: Clock
    ) -> None:
        def unreachable(request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError(str(request.url), request=request)

        async with httpx.AsyncClient(transport=httpx.MockTransport(unreachable)) as http:
            front = MiniProgramChannel.of(account(), tools(http, clock))
            with pytest.raises(ChannelError) as caught:
                await send(front)

        assert_silent(everything_of(caught.value), platform)

    def test_a_quiet_address_shows_no_query_and_keeps_it(self) -> None:
        url = QuietUrl("https://api.weixin.qq.com/cgi-bin/message/custom/send?access_token=t0")

        assert "t0" not in f"{url} {url!r}"
        assert url.query == b"access_token=t0"


class TestReceiving:
    @pytest.mark.parametrize(
        "message", [f'{{"MsgType":"text","Content":"{WORDS}"}}', WORDS, f'{{"{WORDS}":1}}']
    )
    def test_m38_an_invalid_push_is_not_repeated(
        self, platform: WechatSimulator, message: str
    ) -> None:
        with pytest.raises(ChannelError) as caught:
            channel().receive(Hand().safe(message.encode()))

        assert_silent(everything_of(caught.value), platform)
