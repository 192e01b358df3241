"""The chat page on the real server: one answer, from the words typed to the audit log."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from runtime.demo.town import SLUG
from tests.e2e.house import open_house
from tests.e2e.prepared import Templates
from tests.e2e.webchat.browser import ARTEFACTS

# A server, an index and a browser are started for it.
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]


async def test_a_customer_is_answered_labelled_and_can_look_the_source_up(
    chromium: Browser, tmp_path: Path, templates: Templates
) -> None:
    async with open_house(templates, tmp_path) as house:
        context = await chromium.new_context(viewport={"width": 390, "height": 844})
        page = await context.new_page()
        await page.goto(f"{house.address}/chat/{SLUG}")
        await page.locator("#words").fill("拆封了还能退吗？")
        await page.locator("#words").press("Enter")
        answer = page.locator(".message[data-author=assistant]").last

        await expect(answer).to_contain_text("拆封后不能无理由退货")
        await expect(answer).to_contain_text("内容由AI生成")
        await expect(page.locator("body")).to_contain_text("内容由AI生成，仅供参考")
        await answer.locator("button", has_text="1").first.click()
        await expect(page.locator("dialog[open], [role=dialog]")).to_contain_text("退")
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=ARTEFACTS / "real-phone.png")
        await page.reload()
        await expect(page.locator(".message[data-author=assistant]")).to_have_count(1)
        account = await house.container.accounts.named("webchat", SLUG)
        await context.close()
        assert account.brand == house.brand
        assert await house.faults() == []
