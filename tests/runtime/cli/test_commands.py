import sqlite3
from pathlib import Path

import pytest

from labelling.wording import TEXT_NOTICE
from runtime.cli.output import Exit
from runtime.store import migrate
from tests.e2e.prepared import RIVAL_WORD
from tests.runtime.cli.conftest import Zhanggui, said

QUESTION = "满多少包邮？"
DOCUMENT = "# 发票\n\n## 怎么开发票\n\n怎么开发票：下单时选电子发票，付款后一天内发到邮箱。\n"


class TestMain:
    def test_it_lists_its_commands(self, zhanggui: Zhanggui) -> None:
        shown = zhanggui("--help")

        assert shown.exit_code == Exit.FINE
        assert {"ask", "audit", "demo", "doctor", "knowledge", "serve"} <= set(shown.output.split())

    @pytest.mark.parametrize(
        "arguments",
        [
            ("fly",),
            ("ask",),
            ("ask", QUESTION),
            ("serve", "--port", "99999"),
            ("knowledge", "import", "nowhere", "--brand", "demo"),
            ("audit", "forge"),
        ],
    )
    def test_a_wrong_call_ends_with_two(
        self, zhanggui: Zhanggui, arguments: tuple[str, ...]
    ) -> None:
        assert zhanggui(*arguments).exit_code == Exit.USAGE

    def test_a_malformed_setting_is_named_and_its_value_is_not(self, zhanggui: Zhanggui) -> None:
        refused = zhanggui("migrate", http__port="secret-port")

        assert refused.exit_code == Exit.REFUSED
        assert "ZHANGGUI_HTTP__PORT" in refused.stderr
        assert "secret-port" not in refused.output


class TestMigrate:
    def test_it_brings_an_empty_database_up_once(self, zhanggui: Zhanggui) -> None:
        first, second = (said(zhanggui("migrate", "--json")) for _ in range(2))

        assert first == {"before": None, "after": migrate.newest()}
        assert second == {"before": migrate.newest(), "after": migrate.newest()}

    def test_it_tells_people_too(self, zhanggui: Zhanggui) -> None:
        first, second = zhanggui("migrate"), zhanggui("migrate")

        assert "from empty to" in first.output
        assert "already" in second.output

    def test_a_database_that_is_away_is_a_sentence(self, zhanggui: Zhanggui) -> None:
        url = "postgresql+psycopg://nobody@127.0.0.1:9/nothing"

        refused = zhanggui("migrate", "--json", database__url=url)

        assert refused.exit_code == Exit.REFUSED
        assert said(refused)["error"] == "StoreUnavailableError"
        assert "Traceback" not in refused.output


class TestAsk:
    def test_the_answer_is_labelled_and_cites_its_passages(
        self, zhanggui: Zhanggui, data: Path
    ) -> None:
        answer = said(zhanggui("ask", QUESTION, "--brand", "demo", "--json"))

        assert "99" in answer["texts"][0]
        assert answer["texts"][0].endswith(TEXT_NOTICE)
        assert answer["aigc"]["Label"] == "1"
        assert answer["passages"]

    def test_people_see_the_sources_below(self, zhanggui: Zhanggui, data: Path) -> None:
        shown = zhanggui("ask", QUESTION, "--brand", "demo")

        assert shown.exit_code == Exit.FINE
        assert "[1] " in shown.output

    def test_one_brand_does_not_know_the_others(self, zhanggui: Zhanggui, data: Path) -> None:
        asked = f"{RIVAL_WORD}什么时候上线？"

        ours = said(zhanggui("ask", asked, "--brand", "demo", "--json"))
        theirs = said(zhanggui("ask", asked, "--brand", "rival", "--json"))

        assert "三月十五日" not in str(ours)
        assert "三月十五日" in str(theirs)

    def test_a_brand_that_is_not_there_is_refused(self, zhanggui: Zhanggui, data: Path) -> None:
        refused = zhanggui("ask", QUESTION, "--brand", "nobody")

        assert refused.exit_code == Exit.REFUSED
        assert "there is no brand 'nobody'" in refused.stderr


class TestKnowledge:
    def test_an_import_is_resumable_and_its_documents_are_found(
        self, zhanggui: Zhanggui, data: Path, tmp_path: Path
    ) -> None:
        folder = tmp_path / "documents"
        folder.mkdir()
        (folder / "invoice.md").write_text(DOCUMENT)
        call = ("knowledge", "import", str(folder), "--brand", "demo", "--base", "more", "--json")

        first, second = said(zhanggui(*call)), said(zhanggui(*call))
        answer = said(zhanggui("ask", "怎么开发票？", "--brand", "demo", "--json"))

        assert (first["added"], first["unchanged"]) == (["invoice.md"], [])
        assert (second["added"], second["unchanged"]) == ([], ["invoice.md"])
        assert "电子发票" in answer["texts"][0]

    def test_what_cannot_be_read_is_named_and_the_rest_goes_in(
        self, zhanggui: Zhanggui, data: Path, tmp_path: Path
    ) -> None:
        folder = tmp_path / "documents"
        folder.mkdir()
        (folder / "invoice.md").write_text(DOCUMENT)
        (folder / "broken.md").write_bytes(b"\xff\xfe\x00\xd8")

        shown = zhanggui("knowledge", "import", str(folder), "--brand", "demo", "--base", "more")

        assert shown.exit_code == Exit.FINDING
        assert "added 1" in shown.output
        assert "broken.md" in shown.output


class TestAudit:
    def test_a_chain_that_holds_is_fine(self, zhanggui: Zhanggui, audited: Path) -> None:
        people = zhanggui("audit", "verify")
        program = zhanggui("audit", "verify", "--brand", "demo", "--json")

        assert (people.exit_code, people.output) == (Exit.FINE, "every chain holds\n")
        assert (program.exit_code, said(program)) == (Exit.FINE, {"faults": []})

    @pytest.mark.parametrize(
        ("tampering", "what"),
        [
            ("update audit set entry = replace(entry, 'received', 'imagined')", "altered"),
            ("delete from audit where sequence = 1", "missing"),
            ("delete from audit where sequence = 3", "the end is cut off"),
        ],
    )
    def test_tampering_is_found(
        self, zhanggui: Zhanggui, audited: Path, tampering: str, what: str
    ) -> None:
        database = sqlite3.connect(audited / "zhanggui.db")
        with database:
            database.execute(tampering)
        database.close()

        people = zhanggui("audit", "verify")
        program = zhanggui("audit", "verify", "--json")

        assert (people.exit_code, program.exit_code) == (Exit.FINDING, Exit.FINDING)
        assert what in people.output
        assert what in {fault["what"] for fault in said(program)["faults"]}

    def test_no_such_brand_is_refused(self, zhanggui: Zhanggui, audited: Path) -> None:
        assert zhanggui("audit", "verify", "--brand", "nobody").exit_code == Exit.REFUSED


class TestDoctor:
    def test_a_whole_installation_is_fine(self, zhanggui: Zhanggui, audited: Path) -> None:
        people, program = zhanggui("doctor"), zhanggui("doctor", "--json")

        assert (people.exit_code, program.exit_code) == (Exit.FINE, Exit.FINE)
        names = [finding["name"] for finding in said(program)]
        assert names[:3] == ["packages", "settings", "database"]
        assert "account webchat/main" in names

    def test_a_database_without_its_schema_says_what_to_run(self, zhanggui: Zhanggui) -> None:
        people = zhanggui("doctor")

        assert people.exit_code == Exit.FINDING
        assert "zhanggui migrate" in people.output

    def test_no_account_yet_is_no_fault(self, zhanggui: Zhanggui) -> None:
        zhanggui("migrate")

        assert zhanggui("doctor").exit_code == Exit.FINE

    def test_an_account_that_cannot_work_is_named(self, zhanggui: Zhanggui, audited: Path) -> None:
        (audited / "master.key").write_bytes(bytes(32))

        people = zhanggui("doctor")

        assert people.exit_code == Exit.FINDING
        assert "account webchat/main" in people.output

    def test_a_database_that_is_away_is_named(self, zhanggui: Zhanggui) -> None:
        url = "postgresql+psycopg://nobody@127.0.0.1:9/nothing"

        people = zhanggui("doctor", database__url=url)

        assert people.exit_code == Exit.FINDING
        assert "ZHANGGUI_DATABASE__URL" in people.output

    def test_production_is_told_what_is_missing(self, zhanggui: Zhanggui) -> None:
        people = zhanggui("doctor", environment="production")

        assert people.exit_code == Exit.FINDING
        assert "ZHANGGUI_MODEL__API_KEY" in people.output


class TestWaivers:
    FACTS = ("--agreement", "2026-11", "--identity", "李敏", "--recipient", "印刷厂")

    def test_a_request_is_put_on_record_and_listed(self, zhanggui: Zhanggui, audited: Path) -> None:
        granted = said(
            zhanggui("waivers", "add", "demo", *self.FACTS, "--reason", "说明书", "--json")
        )
        shown = zhanggui("waivers", "list", "demo")
        (listed,) = said(zhanggui("waivers", "list", "demo", "--json"))

        assert granted.items() <= listed.items()
        assert listed["outputs"] == 0
        assert "李敏 → 印刷厂: 说明书" in shown.output

    def test_what_is_missing_is_refused(self, zhanggui: Zhanggui, audited: Path) -> None:
        refused = zhanggui("waivers", "add", "demo", *self.FACTS, "--reason", " ")
        added = zhanggui("waivers", "add", "demo", *self.FACTS, "--reason", "说明书")

        assert refused.exit_code == Exit.REFUSED
        assert "reason" in refused.stderr
        assert added.exit_code == Exit.FINE


class TestBrandsAndChannels:
    def test_a_brand_and_its_web_chat_are_added_and_listed(self, zhanggui: Zhanggui) -> None:
        added = zhanggui("brands", "add", "tea", "--name", "茶馆")
        account = said(zhanggui("channels", "add", "webchat", "tea", "--brand", "tea", "--json"))

        assert added.exit_code == Exit.FINE
        assert account["callback"] == "/webhooks/webchat/tea"
        assert [each["slug"] for each in said(zhanggui("brands", "list", "--json"))] == ["tea"]
        assert said(zhanggui("channels", "list", "--json")) == [
            {"brand": "tea", "channel": "webchat", "slug": "tea", "settings": {}}
        ]
        assert "茶馆" in zhanggui("brands", "list").output
        assert "webchat/tea" in zhanggui("channels", "list").output

    def test_what_is_there_is_not_overwritten_by_mistake(
        self, zhanggui: Zhanggui, audited: Path
    ) -> None:
        brand = zhanggui("brands", "add", "demo", "--name", "x")
        account = zhanggui("channels", "add", "webchat", "main", "--brand", "demo")
        replaced = zhanggui("channels", "add", "webchat", "main", "--brand", "demo", "--replace")

        assert (brand.exit_code, account.exit_code) == (Exit.REFUSED, Exit.REFUSED)
        assert replaced.exit_code == Exit.FINE

    def test_nor_by_another_brand(self, zhanggui: Zhanggui, audited: Path) -> None:
        refused = zhanggui("channels", "add", "webchat", "main", "--brand", "rival", "--replace")

        assert refused.exit_code == Exit.REFUSED
        assert "another brand's" in refused.stderr

    def test_secrets_are_read_from_a_file_and_shown_nowhere(
        self, zhanggui: Zhanggui, data: Path
    ) -> None:
        key, app_secret = "k" * 43, "5ec2e7" * 5 + "00"
        secrets = f"token=tokeninthefile\nencoding_aes_key={key}\napp_secret={app_secret}\n"
        call = ("channels", "add", "wechat-miniprogram", "mini", "--brand", "demo")

        added = zhanggui(
            *call, "--set", "appid=wx0123456789abcdef", "--secrets", "-", input_=secrets
        )
        listed = zhanggui("channels", "list")

        assert added.exit_code == Exit.FINE
        for secret in (key, app_secret, "tokeninthefile"):
            assert secret not in added.output + listed.output

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            (("carrier-pigeon", "x", "--brand", "demo"), Exit.REFUSED),
            (("webchat", "x", "--brand", "nobody"), Exit.REFUSED),
            (("webchat", "x", "--brand", "demo", "--set", "no-equals-sign"), Exit.USAGE),
        ],
    )
    def test_what_makes_no_account_is_refused(
        self, zhanggui: Zhanggui, data: Path, arguments: tuple[str, ...], code: Exit
    ) -> None:
        assert zhanggui("channels", "add", *arguments).exit_code == code
