import json
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from simulators.control import ControlError
from simulators.douyin.signature import sign
from simulators.douyin.simulator import DouyinSimulator
from tests.simulators.callee import Callee, Clock, Received, text, unreachable
from tests.simulators.douyin.setting import (
    BRAND,
    CLIENT_KEY,
    CLIENT_SECRET,
    CUSTOMER,
    douyin_app,
    simulator,
)


def event(callee: Callee) -> dict[str, Any]:
    return dict(json.loads(callee.received[-1].body))


class TestMessages:
    async def test_message_is_signed_over_its_raw_bytes(
        self, douyin: DouyinSimulator, callee: Callee
    ) -> None:
        delivery = await douyin.push_text(CUSTOMER, "裙子有 M 码吗？😀")

        (received,) = callee.received
        assert received.headers["x-douyin-signature"] == sign(CLIENT_SECRET, received.body)
        assert received.headers["msg-id"] == delivery.id
        assert "裙子有 M 码吗？😀".encode() in received.body

    async def test_message_has_the_documented_fields(
        self, douyin: DouyinSimulator, callee: Callee, clock: Clock
    ) -> None:
        await douyin.push_text(CUSTOMER, "在吗")

        envelope = event(callee)
        content = envelope["content"]
        people = [person["open_id"] for person in content.pop("user_infos")]
        assert (envelope["event"], envelope["client_key"]) == ("im_receive_msg", CLIENT_KEY)
        assert (envelope["from_user_id"], envelope["to_user_id"]) == (CUSTOMER, BRAND)
        assert content["conversation_short_id"] == douyin.conversation(CUSTOMER).id
        assert content["create_time"] == int(clock().timestamp() * 1000)
        assert content["server_message_id"].startswith("@")
        assert content["server_message_id"].endswith("==")
        assert (content["message_type"], content["text"]) == ("text", "在吗")
        assert (content["source"], content["scene_type"]) == ("", 100)
        assert people == [CUSTOMER, BRAND]

    async def test_content_can_be_text(self, douyin: DouyinSimulator, callee: Callee) -> None:
        douyin.content_as_text = True

        await douyin.push_text(CUSTOMER, "在吗")

        assert json.loads(event(callee)["content"])["text"] == "在吗"

    async def test_picture_names_its_resource(
        self, douyin: DouyinSimulator, callee: Callee
    ) -> None:
        await douyin.push_image(CUSTOMER, "https://p3.test/a.jpeg")

        content = event(callee)["content"]
        assert (content["message_type"], content["resource_url"]) == (
            "image",
            "https://p3.test/a.jpeg",
        )

    async def test_entry_is_always_text_and_carries_what_is_passed_through(
        self, douyin: DouyinSimulator, callee: Callee
    ) -> None:
        await douyin.push_enter(CUSTOMER, {"data-im-extra": "sku=7"})

        content = json.loads(event(callee)["content"])
        assert event(callee)["event"] == "im_enter_direct_msg"
        assert content["data-im-extra"] == "sku=7"

    async def test_reply_of_a_person_is_seen_by_both_sides(
        self, douyin: DouyinSimulator, callee: Callee
    ) -> None:
        await douyin.push_staff_reply(CUSTOMER, "我是店长，稍等")

        envelope = event(callee)
        assert (envelope["event"], envelope["content"]["source"]) == ("im_send_msg", "")
        assert (envelope["from_user_id"], envelope["to_user_id"]) == (BRAND, CUSTOMER)
        assert [bubble.text for bubble in douyin.inbox(CUSTOMER)] == ["我是店长，稍等"]

    async def test_mini_programs_own_secret_signs(self, clock: Clock, callee: Callee) -> None:
        douyin = simulator(clock, douyin_app(webhook_secret="of-the-webhook"))
        douyin.connect("http://shop.test/hook", callee.client())

        await douyin.push_text(CUSTOMER, "在吗")

        (received,) = callee.received
        assert received.headers["x-douyin-signature"] == sign("of-the-webhook", received.body)

    async def test_app_of_two_brands_must_be_told_which(self, clock: Clock) -> None:
        douyin = simulator(clock, douyin_app(brands=("b1", "b2")))

        with pytest.raises(ControlError, match="name one of the brands"):
            await douyin.push_text(CUSTOMER, "在吗")

    async def test_webhook_names_the_brand_that_was_meant(
        self, clock: Clock, callee: Callee
    ) -> None:
        douyin = simulator(clock, douyin_app(brands=("b1", "b2")))
        douyin.connect("http://shop.test/hook", callee.client())

        await douyin.push_text(CUSTOMER, "在吗", brand="b2")

        assert event(callee)["to_user_id"] == "b2"


class TestRetries:
    async def test_failed_webhook_comes_three_times_the_same(
        self, douyin: DouyinSimulator, callee: Callee
    ) -> None:
        callee.answers = [text("no", 500), unreachable(), text("", 204)]

        delivery = await douyin.push_text(CUSTOMER, "在吗")

        assert [attempt.status for attempt in delivery.attempts] == [500, None, 204]
        assert len({received.body for received in callee.received}) == 1
        assert {received.headers["msg-id"] for received in callee.received} == {delivery.id}
        assert delivery.accepted

    async def test_third_failure_is_the_last(self, douyin: DouyinSimulator, callee: Callee) -> None:
        callee.answers = [text("no", 400)] * 4

        delivery = await douyin.push_text(CUSTOMER, "在吗")

        assert (len(delivery.attempts), delivery.accepted) == (3, False)


class TestChallenge:
    @pytest.mark.parametrize("challenge", [12345, "abc-1"])
    async def test_callee_that_echoes_the_value_proves_itself(
        self, douyin: DouyinSimulator, callee: Callee, challenge: int | str
    ) -> None:
        async def echo(received: Received) -> Response:
            return JSONResponse({"challenge": json.loads(received.body)["content"]["challenge"]})

        callee.answers = [echo]

        proved, attempt = await douyin.verify_webhook(challenge)

        (received,) = callee.received
        assert proved
        assert attempt.status == 200
        assert event(callee)["client_key"] == ""
        assert received.headers["x-douyin-signature"] == sign(CLIENT_SECRET, received.body)

    @pytest.mark.parametrize("answer", ['{"challenge":"12345"}', "12345", "success", "{}"])
    async def test_other_answers_prove_nothing(
        self, douyin: DouyinSimulator, callee: Callee, answer: str
    ) -> None:
        callee.answers = [text(answer)]

        proved, _ = await douyin.verify_webhook(12345)

        assert not proved
