"""The demo brand's documents agree with each other and keep to the advertising law."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

BRAND = Path(__file__).parents[3] / "runtime" / "demo" / "brand"
PRODUCTS = sorted((BRAND / "products").glob("*.md"))
SHOWN_TO_CUSTOMERS = sorted(
    path
    for path in BRAND.rglob("*")
    if path.suffix in {".md", ".html", ".txt", ".csv"} and path.name != "README.md"
)
SECTIONS = {
    "S": ["规格与价格", "主要成分", "适合肤质", "用法", "注意事项", "常见搭配"],
    "T": ["规格与价格", "原料", "口感", "冲泡方法", "注意事项", "常见搭配"],
}
WHERE_ANSWERS_COME_FROM = {
    "会员": ["membership.md"],
    "发票支付": ["invoices.md"],
    "商品": ["products/*.md"],
    "安全": ["safety.md"],
    "护肤": ["care-advice.md", "products/*.md"],
    "茶": ["tea-guide.md", "products/*.md"],
    "退换": ["returns.md", "delivery.md"],
    "配送": ["delivery.md"],
    "门店": ["stores.md"],
}
FIGURE = re.compile(r"\d[\d.:–]*(?: ?(?:[a-zA-Z]+|[元天分倍片泡秒个月张字折℃%]|小时|分钟|工作日))?")
# Superlatives and medical claims that the advertising law and the cosmetics rules forbid.
FORBIDDEN = re.compile(
    "最|第一品牌|销量第一|全网第一|国家级|顶级|极品|独一无二|绝无仅有|万能|永久|百分之百|100%|"
    "根治|治愈|治疗|疗效|药用|药妆|医美级|特效|速效|抗敏|脱敏|排毒|减肥|降血压|养胃|助眠|抗癌"
)


def fact(text: str, name: str) -> str:
    found = re.search(rf"^- {name}：(.+)$", text, re.MULTILINE)
    assert found, name
    return found.group(1)


def yuan(text: str) -> int:
    found = re.fullmatch(r"(\d+) 元", text)
    assert found, text
    return int(found.group(1))


def title(text: str) -> str:
    return text.partition("\n")[0].removeprefix("# ")


def catalogue() -> dict[str, tuple[str, str, int, int]]:
    texts = [path.read_text(encoding="utf-8") for path in PRODUCTS]
    return {
        fact(text, "SKU"): (
            title(text),
            fact(text, "规格"),
            yuan(fact(text, "价格")),
            yuan(fact(text, "会员价")),
        )
        for text in texts
    }


def rows(name: str) -> list[dict[str, str]]:
    with (BRAND / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def listed(cell: str) -> list[str]:
    return [item for item in cell.split("|") if item]


class TestProducts:
    def test_there_are_enough_and_no_two_share_a_sku_or_a_name(self) -> None:
        names = {name for name, *_ in catalogue().values()}

        assert len(PRODUCTS) >= 38
        assert len(catalogue()) == len(names) == len(PRODUCTS)

    @pytest.mark.parametrize("path", PRODUCTS, ids=lambda path: path.stem)
    def test_each_has_its_sections_in_order(self, path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        line = fact(text, "SKU").removeprefix("XTL-")[0]

        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS[line]

    @pytest.mark.parametrize("path", PRODUCTS, ids=lambda path: path.stem)
    def test_each_speaks_of_allergy_pregnancy_and_shelf_life(self, path: Path) -> None:
        notices = path.read_text(encoding="utf-8").partition("## 注意事项")[2]

        assert re.findall(r"^- (过敏|孕期|保质期)", notices, re.MULTILINE) == [
            "过敏",
            "孕期",
            "保质期",
        ]

    def test_the_member_price_is_the_one_the_rules_promise(self) -> None:
        rules = (BRAND / "membership.md").read_text(encoding="utf-8")

        assert "会员价为标价的 95%，不足一元的部分舍去" in rules
        assert all(
            member == price * 95 // 100 for _name, _size, price, member in catalogue().values()
        )

    def test_the_starter_box_saves_what_it_says(self) -> None:
        sold = catalogue()
        apart = sum(sold[sku][2] for sku in ("XTL-S01", "XTL-S06", "XTL-S15"))
        box = (BRAND / "products" / "gift-starter.md").read_text(encoding="utf-8")

        assert f"单买合计 {apart} 元，礼盒省 {apart - sold['XTL-S26'][2]} 元" in box


class TestPrices:
    def test_the_price_list_says_what_the_product_files_say(self) -> None:
        page = LexborHTMLParser((BRAND / "price-list.html").read_text(encoding="utf-8"))

        cells = [[cell.text(strip=True) for cell in row.css("td")] for row in page.css("tbody tr")]

        assert len(cells) == len(PRODUCTS)
        assert {
            sku: (name, size, yuan(price), yuan(member)) for name, sku, size, price, member in cells
        } == catalogue()

    def test_a_price_named_behind_a_product_is_that_products(self) -> None:
        prices = {name: price for name, _size, price, _member in catalogue().values()}
        quoted = [
            (name, int(number))
            for path in SHOWN_TO_CUSTOMERS
            for name in prices
            for number in re.findall(
                rf"{re.escape(name)}（(\d+) 元", path.read_text(encoding="utf-8")
            )
        ]

        assert quoted
        assert [pair for pair in quoted if prices[pair[0]] != pair[1]] == []


class TestBrewing:
    def test_the_guide_brews_each_tea_as_its_own_file_does(self) -> None:
        texts = {
            title(path.read_text(encoding="utf-8")): path.read_text(encoding="utf-8")
            for path in PRODUCTS
        }
        guide = (BRAND / "tea-guide.md").read_text(encoding="utf-8")
        table = re.findall(
            r"^\| (\S+) \| \S+ (\d+ ml) \| (\S+ \S+) \| (\d+ ℃) \| .+ \| (\d+ 泡) \|$",
            guide,
            re.MULTILINE,
        )
        loose = [row for row in table if row[2].endswith("g")]

        assert len(loose) == 14
        assert [
            (name, value)
            for name, *values in loose
            for value in values
            if value not in texts[name].partition("## 冲泡方法")[2]
        ] == []


class TestStores:
    def test_the_count_is_the_count(self) -> None:
        text = (BRAND / "stores.md").read_text(encoding="utf-8")
        shops = re.findall(r"^## (\S+) · \S+店$", text, re.MULTILINE)

        assert f"共 {len(shops)} 家门店，分布在 {len(set(shops))} 座城市" in text

    def test_phone_numbers_cannot_be_anyones(self) -> None:
        text = (BRAND / "stores.md").read_text(encoding="utf-8")
        phones = re.findall(r"^- 电话：(.+)$", text, re.MULTILINE)

        assert len(phones) == len(set(phones)) == 18
        assert all(re.fullmatch(r"0\d{2,3}-0000-\d{4}", phone) for phone in phones)


class TestFaq:
    def test_there_are_sixty_with_a_question_asked_once(self) -> None:
        faqs = rows("faq.csv")

        assert len(faqs) == 60
        assert list(faqs[0]) == ["question", "similar", "negative", "answer", "category"]
        assert all(all(faq.values()) for faq in faqs)

        wordings = Counter(w for faq in faqs for w in [faq["question"], *listed(faq["similar"])])
        assert [wording for wording, times in wordings.items() if times > 1] == []

    def test_a_look_alike_is_no_wording_of_its_own_question(self) -> None:
        clashes = [
            (faq["question"], negative)
            for faq in rows("faq.csv")
            for negative in listed(faq["negative"])
            if negative in {faq["question"], *listed(faq["similar"])}
        ]

        assert clashes == []

    @pytest.mark.parametrize("faq", rows("faq.csv"), ids=lambda faq: faq["question"])
    def test_every_figure_in_an_answer_stands_in_a_document(self, faq: dict[str, str]) -> None:
        documents = "".join(
            path.read_text(encoding="utf-8")
            for pattern in WHERE_ANSWERS_COME_FROM[faq["category"]]
            for path in BRAND.glob(pattern)
        )

        assert [f for f in FIGURE.findall(faq["answer"]) if f not in documents] == []


class TestQuestions:
    def test_some_can_be_answered_and_some_cannot(self) -> None:
        asked = rows("questions.csv")
        kinds = Counter(row["answerable"] for row in asked)

        assert len({row["question"] for row in asked}) == len(asked) == 40
        assert set(kinds) == {"true", "false"}
        assert kinds["true"] >= 20
        assert kinds["false"] >= 10

    def test_the_expected_sources_are_there(self) -> None:
        for row in rows("questions.csv"):
            sources = listed(row["expected_source"])

            assert bool(sources) == (row["answerable"] == "true"), row["question"]
            assert [source for source in sources if not (BRAND / source).is_file()] == []

    def test_no_question_is_worded_as_in_the_faq(self) -> None:
        known = {w for faq in rows("faq.csv") for w in [faq["question"], *listed(faq["similar"])]}

        assert known.isdisjoint(row["question"] for row in rows("questions.csv"))


@pytest.mark.parametrize("path", SHOWN_TO_CUSTOMERS, ids=lambda path: path.name)
def test_nothing_claims_what_the_law_forbids(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert FORBIDDEN.findall(text) == []


def test_registration_numbers_say_that_they_are_samples() -> None:
    numbers = [
        found
        for path in PRODUCTS
        for found in re.findall(r"国妆特字\S+", path.read_text(encoding="utf-8"))
    ]

    assert len(numbers) == 4
    assert all(re.match(r"国妆特字G000000\d\d（示例编号，非真实注册）", n) for n in numbers)
