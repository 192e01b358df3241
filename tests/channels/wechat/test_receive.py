"""What comes in: proved, decrypted, read; everything else is one error. Checklist M1 to M15."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.base import WebhookRequest
from channels.errors import SignatureInvalidError
from channels.messages import InboundMessage
from channels.wechat.crypto import refused
from channels.wechat.miniprogram import MiniProgramChannel
from tests.channels.wechat.kit import (
    OPENID,
    ORIGINAL_ID,
    SENT_AT,
    VECTORS,
    Hand,
    channel,
    message_of,
    of_vector,
    payload,
    query,
    request,
)

ANY_AGE = {"max_skew_seconds": "0"}
FORMER = {"previous_token": "BBBBB", "previous_encoding_aes_key": "B" * 43}


def front_of(name: str, mode: str) -> MiniProgramChannel:
    """The front of a vector's account."""
    vector = VECTORS[name]
    settings = {"appid": vector["receive_id"], "mode": mode, "format": vector["format"], **ANY_AGE}
    secrets = {"token": vector["token"], "encoding_aes_key": vector["encoding_aes_key"]}
    return channel(settings, secrets)


def assert_refused(front: MiniProgramChannel, push: WebhookRequest) -> None:
    with pytest.raises(SignatureInvalidError) as caught:
        front.receive(push)
    assert str(caught.value) == str(refused())


def flipped(text: str, place: int) -> str:
    at = place % len(text)
    other = "b" if text[at] == "a" else "a"
    return text[:at] + other + text[at + 1 :]


class TestHandshake:
    def test_m1_official_values_give_the_echo_and_no_byte_more(self) -> None:
        vector = VECTORS["mp-official-get-verify"]
        asked = request(parameters=query(**vector["query"]), method="GET")

        reply = channel(ANY_AGE, {"token": vector["token"]}).challenge(asked)

        assert reply is not None
        assert (reply.status, reply.body) == (200, b"4375120948345356249")
        assert reply.media_type.startswith("text/plain")
        assert reply.headers == {"x-content-type-options": "nosniff"}

    @given(st.integers(min_value=0, max_value=39))
    def test_m2_one_changed_character_of_the_signature_is_refused(self, place: int) -> None:
        asked = Hand().handshake()
        broken = {**asked.query, "signature": (flipped(asked.parameter("signature"), place),)}

        with pytest.raises(SignatureInvalidError):
            channel().challenge(replace(asked, query=broken))

    @pytest.mark.parametrize("name", ["signature", "timestamp", "nonce", "echostr"])
    @pytest.mark.parametrize("how", ["missing", "empty", "twice"])
    def test_m3_missing_empty_and_double_parameters_are_refused(self, name: str, how: str) -> None:
        asked = Hand().handshake()
        values = {"missing": (), "empty": ("",), "twice": asked.query[name] * 2}[how]
        broken = {**asked.query, name: values}

        with pytest.raises(SignatureInvalidError):
            channel().challenge(replace(asked, query=broken))

    def test_an_echo_with_markup_comes_back_as_text(self) -> None:
        reply = channel().challenge(Hand().handshake("<script>alert(1)</script>"))

        assert reply is not None
        assert reply.body == b"<script>alert(1)</script>"
        assert reply.media_type.startswith("text/plain")

    def test_a_push_is_no_handshake(self) -> None:
        assert channel().challenge(Hand().safe(payload("text.json"))) is None

    def test_s1_a_stale_handshake_is_refused(self) -> None:
        asked = Hand(timestamp="1714036504").handshake()

        with pytest.raises(SignatureInvalidError):
            channel().challenge(asked)


class TestPlainMode:
    def test_m4_the_official_push_is_accepted(self) -> None:
        vector = VECTORS["mp-official-plain-post-json"]
        push = request(vector["body"].encode(), query(**vector["query"]))

        assert channel({"mode": "plain", **ANY_AGE}).receive(push) == ()

    def test_m4_another_token_refuses_it(self) -> None:
        vector = VECTORS["mp-official-plain-post-json"]
        push = request(vector["body"].encode(), query(**vector["query"]))

        assert_refused(channel({"mode": "plain", **ANY_AGE}, {"token": "BBBBB"}), push)


class TestSafeMode:
    def test_m5_a_json_push_is_decrypted_and_read(self) -> None:
        message = message_of(channel(), Hand().safe(payload("text.json")))

        assert message == InboundMessage(
            external_id="24536788123456789",
            customer=OPENID,
            sent_at=SENT_AT,
            text="你们的乌龙茶礼盒还有货吗？😊",
        )

    @pytest.mark.parametrize(
        "name", ["wecom-official-sample-xml-decrypt", "oa-easywechat-xml-decrypt"]
    )
    def test_m6_published_xml_pushes_are_decrypted_and_read(self, name: str) -> None:
        message = message_of(front_of(name, "safe"), of_vector(name))

        assert message.text == "hello"

    def test_m9_a_push_for_another_appid_is_refused(self) -> None:
        assert_refused(channel(), Hand(receive_id="wx0000000000000000").safe(payload("text.json")))

    @pytest.mark.parametrize("encrypted", ["", "####", "AAA", "QUJD", "A" * 64, "加密", "=" * 8])
    def test_m11_a_signed_push_that_does_not_open_is_refused(self, encrypted: str) -> None:
        assert_refused(channel(), Hand().posting(encrypted))

    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(b"", id="empty"),
            pytest.param(b"{", id="no-json"),
            pytest.param(b"[]", id="no-object"),
            pytest.param(b"\xff", id="not-utf-8"),
            pytest.param(b"{}", id="nothing-encrypted"),
            pytest.param(b'{"Encrypt":1}', id="a-number"),
            pytest.param(b'{"Encrypt":["a"]}', id="a-list"),
            pytest.param(b'{"Encrypt":' * 50_000, id="depth"),
            pytest.param(b"<xml><Encrypt>AAAA</Encrypt></xml>", id="xml-where-json-is-set"),
        ],
    )
    def test_m11_an_envelope_that_is_none_is_refused(self, body: bytes) -> None:
        assert_refused(channel(), Hand().posting("AAAA", body))

    def test_m12_a_plain_push_with_a_right_signature_is_refused(self) -> None:
        assert_refused(channel(), Hand().plain(payload("text.json")))

    @pytest.mark.parametrize("name", ["encrypt_type", "msg_signature", "timestamp", "nonce"])
    @pytest.mark.parametrize("values", [(), ("",), ("aes", "aes"), ("raw",)])
    def test_m12_without_each_parameter_a_push_is_refused(
        self, name: str, values: tuple[str, ...]
    ) -> None:
        push = Hand().safe(payload("text.json"))

        assert_refused(channel(), replace(push, query={**push.query, name: values}))

    def test_m13_the_plain_signature_does_not_matter(self) -> None:
        push = Hand().safe(payload("text.json"))
        broken = replace(push, query={**push.query, "signature": ("wrong",)})

        assert message_of(channel(), broken).external_id == "24536788123456789"

    def test_m13_the_plain_signature_in_place_of_the_other_is_refused(self) -> None:
        push = Hand().safe(payload("text.json"))
        swapped = {**push.query, "msg_signature": push.query["signature"]}

        assert_refused(channel(), replace(push, query=swapped))

    @pytest.mark.parametrize(
        "body",
        [
            b"<!DOCTYPE xml><xml><Encrypt>AAAA</Encrypt></xml>",
            b'<!DOCTYPE xml [<!ENTITY e "AAAA">]><xml><Encrypt>&e;</Encrypt></xml>',
        ],
    )
    def test_m15_an_envelope_with_a_doctype_is_refused(self, body: bytes) -> None:
        assert_refused(channel({"format": "xml"}), Hand().posting("AAAA", body))

    @given(st.integers(min_value=0))
    def test_any_changed_character_of_the_cipher_text_is_refused(self, place: int) -> None:
        push = Hand().safe(payload("text.json"))
        fields = json.loads(push.body)
        fields["Encrypt"] = flipped(fields["Encrypt"], place)

        assert_refused(channel(), replace(push, body=json.dumps(fields).encode()))


class TestCompatMode:
    def test_m14_the_published_push_is_read(self) -> None:
        message = message_of(
            front_of("oa-compat-mode-xml", "compat"), of_vector("oa-compat-mode-xml")
        )

        assert (message.text, message.external_id) == ("abcdteT", "6054768590064713728")

    def test_m14_changed_plain_fields_have_no_effect(self) -> None:
        push = of_vector("oa-compat-mode-xml")
        forged = push.body.replace(b"abcdteT", b"forged").replace(b"605476859", b"999999999")
        front = front_of("oa-compat-mode-xml", "compat")

        message = message_of(front, replace(push, body=forged))

        assert forged != push.body
        assert (message.text, message.external_id) == ("abcdteT", "6054768590064713728")

    def test_a_push_of_plain_fields_alone_is_refused(self) -> None:
        assert_refused(channel({"mode": "compat"}), Hand().plain(payload("text.json")))


class TestAgeAndReceiver:
    @pytest.mark.parametrize("seconds", [-300, 0, 300])
    def test_s1_within_the_bound_a_push_is_accepted(self, seconds: int) -> None:
        push = Hand().safe(payload("text.json"))
        received_at = push.received_at + timedelta(seconds=seconds)

        assert channel().receive(replace(push, received_at=received_at))

    @pytest.mark.parametrize("seconds", [-301, 301, 86_400])
    def test_s1_beyond_the_bound_a_push_is_refused(self, seconds: int) -> None:
        push = Hand().safe(payload("text.json"))
        received_at = push.received_at + timedelta(seconds=seconds)

        assert_refused(channel(), replace(push, received_at=received_at))

    @pytest.mark.parametrize("timestamp", ["now", "-1", "1.5", "１７", "9" * 13, "9" * 5000])
    def test_s1_a_timestamp_that_is_none_is_refused(self, timestamp: str) -> None:
        assert_refused(channel(), Hand(timestamp=timestamp).safe(payload("text.json")))

    def test_a_push_for_the_set_original_id_is_accepted(self) -> None:
        front = channel({"original_id": ORIGINAL_ID})

        assert front.receive(Hand().safe(payload("text.json")))

    def test_a_push_for_another_original_id_is_refused(self) -> None:
        front = channel({"original_id": "gh_000000000000"})

        assert_refused(front, Hand().safe(payload("text.json")))


class TestRotation:
    @pytest.mark.parametrize(
        ("hand", "secrets"),
        [
            pytest.param(Hand(), FORMER, id="present"),
            pytest.param(Hand(token="BBBBB", aes_key="B" * 43), FORMER, id="former"),
            pytest.param(Hand(token="BBBBB"), {"previous_token": "BBBBB"}, id="token-alone"),
            pytest.param(
                Hand(aes_key="B" * 43), {"previous_encoding_aes_key": "B" * 43}, id="key-alone"
            ),
        ],
    )
    def test_s3_the_former_keys_hold_beside_the_present(
        self, hand: Hand, secrets: dict[str, str]
    ) -> None:
        assert channel(secrets=secrets).receive(hand.safe(payload("text.json")))

    def test_s3_the_former_token_proves_a_handshake(self) -> None:
        front = channel(secrets=FORMER)

        assert front.challenge(Hand(token="BBBBB").handshake())

    def test_s3_keys_that_were_never_set_are_refused(self) -> None:
        assert_refused(channel(secrets=FORMER), Hand(token="CCCCC").safe(payload("text.json")))
