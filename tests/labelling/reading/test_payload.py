"""The value of a label is read however sloppily it was written, and never guessed."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelling.conformance.cases import PRODUCER, members, value
from labelling.reading.payload import KEYS, canonical, object_at, parse

ONE = value()
WRAPPED = json.dumps({"AIGC": members()})
# How it is written, and the issues of it.
READABLE = {
    ONE: (),
    f"\ufeff {ONE}\0\n": (),
    WRAPPED: ("wrapped",),
    json.dumps(ONE): ("nested-string",),
    json.dumps({"AIGC": ONE}): ("wrapped", "nested-string"),
    ONE.replace('"', "&quot;"): ("entities",),
    base64.b64encode(ONE.encode()).decode(): ("base64",),
    ONE.replace('"', "'"): ("not-json",),
    ONE.replace("}", ",}"): ("not-json",),
    "{AIGC: " + ONE.replace("}", ",}") + "}": ("not-json",),
    "{" + ", ".join(f"{key}: {text or repr('')}" for key, text in members().items()) + "}": (
        "not-json",
    ),
    value(ReservedCode1="it''s").replace('"', "'"): ("not-json",),
}
UNREADABLE = {
    "": ("empty",),
    " \0": ("empty",),
    "x" * 70_000: ("too-large",),
    "AI": ("broken-json", "label-missing", "key-missing", "value-missing"),
    "[1]": ("broken-json", "label-missing", "key-missing", "value-missing"),
    '"' * 3: ("broken-json", "label-missing", "key-missing", "value-missing"),
    '{"AIGC": 3}': ("wrapped", "broken-json", "label-missing", "key-missing", "value-missing"),
    "{'a': [}": ("broken-json", "label-missing", "key-missing", "value-missing"),
    "A" * 24: ("broken-json", "label-missing", "key-missing", "value-missing"),
    "/" * 24: ("broken-json", "label-missing", "key-missing", "value-missing"),
}


@pytest.mark.parametrize(("text", "issues"), READABLE.items())
def test_what_can_be_read_is_read_with_what_is_unusual(text: str, issues: tuple[str, ...]) -> None:
    payload = parse(text)

    assert (payload.label, payload.broken) == ("1", False)
    assert payload.fields["ContentProducer"] == PRODUCER
    assert payload.issues == issues


@pytest.mark.parametrize(("text", "issues"), UNREADABLE.items())
def test_what_cannot_be_read_is_broken(text: str, issues: tuple[str, ...]) -> None:
    payload = parse(text)

    assert (payload.label, payload.broken) == (None, True)
    assert payload.issues == issues


@pytest.mark.parametrize("end", range(12, len(ONE) - 1, 7))
def test_a_label_that_is_cut_says_what_is_left_and_is_broken(end: int) -> None:
    payload = parse(ONE[:end])

    assert payload.broken
    assert payload.label == "1"
    assert "broken-json" in payload.issues


@pytest.mark.parametrize(
    ("said", "label"),
    [
        ("1", "1"),
        ("2", "2"),
        (3, "3"),
        (" 2 ", "2"),
        (True, "1"),
        ("AIGC", "1"),
        ("AI生成", "1"),
        ("0", None),
        (0, None),
        (False, None),
        ("", None),
        (None, None),
        ("4", None),
        ("no", None),
    ],
)
def test_a_label_is_one_of_three_or_none_and_never_a_denial(
    said: object, label: str | None
) -> None:
    payload = parse(value(said))

    assert payload.label == label
    assert payload.broken is (label is None)


@pytest.mark.parametrize(
    ("changes", "issue"),
    [
        ({"ReservedCode1": None}, "value-type"),
        ({"ReservedCode1": 12}, "value-type"),
        ({"ReservedCode1": {"a": [1, {"b": None}]}}, "value-type"),
        ({"ContentProducer": "某公司"}, "value-characters"),
        ({"ContentProducer": "kling"}, "provider-code"),
        ({"ContentPropagator": PRODUCER[:-1]}, "provider-code"),
        ({"ContentPropagator": ""}, "value-missing"),
        ({"ProduceID": ""}, "value-missing"),
        ({"Timestamp": "1"}, "unknown-key"),
    ],
)
def test_what_a_strict_writer_would_not_write_is_told(
    changes: dict[str, object], issue: str
) -> None:
    payload = parse(value("1", **changes))

    assert issue in payload.issues
    assert not payload.broken


def test_the_values_stay_as_they_stand() -> None:
    payload = parse(value(ReservedCode1={"a": [1, "x"]}, ProduceID="tos/1"))

    assert payload.aigc.reserved_code1 == '{"a":[1,"x"]}'
    assert payload.aigc.produce_id == "tos/1"
    assert tuple(payload.aigc.as_dict()) == KEYS


def test_a_key_that_stands_there_twice_must_say_the_same() -> None:
    same = parse(ONE.replace("{", '{"Label":"1",'))
    other = parse(ONE.replace("{", '{"Label":"3",'))

    assert not same.broken
    assert other.broken
    assert "duplicate-key" in other.issues


@pytest.mark.parametrize(("depth", "broken"), [(4, False), (9, True), (30_000, True)])
def test_depth_is_bounded(depth: int, *, broken: bool) -> None:
    text = ONE.replace('"ReservedCode2":""', '"ReservedCode2":' + "[" * depth + "]" * depth)

    assert parse(text).broken is broken


def test_wrappers_in_wrappers_end() -> None:
    assert parse("{AIGC:" * 9000).broken
    assert parse('{"AIGC":' * 900 + ONE + "}" * 900).broken


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("Label", "Label"),
        ("ReserveCode2", "ReservedCode2"),
        ("PropatorID", "PropagateID"),
        ("producer_id", "ProduceID"),
        ("Timestamp", None),
    ],
)
def test_old_and_wrong_names_are_known(key: str, name: str | None) -> None:
    assert canonical(key) == name


@pytest.mark.parametrize(
    ("text", "object_"), [("{a{b}c}d", "{a{b}c}"), ("x", "x"), ("{{}", "{{}"), ("", "")]
)
def test_an_object_ends_where_its_brace_is_closed(text: str, object_: str) -> None:
    assert object_at(text) == object_


@given(
    st.text(max_size=300) | st.from_regex(r"\{['\"]?(Label|AIGC)['\"]?:.{0,60}\}?", fullmatch=True)
)
def test_no_text_makes_it_fail(text: str) -> None:
    payload = parse(text)

    assert payload.broken or payload.label is not None
