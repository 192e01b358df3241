"""Calls to the open platform: the brand's token, and every answer as a result or an error."""

from collections.abc import Mapping

import httpx

from channels.base import ChannelTools
from channels.douyin.answers import Answer, Remedy
from channels.douyin.payloads import TokenContent
from channels.douyin.settings import OpenPlatformSettings
from channels.errors import DeliveryRetryableError, DeliveryUnknownError, PayloadInvalidError

SEND_PATH = "/im/send/msg/"
REFRESH_PATH = "/oauth/refresh_token/"

# Nothing has left this machine yet when one of these is raised.
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class DouyinClient:
    """The open platform, called for one brand account."""

    def __init__(self, settings: OpenPlatformSettings, tools: ChannelTools) -> None:
        self._settings = settings
        self._http = tools.http
        self._tokens = tools.tokens
        self._token_key = f"douyin:{settings.account}:access_token"

    async def send_message(self, message: Mapping[str, object]) -> str | None:
        """Send a direct message and give its id, where the platform tells it.

        Raises:
            DeliveryError: It was not taken, or nobody knows.
        """
        token = await self._token()
        answer = await self._send(message, token)
        if not answer.taken and answer.remedy is Remedy.RENEW:
            await self._tokens.drop(self._token_key, token)
            answer = await self._send(message, await self._token())
        if not answer.taken:
            raise answer.error()
        return answer.message_id

    async def _send(self, message: Mapping[str, object], token: str) -> Answer:
        try:
            response = await self._http.post(
                f"{self._settings.api_base}{SEND_PATH}",
                params={"open_id": self._settings.brand_open_id},
                headers={"access-token": token},
                json=message,
            )
        except _UNSENT as error:
            msg = "douyin could not be reached"
            raise DeliveryRetryableError(msg) from error
        except httpx.RequestError as error:
            msg = "douyin gave no answer: the message's echo will tell whether it was taken"
            raise DeliveryUnknownError(msg) from error
        return Answer.read(SEND_PATH, response)

    async def _token(self) -> str:
        token = await self._tokens.get(self._token_key)
        if token is not None:
            return token
        async with self._tokens.lock(self._token_key):
            # Somebody may have fetched it while we waited.
            return await self._tokens.get(self._token_key) or await self._refresh()

    async def _refresh(self) -> str:
        form = {
            "client_key": self._settings.client_key,
            "grant_type": "refresh_token",
            "refresh_token": self._settings.refresh_token.get_secret_value(),
        }
        try:
            response = await self._http.post(f"{self._settings.api_base}{REFRESH_PATH}", data=form)
        except httpx.RequestError as error:
            msg = "douyin gave no token"
            raise DeliveryRetryableError(msg) from error
        answer = Answer.read(REFRESH_PATH, response)
        if answer.remedy in {Remedy.STOP, Remedy.RENEW}:
            raise answer.error()
        # No message is under way yet, so that whatever else went wrong may be tried again.
        try:
            issued = TokenContent.read(answer.data, "a token")
        except PayloadInvalidError as error:
            msg = f"douyin gave no token (log id {answer.log_id!r})"
            raise DeliveryRetryableError(msg) from error
        await self._tokens.put(self._token_key, issued.access_token, lifetime=issued.lifetime)
        return issued.access_token
