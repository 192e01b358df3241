from typing import Any

import httpx
import pytest

from simulators.douyin.errors import Code, DouyinError
from simulators.douyin.simulator import DouyinSimulator
from tests.simulators.callee import Callee, Clock
from tests.simulators.douyin.setting import (
    BRAND,
    CLIENT,
    CLIENT_KEY,
    access_token,
    code_of,
    douyin_app,
    simulator,
)


async def client_token(api: httpx.AsyncClient, **change: str) -> dict[str, Any]:
    body = {**CLIENT, "grant_type": "client_credential", **change}
    return dict((await api.post("/oauth/client_token/", json=body)).json())


async def refresh(api: httpx.AsyncClient, refresh_token: str, **change: str) -> dict[str, Any]:
    form = {"client_key": CLIENT_KEY, "refresh_token": refresh_token, **change}
    form.setdefault("grant_type", "refresh_token")
    return dict((await api.post("/oauth/refresh_token/", data=form)).json()["data"])


async def renew(api: httpx.AsyncClient, refresh_token: str) -> dict[str, Any]:
    form = {"client_key": CLIENT_KEY, "refresh_token": refresh_token}
    return dict((await api.post("/oauth/renew_refresh_token/", data=form)).json()["data"])


def refusal(douyin: DouyinSimulator, token: str) -> int:
    """Why a client token does not work; nought if it does."""
    try:
        douyin.tokens.check_client_token(token)
    except DouyinError as error:
        return error.code
    return 0


class TestClientToken:
    async def test_lives_two_hours(self, api: httpx.AsyncClient) -> None:
        answer = await client_token(api)

        assert answer["message"] == "success"
        assert answer["data"]["expires_in"] == 7200
        assert answer["data"]["access_token"].startswith("clt.")

    async def test_second_shortens_the_first_and_third_kills_it(
        self, api: httpx.AsyncClient, douyin: DouyinSimulator, clock: Clock
    ) -> None:
        first = (await client_token(api))["data"]["access_token"]
        second = (await client_token(api))["data"]["access_token"]

        after_two = refusal(douyin, first)
        await client_token(api)
        after_three = refusal(douyin, first), refusal(douyin, second)
        clock.forward(minutes=5)

        assert after_two == 0
        assert after_three == (Code.TOKEN_INVALID, 0)
        assert refusal(douyin, second) == Code.TOKEN_EXPIRED

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"grant_type": "x"}, Code.OAUTH_PARAMETER),
            ({"client_key": "x"}, Code.OAUTH_CLIENT_KEY),
            ({"client_secret": "x"}, Code.OAUTH_SECRET),
        ],
    )
    async def test_wrong_credentials_are_named(
        self, api: httpx.AsyncClient, change: dict[str, str], code: int
    ) -> None:
        answer = await client_token(api, **change)

        assert (answer["message"], code_of(answer)) == ("error", code)

    async def test_missing_secret_is_a_missing_parameter(self, api: httpx.AsyncClient) -> None:
        body = {"grant_type": "client_credential", "client_key": CLIENT_KEY}

        answer = await api.post("/oauth/client_token/", json=body)

        assert code_of(answer.json()) == Code.OAUTH_PARAMETER_MISSING


class TestAccessToken:
    async def test_code_gives_both_tokens_once(
        self, api: httpx.AsyncClient, douyin: DouyinSimulator
    ) -> None:
        form = {**CLIENT, "grant_type": "authorization_code", "code": douyin.authorise()}

        first = (await api.post("/oauth/access_token/", data=form)).json()["data"]
        second = (await api.post("/oauth/access_token/", data=form)).json()

        assert (first["open_id"], first["scope"]) == (BRAND, "im.direct_message,user_info")
        assert (first["expires_in"], first["refresh_expires_in"]) == (1296000, 2592000)
        assert code_of(second) == Code.OAUTH_CODE

    async def test_code_lives_ten_minutes(
        self, api: httpx.AsyncClient, douyin: DouyinSimulator, clock: Clock
    ) -> None:
        form = {**CLIENT, "grant_type": "authorization_code", "code": douyin.authorise()}
        clock.forward(minutes=10)

        answer = await api.post("/oauth/access_token/", data=form)

        assert code_of(answer.json()) == Code.OAUTH_CODE

    @pytest.mark.parametrize(
        "sent",
        [
            {"json": {**CLIENT, "grant_type": "authorization_code", "code": "x"}},
            {"data": {**CLIENT, "grant_type": "refresh_token", "code": "x"}},
            {
                "content": b"\xff",
                "headers": {"content-type": "application/x-www-form-urlencoded"},
            },
        ],
    )
    async def test_only_a_form_of_the_right_grant_is_taken(
        self, api: httpx.AsyncClient, sent: dict[str, Any]
    ) -> None:
        answer = await api.post("/oauth/access_token/", **sent)

        assert code_of(answer.json()) == Code.OAUTH_PARAMETER


class TestRefresh:
    async def test_new_access_token_does_not_lengthen_the_refresh_token(
        self, api: httpx.AsyncClient, douyin: DouyinSimulator, clock: Clock
    ) -> None:
        granted = await access_token(api, douyin)
        clock.forward(days=10)

        refreshed = await refresh(api, granted["refresh_token"])

        assert refreshed["access_token"] != granted["access_token"]
        assert refreshed["refresh_token"] == granted["refresh_token"]
        assert refreshed["refresh_expires_in"] == 20 * 86400

    async def test_refresh_token_ends_after_thirty_days(
        self, api: httpx.AsyncClient, douyin: DouyinSimulator, clock: Clock
    ) -> None:
        granted = await access_token(api, douyin)
        clock.forward(days=30)

        refreshed = await refresh(api, granted["refresh_token"])

        assert refreshed["error_code"] == Code.OAUTH_REFRESH_EXPIRED

    @pytest.mark.parametrize(
        ("token", "change", "code"),
        [
            ("", {}, Code.OAUTH_PARAMETER_MISSING),
            ("x", {"grant_type": "x"}, Code.OAUTH_PARAMETER),
            ("x", {"client_key": "x"}, Code.OAUTH_CLIENT_KEY),
        ],
    )
    async def test_wrong_request_is_named(
        self, api: httpx.AsyncClient, token: str, change: dict[str, str], code: int
    ) -> None:
        assert (await refresh(api, token, **change))["error_code"] == code

    async def test_refresh_token_is_renewed_five_times_at_most(
        self, api: httpx.AsyncClient, douyin: DouyinSimulator, clock: Clock
    ) -> None:
        former = (await access_token(api, douyin))["refresh_token"]
        renewed = [await renew(api, former)]
        for _ in range(4):
            clock.forward(days=29)
            renewed.append(await renew(api, renewed[-1]["refresh_token"]))

        sixth = await renew(api, renewed[-1]["refresh_token"])

        assert [answer["expires_in"] for answer in renewed] == [2592000] * 5
        assert sixth["error_code"] == Code.OAUTH_RENEWED_TOO_OFTEN
        assert (await refresh(api, former))["error_code"] == Code.OAUTH_REFRESH_EXPIRED

    async def test_renewing_needs_the_ability(self, clock: Clock) -> None:
        douyin = simulator(clock, douyin_app(refresh_renewable=False))
        transport = httpx.ASGITransport(app=douyin.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as api:
            answer = await renew(api, "x")

        assert answer["error_code"] == Code.OAUTH_NO_ABILITY


class TestWithdrawal:
    async def test_withdrawn_consent_ends_the_tokens_and_is_told(
        self, api: httpx.AsyncClient, douyin: DouyinSimulator, callee: Callee
    ) -> None:
        granted = await access_token(api, douyin)
        client = (await client_token(api))["data"]["access_token"]

        await douyin.unauthorise()

        with pytest.raises(DouyinError, match="无效"):
            douyin.tokens.grant_of(granted["access_token"])
        refreshed = await refresh(api, granted["refresh_token"])
        assert refreshed["error_code"] == Code.OAUTH_REFRESH_EXPIRED
        assert b'"event":"unauthorize"' in callee.received[-1].body
        assert refusal(douyin, client) == 0
