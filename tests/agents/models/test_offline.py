from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from agents.models.offline import OfflineChatModel, quote_answer
from agents.sheet import NOT_IN_PASSAGES, Quote, Sheet

_PRICE = Quote("山茶花舒缓修护霜", "规格与价格", "- 规格：50 g\n- 价格：288 元\n- SKU：XTL-S17")
_CARE = Quote(
    "山茶花舒缓修护霜",
    "注意事项",
    "- 过敏：对积雪草过敏者请勿使用。\n- 孕期：孕期、哺乳期一般可以使用，不放心请先问医生。",
)
_TABLE = Quote("价目表", "护肤", "| 名称 | 价格 |\n|---|---|\n| 栖露轻乳 | 168 元 |")
_ALL = (_PRICE, _CARE, _TABLE)


def test_the_best_sentence_is_quoted_with_its_source() -> None:
    answer = quote_answer(Sheet(_ALL, "舒缓修护霜孕妇能用吗"))

    assert answer == (
        "孕期：孕期、哺乳期一般可以使用，不放心请先问医生〔据《山茶花舒缓修护霜》〕[2]。"
    )


def test_a_row_of_a_table_is_quoted_in_words() -> None:
    assert quote_answer(Sheet(_ALL, "栖露轻乳多少钱")) == "栖露轻乳，168 元〔据《价目表》〕[3]。"


def test_a_follow_up_is_answered_about_what_it_leans_on() -> None:
    answer = quote_answer(Sheet(_ALL, "那多少钱", earlier="舒缓修护霜孕妇能用吗"))

    assert answer == "价格：288 元〔据《山茶花舒缓修护霜》〕[1]。"


def test_a_heading_says_what_the_words_under_it_are_about() -> None:
    quotes = (Quote("甲茶", "冲泡", "水温 90 度。"), Quote("乙茶", "冲泡", "水温 80 度。"))

    assert quote_answer(Sheet(quotes, "乙茶怎么泡")) == "水温 80 度〔据《乙茶》〕[2]。"


def test_what_no_passage_speaks_of_is_not_answered() -> None:
    assert quote_answer(Sheet(_ALL, "你们老板是谁")) == ""
    assert quote_answer(Sheet((), "多少钱")) == ""


async def test_it_streams_in_pieces_and_counts() -> None:
    prompt = [SystemMessage("只用资料。"), HumanMessage(Sheet(_ALL, "栖露轻乳多少钱").render())]

    pieces = [chunk async for chunk in OfflineChatModel().astream(prompt)]

    answer = "".join(piece.text for piece in pieces)
    counted = next(piece.usage_metadata for piece in pieces if piece.usage_metadata)
    assert len(pieces) > 3
    assert answer == "栖露轻乳，168 元〔据《价目表》〕[3]。"
    assert counted["output_tokens"] == len(answer)
    assert counted["input_tokens"] == sum(len(message.text) for message in prompt)


def test_it_abstains_in_the_agreed_words() -> None:
    answer = OfflineChatModel().invoke([HumanMessage("没有资料")])

    assert isinstance(answer, AIMessage)
    assert answer.text == NOT_IN_PASSAGES
    assert answer.response_metadata["finish_reason"] == "stop"


def test_a_long_first_sentence_leaves_room_for_the_second() -> None:
    long = Quote("甲", "", f"舒缓霜{'很' * 200}。舒缓霜好用。")

    assert quote_answer(Sheet((long,), "舒缓霜好用")) == "舒缓霜好用〔据《甲》〕[1]。"
