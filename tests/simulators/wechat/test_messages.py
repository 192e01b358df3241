import json
from typing import Any

import httpx
import pytest

from simulators.wechat.customers import AI_NOTE
from simulators.wechat.errors import Errcode
from simulators.wechat.simulator import WechatSimulator
from tests.simulators.callee import Clock
from tests.simulators.wechat.setting import (
    OPENID,
    SEND_PATH,
    account,
    send,
    simulator,
    stable,
    text,
)


class TestSending:
    async def test_customer_reads_the_text_and_the_grey_line(
        self, api: httpx.AsyncClient, wechat: WechatSimulator, token: str
    ) -> None:
        await wechat.push_text(OPENID, "有 M 码吗")

        by_model = await send(
            api, token, {**text("有的，M 码现货。"), "aimsgcontext": {"is_ai_msg": 1}}
        )
        by_person = await send(api, token, text("需要我帮您留一件吗？"))

        assert (by_model, by_person) == (0, 0)
        assert [message.is_ai for message in wechat.sent] == [True, False]
        assert wechat.screen(OPENID) == ["有的，M 码现货。", AI_NOTE, "需要我帮您留一件吗？"]

    async def test_stranger_is_an_invalid_openid(self, api: httpx.AsyncClient, token: str) -> None:
        assert await send(api, token, text("好", "o-stranger")) == Errcode.OPENID
        assert await send(api, token, {**text("好"), "touser": 7}) == Errcode.OPENID

    async def test_text_may_have_2048_bytes(
        self, api: httpx.AsyncClient, wechat: WechatSimulator, token: str
    ) -> None:
        await wechat.push_text(OPENID, "在吗")

        fits = await send(api, token, text("好" * 682 + "ab"))
        too_long = await send(api, token, text("好" * 682 + "abc"))

        assert (fits, too_long) == (0, Errcode.CONTENT_TOO_LONG)
        assert len(wechat.sent) == 1

    async def test_escaped_chinese_is_read_as_escapes(
        self, api: httpx.AsyncClient, wechat: WechatSimulator, token: str
    ) -> None:
        await wechat.push_text(OPENID, "在吗")
        escaped = json.dumps(text("好\\u")).encode()

        await api.post(SEND_PATH, params={"access_token": token}, content=escaped)

        assert wechat.screen(OPENID) == ["\\u597d\\u"]

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"touser": OPENID, "msgtype": "voice", "voice": {}}, Errcode.MESSAGE_TYPE),
            ({"touser": OPENID, "msgtype": ["text"]}, Errcode.MESSAGE_TYPE),
            ({"touser": OPENID, "msgtype": "text"}, Errcode.DATA_FORMAT),
            ({"touser": OPENID, "msgtype": "text", "text": {"content": 1}}, Errcode.DATA_FORMAT),
            (
                {"touser": OPENID, "msgtype": "image", "image": {"media_id": "x"}},
                Errcode.MEDIA_ID,
            ),
            (
                {
                    "touser": OPENID,
                    "msgtype": "miniprogrampage",
                    "miniprogrampage": {"title": "", "pagepath": "", "thumb_media_id": "x"},
                },
                Errcode.MEDIA_ID,
            ),
        ],
    )
    async def test_wrong_form_is_named(
        self,
        api: httpx.AsyncClient,
        wechat: WechatSimulator,
        token: str,
        body: dict[str, Any],
        code: int,
    ) -> None:
        await wechat.push_text(OPENID, "在吗")

        assert await send(api, token, body) == code

    @pytest.mark.parametrize("body", [b"{", b"[]", b"\xff"])
    async def test_what_is_no_json_is_a_format_error(
        self, api: httpx.AsyncClient, token: str, body: bytes
    ) -> None:
        answer = await api.post(SEND_PATH, params={"access_token": token}, content=body)

        assert answer.json()["errcode"] == Errcode.DATA_FORMAT


class TestQuota:
    async def test_sixth_answer_to_one_message_is_refused_until_the_next(
        self, api: httpx.AsyncClient, wechat: WechatSimulator, token: str
    ) -> None:
        await wechat.push_text(OPENID, "在吗")
        codes = [await send(api, token, text(str(number))) for number in range(6)]
        await wechat.push_text(OPENID, "还在吗")

        again = [await send(api, token, text(str(number))) for number in range(6)]

        assert codes == [0, 0, 0, 0, 0, Errcode.COUNT_USED_UP]
        assert again == codes

    async def test_second_message_refills_and_does_not_add(
        self, api: httpx.AsyncClient, wechat: WechatSimulator, token: str
    ) -> None:
        await wechat.push_text(OPENID, "在吗")
        await send(api, token, text("在的"))
        await wechat.push_text(OPENID, "有货吗")

        assert wechat.customer(OPENID).remaining(wechat.platform.now()) == 5

    async def test_window_closes_after_48_hours(
        self, api: httpx.AsyncClient, wechat: WechatSimulator, token: str, clock: Clock
    ) -> None:
        await wechat.push_text(OPENID, "在吗")
        clock.forward(hours=48)
        fresh = (await stable(api))["access_token"]

        assert await send(api, fresh, text("好")) == Errcode.WINDOW_CLOSED

    async def test_entering_is_worth_two_for_a_minute(
        self, api: httpx.AsyncClient, wechat: WechatSimulator, token: str, clock: Clock
    ) -> None:
        await wechat.push_enter_session(OPENID)

        codes = [await send(api, token, text(str(number))) for number in range(3)]
        clock.forward(minutes=1)
        late = await send(api, token, text("晚了"))

        assert (codes, late) == ([0, 0, Errcode.COUNT_USED_UP], Errcode.WINDOW_CLOSED)

    async def test_menu_click_is_no_message(
        self, api: httpx.AsyncClient, wechat: WechatSimulator, token: str
    ) -> None:
        click = wechat.message("text", OPENID, {"Content": "好", "bizmsgmenuid": "1"})

        await wechat.push(click)

        assert wechat.customer(OPENID).remaining(wechat.platform.now()) == 3

    async def test_other_event_opens_nothing(
        self, api: httpx.AsyncClient, wechat: WechatSimulator, token: str
    ) -> None:
        await wechat.push_event(OPENID, "debug_demo", {"debug_str": "hello world"})

        assert await send(api, token, text("好")) == Errcode.WINDOW_CLOSED

    async def test_accounts_count_apart(self, clock: Clock) -> None:
        platform = simulator(clock, account(), account(appid="wx2"))
        platform.customer(OPENID, appid="wx2")
        api = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=platform.app), base_url="http://api.test"
        )
        token = (await stable(api))["access_token"]

        assert await send(api, token, text("好")) == Errcode.OPENID


class TestTyping:
    async def typing(self, api: httpx.AsyncClient, token: str, command: str = "Typing") -> int:
        body = {"touser": OPENID, "command": command}
        return await send(api, token, body, "/cgi-bin/message/custom/typing")

    async def test_sign_stands_until_cancelled_or_over(
        self, api: httpx.AsyncClient, wechat: WechatSimulator, token: str, clock: Clock
    ) -> None:
        await wechat.push_text(OPENID, "在吗")

        begun, again = await self.typing(api, token), await self.typing(api, token)
        cancelled = await self.typing(api, token, "CancelTyping")
        anew = await self.typing(api, token)
        clock.forward(seconds=15)

        assert [begun, again, cancelled, anew] == [0, Errcode.TYPING_ALREADY, 0, 0]
        assert await self.typing(api, token) == 0
        assert wechat.customer(OPENID).remaining(clock()) == 5

    async def test_customer_who_is_away_sees_none(
        self, api: httpx.AsyncClient, wechat: WechatSimulator, token: str, clock: Clock
    ) -> None:
        await wechat.push_text(OPENID, "在吗")
        clock.forward(seconds=31)

        assert await self.typing(api, token) == Errcode.TYPING_NO_CONTACT

    async def test_unknown_command_is_refused(
        self, api: httpx.AsyncClient, wechat: WechatSimulator, token: str
    ) -> None:
        await wechat.push_text(OPENID, "在吗")

        assert await self.typing(api, token, "Dance") == Errcode.TYPING_COMMAND
