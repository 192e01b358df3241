"""What the routes need of a request."""

from collections import defaultdict
from typing import TYPE_CHECKING

from starlette.requests import Request

from channels.base import WebhookRequest
from runtime.api.errors import BodyTooLargeError

if TYPE_CHECKING:
    from runtime.container import Container


def container_of(request: Request) -> "Container":
    """Give the parts of this process."""
    container: Container = request.app.state.container
    return container


async def read_body(request: Request, limit: int) -> bytes:
    """Read a body, but no more than `limit` bytes of it.

    Raises:
        BodyTooLargeError: There is more.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            msg = f"a body may have {limit} bytes"
            raise BodyTooLargeError(msg)
    return bytes(body)


async def webhook_request(request: Request) -> WebhookRequest:
    """Give a request as a channel reads it, with the bytes as they came.

    Raises:
        BodyTooLargeError: The body is over the limit.
    """
    container = container_of(request)
    query: dict[str, list[str]] = defaultdict(list)
    for name, value in request.query_params.multi_items():
        query[name].append(value)
    return WebhookRequest(
        method=request.method,
        query={name: tuple(values) for name, values in query.items()},
        headers=dict(request.headers.items()),
        body=await read_body(request, container.settings.http.max_body_bytes),
        received_at=container.now(),
    )
