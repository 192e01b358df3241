"""The chat page in a real Chromium: asking, answers, citations, votes, a person."""

import pytest
from playwright.async_api import Browser, expect

from channels.base import Citation
from channels.messages import ConversationState
from labelling.output import EventKind
from tests.e2e.webchat.app import Shop
from tests.e2e.webchat.browser import Chat, open_chat

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

RETURNS = Citation(
    number=1,
    title="退换货政策",
    heading="七天无理由退货",
    text="签收次日起 7 天内，商品没有拆封，可以无理由退货。",
    source="https://example.com/returns",
)


class TestAnswers:
    async def test_a_label_stands_in_the_answer_before_its_first_word(
        self, chat: Chat, shop: Shop
    ) -> None:
        await chat.say("能退货吗？")

        answer = await shop.answer()

        await expect(chat.messages("assistant").locator(".label")).to_have_text("内容由AI生成")
        await expect(chat.words()).to_have_text("")
        await answer.say("可以。")

    async def test_an_answer_grows_sentence_by_sentence_and_its_label_stands_once(
        self, chat: Chat, shop: Shop
    ) -> None:
        await chat.say("能退货吗？")
        answer = await shop.answer()

        await answer.say("可以。")
        await expect(chat.words()).to_have_text("可以。")
        await answer.say("七天之内都行。")
        await expect(chat.words()).to_have_text("可以。七天之内都行。")
        await answer.end()

        await expect(chat.messages("assistant")).to_have_attribute("data-writing", "false")
        bubble = await chat.messages("assistant").locator(".bubble").inner_text()
        assert bubble.count("内容由AI生成") == 1

    async def test_waiting_is_shown_until_the_answer_begins(self, chat: Chat, shop: Shop) -> None:
        await chat.say("能退货吗？")
        await expect(chat.page.locator("#waiting")).to_be_visible()

        await shop.answer()

        await expect(chat.page.locator("#waiting")).to_be_hidden()

    async def test_finished_sentences_are_announced_with_their_label(
        self, chat: Chat, shop: Shop
    ) -> None:
        await chat.say("能退货吗？")
        answer = await shop.answer()

        await answer.say("可以。", "七天之内都行。")

        said = chat.page.locator("#announcer[aria-live=polite] p")
        await expect(said).to_have_text(["内容由AI生成：可以。", "七天之内都行。"])

    async def test_the_stop_button_stops_and_what_was_shown_stays_and_is_marked(
        self, chat: Chat, shop: Shop
    ) -> None:
        await chat.say("能退货吗？")
        answer = await shop.answer()
        await answer.say("可以。")

        await chat.button("停止回答").click()
        stopped = await shop.cancels.get()
        await answer.end(kind=EventKind.INTERRUPTED)

        assert stopped == chat.customer
        await expect(chat.words()).to_have_text("可以。")
        await expect(chat.page.locator(".stopped")).to_have_text("回答已停止，以上内容不完整")
        await expect(chat.button("发送")).to_be_visible()

    async def test_a_starter_question_is_sent_as_it_stands(self, chat: Chat, shop: Shop) -> None:
        await chat.button("怎么申请退换货？").click()

        message = await shop.inbound.get()

        assert message.text == "怎么申请退换货？"
        await expect(chat.page.locator("#welcome")).to_be_hidden()

    async def test_text_is_text_wherever_it_comes_from(self, chromium: Browser, shop: Shop) -> None:
        attack = "<img src=x onerror=alert(1)><script>alert(2)</script>"
        shop.brand = attack
        async with open_chat(chromium, shop) as chat:
            await chat.load()
            await chat.say(attack)
            answer = await shop.answer()
            await answer.say(attack)
            await answer.end(Citation(1, attack, attack, attack, "javascript:alert(3)"))
            await chat.page.locator(".chip").click()

            await expect(chat.words("customer")).to_have_text(attack)
            await expect(chat.words()).to_have_text(attack)
            await expect(chat.page.locator("#sheet-text")).to_have_text(attack)
            await expect(chat.page.locator("#brand")).to_have_text(attack)
            assert await chat.page.locator("main img, main script, #sheet a").count() == 0


class TestCitations:
    @pytest.mark.parametrize("way", ["tap", "keyboard"])
    async def test_a_citation_opens_its_passage(self, chat: Chat, shop: Shop, way: str) -> None:
        await self._answer(chat, shop)
        mark = chat.words().get_by_role("button", name="查看来源 1：退换货政策")

        await (mark.click() if way == "tap" else mark.press("Enter"))

        sheet = chat.page.get_by_role("dialog", name="退换货政策")
        await expect(sheet).to_contain_text("七天无理由退货")
        await expect(sheet).to_contain_text("签收次日起 7 天内，商品没有拆封")
        await expect(sheet.get_by_role("link")).to_have_attribute("href", RETURNS.source)

    async def test_escape_closes_the_passage_and_the_focus_is_back_where_it_was(
        self, chat: Chat, shop: Shop
    ) -> None:
        await self._answer(chat, shop)
        mark = chat.words().get_by_role("button")
        await mark.press("Enter")

        await chat.page.keyboard.press("Escape")

        await expect(chat.page.locator("#sheet")).to_be_hidden()
        await expect(mark).to_be_focused()

    async def test_a_number_without_a_passage_is_only_text(self, chat: Chat, shop: Shop) -> None:
        await self._answer(chat, shop, "共 [2] 种。")

        await expect(chat.words()).to_have_text("共 [2] 种。")
        await expect(chat.words().get_by_role("button")).to_have_count(0)

    async def _answer(self, chat: Chat, shop: Shop, text: str = "七天之内可以退[1]。") -> None:
        await chat.say("能退货吗？")
        answer = await shop.answer()
        await answer.say(text)
        await answer.end(RETURNS)
        await chat.page.locator(".chip").wait_for()


class TestVotes:
    async def test_a_vote_is_told_and_can_be_taken_back(self, chat: Chat, shop: Shop) -> None:
        await self._answer(chat, shop)
        up = chat.button("有帮助")

        await up.click()
        vote = await shop.votes.get()
        await expect(up).to_have_attribute("aria-pressed", "true")
        await chat.button("撤销").click()
        undone = await shop.votes.get()

        assert (vote["vote"], undone["vote"]) == ("up", "none")
        assert vote["output"] == undone["output"]
        await expect(up).to_have_attribute("aria-pressed", "false")

    async def test_the_other_thumb_replaces_a_vote(self, chat: Chat, shop: Shop) -> None:
        await self._answer(chat, shop)
        await chat.button("有帮助").click()
        await shop.votes.get()

        await chat.button("没帮助").click()

        assert (await shop.votes.get())["vote"] == "down"
        await expect(chat.button("有帮助")).to_have_attribute("aria-pressed", "false")

    async def test_a_vote_that_was_not_taken_is_not_shown(self, chat: Chat, shop: Shop) -> None:
        await self._answer(chat, shop)
        await chat.page.context.set_offline(offline=True)

        await chat.button("有帮助").click()

        await expect(chat.page.locator("#toast")).to_have_text("网络不通，请检查后再试。")
        await expect(chat.button("有帮助")).to_have_attribute("aria-pressed", "false")

    async def _answer(self, chat: Chat, shop: Shop) -> None:
        await chat.say("能退货吗？")
        answer = await shop.answer()
        await answer.say("可以。")
        await answer.end()


class TestKeyboard:
    async def test_enter_sends_and_shift_enter_breaks_the_line(
        self, chat: Chat, shop: Shop
    ) -> None:
        await chat.field.press_sequentially("第一行")
        await chat.field.press("Shift+Enter")
        await chat.field.press_sequentially("第二行")

        await chat.field.press("Enter")

        assert (await shop.inbound.get()).text == "第一行\n第二行"
        await expect(chat.field).to_have_value("")

    async def test_enter_that_chooses_a_word_of_an_input_method_sends_nothing(
        self, chat: Chat
    ) -> None:
        await chat.field.fill("tui huo")

        await chat.field.dispatch_event("keydown", {"key": "Enter", "isComposing": True})

        await expect(chat.field).to_have_value("tui huo")
        await expect(chat.messages("customer")).to_have_count(0)

    async def test_escape_stops_the_answer(self, chat: Chat, shop: Shop) -> None:
        await chat.say("能退货吗？")
        answer = await shop.answer()
        await answer.say("可以。")
        await expect(chat.words()).to_have_text("可以。")

        await chat.page.keyboard.press("Escape")

        assert await shop.cancels.get() == chat.customer

    async def test_an_empty_message_is_not_sent(self, chat: Chat) -> None:
        await chat.say("  \n ")

        await expect(chat.messages("customer")).to_have_count(0)


class TestPerson:
    async def test_asking_for_a_person_is_a_message_like_any_other(
        self, chat: Chat, shop: Shop
    ) -> None:
        await chat.button("转人工").click()

        assert (await shop.inbound.get()).text == "转人工客服"

    async def test_the_page_tells_who_has_the_conversation(self, chat: Chat, shop: Shop) -> None:
        await shop.becomes(chat.customer, ConversationState.REQUESTED)

        await expect(chat.page.get_by_role("status").first).to_contain_text("已为您呼叫人工客服")
        await expect(chat.button("转人工")).to_be_hidden()

    async def test_a_persons_words_look_different_and_carry_no_label(
        self, chat: Chat, shop: Shop
    ) -> None:
        await shop.becomes(chat.customer, ConversationState.HUMAN)

        await shop.staff_says(chat.customer, "您好，我是小棠。")

        staff = chat.messages("staff")
        await expect(staff.locator(".words")).to_have_text("您好，我是小棠。")
        await expect(staff.locator(".who")).to_have_text("人工客服")
        await expect(staff.locator(".label")).to_have_count(0)

    async def test_a_person_who_speaks_in_the_middle_of_an_answer_disturbs_neither(
        self, chat: Chat, shop: Shop
    ) -> None:
        await chat.say("能退货吗？")
        answer = await shop.answer()
        await answer.say("可以")

        await shop.staff_says(chat.customer, "我来补充。")
        await answer.say("退[1]。")
        await answer.end(RETURNS)

        await expect(chat.words()).to_have_text("可以退[1]。")
        await expect(chat.messages("assistant").locator(".chip")).to_have_count(1)
        await expect(chat.words("staff")).to_have_text("我来补充。")

    async def test_no_answer_is_promised_while_a_person_has_the_conversation(
        self, chat: Chat, shop: Shop
    ) -> None:
        await shop.becomes(chat.customer, ConversationState.HUMAN)
        await expect(chat.page.locator("#banner")).to_contain_text("人工客服已接入")

        await chat.say("在吗？")
        await shop.inbound.get()

        await expect(chat.messages("customer")).to_have_attribute("data-delivery", "sent")
        await expect(chat.page.locator("#waiting")).to_be_hidden()
