"""Session tokens: only ours, only in time."""

import base64
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.errors import SignatureInvalidError
from channels.webchat import session
from tests.channels.webchat.kit import CUSTOMER, KEY, NOW, account, token

LATER = NOW + timedelta(hours=1)


@given(st.binary(min_size=32, max_size=64), st.text(st.characters(codec="utf-8")))
def test_a_token_opens_to_the_customer_it_was_issued_for(key: bytes, customer: str) -> None:
    assert session.open(key, session.issue(key, customer, LATER), NOW) == customer


@given(st.data())
def test_a_token_with_any_character_changed_is_refused(data: st.DataObject) -> None:
    ours = token()
    place = data.draw(st.integers(0, len(ours) - 1))
    other = data.draw(st.characters().filter(lambda character: character != ours[place]))

    with pytest.raises(SignatureInvalidError):
        session.open(KEY, ours[:place] + other + ours[place + 1 :], NOW)


@given(st.text())
def test_a_token_we_did_not_make_is_refused(text: str) -> None:
    with pytest.raises(SignatureInvalidError):
        session.open(KEY, text, NOW)


def test_another_accounts_token_is_refused() -> None:
    with pytest.raises(SignatureInvalidError):
        session.open(KEY[::-1], token(), NOW)


@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=1), timedelta(days=400)])
def test_a_token_is_refused_from_the_second_it_ends(late: timedelta) -> None:
    with pytest.raises(SignatureInvalidError):
        session.open(KEY, token(), LATER + late)


def test_a_token_shows_in_no_error() -> None:
    with pytest.raises(SignatureInvalidError) as refused:
        session.open(KEY, token() + "x", NOW)

    assert CUSTOMER not in str(refused.value)
    assert token() not in str(refused.value)


def test_the_key_is_the_accounts_secret() -> None:
    assert session.key_of(account()) == KEY


@pytest.mark.parametrize("secret", ["", "short", "钥匙", base64.b64encode(bytes(31)).decode()])
def test_a_key_that_is_missing_malformed_or_short_is_refused_by_name(secret: str) -> None:
    with pytest.raises(ValueError, match=r"'session_key' of webchat account 'demo'"):
        session.key_of(account(secret))
