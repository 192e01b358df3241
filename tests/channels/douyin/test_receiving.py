"""What the platform's events become: the rest of the MUST items that concern the way in."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels.errors import PayloadInvalidError, SignatureInvalidError
from channels.messages import DeliveryEcho, InboundMessage, PlatformEvent, SessionOpened
from tests.channels.douyin.shop import (
    BRAND,
    CLIENT_KEY,
    CUSTOMER,
    NOON,
    Written,
    entered,
    event,
    front,
    request,
    said,
    signature,
)


def receive(written: Written, headers: dict[str, str] | None = None) -> tuple[Any, ...]:
    """Receive an event, which must be read alike with its content as an object and as a string."""
    as_object = front().receive(request(written.as_object, headers))
    as_string = front().receive(request(written.as_string, headers))
    assert as_object == as_string
    return as_object


def receive_bytes(body: bytes) -> tuple[Any, ...]:
    return front().receive(request(body))


class TestProof:
    def test_must_03_a_request_without_a_signature_is_refused(self) -> None:
        body = event("im_receive_msg", said()).as_object

        with pytest.raises(SignatureInvalidError):
            front().receive(request(body, {"x-douyin-signature": ""}))

    def test_must_03_nothing_is_read_before_it_is_verified(self) -> None:
        with pytest.raises(SignatureInvalidError):
            front().receive(request(b"no JSON", {"x-douyin-signature": signature(b"other")}))

    def test_should_44_the_former_secret_counts_until_its_end(self) -> None:
        end = NOON + timedelta(hours=1)
        changing = front(
            {"previous_client_secret_until": end.isoformat()}, {"previous_client_secret": "former"}
        )
        body = event("im_receive_msg", said()).as_object

        assert len(changing.receive(request(body, secret="former", received_at=NOON))) == 1
        assert len(changing.receive(request(body, received_at=end))) == 1
        with pytest.raises(SignatureInvalidError):
            changing.receive(request(body, secret="former", received_at=end))


class TestMessages:
    def test_must_09_a_text_is_read_alike_from_an_object_and_from_a_string(self) -> None:
        assert receive(event("im_receive_msg", said())) == (
            InboundMessage(
                external_id="@msg/1+2==",
                customer=CUSTOMER,
                sent_at=datetime(2023, 4, 12, 12, 41, 25, 997000, tzinfo=UTC),
                context={
                    "conversation_id": "@9VconvSample==",
                    "msg_id": "@msg/1+2==",
                    "scene": "",
                    "sent_at": "2023-04-12T12:41:25.997000+00:00",
                },
                text="裙子有 M 码吗？😀",
                kind="text",
            ),
        )

    def test_must_07_a_redelivery_has_the_same_id(self) -> None:
        [first] = receive(event("im_receive_msg", said()))
        [again] = receive(event("im_receive_msg", said()))

        assert again.external_id == first.external_id

    def test_must_07_a_new_delivery_id_does_not_make_a_captured_body_new(self) -> None:
        [first] = receive(event("im_receive_msg", said()), {"msg-id": "delivery-1"})
        [replayed] = receive(event("im_receive_msg", said()), {"msg-id": "delivery-2"})

        assert replayed.external_id == first.external_id

    @pytest.mark.parametrize(
        "kind", ["emoji", "video", "retain_consult_card", "user_local_video", "other", "new_kind"]
    )
    def test_must_11_other_kinds_keep_their_name_and_have_no_words(self, kind: str) -> None:
        [message] = receive(event("im_receive_msg", said(message_type=kind, text=None)))

        assert (message.kind, message.text, dict(message.media)) == (kind, "", {})

    def test_a_picture_can_be_fetched_from_its_address(self) -> None:
        address = "https://p3.douyinpic.test/a.jpeg"
        [message] = receive(
            event("im_receive_msg", said(message_type="image", text=None, resource_url=address))
        )

        assert message.media == {"url": address}

    def test_must_23_what_a_customer_filled_into_a_card_is_not_kept(self) -> None:
        card = said(
            message_type="retain_consult_card",
            text=None,
            card_id="@card",
            card_status=2,
            card_data=[{"label": "电话", "value": "13800138000"}],
        )

        [message] = receive(event("im_receive_msg", card))

        assert "13800138000" not in repr(message)

    def test_names_and_pictures_of_people_are_not_kept(self) -> None:
        [message] = receive(event("im_receive_msg", said()))

        assert "样例用户" not in repr(message)

    def test_must_28_ids_that_come_as_numbers_keep_every_digit(self) -> None:
        body = event(
            "im_receive_msg",
            said(conversation_short_id=7494205308479291111, server_message_id=4705288465508532862),
        )

        [message] = receive(body)

        assert message.context["conversation_id"] == "7494205308479291111"
        assert message.external_id == "4705288465508532862"

    def test_a_message_in_a_group_gives_nothing(self) -> None:
        assert receive(event("im_receive_msg", said(conversation_type=2), receiver="")) == ()

    def test_a_field_that_is_null_is_a_field_that_is_absent(self) -> None:
        content = said() | {"resource_url": None, "source": None}

        assert len(receive(event("im_receive_msg", content))) == 1

    def test_halves_of_an_emoji_and_nul_do_not_get_into_the_store(self) -> None:
        body = event("im_receive_msg", said(text="HERE")).as_object

        [message] = receive_bytes(body.replace(b"HERE", rb"\u597d\u0000\u7684\ud83d"))

        assert message.text == "好的\ufffd"

    @pytest.mark.parametrize("sent", [1681303285997, 1681303285, "1681303285997"])
    def test_must_10_the_digits_tell_milliseconds_from_seconds(self, sent: object) -> None:
        [message] = receive(event("im_receive_msg", said(create_time=sent)))

        assert message.sent_at.replace(microsecond=0) == datetime(
            2023, 4, 12, 12, 41, 25, tzinfo=UTC
        )

    @pytest.mark.parametrize(
        "sent", [0, 123123, -168130328599, 168130328599700, 1681303285.9, True, "soon", {}, []]
    )
    def test_must_10_what_is_no_time_is_refused(self, sent: object) -> None:
        with pytest.raises(PayloadInvalidError, match="create_time"):
            receive(event("im_receive_msg", said(create_time=sent)))

    @pytest.mark.parametrize(
        "field", ["conversation_short_id", "server_message_id", "message_type", "create_time"]
    )
    def test_a_message_without_what_an_answer_needs_is_refused(self, field: str) -> None:
        with pytest.raises(PayloadInvalidError, match=field):
            receive(event("im_receive_msg", said(**{field: None})))

    def test_a_message_from_nobody_is_refused(self) -> None:
        with pytest.raises(PayloadInvalidError, match="names no customer"):
            receive(event("im_receive_msg", said(), sender=""))

    @pytest.mark.parametrize("receiver", ["", "another-brand", CUSTOMER])
    def test_must_15_a_message_never_crosses_accounts(self, receiver: str) -> None:
        with pytest.raises(PayloadInvalidError, match="another account"):
            receive(event("im_receive_msg", said(), receiver=receiver))


class TestEntrances:
    def test_an_opened_chat_can_be_greeted_under_its_scene(self) -> None:
        [opened] = receive(event("im_enter_direct_msg", entered()))

        assert opened == SessionOpened(
            external_id="im_enter_direct_msg:@enter-1==",
            customer=CUSTOMER,
            sent_at=datetime(2023, 4, 12, 12, 41, 25, 997000, tzinfo=UTC),
            context={
                "conversation_id": "@9VconvSample==",
                "msg_id": "@enter-1==",
                "scene": "im_enter_direct_msg",
                "sent_at": "2023-04-12T12:41:25.997000+00:00",
            },
        )

    @pytest.mark.parametrize("written", [dict, json.dumps], ids=["object", "string"])
    def test_must_09_the_advertisement_within_is_read_in_both_forms(self, written: Any) -> None:
        advertisement = written({"ad_id": "17", "adv_name": "春季新茶"})
        content = entered(
            **{"data-im-extra": "shelf-3"},
            objectId="@video==",
            path="pages/a",
            query="",
            ad_info=advertisement,
        )

        [opened] = receive(event("im_enter_direct_msg", content))

        assert json.loads(opened.source) == {
            "ad_info": {"ad_id": "17", "adv_name": "春季新茶"},
            "data-im-extra": "shelf-3",
            "objectId": "@video==",
            "path": "pages/a",
        }

    def test_must_12_an_advertisement_that_cannot_be_decoded_is_refused(self) -> None:
        with pytest.raises(PayloadInvalidError):
            receive(event("im_enter_direct_msg", entered(ad_info="{")))

    def test_must_15_an_entrance_to_another_brand_is_refused(self) -> None:
        with pytest.raises(PayloadInvalidError, match="another account"):
            receive(event("im_enter_direct_msg", entered(), receiver="another-brand"))

    def test_an_opened_group_gives_nothing(self) -> None:
        assert receive(event("im_enter_direct_msg", entered(conversation_type=2))) == ()


class TestEchoes:
    @pytest.mark.parametrize(
        ("source", "scene_type", "by_us"),
        [
            pytest.param(CLIENT_KEY, 100, True, id="through our app"),
            pytest.param(CLIENT_KEY, 1, True, id="through our app, whatever the scene"),
            pytest.param("", 100, False, id="typed by a person"),
            pytest.param("another-app", 100, False, id="through another app"),
            pytest.param("", None, False, id="typed, and no scene told"),
        ],
    )
    def test_must_13_an_echo_tells_who_sent_it(
        self, source: str, scene_type: int | None, *, by_us: bool
    ) -> None:
        content = said(source=source, scene_type=scene_type, text="好的")

        [echo] = receive(event("im_send_msg", content, sender=BRAND, receiver=CUSTOMER))

        assert isinstance(echo, DeliveryEcho)
        assert (echo.by_us, echo.customer, echo.platform_id) == (by_us, CUSTOMER, "@msg/1+2==")
        assert echo.text == "好的"

    @pytest.mark.parametrize("scene_type", [1, 2])
    def test_should_40_the_platforms_own_texts_are_neither_ours_nor_a_takeover(
        self, scene_type: int
    ) -> None:
        content = said(scene_type=scene_type)

        [told] = receive(event("im_send_msg", content, sender=BRAND, receiver=CUSTOMER))

        assert told == PlatformEvent(
            external_id="im_send_msg:@msg/1+2==", name="im_auto_reply", subject=CUSTOMER
        )

    def test_must_15_an_echo_of_another_brand_is_refused(self) -> None:
        with pytest.raises(PayloadInvalidError, match="another account"):
            receive(event("im_send_msg", said(), sender="another-brand", receiver=CUSTOMER))

    def test_an_echo_from_a_group_gives_nothing(self) -> None:
        content = said(conversation_type=2)

        assert receive(event("im_send_msg", content, sender=BRAND, receiver="")) == ()


class TestOtherEvents:
    @pytest.mark.parametrize(("sender", "receiver"), [(CUSTOMER, BRAND), (BRAND, CUSTOMER)])
    def test_must_14_a_recall_names_the_recalled_message(self, sender: str, receiver: str) -> None:
        content = {"server_message_id": "@msg/1+2=="}

        [recalled] = receive(event("im_recall_msg", content, sender=sender, receiver=receiver))

        [message] = receive(event("im_receive_msg", said()))
        assert recalled == PlatformEvent(
            external_id="im_recall_msg:@msg/1+2==", name="im_recall_msg", subject="@msg/1+2=="
        )
        assert recalled.subject == message.external_id

    def test_must_15_a_recall_between_others_is_refused(self) -> None:
        with pytest.raises(PayloadInvalidError, match="another account"):
            receive(event("im_recall_msg", {"server_message_id": "@m"}, receiver="another-brand"))

    @pytest.mark.parametrize(
        "name", ["authorize", "unauthorize", "contract_authorize", "contract_unauthorize"]
    )
    @pytest.mark.parametrize("grantor", [BRAND, CUSTOMER])
    def test_must_22_a_grant_tells_whose_it_is(self, name: str, grantor: str) -> None:
        assert receive(event(name, {"scopes": []}, sender=grantor, receiver="")) == (
            PlatformEvent(external_id=f"{name}:delivery-1", name=name, subject=grantor),
        )

    def test_must_15_a_consent_for_another_brand_is_refused(self) -> None:
        with pytest.raises(PayloadInvalidError, match="another account"):
            receive(event("im_authorize", {}, receiver="another-brand"))

    @pytest.mark.parametrize("msg_id", ["", "nicht druckbar", "号", "x" * 129])
    def test_must_08_without_a_usable_delivery_id_the_body_itself_is_the_id(
        self, msg_id: str
    ) -> None:
        body = event("unauthorize", {"scopes": []}, sender=BRAND).as_object

        [first] = front().receive(request(body, {"msg-id": msg_id}))
        [again] = front().receive(request(body, {"msg-id": msg_id}))
        [other] = front().receive(request(body + b" ", {"msg-id": msg_id}))

        assert first.external_id == again.external_id
        assert first.external_id != other.external_id
        assert len(first.external_id) == len("unauthorize:") + 64

    @pytest.mark.parametrize("name", ["im_message_read", "life_trade_order_notify", "brand_new"])
    def test_must_11_unknown_and_unused_events_give_nothing(self, name: str) -> None:
        assert receive_bytes(json.dumps({"event": name, "content": "{"}).encode()) == ()
