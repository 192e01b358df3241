from typing import Any

import httpx
import pytest

from simulators.wechat.errors import Errcode
from simulators.wechat.simulator import WechatSimulator
from tests.simulators.callee import Clock
from tests.simulators.wechat.setting import APPID, CREDENTIALS, OPENID, SECRET, send, stable, text


async def plain(api: httpx.AsyncClient) -> str:
    answer = await api.get("/cgi-bin/token", params=CREDENTIALS)
    return str(answer.json()["access_token"])


class TestStableToken:
    async def test_repeats_itself_with_the_seconds_left(
        self, api: httpx.AsyncClient, clock: Clock
    ) -> None:
        first = await stable(api)
        clock.forward(seconds=1000)

        second = await stable(api)

        assert first["expires_in"] == 7200
        assert second == {"access_token": first["access_token"], "expires_in": 6200}

    async def test_is_swapped_five_minutes_before_its_end(
        self, api: httpx.AsyncClient, wechat: WechatSimulator, clock: Clock
    ) -> None:
        first = await stable(api)
        clock.forward(seconds=6900)

        second = await stable(api)

        both = [wechat.platform.tokens.account_of(one["access_token"]) for one in (first, second)]
        assert first["access_token"] != second["access_token"]
        assert [one.appid for one in both] == [APPID, APPID]

    async def test_force_kills_the_old_one_at_once(self, api: httpx.AsyncClient) -> None:
        old = (await stable(api))["access_token"]

        new = (await stable(api, force=True))["access_token"]

        assert await send(api, old, text("好")) == Errcode.TOKEN_INVALID
        assert await send(api, new, text("好")) == Errcode.OPENID

    async def test_force_inside_thirty_seconds_gives_the_same(
        self, api: httpx.AsyncClient, clock: Clock
    ) -> None:
        await stable(api)
        first = await stable(api, force=True)
        clock.forward(seconds=29)

        second = await stable(api, force=True)

        assert second["access_token"] == first["access_token"]

    async def test_force_works_twenty_times_a_day(
        self, api: httpx.AsyncClient, clock: Clock
    ) -> None:
        await stable(api)
        for _ in range(20):
            clock.forward(seconds=30)
            await stable(api, force=True)
        clock.forward(seconds=30)

        refused = await stable(api, force=True)
        clock.forward(days=1)
        allowed = await stable(api, force=True)

        assert refused["errcode"] == Errcode.DAILY_LIMIT
        assert "access_token" in allowed

    async def test_does_not_touch_the_plain_token(self, api: httpx.AsyncClient) -> None:
        token = await plain(api)

        await stable(api, force=True)

        assert await send(api, token, text("好")) == Errcode.OPENID


class TestPlainToken:
    async def test_new_one_ends_the_old_after_the_overlap(
        self, api: httpx.AsyncClient, clock: Clock
    ) -> None:
        old = await plain(api)
        await plain(api)

        meanwhile = await send(api, old, text("好"))
        clock.forward(minutes=5)
        after = await send(api, old, text("好"))

        assert (meanwhile, after) == (Errcode.OPENID, Errcode.TOKEN_EXPIRED)


class TestCredentials:
    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"grant_type": "x"}, Errcode.GRANT_TYPE),
            ({"appid": ""}, Errcode.APPID_MISSING),
            ({"secret": ""}, Errcode.SECRET_MISSING),
            ({"appid": "wx0"}, Errcode.APPID),
            ({"secret": "x"}, Errcode.APPSECRET),
        ],
    )
    async def test_wrong_ones_are_named_by_both_token_calls(
        self, api: httpx.AsyncClient, change: dict[str, str], code: int
    ) -> None:
        by_post = await api.post("/cgi-bin/stable_token", json={**CREDENTIALS, **change})
        by_get = await api.get("/cgi-bin/token", params={**CREDENTIALS, **change})

        assert (by_post.json()["errcode"], by_get.json()["errcode"]) == (code, code)

    @pytest.mark.parametrize(
        ("token", "code"),
        [
            ("", Errcode.TOKEN_MISSING),
            ("short", Errcode.TOKEN_MALFORMED),
            ("1_" + "x" * 100, Errcode.TOKEN_INVALID),
        ],
    )
    async def test_wrong_token_is_told_apart(
        self, api: httpx.AsyncClient, token: str, code: int
    ) -> None:
        assert await send(api, token, text("好")) == code

    async def test_token_expires(self, api: httpx.AsyncClient, token: str, clock: Clock) -> None:
        clock.forward(seconds=7200)

        assert await send(api, token, text("好")) == Errcode.TOKEN_EXPIRED

    async def test_revoked_token_is_replaced_by_the_next_call(
        self, api: httpx.AsyncClient, wechat: WechatSimulator, token: str
    ) -> None:
        wechat.revoke_tokens()

        refused = await send(api, token, text("好"))
        fresh = (await stable(api))["access_token"]

        assert (refused, await send(api, fresh, text("好"))) == (
            Errcode.TOKEN_INVALID,
            Errcode.OPENID,
        )

    async def test_wrong_method_is_named(self, api: httpx.AsyncClient) -> None:
        got = await api.get("/cgi-bin/stable_token", params=CREDENTIALS)
        posted = await api.post("/sns/jscode2session", params=CREDENTIALS)

        assert got.json()["errcode"] == Errcode.POST_NEEDED
        assert posted.json()["errcode"] == Errcode.GET_NEEDED

    async def test_error_carries_a_request_id(self, api: httpx.AsyncClient) -> None:
        answer = await api.get("/cgi-bin/token")

        assert answer.json()["errmsg"].startswith("invalid grant_type rid: ")


class TestLogin:
    async def exchange(self, api: httpx.AsyncClient, code: str, **change: str) -> dict[str, Any]:
        params = {
            "appid": APPID,
            "secret": SECRET,
            "js_code": code,
            "grant_type": "authorization_code",
            **change,
        }
        return dict((await api.get("/sns/jscode2session", params=params)).json())

    async def test_code_gives_the_openid_once(
        self, api: httpx.AsyncClient, wechat: WechatSimulator
    ) -> None:
        wechat.customer(OPENID).unionid = "u1"
        code = wechat.login(OPENID)

        first, second = await self.exchange(api, code), await self.exchange(api, code)

        assert (first["openid"], first["unionid"]) == (OPENID, "u1")
        assert first["session_key"]
        assert second["errcode"] == Errcode.LOGIN_CODE

    async def test_code_lives_five_minutes(
        self, api: httpx.AsyncClient, wechat: WechatSimulator, clock: Clock
    ) -> None:
        code = wechat.login(OPENID)
        clock.forward(minutes=5)

        assert (await self.exchange(api, code))["errcode"] == Errcode.LOGIN_CODE

    async def test_blocked_customer_is_let_in_nowhere(
        self, api: httpx.AsyncClient, wechat: WechatSimulator
    ) -> None:
        wechat.customer(OPENID).blocked = True

        answer = await self.exchange(api, wechat.login(OPENID))

        assert answer["errcode"] == Errcode.USER_BLOCKED

    async def test_grant_type_is_checked(self, api: httpx.AsyncClient) -> None:
        answer = await self.exchange(api, "x", grant_type="client_credential")

        assert answer["errcode"] == Errcode.GRANT_TYPE

    async def test_customer_without_unionid_has_none(
        self, api: httpx.AsyncClient, wechat: WechatSimulator
    ) -> None:
        assert "unionid" not in await self.exchange(api, wechat.login(OPENID))
