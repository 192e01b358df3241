from decimal import Decimal

import pytest

from agents.turn import Price, Reply


def test_a_reply_says_something() -> None:
    with pytest.raises(ValueError, match="needs a draft or a phrase"):
        Reply()


def test_a_call_is_priced_by_the_thousand_tokens() -> None:
    price = Price(input=Decimal("0.0008"), output=Decimal("0.002"))

    assert price.of(1500, 250) == Decimal("0.0017")
