"""Sends against the platform's double: the MUST items that concern the way out."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from channels.douyin.openplatform import DouyinChannel
from channels.errors import (
    DeliveryRefusedError,
    DeliveryRetryableError,
    DeliveryUnknownError,
)
from channels.messages import DeliveryEcho, PlatformEvent, Recipient
from labelling.content import MediaType, Surface
from labelling.wording import TEXT_NOTICE
from simulators.douyin.errors import Shell
from simulators.faults import Fault, FaultKind
from tests.channels.douyin.platform import BRAND, Shop, opened_shop
from tests.channels.douyin.shop import CUSTOMER

SEND = "/im/send/msg/"
REFRESH = "/oauth/refresh_token/"


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    async with opened_shop() as shop:
        yield shop


def fails(path: str, kind: FaultKind, *, times: int | None = 1, code: str = "") -> Fault:
    return Fault(kind=kind, path=path, times=times, code=code)


class TestAnswers:
    async def test_must_15_an_answer_names_the_message_and_the_conversation_it_is_for(
        self, shop: Shop
    ) -> None:
        to = await shop.said()

        await shop.send("有货", to=to)

        conversation = shop.platform.conversation(CUSTOMER)
        assert json.loads(shop.calls[-1].content) == {
            "msg_id": to.context["msg_id"],
            "conversation_id": conversation.id,
            "to_user_id": CUSTOMER,
            "content": {"msg_type": 1, "text": {"text": "有货（内容由AI生成）"}},
        }

    async def test_should_42_the_accounts_id_is_escaped_in_the_query(self, shop: Shop) -> None:
        await shop.send("有货", to=await shop.said())

        assert shop.calls[-1].url.raw_path.startswith(b"/im/send/msg/?open_id=%409VxT0uuFWsE7")
        assert not set("@+/=") & set(shop.calls[-1].url.query.decode().partition("=")[2])
        assert shop.calls[-1].url.params["open_id"] == BRAND

    async def test_must_17_a_greeting_is_sent_under_its_scene(self, shop: Shop) -> None:
        await shop.send("欢迎光临", to=await shop.entered())

        assert json.loads(shop.calls[-1].content)["scene"] == "im_enter_direct_msg"
        assert [bubble.text for bubble in shop.platform.inbox(CUSTOMER)] == [
            "欢迎光临（内容由AI生成）"
        ]

    async def test_must_24_every_part_is_one_message_and_has_its_receipt(self, shop: Shop) -> None:
        ids = await shop.send("一", "二", "三", to=await shop.said())

        assert ids == [message.id for message in shop.platform.sent]
        assert [message.text[0] for message in shop.platform.sent] == ["一", "二", "三"]

    async def test_must_13_our_own_echo_names_the_message_we_sent(self, shop: Shop) -> None:
        [sent_id] = await shop.send("有货", to=await shop.said())

        echo = shop.callback.received[-1]

        assert isinstance(echo, DeliveryEcho)
        assert (echo.by_us, echo.platform_id, echo.customer) == (True, sent_id, CUSTOMER)

    async def test_must_13_staff_that_types_is_not_us(self, shop: Shop) -> None:
        await shop.platform.push_staff_reply(CUSTOMER, "我是店长")

        echo = shop.callback.received[-1]

        assert isinstance(echo, DeliveryEcho)
        assert not echo.by_us

    async def test_must_24_no_text_that_fits_is_too_long_for_the_platform(self, shop: Shop) -> None:
        capabilities = DouyinChannel.capabilities
        longest = capabilities.max_text_characters
        assert longest is not None

        await shop.send("棠" * (longest - len(TEXT_NOTICE)), to=await shop.said())

        assert len(shop.platform.sent) == 1
        assert capabilities.media_types == {MediaType.TEXT}
        assert capabilities.surface is Surface.PLATFORM


class TestWindows:
    async def test_must_10_what_is_too_old_to_be_answered_leads_to_no_call(
        self, shop: Shop
    ) -> None:
        to = await shop.said()
        shop.clock.forward(hours=24)

        with pytest.raises(DeliveryRefusedError) as refused:
            await shop.send("有货", to=to)

        assert refused.value.code == "window_closed"
        assert shop.calls == []

    async def test_must_16_a_message_is_answered_up_to_the_end_of_its_window(
        self, shop: Shop
    ) -> None:
        to = await shop.said()
        shop.clock.forward(hours=23, minutes=59)

        assert len(await shop.send("有货", to=to)) == 1

    async def test_must_17_a_greeting_that_comes_too_late_leads_to_no_call(
        self, shop: Shop
    ) -> None:
        to = await shop.entered()
        shop.clock.forward(seconds=30)

        with pytest.raises(DeliveryRefusedError):
            await shop.send("欢迎光临", to=to)

        assert shop.calls == []

    @pytest.mark.parametrize("missing", ["conversation_id", "msg_id", "scene", "sent_at"])
    async def test_must_15_without_a_message_to_answer_there_is_no_call(
        self, shop: Shop, missing: str
    ) -> None:
        to = await shop.said()
        context = {name: value for name, value in to.context.items() if name != missing}

        with pytest.raises(DeliveryRefusedError) as refused:
            await shop.send("有货", to=Recipient(CUSTOMER, context))

        assert refused.value.code == "no_context"
        assert shop.calls == []


class TestTokens:
    async def test_must_21_the_token_is_fetched_with_a_form_and_kept(self, shop: Shop) -> None:
        to = await shop.said()

        await shop.send("一", to=to)
        await shop.send("二", to=to)

        assert shop.paths == [REFRESH, SEND, SEND]
        content_type = shop.calls[0].headers["content-type"]
        assert content_type == "application/x-www-form-urlencoded"

    async def test_must_21_of_all_who_need_a_token_at_once_one_fetches_it(self, shop: Shop) -> None:
        to = await shop.said()

        async def reconnect() -> None:
            shop.network.set()

        shop.network.clear()
        async with asyncio.TaskGroup() as group:
            for number in range(6):
                group.create_task(shop.send(str(number), to=to))
            # Tasks start in order: all six wait for their token by now.
            group.create_task(reconnect())

        assert shop.paths.count(REFRESH) == 1
        assert len(shop.platform.sent) == 6

    async def test_a_token_is_given_up_before_it_ends(self, shop: Shop) -> None:
        await shop.send("一", to=await shop.said())
        shop.clock.forward(days=15, minutes=-4)

        await shop.send("二", to=await shop.said())

        assert shop.paths.count(REFRESH) == 2

    async def test_must_19_a_token_that_was_revoked_is_replaced_and_the_part_sent_once(
        self, shop: Shop
    ) -> None:
        to = await shop.said()
        await shop.send("一", to=to)
        shop.platform.tokens.revoke_all()

        await shop.send("二", to=to)

        assert shop.paths == [REFRESH, SEND, SEND, REFRESH, SEND]
        assert len(shop.platform.sent) == 2

    @pytest.mark.parametrize("code", ["28001003", "2190002", "28001008", "2190008"])
    async def test_must_19_a_token_is_refreshed_once_only(self, shop: Shop, code: str) -> None:
        to = await shop.said()
        shop.platform.faults.add(fails(SEND, FaultKind.CODE, times=None, code=code))

        with pytest.raises(DeliveryRefusedError) as refused:
            await shop.send("有货", to=to)

        assert refused.value.code == code
        assert shop.paths == [REFRESH, SEND, REFRESH, SEND]

    async def test_must_22_after_the_grant_was_withdrawn_nothing_is_sent(self, shop: Shop) -> None:
        to = await shop.said()
        await shop.send("一", to=to)
        await shop.platform.unauthorise()

        with pytest.raises(DeliveryRefusedError) as refused:
            await shop.send("二", to=to)

        assert refused.value.code == "10010"
        assert len(shop.platform.sent) == 1
        event = shop.callback.received[-1]
        assert isinstance(event, PlatformEvent)
        assert (event.name, event.subject) == ("unauthorize", BRAND)

    @pytest.mark.parametrize("code", ["10002", "10003", "10010", "10013", "28001003", "99999"])
    async def test_a_refused_refresh_is_final(self, shop: Shop, code: str) -> None:
        to = await shop.said()
        shop.platform.faults.add(fails(REFRESH, FaultKind.CODE, code=code))

        with pytest.raises(DeliveryRefusedError) as refused:
            await shop.send("有货", to=to)

        assert refused.value.code == code
        assert shop.paths == [REFRESH]

    async def test_an_address_that_knows_no_refresh_is_final(self, shop: Shop) -> None:
        to = await shop.said()
        shop.platform.faults.add(Fault(kind=FaultKind.STATUS, path=REFRESH, status=404))

        with pytest.raises(DeliveryRefusedError) as refused:
            await shop.send("有货", to=to)

        assert refused.value.code == "http-404"

    @pytest.mark.parametrize(
        "fault",
        [
            fails(REFRESH, FaultKind.STATUS),
            fails(REFRESH, FaultKind.DROP),
            fails(REFRESH, FaultKind.CODE, code="28001005"),
            fails(REFRESH, FaultKind.CODE, code="28003018"),
        ],
        ids=["HTTP 500", "no answer", "busy", "too many calls"],
    )
    async def test_a_refresh_without_a_token_may_be_tried_again(
        self, shop: Shop, fault: Fault
    ) -> None:
        to = await shop.said()
        shop.platform.faults.add(fault)

        with pytest.raises(DeliveryRetryableError):
            await shop.send("有货", to=to)

        assert len(await shop.send("有货", to=to)) == 1


class TestFailures:
    @pytest.mark.parametrize("shell", list(Shell))
    @pytest.mark.parametrize("codes_as_text", [False, True])
    async def test_must_18_a_code_in_either_shell_is_a_failure(
        self, shop: Shop, shell: Shell, *, codes_as_text: bool
    ) -> None:
        to = await shop.said()
        shop.platform.manners.shell = shell
        shop.platform.manners.codes_as_text = codes_as_text
        shop.platform.faults.add(fails(SEND, FaultKind.CODE, code="28001038"))

        with pytest.raises(DeliveryRefusedError, match=r"\(log id '\d+'\)") as refused:
            await shop.send("有货", to=to)

        assert refused.value.code == "28001038"

    @pytest.mark.parametrize("shell", list(Shell))
    @pytest.mark.parametrize("codes_as_text", [False, True])
    async def test_must_18_a_zero_in_either_shell_is_a_success(
        self, shop: Shop, shell: Shell, *, codes_as_text: bool
    ) -> None:
        to = await shop.said()
        shop.platform.manners.shell = shell
        shop.platform.manners.codes_as_text = codes_as_text

        assert await shop.send("有货", to=to) == [shop.platform.sent[0].id]

    async def test_must_19_a_used_up_budget_is_refused_without_another_try(
        self, shop: Shop
    ) -> None:
        to = await shop.said()
        await shop.send(*"一二三四五六", to=to)

        with pytest.raises(DeliveryRefusedError) as refused:
            await shop.send("七", to=to)

        assert refused.value.code == "28003070"
        assert shop.paths.count(SEND) == 7

    @pytest.mark.parametrize("kind", [FaultKind.DROP, FaultKind.CUT])
    async def test_must_20_a_lost_answer_is_unknown_and_nothing_is_sent_again(
        self, shop: Shop, kind: FaultKind
    ) -> None:
        to = await shop.said()
        shop.platform.faults.add(fails(SEND, kind))

        with pytest.raises(DeliveryUnknownError):
            await shop.send("有货", to=to)

        assert shop.paths.count(SEND) == 1
        assert len(shop.platform.sent) == 1

    @pytest.mark.parametrize("code", ["28001005", "28001006", "2100004"])
    async def test_must_20_a_busy_platform_is_not_asked_again_blindly(
        self, shop: Shop, code: str
    ) -> None:
        to = await shop.said()
        shop.platform.faults.add(fails(SEND, FaultKind.CODE, code=code))

        with pytest.raises(DeliveryUnknownError, match=code):
            await shop.send("有货", to=to)

        assert shop.paths.count(SEND) == 1

    @pytest.mark.parametrize("status", [500, 502, 504])
    async def test_must_20_a_broken_platform_may_have_taken_it(
        self, shop: Shop, status: int
    ) -> None:
        to = await shop.said()
        shop.platform.faults.add(Fault(kind=FaultKind.STATUS, path=SEND, status=status))

        with pytest.raises(DeliveryUnknownError, match=f"HTTP {status}"):
            await shop.send("有货", to=to)

    async def test_parts_that_were_taken_before_a_failure_keep_their_receipts(
        self, shop: Shop
    ) -> None:
        to = await shop.said()
        await shop.send("先来一句", to=to)
        shop.platform.faults.add(fails(SEND, FaultKind.CODE, code="28003018"))

        with pytest.raises(DeliveryRetryableError) as postponed:
            await shop.send("一", to=to)

        assert postponed.value.retry_after == 10.0
        assert len(shop.platform.sent) == 1

    async def test_must_23_no_token_and_no_words_stand_in_an_error(self, shop: Shop) -> None:
        to = await shop.said()
        shop.platform.faults.add(fails(SEND, FaultKind.CODE, code="28001038"))

        with pytest.raises(DeliveryRefusedError) as refused:
            await shop.send("您的手机是13800138000", to=to)

        said = f"{refused.value!r} {refused.value.__cause__!r}"
        tokens = shop.platform.tokens.issued
        assert not [word for word in (*tokens, "13800138000", CUSTOMER) if word in said]


async def test_must_01_the_platform_accepts_the_address(shop: Shop) -> None:
    for challenge in (12345, "abc-1"):
        kept, attempt = await shop.platform.verify_webhook(challenge)

        assert kept, attempt
