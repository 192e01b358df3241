"""What can go wrong between a platform and us.

ChannelError
├─ SignatureInvalidError
├─ PayloadInvalidError
└─ DeliveryError
   ├─ DeliveryRefusedError
   ├─ DeliveryRetryableError      retryable; retry_after
   └─ DeliveryUnknownError
"""

from typing import ClassVar


class ChannelError(Exception):
    """A platform's message could not be taken, or ours could not be given."""

    retryable: ClassVar[bool] = False


class SignatureInvalidError(ChannelError):
    """A request is not from the platform: signature, cipher, receiver or age is wrong.

    One message for all of them, so that nobody can use us as an oracle.
    """


class PayloadInvalidError(ChannelError):
    """A verified request holds what this platform does not send."""


class DeliveryError(ChannelError):
    """The platform did not take a part."""


class DeliveryRefusedError(DeliveryError):
    """The platform refused for good; `code` is its own, for the audit log."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class DeliveryRetryableError(DeliveryError):
    """The platform took nothing and may be asked again after `retry_after` seconds."""

    retryable = True

    def __init__(self, message: str, *, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DeliveryUnknownError(DeliveryError):
    """The request went out and no answer came: it must not be repeated blindly."""
