from dataclasses import dataclass, field

from agents.guards import Finding, Verdict
from agents.masking import PersonalDataGuard
from agents.service.guarding import look, look_and_mask


@dataclass
class Watching:
    """A guard that notes what it sees."""

    verdict: Verdict = Verdict.PASS
    replacement: str = ""
    name: str = "watching"
    seen: list[str] = field(default_factory=list)

    async def check(self, text: str) -> Finding:
        self.seen.append(text)
        return Finding(self.verdict, self.replacement or text, self.name)


async def test_guards_look_in_order_at_what_is_left() -> None:
    first, second = Watching(Verdict.MASK, "***"), Watching()

    finding = await look([first, second], "脏话")

    assert (finding.verdict, finding.text) == (Verdict.PASS, "***")
    assert second.seen == ["***"]


async def test_the_first_that_stops_has_the_last_word() -> None:
    after = Watching()

    finding = await look([Watching(Verdict.HAND_OFF), after], "话")

    assert finding.verdict is Verdict.HAND_OFF
    assert after.seen == []


async def test_a_guard_after_the_masking_sees_nothing_personal() -> None:
    moderation = Watching()

    _, masked = await look_and_mask(
        [PersonalDataGuard(), moderation], "打 13812345678", ["上次说的 13812345678"]
    )

    assert moderation.seen == ["打 〔电话1〕"]
    assert masked.texts == ("打 〔电话1〕", "上次说的 〔电话1〕")
    assert masked.masked == {"〔电话1〕": "13812345678"}


async def test_what_was_said_before_is_not_judged_again() -> None:
    stopping = Watching(Verdict.REFUSE)

    finding, _ = await look_and_mask([stopping, Watching()], "现在", ["从前"])

    assert finding.verdict is Verdict.REFUSE
    assert stopping.seen == ["现在"]
