"""What the platform gets as an answer: `success`, or the order to pass the words on to staff."""

import json

import httpx
import pytest

from channels.base import HttpReply, WebhookRequest
from channels.errors import SignatureInvalidError
from channels.messages import ConversationState
from channels.wechat.miniprogram import MiniProgramChannel
from simulators.wechat.envelope import Envelope
from tests.channels.wechat.kit import (
    OPENID,
    ORIGINAL_ID,
    Clock,
    Hand,
    account,
    channel,
    counted_bytes,
    payload,
    platform_account,
    tools,
)

WITH_STAFF = [ConversationState.REQUESTED, ConversationState.QUEUED, ConversationState.HUMAN]
WITHOUT = [ConversationState.BOT, ConversationState.CLOSED]
STAFF = {"transfer_to_staff": "true"}
TRANSFER = {
    "ToUserName": OPENID,
    "FromUserName": ORIGINAL_ID,
    "MsgType": "transfer_customer_service",
}


def pushed(mode: str, form: str, name: str) -> WebhookRequest:
    if mode == "plain":
        return Hand().plain(payload(f"{name}.{form}"))
    return {"json": Hand().safe, "xml": Hand().xml}[form](payload(f"{name}.{form}"))


def read_by_platform(reply: HttpReply, mode: str, form: str) -> dict[str, str]:
    envelope = Envelope(platform_account(mode, form), now=Clock(), random_bytes=counted_bytes)
    fields = envelope.open_reply(reply.body)
    assert fields is not None
    return {name: str(value) for name, value in fields.items()}


class TestSuccess:
    @pytest.mark.parametrize("state", list(ConversationState))
    def test_m20_every_state_is_acknowledged_unless_staff_uses_the_platforms_tool(
        self, state: ConversationState
    ) -> None:
        reply = channel().acknowledge(Hand().safe(payload("text.json")), state)

        assert (reply.status, reply.body) == (200, b"success")
        assert reply.media_type.startswith("text/plain")

    @pytest.mark.parametrize("state", WITHOUT)
    def test_what_the_bot_answers_is_not_transferred(self, state: ConversationState) -> None:
        reply = channel(STAFF).acknowledge(Hand().safe(payload("text.json")), state)

        assert reply.body == b"success"

    @pytest.mark.parametrize("name", ["user_enter_tempsession.json", "debug_demo.json"])
    @pytest.mark.parametrize("state", WITH_STAFF)
    def test_m43_an_event_is_never_transferred(self, name: str, state: ConversationState) -> None:
        reply = channel(STAFF).acknowledge(Hand().safe(payload(name)), state)

        assert reply.body == b"success"


class TestTransfer:
    @pytest.mark.parametrize("state", WITH_STAFF)
    @pytest.mark.parametrize("form", ["json", "xml"])
    @pytest.mark.parametrize("mode", ["plain", "compat", "safe"])
    def test_m42_the_platform_reads_the_order_in_its_mode_and_form(
        self, mode: str, form: str, state: ConversationState
    ) -> None:
        front = channel({**STAFF, "mode": mode, "format": form})

        reply = front.acknowledge(pushed(mode, form, "image"), state)
        fields = read_by_platform(reply, mode, form)

        assert fields == {**TRANSFER, "CreateTime": str(int(Clock().moment.timestamp()))}
        assert form in reply.media_type

    def test_m42_a_sealed_reply_has_the_documented_names_and_a_number_as_time(self) -> None:
        reply = channel(STAFF).acknowledge(
            Hand().safe(payload("text.json")), ConversationState.HUMAN
        )

        fields = json.loads(reply.body)
        assert list(fields) == ["Encrypt", "MsgSignature", "TimeStamp", "Nonce"]
        assert fields["TimeStamp"] == int(Clock().moment.timestamp())
        assert fields["Nonce"] == "0001020304050607"

    def test_m42_a_message_of_an_unlisted_type_is_passed_on_too(self) -> None:
        reply = channel(STAFF).acknowledge(
            Hand().safe(payload("unlisted-type.json")), ConversationState.HUMAN
        )

        assert read_by_platform(reply, "safe", "json").items() >= TRANSFER.items()

    def test_s3_a_push_under_the_former_keys_is_answered_under_them(self) -> None:
        present = {"token": "CCCCC", "encoding_aes_key": "C" * 43}
        former = {"previous_token": "AAAAA", "previous_encoding_aes_key": "A" * 43}
        front = channel(STAFF, {**present, **former})

        reply = front.acknowledge(Hand().safe(payload("text.json")), ConversationState.HUMAN)

        assert read_by_platform(reply, "safe", "json").items() >= TRANSFER.items()

    def test_nobody_else_gets_an_order(self) -> None:
        forged = Hand(token="BBBBB").safe(payload("text.json"))

        with pytest.raises(SignatureInvalidError):
            channel(STAFF).acknowledge(forged, ConversationState.HUMAN)

    async def test_the_order_is_timed_by_the_clock_that_was_handed_in(self) -> None:
        clock = Clock()
        async with httpx.AsyncClient() as http:
            front = MiniProgramChannel.of(account({**STAFF, "mode": "plain"}), tools(http, clock))
            clock.forward(seconds=7)

            reply = front.acknowledge(Hand().plain(payload("text.json")), ConversationState.QUEUED)

        assert json.loads(reply.body)["CreateTime"] == int(clock.moment.timestamp())
