"""Provider codes, content numbers and the `AIGC` value."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelling.errors import LabellingError, ProducerCodeInvalidError
from labelling.identity import DUMMY_CODE, ProducerCode, generated_by

# Codes that stand in labelled files in circulation, of the form that TC260-PG-20252A §3 sets
# (https://www.secrss.com/articles/76654); the second has letters in the last four.
SAMPLES = ("001191110102MAD55U9H0F10002", "001191440300708461136T1XGW3", DUMMY_CODE)
# Credit codes of sixteen producers, out of labelled files in circulation.
CREDIT_CODES = (
    "91110102MACQD9K640",
    "9144030008867405X2",
    "91440101MA9Y9T4H7A",
    "91330106MA2CFLDG4R",
    "91110108335469089C",
    "91440300708461136T",
    "91340100MAEB4N8H76",
    "91110000802100433B",
    "91110105MACJ6K1C8A",
    "91110108MACC4D63XF",
    "91110108MA01KP2T5U",
    "91110108MA01R70K8D",
    "91340000711771143J",
    "91330101MA27WPYJ18",
    "91310104MACE0YX639",
    "91440300MA5G49LC9K",
)
CREDIT_CODE_PLACES = range(4, 22)
CREDIT_CODE_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


class TestProducerCode:
    @pytest.mark.parametrize("value", SAMPLES)
    def test_a_real_code_is_taken(self, value: str) -> None:
        assert ProducerCode.parse(value).value == value

    @pytest.mark.parametrize("credit_code", CREDIT_CODES)
    def test_every_real_credit_code_has_a_right_check_digit(self, credit_code: str) -> None:
        value = f"0011{credit_code}10001"

        assert ProducerCode.parse(value).value == value

    @pytest.mark.parametrize("value", SAMPLES)
    def test_every_change_of_one_character_of_the_credit_code_is_refused(self, value: str) -> None:
        changed = [
            value[:place] + letter + value[place + 1 :]
            for place in CREDIT_CODE_PLACES
            for letter in string.digits + string.ascii_uppercase
            if letter != value[place]
        ]

        assert len(changed) == 18 * 35
        for code in changed:
            with pytest.raises(ProducerCodeInvalidError):
                ProducerCode.parse(code)

    @given(
        st.text(alphabet=CREDIT_CODE_LETTERS, min_size=17, max_size=17),
    )
    def test_one_check_digit_of_31_is_right(self, body: str) -> None:
        taken = []

        for digit in CREDIT_CODE_LETTERS:
            try:
                taken.append(ProducerCode.parse(f"0011{body}{digit}10001"))
            except ProducerCodeInvalidError:
                continue

        assert len(taken) == 1

    @pytest.mark.parametrize(
        "value",
        [
            "",
            DUMMY_CODE[:-1],
            DUMMY_CODE + "0",
            DUMMY_CODE + "\n",
            DUMMY_CODE.lower(),
            "01" + DUMMY_CODE[2:],
            DUMMY_CODE[:3] + "2" + DUMMY_CODE[4:],
            DUMMY_CODE[:22] + "0" + DUMMY_CODE[23:],
            DUMMY_CODE[:22] + "3" + DUMMY_CODE[23:],
            DUMMY_CODE[:-1] + "a",
            DUMMY_CODE[:-1] + "１",
            "品牌有限公司",
        ],
    )
    def test_a_code_of_another_form_is_refused(self, value: str) -> None:
        with pytest.raises(ProducerCodeInvalidError, match="malformed"):
            ProducerCode.parse(value)

    @pytest.mark.parametrize("letter", "IOSVZ")
    def test_letters_that_credit_codes_lack_are_named(self, letter: str) -> None:
        with pytest.raises(ProducerCodeInvalidError, match="not used"):
            ProducerCode.parse(DUMMY_CODE[:10] + letter + DUMMY_CODE[11:])

    def test_a_wrong_check_digit_is_told_with_the_right_one(self) -> None:
        with pytest.raises(ProducerCodeInvalidError, match="'L', 'K' is right"):
            ProducerCode.parse(DUMMY_CODE.replace("K", "L"))

    def test_only_the_code_of_nobody_is_the_dummy(self) -> None:
        assert ProducerCode.parse(DUMMY_CODE).dummy
        assert not ProducerCode.parse(SAMPLES[0]).dummy


class TestGeneratedBy:
    def test_a_first_label_names_us_as_producer_and_propagator(self) -> None:
        aigc = generated_by(ProducerCode.parse(DUMMY_CODE), "n-1")

        assert aigc.as_dict() == {
            "Label": "1",
            "ContentProducer": DUMMY_CODE,
            "ProduceID": "n-1",
            "ReservedCode1": "",
            "ContentPropagator": DUMMY_CODE,
            "PropagateID": "n-1",
            "ReservedCode2": "",
        }

    def test_the_seven_values_stand_in_the_order_of_the_standard(self) -> None:
        aigc = generated_by(ProducerCode.parse(DUMMY_CODE), "n-1")

        assert list(aigc.as_dict()) == [
            "Label",
            "ContentProducer",
            "ProduceID",
            "ReservedCode1",
            "ContentPropagator",
            "PropagateID",
            "ReservedCode2",
        ]

    @given(st.from_regex(r"[0-9A-Za-z_-]{1,64}", fullmatch=True))
    def test_values_keep_to_the_characters_metadata_may_hold(self, content_id: str) -> None:
        values = generated_by(ProducerCode.parse(DUMMY_CODE), content_id).as_dict().values()

        assert all(0x21 <= ord(character) <= 0x7E for value in values for character in value)

    @pytest.mark.parametrize(
        "content_id", ["", "a" * 65, "two words", "内容1", 'quote"', "a\n", "１２３", "a/b"]
    )
    def test_a_number_that_metadata_cannot_hold_is_refused(self, content_id: str) -> None:
        with pytest.raises(LabellingError, match="content number"):
            generated_by(ProducerCode.parse(DUMMY_CODE), content_id)
