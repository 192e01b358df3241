from decimal import Decimal

import pytest

from agents.claims import Grounding, read_claims


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("签收后七天内", {("7", "天")}),
        ("3-5 个工作日", {("3", "工作日"), ("5", "工作日")}),
        ("三至五天", {("3", "天"), ("5", "天")}),
        ("10%-20%", {("10", "%"), ("20", "%")}),
        ("百分之九十五", {("95", "%")}),
        ("￥1,299.00 起", {("1299.00", "元")}),
        ("２８８元", {("288", "元")}),
        ("两万五千元", {("25000", "元")}),
        ("一百零五天", {("105", "天")}),
        ("半小时", {("0.5", "小时")}),
        ("二零二四年六月", {("2024", "年"), ("6", "月")}),
        ("九五折", {("9.5", "折")}),
        ("85折", {("8.5", "折")}),
        ("水温 80℃", {("80", "℃")}),
        ("十分温和，一块用，一瓶够了", set()),
        ("见资料[12]", set()),
    ],
)
def test_amounts_are_read_in_one_notation(text: str, expected: set[tuple[str, str]]) -> None:
    assert read_claims(text).amounts == {(Decimal(number), unit) for number, unit in expected}


_SOURCES = [
    "签收后 7 天内可退，运费 12 元。客服电话 400-820-1234，官网 https://shop.example.cn/help 。",
    "| 名称 | 价格（元） |\n| 修护霜 SPF50 | 288 |",
    "我买了 3 件，电话〔电话1〕",
]


@pytest.mark.parametrize(
    "sentence",
    [
        "签收后七天内可以退[1]。",
        "运费 12.00 元。",
        "修护霜 288 元，SPF50。",
        "请拨打 4008201234。",
        "见 https://shop.example.cn/help 。",
        "我们会打〔电话1〕。",
        "没有数字的一句。",
        "第 1 步，先洗脸。",
    ],
)
def test_what_stands_in_a_source_holds(sentence: str) -> None:
    assert Grounding(_SOURCES).holds(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "签收后 15 天内可以退。",
        "7 元运费。",
        "打 7 折。",
        "修护霜 268。",
        "请拨打 13800001111。",
        "加微信 shop_kf01 咨询。",
        "加V：shopkf01",
        "见 https://other.example.com 。",
        "发邮件到 kf@other.cn 。",
        "上 other-shop.com 看看。",
        "我们会打〔电话2〕。",
    ],
)
def test_what_stands_in_no_source_does_not(sentence: str) -> None:
    assert not Grounding(_SOURCES).holds(sentence)


@pytest.mark.parametrize("text", ["1" * 5000, "一" * 5000, "1." * 2500, "a-" * 2500, "、一" * 2500])
def test_a_hostile_text_is_read_in_no_time(text: str) -> None:
    """Backtracking from every digit took most of a second for 2,000; the timeout is the bound."""
    assert read_claims(text).amounts == frozenset()
