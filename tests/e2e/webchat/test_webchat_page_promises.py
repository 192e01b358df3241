"""The chat page in a real Chromium: the label that stays, access for all, weight, looks."""

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import Browser, expect

from channels.base import Citation
from channels.messages import ConversationState
from tests.e2e.webchat.app import PAGE, Shop
from tests.e2e.webchat.browser import ARTEFACTS, DESK, PHONE, Chat, open_chat

# Slow: every test loads a page in a real browser.
pytestmark = [pytest.mark.browser, pytest.mark.slow]
in_browser = pytest.mark.asyncio(loop_scope="session")

NOTICE = "内容由AI生成，仅供参考"
LABEL = "（内容由AI生成）"
RETURNS = Citation(
    number=1,
    title="退换货政策",
    heading="七天无理由退货",
    text="签收次日起 7 天内，商品没有拆封、封签完好、配件和赠品齐全，可以无理由退货。\n"
    "护肤品撕开封签或封膜就算拆封；茶叶撕开内袋或揭开罐口封膜就算拆封。",
    source="退换货政策.md",
)
ALLERGY = Citation(
    number=2,
    title="过敏无忧",
    heading="申请条件",
    text="签收次日起 30 天内，护肤品使用后出现过敏，拆封也可以申请退款。",
    source="https://example.com/allergy",
)


async def _answer(chat: Chat, shop: Shop, text: str = "可以退，七天之内都行。") -> None:
    await chat.say("能退货吗？")
    answer = await shop.answer()
    await answer.say(text)
    await answer.end()
    await expect(chat.messages("assistant").last).to_have_attribute("data-writing", "false")


@in_browser
class TestLabel:
    async def test_a_copied_part_of_an_answer_keeps_the_words(self, chat: Chat, shop: Shop) -> None:
        await _answer(chat, shop)

        await chat.select(0, 4)
        await chat.page.keyboard.press("Control+C")

        copied = await chat.clipboard()
        assert copied["text/plain"] == f"可以退，{LABEL}"
        assert LABEL in copied["text/html"]

    async def test_words_that_are_pasted_elsewhere_keep_the_words(
        self, chat: Chat, shop: Shop
    ) -> None:
        await _answer(chat, shop)
        await chat.select(4, 8)
        await chat.page.keyboard.press("Control+C")

        await chat.field.focus()
        await chat.page.keyboard.press("Control+V")

        await expect(chat.field).to_have_value(f"七天之内{LABEL}")

    async def test_copying_everything_labels_each_answer_and_nothing_else(
        self, chat: Chat, shop: Shop
    ) -> None:
        await _answer(chat, shop, "第一答。")
        await _answer(chat, shop, "第二答。")

        await chat.page.locator("#log").focus()
        await chat.page.keyboard.press("Control+A")
        await chat.page.keyboard.press("Control+C")

        assert (await chat.clipboard())["text/plain"] == (
            f"能退货吗？\n\n第一答。{LABEL}\n\n能退货吗？\n\n第二答。{LABEL}"
        )

    async def test_a_customers_own_words_are_copied_as_they_are(
        self, chat: Chat, shop: Shop
    ) -> None:
        await _answer(chat, shop)

        await chat.select(0, 3, author="customer")
        await chat.page.keyboard.press("Control+C")

        assert (await chat.clipboard())["text/plain"] == "能退货"

    async def test_the_copy_button_takes_the_words_along(self, chat: Chat, shop: Shop) -> None:
        await _answer(chat, shop, "1 < 2，\n可以退。")

        await chat.button("复制").click()
        await expect(chat.page.locator("#toast")).to_contain_text("已复制")

        copied = await chat.clipboard()
        assert copied["text/plain"] == f"1 < 2，\n可以退。{LABEL}"
        assert copied["text/html"].endswith(f"1 &lt; 2，<br>可以退。<span>{LABEL}</span></p>")

    async def test_the_copy_button_works_where_there_is_no_clipboard_interface(
        self, chat: Chat, shop: Shop
    ) -> None:
        await _answer(chat, shop)
        await chat.page.evaluate("delete window.ClipboardItem")

        await chat.button("复制").click()
        await expect(chat.page.locator("#toast")).to_contain_text("已复制")
        await chat.field.focus()
        await chat.page.keyboard.press("Control+V")

        await expect(chat.field).to_have_value(f"可以退，七天之内都行。{LABEL}")

    async def test_words_dragged_out_keep_the_words(self, chat: Chat, shop: Shop) -> None:
        await _answer(chat, shop)
        await chat.select(0, 3)

        dragged = await chat.page.evaluate(
            """() => {
              const dataTransfer = new DataTransfer();
              const drag = new DragEvent("dragstart", { dataTransfer, bubbles: true });
              document.querySelector("[data-author=assistant] .words").dispatchEvent(drag);
              return dataTransfer.getData("text/plain");
            }"""
        )

        assert dragged == f"可以退{LABEL}"

    async def test_the_words_stay_in_sight_however_far_one_scrolls(
        self, chat: Chat, shop: Shop
    ) -> None:
        notice = chat.page.get_by_text(NOTICE)
        await _answer(chat, shop, "茶有很多种。\n" * 80)

        for top in (0, 10**6):
            await chat.page.evaluate(f"document.querySelector('#log').scrollTop = {top}")

            await expect(notice).to_be_in_viewport(ratio=1)

    async def test_paper_keeps_the_words(self, chat: Chat, shop: Shop) -> None:
        await _answer(chat, shop)

        await chat.page.emulate_media(media="print")

        await expect(chat.page.get_by_text(NOTICE)).to_be_visible()
        await expect(chat.messages("assistant").locator(".label")).to_be_visible()
        await expect(chat.page.locator("#composer")).to_be_hidden()

    async def test_the_words_stand_in_the_markup_itself(self, chromium: Browser) -> None:
        window = await chromium.new_context(java_script_enabled=False)
        page = await window.new_page()

        await page.set_content((PAGE / "index.html").read_text())

        await expect(page.get_by_text(NOTICE)).to_be_visible()
        await window.close()

    async def test_model_and_filing_number_are_shown_where_they_are_known(
        self, chromium: Browser, shop: Shop
    ) -> None:
        shop.model = {"name": "示例模型", "filing": "示例备案-0001"}
        async with open_chat(chromium, shop) as chat:
            await chat.load()

            await expect(chat.page.locator("#filing")).to_have_text(
                "模型：示例模型 · 备案号：示例备案-0001"
            )


@in_browser
class TestAccess:
    @pytest.mark.parametrize("scheme", ["light", "dark"])
    async def test_axe_finds_nothing(self, chromium: Browser, shop: Shop, scheme: str) -> None:
        async with open_chat(chromium, shop, color_scheme=scheme, reduced_motion="reduce") as chat:
            await chat.load()
            found = await self._axe(chat)
            await self._talk(chat, shop)
            found += await self._axe(chat)
            await chat.page.locator(".cite").first.click()
            found += await self._axe(chat)

        assert found == []

    async def test_everything_is_reached_by_keyboard_in_the_order_it_is_read(
        self, chat: Chat
    ) -> None:
        reached = []
        await chat.page.locator("#person").focus()
        for _ in range(6):
            await chat.page.keyboard.press("Tab")
            reached.append(await chat.page.evaluate("document.activeElement.className"))

        assert reached == ["log", "starter", "starter", "starter", "starter", ""]
        await expect(chat.field).to_be_focused()

    async def test_less_motion_is_none_that_goes_on(self, chromium: Browser, shop: Shop) -> None:
        async with open_chat(chromium, shop, reduced_motion="reduce") as chat:
            await chat.load()
            await chat.say("能退货吗？")
            await shop.answer()
            await chat.messages("assistant").wait_for()

            endless = await chat.page.evaluate(
                "document.getAnimations().filter((each) => each.effect.getTiming().iterations > 1)"
            )
            assert endless == []

    async def test_long_words_wrap(self, chat: Chat, shop: Shop) -> None:
        await _answer(chat, shop, "https://example.com/" + "a" * 400)

        too_wide = "(log) => log.scrollWidth > log.clientWidth"
        assert not await chat.page.locator("#log").evaluate(too_wide)

    async def test_english_is_spoken_on_request_but_the_label_stays_chinese(
        self, chromium: Browser, shop: Shop
    ) -> None:
        async with open_chat(chromium, shop) as chat:
            await chat.load("?lang=en")

            await expect(
                chat.page.get_by_role("textbox", name="Write your question")
            ).to_be_visible()
            await expect(chat.page.locator("#notice")).to_contain_text(NOTICE)
            await expect(chat.page.locator("#notice")).to_contain_text("AI-generated")

    async def test_both_languages_have_the_same_words(self, chat: Chat) -> None:
        keys = await chat.page.evaluate(
            """() => Promise.all(["zh", "en"].map(async (lang) =>
              Object.keys(await (await fetch(`/chat/static/${lang}.json`)).json())))"""
        )

        assert keys[0] == keys[1]

    async def _talk(self, chat: Chat, shop: Shop) -> None:
        await chat.say("能退货吗？")
        answer = await shop.answer()
        await answer.say("可以退[1]。")
        await answer.end(RETURNS)
        await shop.becomes(chat.customer, ConversationState.REQUESTED)
        await shop.staff_says(chat.customer, "您好，我是小棠。")
        shop.refuse = [403]
        await chat.say("好的")
        await chat.page.get_by_role("alert").wait_for()
        await chat.button("有帮助").click()
        await chat.button("撤销").wait_for()

    async def _axe(self, chat: Chat) -> list[str]:
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        results = await Axe().run(chat.page, options={"runOnly": tags})
        return [
            f"{violation['id']}: {node['html']}"
            for violation in results.response["violations"]
            for node in violation["nodes"]
        ]


@in_browser
class TestLooks:
    @pytest.mark.parametrize(
        ("name", "viewport", "scheme"),
        [
            ("phone-light", PHONE, "light"),
            ("phone-dark", PHONE, "dark"),
            ("desk-light", DESK, "light"),
            ("desk-dark", DESK, "dark"),
        ],
    )
    async def test_pictures_are_made_for_people_to_look_at(
        self,
        chromium: Browser,
        shop: Shop,
        name: str,
        viewport: dict[str, int],
        scheme: str,
    ) -> None:
        looks = {"viewport": viewport, "color_scheme": scheme, "device_scale_factor": 2}
        async with open_chat(chromium, shop, **looks) as chat:
            await chat.load()
            await chat.picture(f"{name}-1-empty")
            await self._first_answer(chat, shop, name)
            await chat.page.locator(".cite").first.click()
            await chat.page.get_by_role("dialog").wait_for()
            await chat.picture(f"{name}-4-source")
            await chat.page.keyboard.press("Escape")
            await self._person(chat, shop)
            await chat.picture(f"{name}-5-person")

        assert len(list(ARTEFACTS.glob(f"{name}-*.png"))) == 5

    async def _first_answer(self, chat: Chat, shop: Shop, name: str) -> None:
        await chat.button("怎么申请退换货？").click()
        answer = await shop.answer()
        await answer.say(
            "可以的。签收次日起 7 天内，没有拆封、配件和赠品齐全的商品，都能无理由退货[1]。"
        )
        await expect(chat.words()).to_contain_text("无理由退货")
        await chat.picture(f"{name}-2-writing")
        await answer.say(
            "\n\n申请方法：\n1. 打开小程序「我的订单」，选择要退的商品；\n",
            "2. 点「申请退货」，填好原因；\n3. 按页面上的地址寄回。\n\n",
            "护肤品用后过敏，拆封了也可以在 30 天内申请退款[2]。",
        )
        await answer.end(RETURNS, ALLERGY)
        await chat.page.locator(".cite").first.wait_for()
        await chat.picture(f"{name}-3-answer")

    async def _person(self, chat: Chat, shop: Shop) -> None:
        await chat.button("转人工").click()
        await shop.inbound.get()
        await shop.becomes(chat.customer, ConversationState.HUMAN)
        await shop.staff_says(chat.customer, "您好，我是客服小棠，请问是哪一笔订单要退呢？")
        await chat.words("staff").wait_for()
        await chat.say("尾号 0318，那罐听泉清香乌龙，还没拆。")
        await shop.inbound.get()


def test_the_whole_page_weighs_less_than_100_kilobytes() -> None:
    assert sum(file.stat().st_size for file in PAGE.rglob("*") if file.is_file()) < 100_000
