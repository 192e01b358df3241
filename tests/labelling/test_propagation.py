"""Four outcomes for what arrives (Measures, Article 6); the producer's values stay as they are."""

import pytest

from labelling.identity import DUMMY_CODE, ProducerCode
from labelling.output import Aigc
from labelling.propagation import NOTICES, Outcome, Propagation, propagate
from labelling.reader import Reading, Verdict

PLATFORM = ProducerCode.parse(DUMMY_CODE)
THEIRS = Aigc(
    label="1",
    content_producer="001191110102MAD55U9H0F10002",
    produce_id="their-number",
    reserved_code1="their-code",
    content_propagator="001191110102MAD55U9H0F10002",
    propagate_id="their-number",
    reserved_code2="their-other-code",
)


def carried(reading: Reading, *, declared: bool = False) -> Propagation:
    return propagate(reading, declared=declared, platform=PLATFORM, content_id="ours")


class TestOutcome:
    @pytest.mark.parametrize(
        ("verdict", "fields", "declared", "outcome"),
        [
            (Verdict.CONFIRMED, THEIRS, False, Outcome.CONFIRMED),
            # The metadata is looked at first: what is declared beside it changes nothing.
            (Verdict.CONFIRMED, THEIRS, True, Outcome.CONFIRMED),
            (Verdict.DECLARED, THEIRS, False, Outcome.DECLARED),
            (Verdict.SUSPECTED, THEIRS, True, Outcome.SUSPECTED),
            (Verdict.SUSPECTED, None, False, Outcome.SUSPECTED),
            (Verdict.SUSPECTED, None, True, Outcome.DECLARED),
            (Verdict.ABSENT, None, True, Outcome.DECLARED),
            (Verdict.ABSENT, None, False, Outcome.NONE),
            (Verdict.MALFORMED, None, False, Outcome.SUSPECTED),
            (Verdict.CONFLICTING, THEIRS, True, Outcome.SUSPECTED),
        ],
    )
    def test_it_follows_from_what_is_found_and_said(
        self,
        verdict: Verdict,
        fields: Aigc | None,
        *,
        declared: bool,
        outcome: Outcome,
    ) -> None:
        made = carried(Reading(explicit=None, verdict=verdict, fields=fields), declared=declared)

        assert made.outcome is outcome
        assert made.notice == NOTICES[outcome]

    def test_every_outcome_has_its_words(self) -> None:
        assert set(NOTICES) == set(Outcome)
        assert NOTICES[Outcome.NONE] == ""


class TestLabel:
    def test_the_producers_values_stay_and_ours_are_added(self) -> None:
        made = carried(Reading(explicit=None, verdict=Verdict.CONFIRMED, fields=THEIRS)).aigc

        assert made is not None
        assert (made.label, made.content_producer) == ("1", THEIRS.content_producer)
        assert (made.produce_id, made.reserved_code1) == ("their-number", "their-code")
        assert (made.propagate_id, made.reserved_code2) == ("ours", "")

    def test_ours_is_the_code_of_who_propagates(self) -> None:
        made = carried(Reading(explicit=None, verdict=Verdict.CONFIRMED, fields=THEIRS)).aigc

        assert made is not None
        assert made.content_propagator == "001191000000000000000K20001"
        assert ProducerCode.parse(made.content_propagator).value == made.content_propagator

    @pytest.mark.parametrize(
        ("verdict", "declared", "label"),
        [(Verdict.ABSENT, True, "2"), (Verdict.SUSPECTED, False, "3")],
    )
    def test_where_there_is_no_label_no_producer_is_made_up(
        self, verdict: Verdict, *, declared: bool, label: str
    ) -> None:
        made = carried(Reading(explicit=None, verdict=verdict), declared=declared).aigc

        assert made is not None
        assert (made.label, made.content_producer, made.produce_id) == (label, "", "")

    def test_values_that_disagree_are_not_passed_on(self) -> None:
        made = carried(Reading(explicit=None, verdict=Verdict.CONFLICTING, fields=THEIRS)).aigc

        assert made is not None
        assert (made.label, made.produce_id) == ("3", "")

    def test_where_nothing_is_found_nothing_is_written(self) -> None:
        assert carried(Reading(explicit=None)).aigc is None
