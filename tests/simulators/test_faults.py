import asyncio

import httpx
import pytest

from simulators.faults import AnswerLostError, Fault, FaultKind, FaultSwitch
from simulators.wechat.errors import Errcode
from simulators.wechat.simulator import WechatSimulator
from simulators.wire import BodyUnreadableError
from tests.simulators.callee import Callee, Clock
from tests.simulators.conftest import Serve
from tests.simulators.wechat.setting import OPENID, account

TEXT = {"touser": OPENID, "msgtype": "text", "text": {"content": "ok"}}


class Sleeps:
    """What was slept, without sleeping it."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture
def sleeps() -> Sleeps:
    return Sleeps()


@pytest.fixture
async def wechat(clock: Clock, sleeps: Sleeps) -> WechatSimulator:
    """WeChat with a customer who has just written."""
    platform = WechatSimulator(account(), now=clock, sleep=sleeps)
    platform.connect("http://shop.test/hook", Callee().client())
    await platform.push_text(OPENID, "在吗")
    return platform


@pytest.fixture
def api(wechat: WechatSimulator) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=wechat.app)
    return httpx.AsyncClient(transport=transport, base_url="http://api.test")


async def send(api: httpx.AsyncClient, wechat: WechatSimulator) -> httpx.Response:
    token, _ = wechat.platform.tokens.stable(wechat.platform.account(None), force=False)
    return await api.post("/cgi-bin/message/custom/send", params={"access_token": token}, json=TEXT)


class TestKinds:
    async def test_code_is_worded_by_the_platform_and_nothing_is_done(
        self, api: httpx.AsyncClient, wechat: WechatSimulator
    ) -> None:
        wechat.faults.add(Fault(FaultKind.CODE, code="45009"), Fault(FaultKind.CODE))

        named, unnamed = await send(api, wechat), await send(api, wechat)

        assert named.json()["errcode"] == Errcode.DAILY_LIMIT
        assert unnamed.json()["errcode"] == Errcode.BUSY
        assert wechat.sent == []

    async def test_status_is_bare(self, api: httpx.AsyncClient, wechat: WechatSimulator) -> None:
        wechat.faults.add(Fault(FaultKind.STATUS, status=502))

        answer = await send(api, wechat)

        assert (answer.status_code, answer.content, wechat.sent) == (502, b"", [])

    async def test_delay_comes_before_the_work(
        self, api: httpx.AsyncClient, wechat: WechatSimulator, sleeps: Sleeps
    ) -> None:
        wechat.faults.add(Fault(FaultKind.DELAY, seconds=3))

        answer = await send(api, wechat)

        assert (answer.json()["errcode"], sleeps.slept) == (0, [3])

    async def test_drop_does_the_work_and_loses_the_answer(
        self, api: httpx.AsyncClient, wechat: WechatSimulator
    ) -> None:
        wechat.faults.add(Fault(FaultKind.DROP, path="custom/send"))

        with pytest.raises(AnswerLostError):
            await send(api, wechat)

        assert len(wechat.sent) == 1

    async def test_hang_answers_nothing_as_long_as_one_waits(
        self, api: httpx.AsyncClient, wechat: WechatSimulator
    ) -> None:
        wechat.faults.add(Fault(FaultKind.HANG))

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await send(api, wechat)

        assert wechat.sent == []

    async def test_dropped_answer_is_a_broken_connection_over_real_http(
        self, wechat: WechatSimulator, serve: Serve
    ) -> None:
        wechat.faults.add(Fault(FaultKind.DROP))

        async with httpx.AsyncClient(base_url=serve(wechat.app), trust_env=False) as api:
            with pytest.raises(httpx.TransportError):
                await send(api, wechat)
            again = await send(api, wechat)

        assert again.json()["errcode"] == 0
        assert len(wechat.sent) == 2

    async def test_hang_over_real_http_ends_with_the_callers_patience(
        self, wechat: WechatSimulator, serve: Serve
    ) -> None:
        wechat.faults.add(Fault(FaultKind.HANG))

        async with httpx.AsyncClient(
            base_url=serve(wechat.app), trust_env=False, timeout=httpx.Timeout(30, read=0.1)
        ) as api:
            with pytest.raises(httpx.ReadTimeout):
                await send(api, wechat)

        assert wechat.sent == []


class TestSwitch:
    def test_fault_strikes_as_often_as_it_says(self) -> None:
        switch = FaultSwitch()
        switch.add(Fault(FaultKind.STATUS, times=2))

        struck = [switch.take("/a") is not None for _ in range(3)]

        assert struck == [True, True, False]

    def test_fault_strikes_its_own_path_alone(self) -> None:
        switch = FaultSwitch()
        switch.add(Fault(FaultKind.STATUS, path="token"))

        assert switch.take("/cgi-bin/media/get") is None
        assert switch.take("/cgi-bin/token") is not None

    def test_counted_fault_goes_before_one_that_stays(self) -> None:
        staying, counted = Fault(FaultKind.DELAY, times=None), Fault(FaultKind.HANG)
        switch = FaultSwitch()
        switch.add(staying, counted)

        struck = [switch.take("/") for _ in range(3)]

        assert struck == [counted, staying, staying]

    def test_cleared_switch_strikes_nothing(self) -> None:
        switch = FaultSwitch()
        switch.add(Fault(FaultKind.HANG, times=None))
        switch.clear()

        assert switch.take("/") is None

    @pytest.mark.parametrize(
        ("body", "complaint"),
        [
            ({"kind": "flood"}, "kind is one of"),
            ({"kind": "hang", "x": 1}, "no field 'x'"),
            ({"kind": "hang", "times": "2"}, "field 'times'"),
            ({"kind": "hang", "status": None}, "field 'status'"),
            ({"kind": "code", "code": 1}, "field 'code'"),
        ],
    )
    def test_unknown_fault_is_refused(self, body: dict[str, object], complaint: str) -> None:
        with pytest.raises(BodyUnreadableError, match=complaint):
            Fault.from_json(body)
