"""What a proved push says, and what no push says. Checklist M17, M18 and M22."""

import json
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.base import WebhookRequest
from channels.errors import ChannelError, PayloadInvalidError, SignatureInvalidError
from channels.wechat.miniprogram import MiniProgramChannel
from tests.channels.wechat.kit import (
    APPID,
    OPENID,
    ORIGINAL_ID,
    PAYLOADS,
    SENT_AT,
    Hand,
    channel,
    event_of,
    message_of,
    payload,
    request,
)

ANY_AGE = {"max_skew_seconds": "0"}


def changed(body: bytes, **fields: object) -> bytes:
    return json.dumps({**json.loads(body), **fields}, ensure_ascii=False).encode()


class TestKinds:
    def test_a_picture_says_how_to_fetch_it(self) -> None:
        message = message_of(channel(), Hand().safe(payload("image.json")))

        assert (message.kind, message.text) == ("image", "")
        assert message.media == {
            "media_id": "EYk2vQm8hX0sJpL4nRt6uW9zA1bC3dE5",
            "url": "http://mmbiz.qpic.cn/mmbiz_jpg/0a1b2c3d/0",
        }

    def test_a_card_says_its_title_and_page(self) -> None:
        message = message_of(channel(), Hand().safe(payload("miniprogrampage.json")))

        assert (message.kind, message.text) == ("miniprogrampage", "岩骨乌龙礼盒")
        assert message.media == {
            "media_id": "Tm9pQr2sT4uV6wX8yZ0aB1cD3eF5gH7i",
            "url": "http://mmbiz.qpic.cn/mmbiz_jpg/4e5f6a7b/0",
            "app_id": APPID,
            "page_path": "pages/product/index?id=42",
        }

    def test_an_opened_chat_says_where_from(self) -> None:
        event = event_of(channel(), Hand().safe(payload("user_enter_tempsession.json")))

        assert event.customer == OPENID
        assert event.sent_at == SENT_AT
        assert event.source == "product=42&page=detail"

    @pytest.mark.parametrize("name", ["image", "miniprogrampage", "user_enter_tempsession"])
    def test_xml_is_read_as_json_is(self, name: str) -> None:
        front, xml_front = channel(), channel({"format": "xml"})

        (expected,) = front.receive(Hand().safe(payload(f"{name}.json")))
        (actual,) = xml_front.receive(Hand().xml(payload(f"{name}.xml")))

        # A number in JSON is text in XML, so the digest in an event's id differs between the two.
        assert replace(actual, external_id="") == replace(expected, external_id="")

    def test_m17_a_long_msgid_keeps_all_digits_as_number_and_as_text(self) -> None:
        number = message_of(channel(), Hand().safe(payload("text.json")))
        text = message_of(channel(), Hand().safe(payload("text-with-msgid-as-text.json")))

        assert number.external_id == text.external_id == "24536788123456789"

    @pytest.mark.parametrize(
        "name", ["debug_demo.json", "subscribe_msg_popup_event.json", "unlisted-type.json"]
    )
    def test_m18_a_kind_we_do_not_use_gives_nothing(self, name: str) -> None:
        assert channel().receive(Hand().safe(payload(name))) == ()

    @pytest.mark.parametrize("field", ["FromUserName", "CreateTime"])
    def test_m18_of_a_kind_we_do_not_use_no_field_is_asked(self, field: str) -> None:
        fields = json.loads(payload("subscribe_msg_popup_event.json"))
        del fields[field]

        assert channel().receive(Hand().safe(json.dumps(fields).encode())) == ()

    def test_a_message_with_an_event_field_stays_a_message(self) -> None:
        body = changed(payload("text.json"), Event="user_enter_tempsession")

        assert message_of(channel(), Hand().safe(body)).kind == "text"

    @pytest.mark.parametrize("name", sorted(path.name for path in PAYLOADS.glob("*.json")))
    def test_every_kept_payload_is_accepted(self, name: str) -> None:
        channel({"original_id": ORIGINAL_ID}).receive(Hand().safe(payload(name)))


class TestEventIds:
    EVENT = payload("user_enter_tempsession.json")

    def test_a_repeat_in_another_order_has_the_same_id(self) -> None:
        again = json.dumps(dict(reversed(json.loads(self.EVENT).items()))).encode()

        first = event_of(channel(), Hand().safe(self.EVENT))
        second = event_of(channel(), Hand(nonce="2").safe(again))

        assert first.external_id == second.external_id

    @pytest.mark.parametrize("field", ["FromUserName", "SessionFrom", "CreateTime"])
    def test_m22_two_events_of_one_second_have_two_ids(self, field: str) -> None:
        other = changed(self.EVENT, **{field: "1714037060"})

        first = event_of(channel(), Hand().safe(self.EVENT))
        second = event_of(channel(), Hand().safe(other))

        assert first.external_id != second.external_id

    def test_an_id_does_not_name_the_customer(self) -> None:
        event = event_of(channel(), Hand().safe(self.EVENT))

        assert OPENID not in event.external_id


class TestInvalidPayloads:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("MsgId", None),
            ("MsgId", ""),
            ("MsgId", -1),
            ("MsgId", 1.5),
            ("MsgId", True),
            ("MsgId", "12x"),
            ("MsgId", "9" * 5000),
            ("CreateTime", "soon"),
            ("CreateTime", 10**11),
            ("CreateTime", -1),
            ("FromUserName", ""),
            ("FromUserName", "two words"),
            ("FromUserName", ["o9"]),
            ("ToUserName", None),
            ("MsgType", None),
            ("MsgType", ["text"]),
            ("Content", {"a": "不能出现在错误里"}),
            ("Content", None),
            ("Content", "a\x00b"),
        ],
    )
    def test_a_malformed_field_is_named_and_its_value_is_not(
        self, field: str, value: object
    ) -> None:
        push = Hand().safe(changed(payload("text.json"), **{field: value}))

        with pytest.raises(PayloadInvalidError, match=field) as caught:
            channel().receive(push)

        assert "不能出现在错误里" not in str(caught.value)
        assert caught.value.__context__ is None

    @pytest.mark.parametrize(
        "body", ["", "null", "[]", "{", '{"MsgType":NaN}', '{"a":' * 5000, "[" * 100_000]
    )
    def test_what_is_no_message_is_invalid(self, body: str) -> None:
        with pytest.raises(PayloadInvalidError):
            channel().receive(Hand().safe(body.encode()))

    def test_a_plain_body_that_is_not_utf_8_is_invalid(self) -> None:
        with pytest.raises(PayloadInvalidError):
            channel({"mode": "plain"}).receive(Hand().plain(b'{"MsgType":"\xff"}'))


QUERIES = st.dictionaries(
    st.sampled_from(["signature", "timestamp", "nonce", "encrypt_type", "msg_signature"]),
    st.lists(st.text(st.characters()), max_size=2).map(tuple),
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
FIELDS = st.dictionaries(
    st.sampled_from(
        ["ToUserName", "FromUserName", "MsgType", "MsgId", "CreateTime", "Event", "Content"]
    ),
    JSON_VALUES | st.sampled_from(["text", "image", "event", "user_enter_tempsession", OPENID]),
)


def receive_quietly(front: MiniProgramChannel, push: WebhookRequest) -> None:
    """Whatever comes, a `ChannelError` is all that may be raised."""
    with suppress(ChannelError):
        front.receive(push)


class TestLaw:
    @given(body=st.binary(), parameters=QUERIES, form=st.sampled_from(["json", "xml"]))
    def test_any_request_raises_nothing_but_channel_errors(
        self, body: bytes, parameters: dict[str, tuple[str, ...]], form: str
    ) -> None:
        for mode in ("plain", "compat", "safe"):
            front = channel({"mode": mode, "format": form, **ANY_AGE})

            receive_quietly(front, request(body, parameters))

    @given(body=st.binary(), form=st.sampled_from(["json", "xml"]))
    def test_any_signed_bytes_raise_nothing_but_channel_errors(
        self, body: bytes, form: str
    ) -> None:
        receive_quietly(channel({"mode": "plain", "format": form}), Hand().plain(body))
        receive_quietly(channel({"format": form}), Hand().posting("AAAA", body))

    @given(FIELDS)
    def test_any_signed_fields_raise_nothing_but_channel_errors(
        self, fields: dict[str, object]
    ) -> None:
        receive_quietly(channel({"mode": "plain"}), Hand().plain(json.dumps(fields).encode()))

    @given(st.binary(min_size=1), st.integers(min_value=0))
    def test_any_flipped_byte_of_the_body_is_refused_or_changes_nothing(
        self, noise: bytes, place: int
    ) -> None:
        push = Hand().safe(payload("text.json"))
        at = place % len(push.body)
        body = push.body[:at] + noise[:1] + push.body[at + 1 :]
        (expected,) = channel().receive(push)

        try:
            (actual,) = channel().receive(replace(push, body=body))
        except SignatureInvalidError:
            return

        # `ToUserName` and the blanks of the envelope are not signed, and do not count.
        assert actual == expected
