import httpx
import pytest

from simulators.wechat.simulator import WechatSimulator
from tests.simulators.callee import Callee, Clock
from tests.simulators.wechat.setting import OPENID, simulator


@pytest.fixture
def callee() -> Callee:
    return Callee()


@pytest.fixture
def wechat(clock: Clock, callee: Callee) -> WechatSimulator:
    platform = simulator(clock)
    platform.connect("http://shop.test/hook", callee.client())
    return platform


@pytest.fixture
def control(wechat: WechatSimulator) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=wechat.app)
    return httpx.AsyncClient(transport=transport, base_url="http://api.test/_simulator/")


class TestFaultsOverHttp:
    async def test_faults_can_be_set_read_and_cleared(self, control: httpx.AsyncClient) -> None:
        fault = {"kind": "status", "status": 503, "times": 2}

        set_ = await control.post("faults", json=fault)
        read = await control.get("faults")
        cleared = await control.delete("faults")

        assert set_.json() == read.json()
        assert read.json()["faults"][0].items() >= fault.items()
        assert cleared.json() == {"faults": []}

    async def test_control_plane_is_never_struck(self, control: httpx.AsyncClient) -> None:
        await control.post("faults", json={"kind": "status", "times": None})

        assert (await control.get("state")).status_code == 200

    async def test_unknown_kind_is_a_bad_request(self, control: httpx.AsyncClient) -> None:
        answer = await control.post("faults", json={"kind": "flood"})

        assert answer.status_code == 400
        assert "kind is one of" in answer.json()["error"]


class TestActions:
    async def test_another_process_can_push_and_read_what_arrived(
        self, control: httpx.AsyncClient, wechat: WechatSimulator, callee: Callee
    ) -> None:
        pushed = await control.post("push", json={"openid": OPENID, "text": "在吗"})
        entered = await control.post("push", json={"openid": OPENID, "kind": "enter_session"})
        token, _ = wechat.platform.tokens.stable(wechat.platform.account(None), force=False)
        await control.post(
            "http://api.test/cgi-bin/message/custom/send",
            params={"access_token": token},
            json={"touser": OPENID, "msgtype": "text", "text": {"content": "ok"}},
        )

        inbox = (await control.get("inbox")).json()["inbox"]
        state = (await control.get("state")).json()

        assert pushed.json()["attempts"][0]["body"] == "success"
        assert entered.json()["accepted"] is True
        assert [(item["openid"], item["text"]) for item in inbox] == [(OPENID, "ok")]
        assert state["customers"][0]["remaining"] == 6
        assert state["sent"][0]["body"]["text"] == {"content": "ok"}
        assert len(callee.received) == 2

    async def test_another_process_can_log_a_customer_in(
        self, control: httpx.AsyncClient, wechat: WechatSimulator
    ) -> None:
        code = (await control.post("login", json={"openid": OPENID})).json()["code"]

        customer = wechat.platform.login(wechat.platform.account(None), code)

        assert customer.openid == OPENID

    @pytest.mark.parametrize(
        ("action", "body", "status", "complaint"),
        [
            ("dance", {}, 404, "no action 'dance', only ['login', 'push']"),
            ("push", {"text": "在吗"}, 400, "the action needs the text field 'openid'"),
            ("push", {"openid": OPENID, "kind": "x"}, 400, "a push is of kind"),
            ("push", {"openid": OPENID, "text": "", "appid": "x"}, 400, "name one of"),
        ],
    )
    async def test_wrong_action_is_explained(
        self,
        control: httpx.AsyncClient,
        action: str,
        body: dict[str, str],
        status: int,
        complaint: str,
    ) -> None:
        answer = await control.post(action, json=body)

        assert answer.status_code == status
        assert complaint in answer.json()["error"]
