"""How documents that cannot be labelled are refused."""

from typing import NoReturn

from labelling.errors import UnsupportedMediaError


def refuse(why: str, cause: Exception | None = None) -> NoReturn:
    """Say why a document cannot be labelled.

    Raises:
        UnsupportedMediaError: Always.
    """
    msg = f"the document cannot be labelled: {why}"
    raise UnsupportedMediaError(msg) from cause
