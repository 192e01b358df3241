"""The account's access token: fetched once for all who wait, and replaced only when it fails."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import httpx
from pydantic import SecretStr, ValidationError

from channels.base import TokenCache
from channels.errors import DeliveryRetryableError, DeliveryUnknownError
from channels.wechat.errcodes import failure
from channels.wechat.exchange import post
from channels.wechat.payloads import TokenAnswer

# The platform itself swaps a token five minutes before its end, and old and new work meanwhile.
AHEAD_SECONDS = 300.0
# The platform allows a forced one every 30 s and 20 a day; half of it is left to people.
FORCE_GAP_SECONDS = 60.0
FORCES_A_DAY = 10
DAY_SECONDS = 86_400.0
# The platform counts its days in China's time.
CHINA = timezone(timedelta(hours=8))


class StableTokens:
    """Gives the token of one appid; any number of processes that share the cache make one call.

    https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-access-token/api_getstableaccesstoken.html
    """

    def __init__(
        self,
        *,
        key: str,
        appid: str,
        secret: SecretStr,
        api_base: str,
        http: httpx.AsyncClient,
        cache: TokenCache,
        now: Callable[[], datetime],
    ) -> None:
        """`key` names the token in the cache."""
        self._key = key
        self._appid = appid
        self._secret = secret
        self._url = httpx.URL(f"{api_base}/cgi-bin/stable_token")
        self._http = http
        self._cache = cache
        self._now = now

    async def get(self) -> str:
        """Give the token that lives, fetching it where there is none.

        Raises:
            DeliveryError: There is none to be had.
        """
        token = await self._cache.get(self._key)
        if token is not None:
            return token
        async with self._cache.lock(self._key):
            token = await self._cache.get(self._key)
            return token if token is not None else await self._renew(failed=None)

    async def replace(self, failed: str) -> str:
        """Give another token than one that was refused; whoever comes later gets the same.

        Raises:
            DeliveryError: There is none to be had.
        """
        await self._cache.drop(self._key, failed)
        async with self._cache.lock(self._key):
            token = await self._cache.get(self._key)
            return token if token is not None else await self._renew(failed=failed)

    async def _renew(self, *, failed: str | None) -> str:
        answer = await self._fetch(force=False)
        if answer.access_token.get_secret_value() == failed:
            await self._count_forced()
            answer = await self._fetch(force=True)
        token = answer.access_token.get_secret_value()
        if token == failed:
            msg = f"WeChat keeps giving appid {self._appid!r} a token that it refuses"
            raise DeliveryRetryableError(msg, retry_after=FORCE_GAP_SECONDS)
        ahead = min(AHEAD_SECONDS, answer.expires_in / 2)
        await self._cache.put(self._key, token, lifetime=answer.expires_in - ahead)
        return token

    async def _count_forced(self) -> None:
        # In the shared cache and under its lock, so that it holds for all processes together.
        gap = f"{self._key}:forced"
        today = f"{gap}:{self._now().astimezone(CHINA).date()}"
        count = int(await self._cache.get(today) or 0)
        if await self._cache.get(gap) is not None or count >= FORCES_A_DAY:
            msg = f"the token of appid {self._appid!r} is refused, and was forced anew just before"
            raise DeliveryRetryableError(msg, retry_after=FORCE_GAP_SECONDS)
        await self._cache.put(gap, "1", lifetime=FORCE_GAP_SECONDS)
        await self._cache.put(today, str(count + 1), lifetime=DAY_SECONDS)

    async def _fetch(self, *, force: bool) -> TokenAnswer:
        body = {
            "grant_type": "client_credential",
            "appid": self._appid,
            "secret": self._secret.get_secret_value(),
            "force_refresh": force,
        }
        try:
            answer = TokenAnswer.model_validate_json(await post(self._http, self._url, body))
        except DeliveryUnknownError as error:
            # Nothing is lost by asking for a token again.
            raise DeliveryRetryableError(str(error)) from error
        except ValidationError:
            answer = TokenAnswer()
        if answer.errcode:
            raise failure(answer.errcode, answer.errmsg)
        if not answer.access_token.get_secret_value() or answer.expires_in <= 0:
            msg = "WeChat answered the call for a token with something else"
            raise DeliveryRetryableError(msg)
        return answer
