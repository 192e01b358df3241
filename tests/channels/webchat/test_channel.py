"""The web chat as a channel: what it takes, what it gives."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from channels.base import Citation
from channels.errors import ChannelError, PayloadInvalidError, SignatureInvalidError
from channels.messages import ConversationState, InboundMessage, Recipient
from labelling.content import Draft, Surface
from tests.channels.webchat.kit import (
    CUSTOMER,
    NOW,
    RememberingOutlet,
    channel,
    request,
    stage,
    token,
)

PAYLOADS = Path(__file__).parent / "payloads"
CITATION = Citation(number=1, title="退换货", heading="七天", text="可以退。", source="退换货.md")


def body(**fields: object) -> bytes:
    return json.dumps({"id": "m-1", "text": "你好", **fields}).encode()


class TestReceiving:
    def test_what_the_page_sends_is_a_message_of_the_tokens_customer(self) -> None:
        sent = (PAYLOADS / "message.json").read_bytes()

        received = channel().receive(request(sent))

        assert received == (
            InboundMessage(
                external_id="customer-1:0f6e2c9a4b1d4e7f8a3c5d6e7f809102",
                customer=CUSTOMER,
                sent_at=NOW,
                text="这款面霜敏感肌能用吗？",
            ),
        )

    def test_a_retry_has_the_same_external_id(self) -> None:
        first, again = (channel().receive(request(body()))[0] for _ in range(2))

        assert first.external_id == again.external_id

    def test_customers_who_use_the_same_id_do_not_meet(self) -> None:
        mine = channel().receive(request(body()))[0]
        yours = channel().receive(request(body(), f"Bearer {token('customer-2')}"))[0]

        assert mine.external_id != yours.external_id

    def test_a_browsers_clock_is_not_believed(self) -> None:
        (message,) = channel().receive(request(body(sent_at="1999-01-01")))

        assert isinstance(message, InboundMessage)
        assert message.sent_at == NOW

    def test_spaces_around_a_text_are_dropped(self) -> None:
        (message,) = channel().receive(request(body(text=" \n 在吗　")))

        assert isinstance(message, InboundMessage)
        assert message.text == "在吗"

    @pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
    def test_the_schemes_case_does_not_matter(self, scheme: str) -> None:
        assert channel().receive(request(body(), f"{scheme} {token()}"))

    @pytest.mark.parametrize(
        "authorization", ["Basic eDp5", "Bearer", "Bearer ", token(), f"Bearer  {token()}"]
    )
    def test_a_request_without_a_good_token_is_refused(self, authorization: str) -> None:
        with pytest.raises(SignatureInvalidError):
            channel().receive(request(body(), authorization))

    @pytest.mark.parametrize(
        "malformed",
        [
            b"",
            b"null",
            b"[]",
            b"{}",
            b"\xff",
            body(id=""),
            body(id="a" * 65),
            body(id="a b"),
            body(id="a\n"),
            body(id=1),
            body(text=""),
            body(text=" \n　"),
            body(text="字" * 4001),
            body(text="a\0b"),
            body(text="\ud800"),
            body(text=None),
            body(customer="somebody-else"),
        ],
    )
    def test_what_the_page_does_not_send_is_refused(self, malformed: bytes) -> None:
        with pytest.raises(PayloadInvalidError):
            channel().receive(request(malformed))

    @given(st.binary() | st.text().map(lambda text: body(text=text)))
    @example(b'1},"customer":"somebody-else","message":{"id":"1","text":"x"')
    def test_any_body_is_read_or_refused_as_a_channel_error(self, given_body: bytes) -> None:
        with contextlib.suppress(ChannelError):
            (message,) = channel().receive(request(given_body))

            assert isinstance(message, InboundMessage)
            assert message.customer == CUSTOMER
            assert message.text.strip()

    def test_an_error_quotes_nothing_of_the_customer(self) -> None:
        with pytest.raises(PayloadInvalidError) as refused:
            channel().receive(request(body(text="我的电话13800000000" * 400)))

        assert str(refused.value) == "a webchat message is malformed in message.text"
        assert refused.value.__cause__ is None
        assert refused.value.__suppress_context__

    def test_the_acknowledgement_tells_who_has_the_conversation(self) -> None:
        reply = channel().acknowledge(request(body()), ConversationState.QUEUED)

        assert (reply.status, reply.media_type) == (202, "application/json")
        assert json.loads(reply.body) == {"accepted": True, "state": "queued"}

    def test_there_is_no_handshake(self) -> None:
        assert channel().challenge(request(b"")) is None


class TestSending:
    async def test_a_part_is_left_at_the_outlet_under_its_key(self) -> None:
        outlet = RememberingOutlet()
        output = stage().label(Draft.generated("可以退。"), output_id="o-1", surface=Surface.OWN)

        sending = channel(outlet).send(output, to=Recipient(CUSTOMER), key="o-1")
        receipts = [receipt async for receipt in sending]

        assert outlet.posted == [("demo", CUSTOMER, "可以退。（内容由AI生成）", "o-1:0")]
        assert [receipt.platform_id for receipt in receipts] == ["message-1"]

    async def test_an_event_is_left_at_the_outlet_with_its_citations(self) -> None:
        outlet = RememberingOutlet()
        event = stage().label_stream(run_id="r", output_id="o", surface=Surface.OWN).open()

        await channel(outlet).push(event, to=Recipient(CUSTOMER), citations=[CITATION])

        assert outlet.pushed == [("demo", CUSTOMER, event, (CITATION,))]
