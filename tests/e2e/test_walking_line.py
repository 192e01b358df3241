from labelling.wording import TEXT_NOTICE
from tests.e2e.house import House

WECHAT = "wechat-miniprogram"


class TestWechat:
    async def test_a_question_is_answered_labelled_and_audited(self, house: House) -> None:
        delivery = await house.town.wechat.push_text("lin", "拆封了还能退吗？")
        kinds = await house.audited(WECHAT, "lin", "delivered")

        text, note = house.town.wechat.screen("lin")
        assert (delivery.last.status, delivery.last.body) == (200, b"success")
        assert text.startswith("拆封后不能无理由退货")
        assert text.endswith(TEXT_NOTICE)
        assert note == "内容由第三方AI生成"
        assert kinds == ["received", "labelled", "delivered"]
        assert await house.faults() == []

    async def test_a_redelivered_webhook_is_answered_once(self, house: House) -> None:
        message = house.town.wechat.message("text", "lin", {"Content": "拆封了还能退吗？"})
        await house.town.wechat.push(message)
        await house.audited(WECHAT, "lin", "delivered")

        await house.town.wechat.push(message)
        kinds = await house.audited(WECHAT, "lin", "duplicate")

        assert len(house.town.wechat.sent) == 1
        assert kinds == ["received", "labelled", "delivered", "duplicate"]

    async def test_what_the_brand_does_not_know_goes_to_a_person(self, house: House) -> None:
        await house.town.wechat.push_text("lin", "帮我查一下我的订单到哪了")
        kinds = await house.audited(WECHAT, "lin", "delivered")

        assert "handed_over" in kinds
        assert (await house.conversation(WECHAT, "lin")).state.value == "requested"
        # A fixed phrase is a person's words: it carries no AI mark.
        (phrase,) = house.town.wechat.screen("lin")
        assert "已请人工客服跟进" in phrase


class TestDouyin:
    async def test_a_question_is_answered_labelled_and_audited(self, house: House) -> None:
        await house.town.douyin.push_text("chen", "满多少包邮？")
        kinds = await house.audited("douyin", "chen", "delivered")

        (bubble,) = house.town.douyin.inbox("chen")
        assert "99" in bubble.text
        assert bubble.text.endswith(TEXT_NOTICE)
        assert kinds == ["received", "labelled", "delivered"]
