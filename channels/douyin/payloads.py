"""What the open platform sends: the envelope of every event, and the contents that we use."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NoReturn, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    StrictStr,
    StringConstraints,
    ValidationError,
    model_validator,
)

from channels.errors import PayloadInvalidError

JsonObject: TypeAlias = dict[str, Any]  # of any shape until its fields are read

_MOMENT = re.compile(r"(?P<seconds>[1-9][0-9]{9})(?P<milliseconds>[0-9]{3})?")

_TOKEN_MARGIN = 300

PRIVATE = 1
"""The `conversation_type` of a chat between one customer and the brand; 2 is a group."""


def decoded(text: str) -> JsonObject:
    """Read a JSON object; integers keep every digit.

    Raises:
        PayloadInvalidError: It is no JSON, no object, or nested too deeply.
    """
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        msg = "douyin's JSON cannot be decoded"
        raise PayloadInvalidError(msg) from error
    if not isinstance(value, dict):
        msg = "douyin's JSON is not an object"
        raise PayloadInvalidError(msg)
    return value


def _refuse_constant(name: str) -> NoReturn:
    msg = f"{name} is no JSON"
    raise ValueError(msg)


def object_of(value: object) -> JsonObject:
    """Give what stands in the platform's JSON as an object, or as a string that holds one.

    The platform's pages disagree on which it is, for the same event even.

    Raises:
        PayloadInvalidError: It is neither.
    """
    if value is None or value == "":
        return {}
    if isinstance(value, dict):
        return value
    if isinstance(value, str):
        return decoded(value)
    msg = f"douyin's JSON holds {type(value).__name__} where an object belongs"
    raise PayloadInvalidError(msg)


def _digits_as_text(value: object) -> object:
    # Some pages show 64-bit numbers for ids: they must never pass through a float.
    return str(value) if type(value) is int else value


def _storable(text: str) -> str:
    # JSON can hold what neither UTF-8 nor a database can: halves of a cut emoji, and NUL.
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "")


def _moment(value: object) -> datetime:
    # Events differ in their unit, and the number of digits tells it.
    match = _MOMENT.fullmatch(str(value))
    if match is None:
        msg = "a time has 13 digits (milliseconds) or 10 (seconds)"
        raise ValueError(msg)
    milliseconds = timedelta(milliseconds=int(match["milliseconds"] or 0))
    return datetime.fromtimestamp(int(match["seconds"]), UTC) + milliseconds


_Word = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,256}$")]
Id = Annotated[_Word, BeforeValidator(_digits_as_text)]
"""An id of the platform's; visible ASCII, a string from here on."""
OptionalId = Annotated[
    str, StringConstraints(pattern=r"^[!-~]{0,256}$"), BeforeValidator(_digits_as_text)
]
Text = Annotated[str, AfterValidator(_storable)]
Moment = Annotated[datetime, BeforeValidator(_moment)]


class _Payload(BaseModel):
    # What is wrong in a body may be a customer's words: an error must not quote it.
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, data: JsonObject) -> JsonObject:
        return {name: value for name, value in data.items() if value is not None}

    @classmethod
    def read(cls, data: JsonObject, what: str) -> Self:
        """Check a JSON object.

        Raises:
            PayloadInvalidError: A field is missing or is something else; `what` names the object.
        """
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            fields = sorted({str(problem["loc"][0]) for problem in error.errors()})
            msg = f"douyin sent {what} without a valid {', '.join(fields)}"
            raise PayloadInvalidError(msg) from error


class Envelope(_Payload):
    """What is round every event."""

    event: _Word
    from_user_id: OptionalId = ""
    to_user_id: OptionalId = ""
    content: object = None

    @property
    def content_object(self) -> JsonObject:
        """The content, decoded where it is a string."""
        return object_of(self.content)


class Challenge(_Payload):
    """What is asked of a callback address when it is saved."""

    challenge: StrictInt | StrictStr


class MessageContent(_Payload):
    """Content of `im_receive_msg` and `im_send_msg`.

    Not read, so never kept: names and pictures of the people, and what a customer filled into a
    lead card.
    """

    conversation_short_id: Id
    server_message_id: Id
    conversation_type: int
    create_time: Moment
    message_type: _Word
    source: str = ""
    """The sending app's client key; empty where a person typed it."""
    scene_type: int | None = None
    text: Text = ""
    resource_url: Text = ""


class EnterContent(_Payload):
    """Content of `im_enter_direct_msg`."""

    conversation_short_id: Id
    server_message_id: Id
    conversation_type: int = PRIVATE
    create_time: Moment


class RecallContent(_Payload):
    """Content of `im_recall_msg`."""

    server_message_id: Id


class TokenContent(_Payload):
    """What a refreshed grant gives."""

    access_token: _Word
    expires_in: int = Field(gt=0, lt=10**9)
    """Seconds."""

    @property
    def lifetime(self) -> float:
        """Seconds to use it for: it is given up early, so that none expires on its way."""
        return max(self.expires_in - _TOKEN_MARGIN, self.expires_in / 2)


def came_from(content: JsonObject) -> str:
    """Say where a customer came from, of all that an enter event tells: JSON, or nothing.

    Raises:
        PayloadInvalidError: The advertisement, JSON within JSON, cannot be decoded.
    """
    told = {name: content.get(name) for name in ("data-im-extra", "objectId", "path", "query")}
    told["ad_info"] = object_of(content.get("ad_info"))
    known = {name: value for name, value in told.items() if value}
    return json.dumps(known, sort_keys=True, separators=(",", ":")) if known else ""
