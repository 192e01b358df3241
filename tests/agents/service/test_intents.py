import pytest

from agents.service.intents import Intent, read_intent


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        (["转人工"], Intent.WANTS_PERSON),
        (["我要找真人客服！"], Intent.WANTS_PERSON),
        (["人工", "怎么修改发票"], Intent.WANTS_PERSON),
        (["是人工吗？"], Intent.WANTS_PERSON),
        (["别用机器人回复了"], Intent.WANTS_PERSON),
        (["这款茶是人工采摘的吗"], Intent.QUESTION),
        (["有没有人工香精"], Intent.QUESTION),
        (["再不发货我就投诉你们"], Intent.COMPLAINT),
        (["我要打12315"], Intent.COMPLAINT),
        (["你们就是骗子"], Intent.COMPLAINT),
        (["用了这个面霜烂脸了"], Intent.COMPLAINT),
        (["投诉处理时效是多久"], Intent.QUESTION),
        (["你好"], Intent.GREETING),
        (["亲，在吗？", "你好呀～"], Intent.GREETING),
        (["HELLO 👋"], Intent.GREETING),
        (["你好", "几天能到"], Intent.QUESTION),
        (["好的，谢谢啦"], Intent.THANKS),
        (["没有了 谢谢😊"], Intent.THANKS),
        (["谢谢，那运费多少"], Intent.QUESTION),
        (["给我写一首诗"], Intent.OUT_OF_SCOPE),
        (["今天北京天气怎么样"], Intent.OUT_OF_SCOPE),
        (["天气热适合喝什么茶"], Intent.QUESTION),
        (["保湿面霜多少钱？"], Intent.QUESTION),
        (["😊？"], Intent.QUESTION),
        ([""], Intent.NO_WORDS),
        (["", " "], Intent.NO_WORDS),
        (["", "这个有货吗"], Intent.QUESTION),
    ],
)
def test_what_a_customer_wants_is_told(messages: list[str], expected: Intent) -> None:
    assert read_intent(messages) is expected


def test_a_hostile_text_is_told_in_no_time() -> None:
    """One pattern of nested repeats would never end; the suite's timeout is the bound."""
    assert read_intent(["好的谢谢嗯" * 400 + "退货"]) is Intent.QUESTION
