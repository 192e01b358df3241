"""DashScope's error codes, brought to ours.

From the provider's table of error codes. A code decides before the status: an error inside a stream
reaches us with the status 400 whatever it was.
"""

from http import HTTPStatus

from agents.errors import AgentError, ModelRefusedError, ModelUnavailableError

_UNAVAILABLE = (
    "Throttling",
    "LimitRequests",
    "InternalError",
    "InternalServerError",
    "ServiceUnavailable",
    "SystemError",
    "ModelUnavailable",
    "ModelServing",
    "ModelServiceFailed",
    "RequestTimeOut",
    "ResponseTimeout",
    "StreamInterrupted",
)
_REFUSED = (
    # A quota that no waiting fills.
    "AllocationQuota",
    "Arrearage",
    "PrepaidBillOverdue",
    "PostpaidBillOverdue",
    "CommodityNotPurchased",
    "InvalidApiKey",
    "InvalidAccessKey",
    "AccessDenied",
    "Model.AccessDenied",
    "Workspace.AccessDenied",
    "DataInspectionFailed",
    "InvalidParameter",
    "InvalidURL",
    "BadRequest",
    "UnsupportedOperation",
    "UnsupportedModel",
    "ModelNotFound",
    "WorkSpaceNotFound",
    "NotFound",
)
_WAITING_HELPS = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS}
)


def error_of(status: int, code: str, model: str, request_id: str) -> AgentError:
    """Make our error of theirs; their message, which may quote the prompt, stays out."""
    answer = f"{status} {code!r} in request {request_id!r}"
    return _kind(status, code)(f"dashscope answered model {model!r} with {answer}")


def _kind(status: int, code: str) -> type[ModelUnavailableError | ModelRefusedError]:
    plain = _plain(code)
    kinds = ((ModelUnavailableError, _UNAVAILABLE), (ModelRefusedError, _REFUSED))
    names = ((_plain(name), kind) for kind, table in kinds for name in table)
    known = [(len(name), kind) for name, kind in names if plain.startswith(name)]
    if known:
        return max(known, key=lambda pair: pair[0])[1]
    if status in _WAITING_HELPS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ModelUnavailableError
    return ModelRefusedError


def _plain(code: str) -> str:
    """Bring `DataInspectionFailed` and `data_inspection_failed` together."""
    return code.replace("_", "").lower()
