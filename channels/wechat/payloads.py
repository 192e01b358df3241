"""What WeChat sends to a mini-program's customer-service front, and what its API answers."""

import hashlib
import json
from abc import abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic.alias_generators import to_pascal
from typing_extensions import override

from channels.errors import PayloadInvalidError
from channels.messages import Inbound, InboundMessage, SessionOpened

EVENT = "event"

OpenId = Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,128}$")]
"""WeChat's id of a customer on one account (openid), or of an account (原始ID)."""

# 64 bits in JSON as a number, from cloud functions as text: text it is, whatever the size.
MessageId = Annotated[str, Field(pattern="^[0-9]{1,32}$")]

# A database may not take the character that nobody can type.
Words = Annotated[str, Field(pattern="^[^\\x00]*$")]

# Up to the year 5138, so that it is a date whatever it says.
Timestamp = Annotated[int, Field(ge=0, le=99_999_999_999)]


class _Payload(BaseModel):
    # Without `hide_input_in_errors` a customer's words would stand in the error.
    model_config = ConfigDict(
        alias_generator=to_pascal,
        coerce_numbers_to_str=True,
        frozen=True,
        hide_input_in_errors=True,
    )

    @classmethod
    def of(cls, fields: Mapping[str, object]) -> Self:
        """Read the fields of a push.

        Raises:
            PayloadInvalidError: One is missing or malformed; the message names it.
        """
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            names = sorted({str(one["loc"][0]) for one in error.errors(include_input=False)})
        msg = f"a push has no valid {', '.join(names)}"
        # Out of the handler, so that the error does not drag the customer's words along.
        raise PayloadInvalidError(msg)


class Head(_Payload):
    """What tells pushes apart; of those we do not use nothing else is asked."""

    msg_type: str
    to_user_name: str = ""
    from_user_name: str = ""
    event: str = ""

    @property
    def kind(self) -> tuple[str, str]:
        """Type and event, which tell pushes apart together."""
        return self.msg_type, self.event if self.msg_type == EVENT else ""


class _Sent(_Payload):
    from_user_name: OpenId
    create_time: Timestamp

    @property
    def sent_at(self) -> datetime:
        return datetime.fromtimestamp(self.create_time, UTC)

    @abstractmethod
    def inbound(self, digest: str) -> Inbound:
        """Say it in our words; `digest` is of the whole push."""


class Text(_Sent):
    """A customer wrote something."""

    msg_id: MessageId
    content: Words

    @override
    def inbound(self, digest: str) -> InboundMessage:
        return InboundMessage(
            external_id=self.msg_id,
            customer=self.from_user_name,
            sent_at=self.sent_at,
            text=self.content,
        )


class Image(_Sent):
    """A customer sent a picture; its address works for a few days, over HTTP."""

    msg_id: MessageId
    media_id: Words
    pic_url: Words = ""

    @override
    def inbound(self, digest: str) -> InboundMessage:
        return InboundMessage(
            external_id=self.msg_id,
            customer=self.from_user_name,
            sent_at=self.sent_at,
            kind="image",
            media={"media_id": self.media_id, "url": self.pic_url},
        )


class MiniProgramPage(_Sent):
    """A customer sent a card of a page, such as a product's."""

    msg_id: MessageId
    title: Words = ""
    app_id: Words = ""
    page_path: Words = ""
    thumb_url: Words = ""
    thumb_media_id: Words = ""

    @override
    def inbound(self, digest: str) -> InboundMessage:
        return InboundMessage(
            external_id=self.msg_id,
            customer=self.from_user_name,
            sent_at=self.sent_at,
            # The card's title is all the words there are, and mostly the name of the product.
            text=self.title,
            kind="miniprogrampage",
            media={
                "media_id": self.thumb_media_id,
                "url": self.thumb_url,
                "app_id": self.app_id,
                "page_path": self.page_path,
            },
        )


class EnterSession(_Sent):
    """A customer opened the chat from a page."""

    session_from: Words = ""

    @override
    def inbound(self, digest: str) -> SessionOpened:
        return SessionOpened(
            # Events have no MsgId, and one customer may cause two in one second. The digest is of
            # the customer's id too, which is personal data and therefore not written out here.
            external_id=f"user_enter_tempsession:{self.create_time}:{digest}",
            customer=self.from_user_name,
            sent_at=self.sent_at,
            source=self.session_from,
        )


_PUSHES: Mapping[tuple[str, str], type[_Sent]] = {
    ("text", ""): Text,
    ("image", ""): Image,
    ("miniprogrampage", ""): MiniProgramPage,
    (EVENT, "user_enter_tempsession"): EnterSession,
}


def read_inbound(head: Head, fields: Mapping[str, object]) -> tuple[Inbound, ...]:
    """Read a push; one of a kind we do not use gives nothing.

    Raises:
        PayloadInvalidError: A field of a kind we use is missing or malformed.
    """
    push = _PUSHES.get(head.kind)
    if push is None:
        return ()
    return (push.of(fields).inbound(_digest(fields)),)


def _digest(fields: Mapping[str, object]) -> str:
    # Of the plain text: a repeat is encrypted anew. Sorted: nobody promises an order.
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


class ApiAnswer(BaseModel):
    """What a call of WeChat's API answers; 0 is well."""

    errcode: int
    errmsg: str = ""


class TokenAnswer(BaseModel):
    """What `stable_token` answers: a token, or an errcode."""

    access_token: SecretStr = SecretStr("")
    expires_in: float = 0
    """Seconds."""
    errcode: int = 0
    errmsg: str = ""
