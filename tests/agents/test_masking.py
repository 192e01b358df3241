import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.guards import Masker, Verdict
from agents.masking import (
    PLACEHOLDER,
    Kind,
    PersonalDataGuard,
    find_spans,
    forget_numbers,
    is_resident_identity,
    passes_luhn,
    unmask,
)

# Numbers and addresses below are made up; the check digits are right where that matters.
_IDENTITY = "110101199003077475"
_CARD = "6222021234567890128"


def found(text: str) -> list[tuple[Kind, str]]:
    return [(span.kind, text[span.start : span.end]) for span in find_spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我的手机号是13812345678", [(Kind.PHONE, "13812345678")]),
        ("打+86 138-1234-5678", [(Kind.PHONE, "+86 138-1234-5678")]),
        ("008613812345678", [(Kind.PHONE, "008613812345678")]),
        ("座机 010-62345678", [(Kind.PHONE, "010-62345678")]),
        ("客服 400-820-1234", [(Kind.PHONE, "400-820-1234")]),
        ("13812345678和13987654321", [(Kind.PHONE, "13812345678"), (Kind.PHONE, "13987654321")]),
        (f"证件号码：{_IDENTITY}", [(Kind.IDENTITY, _IDENTITY)]),
        ("身份证 1101 0119 9003 0774 75", [(Kind.IDENTITY, "1101 0119 9003 0774 75")]),
        ("身份证号打错一位 110101199003077474", [(Kind.IDENTITY, "110101199003077474")]),
        ("护照号E12345678", [(Kind.IDENTITY, "E12345678")]),
        (f"卡号 {_CARD}", [(Kind.CARD, _CARD)]),
        ("信用卡 5500 0000 0000 0004", [(Kind.CARD, "5500 0000 0000 0004")]),
        ("邮箱test@example.com，谢谢", [(Kind.EMAIL, "test@example.com")]),
        ("邮箱test-13812345678@example.com", [(Kind.EMAIL, "test-13812345678@example.com")]),
    ],
)
def test_personal_numbers_are_found(text: str, expected: list[tuple[Kind, str]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "address",
    [
        "上海市浦东新区张江镇盛夏路58弄3号501室",
        "广东省深圳市南山区科技园南路12号创维大厦B座8楼",
        "朝阳区建国路88号SOHO现代城A座1205",
        "翠湖花园3栋2单元502室",
        "内蒙古呼和浩特市新城区新华大街5号",
        "四川省成都市双流区东升街道棠湖路88号附3号",
    ],
)
@pytest.mark.parametrize(
    "before", ["", "我住", "地址改成", "麻烦寄到", "收货人小王，", "我现在居住在"]
)
def test_an_address_is_found_without_the_words_before_it(before: str, address: str) -> None:
    text = f"{before}{address}，谢谢"

    assert found(text) == [(Kind.ADDRESS, address)]


@pytest.mark.parametrize(
    "text",
    [
        "数字12345678901不是手机号",
        "订单号 4200002345678901 什么时候发货",
        "单号320240618123456789到哪了",
        "编号A4111111111111111",
        "银行卡 4111111111111112",
        "随便写的 110101199013011234",
        "没头没尾的 110101199003077474",
        "广东省深圳市几天能到",
        "面霜5号和6号有什么区别",
        "一楼到三楼都能送吗",
        "万象城2楼店几点关门",
    ],
)
def test_ordinary_numbers_and_places_are_left_alone(text: str) -> None:
    assert found(text) == []


def test_check_digits_are_computed() -> None:
    assert is_resident_identity(_IDENTITY)
    assert is_resident_identity("11010119900307109x")
    assert not is_resident_identity("110101199003077474")
    assert passes_luhn("4111111111111111")
    assert not passes_luhn("4111111111111112")


async def test_a_text_with_nothing_personal_passes() -> None:
    finding = await PersonalDataGuard().check("几天能到？")

    assert finding.verdict is Verdict.PASS
    assert finding.text == "几天能到？"


async def test_a_masked_text_says_what_its_placeholders_stand_for() -> None:
    finding = await PersonalDataGuard().check("打 13812345678，再打 13812345678")

    assert finding.verdict is Verdict.MASK
    assert finding.text == "打 〔电话1〕，再打 〔电话1〕"
    assert finding.masked == {"〔电话1〕": "13812345678"}
    assert finding.reason == "personal_data"


def test_one_number_has_one_placeholder_in_every_text() -> None:
    guard = PersonalDataGuard()

    result = guard.mask(["13812345678", "还是 13812345678 或 13987654321"])

    assert isinstance(guard, Masker)
    assert result.texts == ("〔电话1〕", "还是 〔电话1〕 或 〔电话2〕")


def test_a_placeholder_the_customer_typed_stands_for_nobody_else() -> None:
    result = PersonalDataGuard().mask(["〔电话1〕是什么？我的是 13812345678"])

    assert result.texts == ("〔电话1〕是什么？我的是 〔电话2〕",)
    assert unmask(result.texts[0], result.masked) == "〔电话1〕是什么？我的是 13812345678"


def test_a_kept_text_can_be_put_back_into_nobodys_data() -> None:
    assert forget_numbers("寄到〔地址1〕，打〔电话12〕") == "寄到〔地址〕，打〔电话〕"


_PIECES = st.sampled_from(
    [
        "13812345678",
        _IDENTITY,
        _CARD,
        "a@b.cn",
        "翠湖花园3栋2单元502室",
        "〔电话1〕",
        "我住",
        "，",
        " ",
        "1",
        "身份证",
    ]
)


@given(st.lists(st.lists(_PIECES | st.text(max_size=3), max_size=8).map("".join), max_size=4))
def test_unmasking_undoes_masking(texts: list[str]) -> None:
    result = PersonalDataGuard().mask(texts)

    assert [unmask(text, result.masked) for text in result.texts] == texts
    assert not set(result.masked) & set(PLACEHOLDER.findall("".join(texts)))
