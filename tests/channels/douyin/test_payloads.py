"""The platform's sample events, byte for byte, and what must come of each."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from channels.base import WebhookRequest
from channels.errors import PayloadInvalidError
from channels.messages import ConversationState, DeliveryEcho, InboundMessage, PlatformEvent
from tests.channels.douyin.shop import BRAND, NOON, front

SAMPLES = {
    path.stem: json.loads(path.read_text())
    for path in sorted((Path(__file__).parent / "payloads").glob("*.json"))
}
MESSAGES = [name for name in SAMPLES if name.startswith("im_receive_msg")]
HANDSHAKES = [name for name in SAMPLES if name.startswith("verify_webhook")]
UNUSED = [
    "im_group_send_msg",
    "item_comment_reply",
    "new_follow_action",
    "new_video_digg",
    "personal_tab_contact",
    "receive_msg-legacy",
    "union_auth_info_for_b",
]


def sample_request(name: str) -> WebhookRequest:
    sample = SAMPLES[name]
    return WebhookRequest(
        method="POST",
        query={},
        headers=sample["headers"],
        body=sample["body"].encode(),
        received_at=NOON,
    )


def receive(name: str, brand: str = BRAND) -> tuple[Any, ...]:
    secret = SAMPLES[name]["secret"]
    return front({"brand_open_id": brand}, {"client_secret": secret}).receive(sample_request(name))


def moment(milliseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)


@pytest.mark.parametrize("name", MESSAGES)
def test_must_02_a_customers_message_says_what_the_sample_expects(name: str) -> None:
    expected = SAMPLES[name]["expected"]

    [message] = receive(name, brand=expected.get("to", BRAND))

    assert isinstance(message, InboundMessage)
    assert message.kind == expected.get("message_type", "text")
    assert message.text == expected.get("text", "")
    assert message.customer == expected.get("from", "cust-open-id")
    assert message.sent_at == moment(expected.get("ts_ms", 1681303285997))
    assert message.external_id == message.context["msg_id"]
    assert message.context["scene"] == ""


@pytest.mark.parametrize("name", ["im_receive_msg-text", "im_receive_msg-content-as-string"])
def test_must_15_the_ids_that_an_answer_needs_are_kept_exactly(name: str) -> None:
    expected = SAMPLES[name]["expected"]

    [message] = receive(name, brand=expected.get("to", BRAND))

    assert message.context["conversation_id"] == expected["conversation_id"]
    assert message.context["msg_id"] == expected["message_id"]


def test_a_picture_without_an_address_is_a_message_without_media() -> None:
    [message] = receive("im_receive_msg-image-without-address")

    assert message.media == {}


def test_must_13_what_staff_typed_is_an_echo_that_is_not_ours() -> None:
    [echo] = receive("im_send_msg-typed-by-staff")

    assert echo == DeliveryEcho(
        external_id="im_send_msg:@out-human",
        customer="cust-open-id",
        sent_at=moment(1681303285997),
        platform_id="@out-human",
        by_us=False,
        text="我是店长，稍等",
    )


def test_must_22_a_withdrawn_grant_that_names_nobody_is_taken_for_the_brands_own() -> None:
    assert receive("unauthorize") == (
        PlatformEvent(external_id="unauthorize:conf-dy-022", name="unauthorize", subject=BRAND),
    )


def test_a_customers_consent_is_kept_by_name() -> None:
    assert receive("im_authorize") == (
        PlatformEvent(external_id="im_authorize:conf-dy-008", name="im_authorize"),
    )


@pytest.mark.parametrize("name", UNUSED)
def test_must_11_events_that_we_do_not_use_give_nothing(name: str) -> None:
    assert receive(name) == ()


@pytest.mark.parametrize("name", HANDSHAKES)
def test_must_01_the_handshake_is_echoed_and_has_no_effect(name: str) -> None:
    expected = SAMPLES[name]["expected"]

    reply = front().challenge(sample_request(name))

    assert reply is not None
    assert reply.status == expected["ack"]["status"]
    assert json.loads(reply.body) == expected["response_body"]
    assert type(json.loads(reply.body)["challenge"]).__name__ == expected["challenge_type"]
    assert receive(name) == ()


@pytest.mark.parametrize("name", SAMPLES)
def test_must_05_every_sample_is_acknowledged_with_json(name: str) -> None:
    reply = front().acknowledge(sample_request(name), ConversationState.BOT)

    assert (reply.status, reply.body) == (SAMPLES[name]["expected"]["ack"]["status"], b"{}")
    assert reply.media_type == "application/json"


@pytest.mark.parametrize(
    "change", [str.upper, str.lower], ids=["upper-case digest", "lower-case digest"]
)
def test_must_02_the_case_of_the_digest_does_not_matter(change: Callable[[str], str]) -> None:
    request = sample_request("im_receive_msg-text")
    digest = change(request.headers["x-douyin-signature"])
    brand = SAMPLES["im_receive_msg-text"]["expected"]["to"]
    changed = WebhookRequest(
        method="POST",
        query={},
        headers={**request.headers, "x-douyin-signature": digest},
        body=request.body,
        received_at=NOON,
    )

    assert len(front({"brand_open_id": brand}).receive(changed)) == 1


def test_must_15_a_message_to_another_brand_is_refused() -> None:
    with pytest.raises(PayloadInvalidError, match="brand_open_id 'biz-open-id'"):
        receive("im_receive_msg-text")


def test_every_sample_says_where_it_is_from() -> None:
    assert all(sample["source"] and sample["vector"] for sample in SAMPLES.values())


def test_every_sample_is_looked_at() -> None:
    looked_at = {*MESSAGES, *HANDSHAKES, *UNUSED}

    assert set(SAMPLES) - looked_at == {"im_authorize", "im_send_msg-typed-by-staff", "unauthorize"}
