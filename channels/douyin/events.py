"""The platform's events in our words: what each becomes, and for which account."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from channels.douyin.payloads import (
    PRIVATE,
    EnterContent,
    Envelope,
    JsonObject,
    MessageContent,
    RecallContent,
    came_from,
    decoded,
)
from channels.errors import PayloadInvalidError
from channels.messages import DeliveryEcho, Inbound, InboundMessage, PlatformEvent, SessionOpened

ENTER_SCENE = "im_enter_direct_msg"
"""Of messages that greet a customer who opened the chat; an answer to a message names no scene."""

_PLATFORM_WROTE = frozenset({1, 2})
"""Values of `scene_type`: keyword reply and welcome text, both set up in Douyin's own console."""

_PICTURES = frozenset({"image", "emoji"})


@dataclass(frozen=True, slots=True)
class Brand:
    """Whose events are read."""

    client_key: str
    open_id: str


@dataclass(frozen=True, slots=True)
class Event:
    """A verified event with what names it."""

    envelope: Envelope
    delivery_id: str
    """The `Msg-Id` header, which is not signed; empty where there was none."""
    digest: str
    """SHA-256 of the body in hex."""

    @classmethod
    def of(cls, delivery_id: str, body: bytes) -> "Event":
        """Read a body.

        Raises:
            PayloadInvalidError: It is no event.
        """
        return cls(envelope_of(body), delivery_id, hashlib.sha256(body).hexdigest())

    @property
    def name(self) -> str:
        return self.envelope.event

    @property
    def content(self) -> JsonObject:
        return self.envelope.content_object

    @property
    def external_id(self) -> str:
        """What names an event that is about no message: the delivery, or else the body itself."""
        return f"{self.name}:{self.delivery_id or self.digest}"

    def require_account(self, brand: Brand, *ids: str) -> None:
        """Refuse what is about another account than the brand's.

        Raises:
            PayloadInvalidError: None of the ids is the brand's.
        """
        if brand.open_id not in ids:
            msg = f"{self.name!r} is about another account than brand_open_id {brand.open_id!r}"
            raise PayloadInvalidError(msg)


def envelope_of(body: bytes) -> Envelope:
    """Read what is round an event.

    Raises:
        PayloadInvalidError: It is no event.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        msg = "douyin's JSON is not UTF-8"
        raise PayloadInvalidError(msg) from error
    return Envelope.read(decoded(text), "an event")


def inbound_of(event: Event, brand: Brand) -> tuple[Inbound, ...]:
    """Say an event in our words; one that we do not use gives nothing.

    Raises:
        PayloadInvalidError: It is not what the platform sends, or about another account.
    """
    read = _READERS.get(event.name)
    return read(event, brand) if read else ()


def _message(event: Event, brand: Brand) -> tuple[Inbound, ...]:
    content = MessageContent.read(event.content, event.name)
    if content.conversation_type != PRIVATE:
        return ()
    event.require_account(brand, event.envelope.to_user_id)
    picture = content.message_type in _PICTURES and content.resource_url
    return (
        InboundMessage(
            # Not the delivery's id: that stands in an unsigned header, and with a new one a
            # captured body could be played back.
            external_id=content.server_message_id,
            customer=_customer(event.name, event.envelope.from_user_id),
            sent_at=content.create_time,
            context=_context(content, scene=""),
            text=content.text if content.message_type == "text" else "",
            kind=content.message_type,
            media=MappingProxyType({"url": content.resource_url} if picture else {}),
        ),
    )


def _entrance(event: Event, brand: Brand) -> tuple[Inbound, ...]:
    content = EnterContent.read(event.content, event.name)
    if content.conversation_type != PRIVATE:
        return ()
    event.require_account(brand, event.envelope.to_user_id)
    return (
        SessionOpened(
            external_id=f"{event.name}:{content.server_message_id}",
            customer=_customer(event.name, event.envelope.from_user_id),
            sent_at=content.create_time,
            context=_context(content, scene=ENTER_SCENE),
            source=came_from(event.content),
        ),
    )


def _echo(event: Event, brand: Brand) -> tuple[Inbound, ...]:
    content = MessageContent.read(event.content, event.name)
    if content.conversation_type != PRIVATE:
        return ()
    event.require_account(brand, event.envelope.from_user_id)
    customer = _customer(event.name, event.envelope.to_user_id)
    external_id = f"{event.name}:{content.server_message_id}"
    by_us = content.source == brand.client_key
    if content.scene_type in _PLATFORM_WROTE and not by_us:
        # An echo would say that we sent it or that a person took over, and it is neither.
        return (PlatformEvent(external_id=external_id, name="im_auto_reply", subject=customer),)
    return (
        DeliveryEcho(
            external_id=external_id,
            customer=customer,
            sent_at=content.create_time,
            platform_id=content.server_message_id,
            by_us=by_us,
            text=content.text,
        ),
    )


def _recall(event: Event, brand: Brand) -> tuple[Inbound, ...]:
    event.require_account(brand, event.envelope.from_user_id, event.envelope.to_user_id)
    message_id = RecallContent.read(event.content, event.name).server_message_id
    return (
        PlatformEvent(
            external_id=f"{event.name}:{message_id}", name=event.name, subject=message_id
        ),
    )


def _grant(event: Event, brand: Brand) -> tuple[Inbound, ...]:
    # Without a name it is taken for the brand's own: a withdrawn grant must never be missed.
    grantor = event.envelope.from_user_id or brand.open_id
    return (PlatformEvent(external_id=event.external_id, name=event.name, subject=grantor),)


def _consent(event: Event, brand: Brand) -> tuple[Inbound, ...]:
    event.require_account(brand, event.envelope.to_user_id or brand.open_id)
    customer = event.envelope.from_user_id
    return (PlatformEvent(external_id=event.external_id, name=event.name, subject=customer),)


def _customer(event: str, open_id: str) -> str:
    if not open_id:
        msg = f"{event!r} names no customer"
        raise PayloadInvalidError(msg)
    return open_id


def _context(content: MessageContent | EnterContent, *, scene: str) -> Mapping[str, str]:
    return MappingProxyType(
        {
            "conversation_id": content.conversation_short_id,
            "msg_id": content.server_message_id,
            "scene": scene,
            "sent_at": content.create_time.isoformat(),
        }
    )


_Reader: TypeAlias = Callable[[Event, Brand], tuple[Inbound, ...]]

_READERS: Mapping[str, _Reader] = {
    "im_receive_msg": _message,
    "im_enter_direct_msg": _entrance,
    "im_send_msg": _echo,
    "im_recall_msg": _recall,
    "im_authorize": _consent,
    "authorize": _grant,
    "unauthorize": _grant,
    "contract_authorize": _grant,
    "contract_unauthorize": _grant,
}
"""All that we use; of the rest of the catalogue only the envelope is read."""
