"""Which error is which HTTP status: the whole table."""

from collections.abc import Mapping
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from channels.errors import ChannelError, PayloadInvalidError, SignatureInvalidError
from runtime.errors import (
    ConfigurationError,
    EventsGoneError,
    NotFoundError,
    RuntimeFault,
    StoreUnavailableError,
    ValueRefusedError,
    VaultError,
)
from runtime.hub import EventHubError
from runtime.logging import get_logger
from runtime.messages.catalogue import Catalogue
from runtime.queue.base import QueueError

log = get_logger(__name__)


class BodyTooLargeError(RuntimeFault):
    """A request's body is over the limit."""


STATUSES: Final[Mapping[type[Exception], tuple[int, str]]] = {
    SignatureInvalidError: (401, "signature_invalid"),
    PayloadInvalidError: (400, "payload_invalid"),
    NotFoundError: (404, "not_found"),
    EventsGoneError: (410, "gone"),
    BodyTooLargeError: (413, "too_large"),
    # The platform is to send again: nothing was lost, nothing was acknowledged.
    StoreUnavailableError: (503, "unavailable"),
    QueueError: (503, "unavailable"),
    EventHubError: (503, "unavailable"),
    ConfigurationError: (503, "unavailable"),
    VaultError: (500, "internal"),
    ChannelError: (500, "internal"),
    # PostgreSQL refuses what SQLite takes, such as NUL in a name.
    ValueRefusedError: (400, "payload_invalid"),
    Exception: (500, "internal"),
}
_CODES: Final[Mapping[int, str]] = {404: "not_found"}


def reply(request: Request, error: Exception) -> Response:
    """Make the answer to a request that failed: a status, a code and a sentence to show."""
    status, code = next(
        known for kind in type(error).__mro__ if (known := STATUSES.get(kind)) is not None
    )
    log.warning("request_refused", status=status, code=code, error=type(error).__name__)
    return _in_words(request, status, code)


def unrouted(request: Request, error: HTTPException) -> Response:
    """Make the answer to a request that no route takes."""
    code = _CODES.get(error.status_code, "payload_invalid")
    response = _in_words(request, error.status_code, code)
    response.headers.update(error.headers or {})
    return response


def _in_words(request: Request, status: int, code: str) -> Response:
    catalogue: Catalogue = request.app.state.container.catalogue
    message = catalogue.text(f"error.{code}")
    return JSONResponse({"error": {"code": code, "message": message}}, status_code=status)
