"""Random values in the shapes the platforms use, from one source that is handed in."""

import base64
from collections.abc import Callable
from typing import TypeAlias

RandomBytes: TypeAlias = Callable[[int], bytes]


def digits(random_bytes: RandomBytes, count: int) -> str:
    """Give a number of `count` digits that does not begin with a nought."""
    lowest = 10 ** (count - 1)
    return str(lowest + int.from_bytes(random_bytes(count)) % (9 * lowest))


def opaque(random_bytes: RandomBytes, length: int) -> str:
    """Give `length` URL-safe characters."""
    return base64.urlsafe_b64encode(random_bytes(length)).decode()[:length]
