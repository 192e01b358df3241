"""Who made it and which piece it is: provider code, content number, the `AIGC` value."""

import re
from dataclasses import dataclass
from typing import Self

from labelling.errors import LabellingError, ProducerCodeInvalidError
from labelling.output import Aigc

DUMMY_CODE = "001191000000000000000K10001"
"""A code with a valid check digit that belongs to nobody; refused outside development."""

_CODE = re.compile(r"00[0-9A-Z]1(?P<uscc>[0-9A-Z]{18})(?P<service>[12])[0-9A-Z]{4}", re.ASCII)
_CONTENT_ID = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)
_SERVICE = 22
"""Where the type of service stands: 1 generates, 2 propagates."""
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
# Powers of 3 modulo 31 (GB 32100-2015 §4).
_USCC_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))


@dataclass(frozen=True, slots=True)
class ProducerCode:
    """A provider's code of 27 characters (TC260-PG-20252A §3)."""

    value: str

    @classmethod
    def parse(cls, value: str) -> Self:
        """Check form and check digit.

        Raises:
            ProducerCodeInvalidError: The code cannot be one; the message says why.
        """
        match = _CODE.fullmatch(value)
        if match is None:
            msg = (
                f"provider code {value!r} is malformed: 27 capitals and digits are due, "
                "00, subject type, 1, the 18 of the credit code, service 1 or 2, and 4 of your own"
            )
            raise ProducerCodeInvalidError(msg)
        _check_digit(match["uscc"])
        return cls(value)

    @property
    def dummy(self) -> bool:
        """Whether it is the code that belongs to nobody."""
        return self.value == DUMMY_CODE

    @property
    def as_propagator(self) -> str:
        """The code of the same provider for the service of carrying others' content."""
        return f"{self.value[:_SERVICE]}2{self.value[_SERVICE + 1 :]}"


def _check_digit(uscc: str) -> None:
    if not set(uscc) <= set(_USCC_ALPHABET):
        msg = f"credit code {uscc!r} holds a letter it cannot (I, O, S, V and Z are not used)"
        raise ProducerCodeInvalidError(msg)
    weighed = sum(
        _USCC_ALPHABET.index(character) * weight
        for character, weight in zip(uscc, _USCC_WEIGHTS, strict=False)
    )
    expected = _USCC_ALPHABET[(31 - weighed % 31) % 31]
    if uscc[-1] != expected:
        msg = f"credit code {uscc!r} has check digit {uscc[-1]!r}, {expected!r} is right"
        raise ProducerCodeInvalidError(msg)


def generated_by(producer: ProducerCode, content_id: str) -> Aigc:
    """Make the value of a first label: we are producer and propagator, with one number.

    Args:
        producer: Our code.
        content_id: Opaque and random: it must tell neither time nor customer.

    Raises:
        LabellingError: The number holds what metadata may not (GB 45438-2025 Annex E).
    """
    if not _CONTENT_ID.fullmatch(content_id):
        msg = f"content number {content_id!r} is not 1 to 64 of letters, digits, '-' and '_'"
        raise LabellingError(msg)
    return Aigc(
        label="1",
        content_producer=producer.value,
        produce_id=content_id,
        content_propagator=producer.value,
        propagate_id=content_id,
    )
