"""What can go wrong with labelling; whatever it is, nothing leaves.

LabellingError
├─ UnsupportedMediaError
├─ LabelMissingError
├─ ProducerCodeInvalidError
└─ SignerUnavailableError    retryable
"""

from typing import ClassVar


class LabellingError(Exception):
    """The label could not be written, read back or restored."""

    retryable: ClassVar[bool] = False


class UnsupportedMediaError(LabellingError):
    """No chain of writers is registered for a medium, or its bytes are not what they claim."""


class LabelMissingError(LabellingError):
    """A due label was not found when the finished part was read back."""


class ProducerCodeInvalidError(LabellingError):
    """A provider code does not have the form or the check digit of TC260-PG-20252A."""


class SignerUnavailableError(LabellingError):
    """The signer of manifests gave no answer; the same call may succeed later."""

    retryable = True
