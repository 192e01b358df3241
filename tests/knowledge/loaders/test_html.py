"""HTML."""

import pytest

from knowledge.base import Block, BlockKind, Document
from knowledge.errors import DocumentUnreadableError
from knowledge.loaders.base import Limits
from knowledge.loaders.html import load_html


def read(markup: str, limits: Limits | None = None) -> Document:
    return load_html(markup.encode(), "pages/price-list.html", limits or Limits())


def texts(markup: str) -> list[str]:
    return [block.text for block in read(markup).blocks]


class TestMainText:
    def test_what_surrounds_the_text_is_left_out(self) -> None:
        page = """
            <head><title>店</title><style>p {}</style></head>
            <body><nav>首页</nav><header><p>横幅</p></header>
            <p>正文<script>alert(1)</script></p><p hidden>藏</p><p style="display:none">藏</p>
            <div aria-hidden="true">藏</div><form>登录</form><footer>备案</footer></body>
        """

        assert texts(page) == ["横幅", "正文"]

    @pytest.mark.parametrize("tag", ["<main>", "<article>", '<div role="main">'])
    def test_main_part_is_enough(self, tag: str) -> None:
        assert texts(f"<body><p>旁边</p>{tag}<p>正文</p></body>") == ["正文"]

    def test_title_is_the_top_heading_else_the_page_s_name_else_the_file_s(self) -> None:
        assert read("<title>甲</title><h1>乙</h1><p>丙</p>").title == "乙"
        assert read("<title>甲</title><p>丙</p>").title == "甲"
        assert read("<p>丙</p>").title == "price-list"

    def test_headings_lead_to_what_is_under_them(self) -> None:
        page = "<h1>价目</h1><h2>护肤</h2><div><p>甲</p><h3>面霜</h3><p>乙</p></div><h2>茶</h2>丙"

        assert [(block.headings, block.text) for block in read(page).blocks] == [
            (("护肤",), "甲"),
            (("护肤", "面霜"), "乙"),
            (("茶",), "丙"),
        ]

    def test_text_between_blocks_is_text_and_breaks_are_lines(self) -> None:
        assert texts("<div>满 <b>99</b> 元<br>包邮<p>每单</p>8\n元</div>") == [
            "满 99 元\n包邮",
            "每单",
            "8元",
        ]

    def test_items_are_marked_once(self) -> None:
        document = read("<ul><li>甲</li><li><p>乙</p></li><li></li></ul>")

        assert document.blocks == (
            Block("- 甲", BlockKind.ITEM),
            Block("- 乙", BlockKind.ITEM),
        )

    def test_page_without_text_is_refused(self) -> None:
        with pytest.raises(DocumentUnreadableError, match="holds no text"):
            read("<body><script>1</script></body>")

    def test_nesting_over_the_limit_is_refused(self) -> None:
        with pytest.raises(DocumentUnreadableError, match="over 20 levels"):
            read("<div>" * 30 + "甲", Limits(max_depth=20))


class TestTables:
    def test_rows_carry_their_header(self) -> None:
        page = """<table><thead><tr><th>名称</th><th>价格</th></tr></thead>
            <tr><td>面霜</td><td>238 元</td></tr><tr><td></td><td></td></tr></table>"""

        assert read(page).blocks == (Block("名称：面霜；价格：238 元", BlockKind.ROW),)

    def test_cell_over_several_rows_or_columns_is_in_each(self) -> None:
        page = """<table><tr><th>类</th><th>名</th><th colspan="2">价</th></tr>
            <tr><td rowspan="2">护肤</td><td>霜</td><td>1</td><td>2</td></tr>
            <tr><td>乳</td><td colspan="0">3</td><td>4</td></tr>
            <tr><td>茶</td><td>岩</td><td>5</td></tr></table>"""

        assert texts(page) == [
            "类：护肤；名：霜；价：1；价：2",
            "类：护肤；名：乳；价：3；价：4",
            "类：茶；名：岩；价：5",
        ]

    def test_first_row_that_reads_like_names_is_the_header(self) -> None:
        named = (
            "<table><tr><td>科目</td><td>分数</td></tr><tr><td>法学</td><td>612</td></tr></table>"
        )
        plain = "<table><tr><td>电话</td><td>400</td></tr><tr><td>邮箱</td><td>a</td></tr></table>"

        assert texts(named) == ["科目：法学；分数：612"]
        assert texts(plain) == ["电话；400", "邮箱；a"]

    def test_header_alone_is_a_row(self) -> None:
        assert texts("<table><tr><th>名称</th><th>价格</th></tr></table>") == ["名称；价格"]

    def test_table_in_a_cell_is_its_text(self) -> None:
        page = "<table><tr><td>甲<table><tr><td>乙</td></tr></table></td></tr></table>"

        assert texts(page) == ["甲乙"]

    def test_spans_have_a_limit(self) -> None:
        page = '<table><tr><td colspan="99999999">甲</td></tr></table>'

        assert texts(page) == ["；".join(["甲"] * 200)]

    def test_too_many_rows_are_refused(self) -> None:
        with pytest.raises(DocumentUnreadableError, match="over 3 rows"):
            read("<table>" + "<tr><td>甲</td></tr>" * 4 + "</table>", Limits(max_rows=3))
