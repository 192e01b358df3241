"""DashScope's error codes, with their HTTP status and how the platform words them."""

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """The codes that are known here; a fault may name any other."""

    INVALID_PARAMETER = "InvalidParameter"
    INSPECTION_FAILED = "DataInspectionFailed"
    ARREARAGE = "Arrearage"
    INVALID_API_KEY = "InvalidApiKey"
    ACCESS_DENIED = "AccessDenied"
    MODEL_ACCESS_DENIED = "Model.AccessDenied"
    MODEL_NOT_FOUND = "ModelNotFound"
    THROTTLING = "Throttling"
    RATE_QUOTA = "Throttling.RateQuota"
    ALLOCATION_QUOTA = "Throttling.AllocationQuota"
    INTERNAL_ERROR = "InternalError"
    TIMED_OUT = "RequestTimeOut"
    MODEL_UNAVAILABLE = "ModelUnavailable"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What stands in an answer that is none."""

    status: int
    code: str
    message: str


ALGORITHM = "<400> InternalError.Algo.InvalidParameter: "
INTERNAL = "An internal error has occured, please try again later or contact service support."
IN_ARREARS = "Access denied, please make sure your account is in good standing."
TOO_FAST = "Requests rate limit exceeded, please try again later."

KNOWN: dict[str, tuple[int, str]] = {
    Code.INVALID_PARAMETER: (400, "Required parameter missing or invalid."),
    Code.INSPECTION_FAILED: (400, "Input data may contain inappropriate content."),
    Code.ARREARAGE: (400, IN_ARREARS),
    Code.INVALID_API_KEY: (401, "Invalid API-key provided."),
    Code.ACCESS_DENIED: (403, "Access denied."),
    Code.MODEL_ACCESS_DENIED: (403, "Model access denied."),
    Code.MODEL_NOT_FOUND: (404, "Model can not be found."),
    Code.THROTTLING: (429, "Requests throttling triggered."),
    Code.RATE_QUOTA: (429, TOO_FAST),
    Code.ALLOCATION_QUOTA: (429, "Allocated quota exceeded, please increase your quota limit."),
    Code.INTERNAL_ERROR: (500, INTERNAL),
    Code.TIMED_OUT: (500, "Request timed out, please try again later."),
    Code.MODEL_UNAVAILABLE: (503, "Model is unavailable, please try again later."),
}


class DashscopeError(Exception):
    """A call is refused with one of the platform's codes."""

    def __init__(self, code: str, message: str = "") -> None:
        status, wording = KNOWN.get(code, (500, INTERNAL))
        self.refusal = Refusal(status, str(code), message or wording)
        super().__init__(self.refusal.message)


def invalid(message: str) -> DashscopeError:
    """Word a parameter that the model's own service refuses."""
    return DashscopeError(Code.INVALID_PARAMETER, ALGORITHM + message)
