from hypothesis import given
from hypothesis import strategies as st

from agents.service.summary import MAX_CHARS, extend_summary
from agents.turn import HandOffReason
from tests.agents.builders import passage


def test_an_answered_question_is_written_down_with_its_sources() -> None:
    cited = [passage("甲"), passage("乙"), passage("丙", title="价目表")]

    summary = extend_summary("", "几天能退？", None, cited)

    assert summary == "客户：几天能退？（已据《退换货政策》《价目表》作答）"


def test_a_hand_off_is_written_down_with_its_reason() -> None:
    summary = extend_summary("客户：甲（要求转人工）", "老板是谁", HandOffReason.NO_EVIDENCE, ())

    assert summary == "客户：甲（要求转人工）\n客户：老板是谁（资料未载，已提出转人工）"


def test_what_was_masked_stays_masked() -> None:
    summary = extend_summary("", "打〔电话1〕找我", HandOffReason.ASKED, ())

    assert summary == "客户：打〔电话〕找我（要求转人工）"


@given(st.lists(st.text(), max_size=30), st.sampled_from([None, *HandOffReason]))
def test_a_summary_is_bounded_and_keeps_the_newest(
    questions: list[str], reason: HandOffReason | None
) -> None:
    summary = ""
    for question in [*questions, "最后一问"]:
        summary = extend_summary(summary, question, reason, [passage()])

    assert len(summary) <= MAX_CHARS
    assert summary.splitlines()[-1].startswith("客户：最后一问（")


def test_the_oldest_lines_go_first() -> None:
    summary = ""
    for number in range(12):
        summary = extend_summary(summary, f"第{number}问{'很长' * 30}", None, [passage()])

    assert summary.splitlines()[0].startswith("客户：第8问")
    assert len(summary.splitlines()) == 4
