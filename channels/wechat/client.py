"""Calls of WeChat's API for one account: the token goes in, the errcode comes out as our error."""

from collections.abc import Mapping

import httpx
from pydantic import ValidationError

from channels.errors import DeliveryUnknownError
from channels.wechat.errcodes import TOKEN_REFUSED, failure
from channels.wechat.exchange import post
from channels.wechat.payloads import ApiAnswer
from channels.wechat.tokens import StableTokens

SEND_PATH = "/cgi-bin/message/custom/send"


class WechatClient:
    """The calls our fronts make."""

    def __init__(self, api_base: str, *, http: httpx.AsyncClient, tokens: StableTokens) -> None:
        """`http` is owned by the container, which closes it."""
        self._api_base = api_base
        self._http = http
        self._tokens = tokens

    async def send_custom(self, message: Mapping[str, object]) -> None:
        """Send a customer-service message.

        Raises:
            DeliveryError: The platform did not take it; its subclass says what to do next.
        """
        token = await self._tokens.get()
        answer = await self._call(SEND_PATH, token, message)
        if answer.errcode in TOKEN_REFUSED:
            token = await self._tokens.replace(token)
            answer = await self._call(SEND_PATH, token, message)
        if answer.errcode:
            raise failure(answer.errcode, answer.errmsg)

    async def _call(self, path: str, token: str, body: Mapping[str, object]) -> ApiAnswer:
        url = httpx.URL(f"{self._api_base}{path}", params={"access_token": token})
        answer = await post(self._http, url, body)
        try:
            return ApiAnswer.model_validate_json(answer)
        except ValidationError:
            msg = f"the answer to {path!r} is none of WeChat's"
        raise DeliveryUnknownError(msg)
