import asyncio
import json

import pytest
from starlette.responses import PlainTextResponse, Response

from simulators.control import ControlError
from simulators.wechat.account import PushFormat, PushMode, WechatAccount
from simulators.wechat.cipher import decrypt, encrypt, signature
from simulators.wechat.envelope import parse, render
from simulators.wechat.simulator import WechatSimulator
from simulators.wire import BodyUnreadableError
from tests.simulators.callee import Callee, Clock, Received, text, unreachable
from tests.simulators.wechat.setting import APPID, OPENID, account, simulator

TOKEN, KEY = "AAAAA", "A" * 43


def connected(clock: Clock, callee: Callee, owner: WechatAccount) -> WechatSimulator:
    platform = simulator(clock, owner)
    platform.connect("http://shop.test/hook?tenant=1", callee.client())
    return platform


def opened(received: Received, fmt: PushFormat) -> dict[str, object]:
    envelope = parse(received.body.decode(), fmt)
    return parse(decrypt(KEY, APPID, envelope["Encrypt"]), fmt)


class TestModes:
    @pytest.mark.parametrize("fmt", PushFormat)
    async def test_plain_push_is_the_message_with_a_signature(
        self, clock: Clock, callee: Callee, fmt: PushFormat
    ) -> None:
        platform = connected(clock, callee, account(PushMode.PLAIN, fmt))

        await platform.push_text(OPENID, "裙子有 M 码吗？]]>&<")

        (received,) = callee.received
        fields = parse(received.body.decode(), fmt)
        query = received.query
        assert fields["Content"] == "裙子有 M 码吗？]]>&<"
        assert list(fields) == [
            *("ToUserName", "FromUserName", "CreateTime", "MsgType", "Content", "MsgId")
        ]
        assert query["signature"] == signature(TOKEN, query["timestamp"], query["nonce"])
        assert "msg_signature" not in query
        assert query["tenant"] == "1"

    @pytest.mark.parametrize("fmt", PushFormat)
    async def test_safe_push_holds_the_cipher_text_alone(
        self, clock: Clock, callee: Callee, fmt: PushFormat
    ) -> None:
        platform = connected(clock, callee, account(PushMode.SAFE, fmt))

        await platform.push_text(OPENID, "在吗")

        (received,) = callee.received
        envelope, query = parse(received.body.decode(), fmt), received.query
        assert list(envelope) == ["ToUserName", "Encrypt"]
        assert opened(received, fmt)["Content"] == "在吗"
        assert query["encrypt_type"] == "aes"
        assert query["openid"] == OPENID
        assert query["msg_signature"] == signature(
            TOKEN, query["timestamp"], query["nonce"], envelope["Encrypt"]
        )

    @pytest.mark.parametrize("fmt", PushFormat)
    async def test_compat_push_holds_both(
        self, clock: Clock, callee: Callee, fmt: PushFormat
    ) -> None:
        platform = connected(clock, callee, account(PushMode.COMPAT, fmt))

        await platform.push_text(OPENID, "在吗")

        (received,) = callee.received
        assert parse(received.body.decode(), fmt)["Content"] == "在吗"
        assert opened(received, fmt)["Content"] == "在吗"

    async def test_message_id_is_a_number_no_double_can_hold(
        self, wechat: WechatSimulator, callee: Callee
    ) -> None:
        delivery = await wechat.push_text(OPENID, "在吗")

        fields = opened(callee.received[0], PushFormat.JSON)
        assert fields["MsgId"] == int(delivery.id)
        assert int(delivery.id) > 2**53


class TestKinds:
    async def test_event_has_no_message_id(self, wechat: WechatSimulator, callee: Callee) -> None:
        delivery = await wechat.push_enter_session(OPENID, "ticket=1")

        fields = opened(callee.received[0], PushFormat.JSON)
        assert fields["Event"] == "user_enter_tempsession"
        assert fields["SessionFrom"] == "ticket=1"
        assert "MsgId" not in fields
        assert delivery.id == ""

    async def test_image_is_a_picture_url_and_a_media_id(
        self, wechat: WechatSimulator, callee: Callee
    ) -> None:
        await wechat.push_image(OPENID, b"GIF89a\x01\x00\x01\x00")

        fields = opened(callee.received[0], PushFormat.JSON)
        media = wechat.platform.find_media(fields["MediaId"])
        assert media.media_type == "image/gif"
        assert fields["PicUrl"] == f"http://mmbiz.qpic.cn/mmbiz_jpg/{media.id}/0"

    async def test_card_names_its_page(self, wechat: WechatSimulator, callee: Callee) -> None:
        await wechat.push_page(OPENID, "连衣裙", "pages/item?id=7")

        fields = opened(callee.received[0], PushFormat.JSON)
        assert (fields["MsgType"], fields["PagePath"]) == ("miniprogrampage", "pages/item?id=7")


class TestRetries:
    async def test_failed_push_comes_three_times_encrypted_afresh(
        self, wechat: WechatSimulator, callee: Callee
    ) -> None:
        callee.answers = [text("no", 500), unreachable(), text("success")]

        delivery = await wechat.push_text(OPENID, "在吗")

        ids = {str(opened(one, PushFormat.JSON)["MsgId"]) for one in callee.received}
        bodies = {one.body for one in callee.received}
        nonces = {one.query["nonce"] for one in callee.received}
        assert [attempt.status for attempt in delivery.attempts] == [500, None, 200]
        assert [attempt.trouble for attempt in delivery.attempts] == ["", "ConnectError", ""]
        assert ids == {delivery.id}
        assert (len(bodies), len(nonces)) == (3, 3)
        assert delivery.accepted

    async def test_third_failure_is_the_last(self, wechat: WechatSimulator, callee: Callee) -> None:
        callee.answers = [text("no", 503)] * 4

        delivery = await wechat.push_text(OPENID, "在吗")

        assert (len(callee.received), delivery.accepted) == (3, False)

    async def test_silent_callee_is_cut_off(self, clock: Clock, callee: Callee) -> None:
        async def never(received: Received) -> Response:
            await asyncio.Event().wait()
            return PlainTextResponse("too late")

        callee.answers = [never, text("success")]
        platform = simulator(clock, timeout=0.01)
        platform.connect("http://shop.test/hook", callee.client())

        delivery = await platform.push_text(OPENID, "在吗")

        assert [attempt.trouble for attempt in delivery.attempts] == ["timeout", ""]

    async def test_elapsed_time_is_the_clocks(
        self, clock: Clock, wechat: WechatSimulator, callee: Callee
    ) -> None:
        async def slow(received: Received) -> Response:
            clock.forward(seconds=0.25)
            return PlainTextResponse("success")

        callee.answers = [slow]

        delivery = await wechat.push_text(OPENID, "在吗")

        assert delivery.last.elapsed == 0.25

    async def test_same_message_pushed_twice_keeps_its_id(
        self, wechat: WechatSimulator, callee: Callee
    ) -> None:
        message = wechat.message("text", OPENID, {"Content": "在吗"})

        first, second = await wechat.push(message), await wechat.push(message)

        assert first.id == second.id
        assert len(callee.received) == 2

    async def test_unconnected_account_cannot_push(self, clock: Clock) -> None:
        with pytest.raises(ControlError, match="connect"):
            await simulator(clock).push_text(OPENID, "在吗")


class TestHandshake:
    async def test_callee_that_echoes_proves_itself(
        self, wechat: WechatSimulator, callee: Callee
    ) -> None:
        async def echo(received: Received) -> Response:
            return PlainTextResponse(received.query["echostr"])

        callee.answers = [echo]

        proved, attempt = await wechat.verify_url()

        query = callee.received[0].query
        assert proved
        assert callee.received[0].method == "GET"
        assert query["signature"] == signature(TOKEN, query["timestamp"], query["nonce"])
        assert attempt.body == query["echostr"].encode()

    async def test_quoted_echo_proves_nothing(
        self, wechat: WechatSimulator, callee: Callee
    ) -> None:
        async def quoted(received: Received) -> Response:
            return PlainTextResponse(f'"{received.query["echostr"]}"')

        callee.answers = [quoted]

        proved, _ = await wechat.verify_url()

        assert not proved


def transfer(fmt: PushFormat, *, encrypted: bool, mark: str | None = None) -> str:
    fields = {"ToUserName": OPENID, "MsgType": "transfer_customer_service"}
    reply = render(fields, fmt)
    if not encrypted:
        return reply
    sealed = encrypt(KEY, APPID, reply, b"0123456789abcdef")
    mark = mark or signature(TOKEN, "1700000000", "42", sealed)
    envelope = {"Encrypt": sealed, "MsgSignature": mark, "TimeStamp": 1700000000, "Nonce": "42"}
    return render(envelope, fmt)


class TestPassiveReply:
    @pytest.mark.parametrize("fmt", PushFormat)
    @pytest.mark.parametrize("mode", [PushMode.PLAIN, PushMode.SAFE])
    async def test_transfer_puts_the_customer_in_the_queue(
        self, clock: Clock, callee: Callee, mode: PushMode, fmt: PushFormat
    ) -> None:
        platform = connected(clock, callee, account(mode, fmt))
        callee.answers = [text(transfer(fmt, encrypted=mode is PushMode.SAFE))]

        await platform.push_text(OPENID, "转人工")

        assert platform.customer(OPENID).waits_for_staff
        assert platform.misunderstood == []

    @pytest.mark.parametrize(
        "reply",
        [
            transfer(PushFormat.JSON, encrypted=False),
            transfer(PushFormat.JSON, encrypted=True, mark="0" * 40),
            '{"ok":true}',
            "好的",
        ],
    )
    async def test_reply_of_the_wrong_form_is_misunderstood(
        self, wechat: WechatSimulator, callee: Callee, reply: str
    ) -> None:
        callee.answers = [text(reply)]

        delivery = await wechat.push_text(OPENID, "转人工")

        assert wechat.misunderstood == [delivery]
        assert not wechat.customer(OPENID).waits_for_staff

    async def test_event_transfers_nobody(self, wechat: WechatSimulator, callee: Callee) -> None:
        callee.answers = [text(transfer(PushFormat.JSON, encrypted=True))]

        await wechat.push_enter_session(OPENID)

        assert not wechat.customer(OPENID).waits_for_staff

    async def test_staff_hears_the_customer_alone_until_they_close(
        self, clock: Clock, wechat: WechatSimulator, callee: Callee
    ) -> None:
        await wechat.push_text(OPENID, "转人工")
        wechat.staff_accepts(OPENID)

        held = await wechat.push_text(OPENID, "还在吗")
        wechat.staff_closes(OPENID)
        again = await wechat.push_text(OPENID, "谢谢")

        assert (held.attempts, len(again.attempts)) == ((), 1)
        assert len(callee.received) == 2

    async def test_unclosed_staff_conversation_comes_back_after_half_an_hour(
        self, clock: Clock, wechat: WechatSimulator, callee: Callee
    ) -> None:
        await wechat.push_text(OPENID, "转人工")
        wechat.staff_accepts(OPENID)
        clock.forward(minutes=30)

        await wechat.push_text(OPENID, "还在吗")

        assert len(callee.received) == 2


class TestXml:
    def test_doctype_is_refused(self) -> None:
        with pytest.raises(BodyUnreadableError, match="without entities"):
            parse('<!DOCTYPE x [<!ENTITY a "b">]><xml><A>&a;</A></xml>', PushFormat.XML)

    def test_nested_fields_survive(self) -> None:
        fields = {"TransInfo": {"KfAccount": "a@b"}, "List": ["甲"], "Count": 2}

        actual = parse(render(fields, PushFormat.XML), PushFormat.XML)

        assert actual["TransInfo"] == {"KfAccount": "a@b"}
        assert json.loads(str(actual["List"])) == ["甲"]
        assert actual["Count"] == "2"


class TestSeveralAccounts:
    async def test_push_goes_to_the_account_named(self, clock: Clock, callee: Callee) -> None:
        other = Callee()
        platform = simulator(clock, account(), account(appid="wx2"))
        platform.connect("http://shop.test/1", callee.client(), appid=APPID)
        platform.connect("http://shop.test/2", other.client(), appid="wx2")

        await platform.push_text(OPENID, "在吗", appid="wx2")

        assert (len(callee.received), len(other.received)) == (0, 1)

    async def test_push_that_names_none_is_refused(self, clock: Clock) -> None:
        platform = simulator(clock, account(), account(appid="wx2"))

        with pytest.raises(ControlError, match="name one of the accounts"):
            await platform.push_text(OPENID, "在吗")
