"""The chat page in a real Chromium: networks that break, pages that are loaded again."""

import pytest
from playwright.async_api import expect

from channels.messages import ConversationState
from tests.e2e.webchat.app import Shop
from tests.e2e.webchat.browser import Chat

# Slow: every test loads a page in a real browser, and some wait until it tries again.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="session"),
]


class TestFollowing:
    async def test_an_answer_goes_on_where_the_connection_broke(
        self, chat: Chat, shop: Shop
    ) -> None:
        await chat.say("能退货吗？")
        answer = await shop.answer()
        await answer.say("第一句。", "第二句。")
        await expect(chat.words()).to_have_text("第一句。第二句。")

        await shop.cut()
        await answer.say("第三句。")
        await answer.end()

        await expect(chat.words()).to_have_text("第一句。第二句。第三句。")
        await expect(chat.messages("assistant")).to_have_attribute("data-writing", "false")
        assert shop.resumed == [0, 3]

    async def test_a_group_of_which_only_part_came_is_taken_once(
        self, chat: Chat, shop: Shop
    ) -> None:
        await chat.say("能退货吗？")
        answer = await shop.answer()
        await answer.say("可以。")
        await expect(chat.words()).to_have_text("可以。")

        await shop.cut(inside=answer.end)

        await expect(chat.messages("assistant")).to_have_attribute("data-writing", "false")
        await expect(chat.words()).to_have_text("可以。")
        assert shop.resumed == [0, 2]

    async def test_a_long_break_is_told_and_so_is_its_end(self, chat: Chat, shop: Shop) -> None:
        shop.down = True
        await shop.cut()
        presence = chat.page.locator("#presence")
        await expect(presence).to_have_text("网络断开，正在重连…")

        shop.down = False
        await chat.page.evaluate("dispatchEvent(new Event('online'))")

        await expect(presence).to_have_text("AI 客服在线")

    async def test_the_conversation_is_loaded_anew_where_the_server_forgot_its_events(
        self, chat: Chat, shop: Shop
    ) -> None:
        await chat.say("能退货吗？")
        answer = await shop.answer()
        await answer.say("可以。")
        shop.forgot = True

        await shop.cut()
        await answer.say("七天之内。")

        await expect(chat.words()).to_have_text("可以。七天之内。")
        await expect(chat.messages("customer")).to_have_count(1)

    async def test_a_session_that_ran_out_is_renewed_without_a_word(
        self, chat: Chat, shop: Shop
    ) -> None:
        kept = await chat.page.evaluate("JSON.parse(localStorage['zhanggui.chat.demo.session'])")
        shop.expired.add(kept["token"])

        await chat.say("能退货吗？")

        assert (await shop.inbound.get()).customer == chat.customer
        await expect(chat.messages("customer")).to_have_attribute("data-delivery", "sent")


class TestSending:
    async def test_what_was_written_offline_is_sent_once_when_the_network_is_back(
        self, chat: Chat, shop: Shop
    ) -> None:
        await chat.page.context.set_offline(offline=True)
        await chat.say("能退货吗？")
        await expect(chat.messages("customer")).to_contain_text("暂时没有网络")

        await chat.page.context.set_offline(offline=False)

        assert (await shop.inbound.get()).text == "能退货吗？"
        await expect(chat.messages("customer")).to_have_attribute("data-delivery", "sent")
        assert len(shop.arrivals) == 1

    async def test_a_server_in_trouble_is_asked_again_with_the_same_id(
        self, chat: Chat, shop: Shop
    ) -> None:
        shop.refuse = [503, 503]

        await chat.say("能退货吗？")
        await shop.inbound.get()

        await expect(chat.messages("customer")).to_have_attribute("data-delivery", "sent")
        assert len(shop.arrivals) == 3
        assert len(set(shop.arrivals)) == 1

    async def test_a_refusal_is_told_in_the_servers_words_and_can_be_tried_again(
        self, chat: Chat, shop: Shop
    ) -> None:
        shop.refuse = [403]
        await chat.say("能退货吗？")
        await expect(chat.page.get_by_role("alert")).to_contain_text(
            "没有发出去：消息太频繁了，请稍后再发。"
        )

        await chat.button("重试").click()
        await shop.inbound.get()

        await expect(chat.page.get_by_role("alert")).to_have_count(0)
        assert len(set(shop.arrivals)) == 1

    async def test_messages_arrive_in_the_order_they_were_written(
        self, chat: Chat, shop: Shop
    ) -> None:
        shop.refuse = [503]

        await chat.say("第一条")
        await chat.say("第二条")

        texts = [(await shop.inbound.get()).text for _ in range(2)]
        assert texts == ["第一条", "第二条"]

    async def test_what_was_not_sent_is_kept_over_a_reload(self, chat: Chat, shop: Shop) -> None:
        shop.refuse = [503] * 100
        await chat.say("能退货吗？")
        await expect(chat.messages("customer")).to_contain_text("暂时没有网络")
        shop.refuse = []

        await chat.page.reload()

        assert (await shop.inbound.get()).text == "能退货吗？"
        await expect(chat.words("customer")).to_have_text(["能退货吗？"])


class TestLoading:
    async def test_a_page_loaded_in_the_middle_of_an_answer_goes_on_with_it(
        self, chat: Chat, shop: Shop
    ) -> None:
        await chat.say("能退货吗？")
        answer = await shop.answer()
        await answer.say("第一句。")
        await expect(chat.words()).to_have_text("第一句。")

        await chat.page.reload()
        await chat.ready()
        await expect(chat.words()).to_have_text("第一句。")
        await answer.say("第二句。")
        await answer.end()

        await expect(chat.words()).to_have_text(["第一句。第二句。"])
        await expect(chat.words("customer")).to_have_text(["能退货吗？"])

    async def test_a_finished_answer_is_found_again_with_one_label_and_its_state(
        self, chat: Chat, shop: Shop
    ) -> None:
        await chat.say("能退货吗？")
        answer = await shop.answer()
        await answer.say("可以。")
        await answer.end()
        await shop.becomes(chat.customer, ConversationState.CLOSED)

        await chat.page.reload()
        await chat.ready()

        await expect(chat.words()).to_have_text("可以。")
        await expect(chat.messages("assistant").locator(".label")).to_be_visible()
        await expect(chat.page.locator("#banner")).to_contain_text("本次服务已结束")

    async def test_a_conversation_that_cannot_be_loaded_says_so_and_can_be_tried_again(
        self, chat: Chat, shop: Shop
    ) -> None:
        shop.down = True
        await chat.page.reload()
        await expect(chat.page.locator("#failure")).to_contain_text("服务暂时出了点问题")

        shop.down = False
        await chat.button("重试").click()

        await chat.ready()
        await expect(chat.page.locator("#welcome")).to_be_visible()


class TestScrolling:
    async def test_news_below_is_offered_to_those_who_read_above(
        self, chat: Chat, shop: Shop
    ) -> None:
        await self._scrolled_up(chat, shop)
        pill = chat.button("新消息")
        await expect(pill).to_be_hidden()

        await shop.staff_says(chat.customer, "还在吗？")
        await pill.click()

        await expect(pill).to_be_hidden()
        await expect(chat.words("staff")).to_be_in_viewport()

    async def test_reading_above_is_not_disturbed_by_news(self, chat: Chat, shop: Shop) -> None:
        await self._scrolled_up(chat, shop)

        await shop.staff_says(chat.customer, "还在吗？")
        await chat.button("新消息").wait_for()

        assert await chat.page.evaluate("document.querySelector('#log').scrollTop") == 0

    async def _scrolled_up(self, chat: Chat, shop: Shop) -> None:
        await chat.say("讲讲茶的故事")
        answer = await shop.answer()
        await answer.say(*(f"第{number}段。\n\n" for number in range(40)))
        await expect(chat.words()).to_contain_text("第39段。")
        scrolled = "document.querySelector('#log').scrollTop"
        await chat.page.wait_for_function(f"{scrolled} > 0")
        await chat.page.evaluate(f"{scrolled} = 0")
        await chat.page.evaluate("new Promise(requestAnimationFrame)")
