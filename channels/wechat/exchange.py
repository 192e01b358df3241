"""One call of WeChat's API: every way it can end becomes an answer or one of our errors."""

import json
from collections.abc import Mapping

import httpx
from typing_extensions import override

from channels.errors import (
    DeliveryError,
    DeliveryRefusedError,
    DeliveryRetryableError,
    DeliveryUnknownError,
)

TOO_MANY_RETRY_AFTER = 60.0

_NOTHING_WRITTEN = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
)


class QuietUrl(httpx.URL):
    """An address that shows no query, where WeChat wants the token: httpx logs every address."""

    @override
    def __str__(self) -> str:
        return str(httpx.URL(self, query=None))

    @override
    def __repr__(self) -> str:
        return f"QuietUrl({str(self)!r})"


async def post(http: httpx.AsyncClient, url: httpx.URL, body: Mapping[str, object]) -> bytes:
    """Post a call and give the body of its answer.

    Raises:
        DeliveryRetryableError: Nothing was written, or it was one call too many.
        DeliveryUnknownError: It went out, and no answer of WeChat's came.
        DeliveryRefusedError: The answer was no success and no failure of a server's.
    """
    # Raw UTF-8: customers were seen to get a literal \uXXXX, and escapes count as their length.
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    request = http.build_request(
        "POST", url, content=content, headers={"content-type": "application/json"}
    )
    request.url = QuietUrl(request.url)
    try:
        response = await http.send(request, follow_redirects=False)
    except httpx.HTTPError as error:
        failure = _lost(error)
    else:
        if response.is_success:
            return response.content
        failure = _rejected(response.status_code)
    # Out of the handler: httpx's error holds the request, and with it the token.
    raise failure


def _lost(error: httpx.HTTPError) -> DeliveryError:
    kind = type(error).__name__
    if isinstance(error, _NOTHING_WRITTEN):
        return DeliveryRetryableError(f"WeChat could not be reached: {kind}")
    return DeliveryUnknownError(f"WeChat gave no answer: {kind}")


def _rejected(status: int) -> DeliveryError:
    msg = f"WeChat answered with HTTP status {status}"
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return DeliveryRetryableError(msg, retry_after=TOO_MANY_RETRY_AFTER)
    if status >= httpx.codes.INTERNAL_SERVER_ERROR:
        # A gateway says 502 to 504 whether or not the message got through behind it.
        return DeliveryUnknownError(msg)
    return DeliveryRefusedError(msg, code=f"HTTP {status}")
