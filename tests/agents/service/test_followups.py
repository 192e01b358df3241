import pytest

from agents.service.followups import Searches, leans, plan_searches
from agents.turn import Utterance

_CREAM = "山茶花舒缓修护霜孕妇能用吗"


def said(*texts: str) -> tuple[Utterance, ...]:
    return tuple(Utterance("customer", text) for text in texts)


@pytest.mark.parametrize(
    "question",
    ["那多少钱？", "多少钱", "怎么用呢", "它含酒精吗", "这个有货吗", "第二款呢", "刚才说的怎么买"],
)
def test_a_question_that_points_back_leans(question: str) -> None:
    assert leans(question)


@pytest.mark.parametrize(
    "question",
    ["退货要几天", "面霜多少钱", "保质期多久", "这个月有什么活动"],
)
def test_a_question_that_names_its_subject_does_not(question: str) -> None:
    assert not leans(question)


def test_the_first_question_is_searched_for_as_it_is() -> None:
    assert plan_searches("多少钱", ()) == Searches(("多少钱",))


def test_a_leaning_question_is_completed_with_what_it_leans_on() -> None:
    planned = plan_searches("那多少钱？", said("你好", _CREAM))

    assert planned == Searches((f"{_CREAM} 那多少钱？",), _CREAM)


def test_leaning_questions_are_followed_back_to_one_that_stands() -> None:
    planned = plan_searches("那怎么用？", said("敏感肌推荐什么洁面产品", _CREAM, "多少钱", "谢谢"))

    assert planned.earlier == f"{_CREAM} 多少钱"


def test_a_short_question_goes_first_by_itself() -> None:
    planned = plan_searches("退货要几天", said(_CREAM))

    assert planned == Searches(("退货要几天", f"{_CREAM} 退货要几天"), _CREAM)


def test_a_full_question_stands_by_itself() -> None:
    question = "岩茶应该用多少度的水来冲泡比较好"

    assert plan_searches(question, said(_CREAM)) == Searches((question,))


def test_only_the_customer_is_leant_on() -> None:
    recent = (*said(_CREAM), Utterance("assistant", "可以使用。"), Utterance("staff", "您好。"))

    assert plan_searches("那多少钱", recent).earlier == _CREAM


def test_placeholders_are_not_searched_for() -> None:
    assert plan_searches("〔电话1〕的订单几天能到我这里", ()).texts == ("的订单几天能到我这里",)
