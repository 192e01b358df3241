"""What the chat page sends."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Json, StringConstraints

MAX_TEXT_CHARACTERS = 4000


def _storable(text: str) -> str:
    # PostgreSQL keeps no NUL in a text, so it is refused here, while somebody can still be told.
    if "\0" in text:
        msg = "a text holds no NUL"
        raise ValueError(msg)
    return text


class Message(BaseModel):
    """What a customer wrote, under the id the page made; a retry has the same id."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    text: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEXT_CHARACTERS),
        AfterValidator(_storable),
    ]
    sent_at: Any = None
    """Ignored: the clock of a browser proves nothing."""


class Verified(BaseModel):
    """A message with what its session token proved."""

    customer: str
    received_at: datetime
    message: Json[Message]
