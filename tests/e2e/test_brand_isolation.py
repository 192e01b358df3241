"""Two brands in one process: nothing of one can be reached through the other."""

import base64
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from agents.turn import Turn
from knowledge.base import Scope
from runtime import pipeline
from runtime.settings import WorkerSettings
from runtime.store.accounts import Accounts
from runtime.store.audit import AuditLog
from tests.e2e.forging import Wechat, hand_in
from tests.e2e.house import WECHAT, House, open_house
from tests.e2e.prepared import RIVAL, RIVAL_WORD, Templates
from tests.e2e.visitor import Visitor, finished
from tests.factories import NOON

QUESTION = f"{RIVAL_WORD}什么时候上线？"
OURS = "满多少包邮？"


@pytest_asyncio.fixture
async def house(templates: Templates, tmp_path: Path) -> AsyncIterator[House]:
    """A house in which the rival has accounts as well."""
    async with open_house(templates, tmp_path, worker=WorkerSettings(grace=1)) as house:
        container, account = house.container, Wechat.of(house).account
        async with container.database.begin() as session:
            accounts = Accounts(session, container.vault)
            await accounts.put(
                house.rival,
                channel="webchat",
                slug=RIVAL,
                settings={},
                secrets={"session_key": base64.b64encode(secrets.token_bytes(32)).decode()},
                at=NOON,
            )
            await accounts.put(
                house.rival,
                channel=WECHAT,
                slug=RIVAL,
                settings={"appid": "wx1111111111111111", "original_id": account.original_id},
                secrets={
                    "token": account.token,
                    "encoding_aes_key": "B" * 43,
                    "app_secret": "another-secret",
                },
                at=NOON,
            )
        yield house


async def _answered(house: House, account: str, question: str) -> tuple[Visitor, str, str]:
    """Let a visitor of an account ask; give them, their answer's id and its words."""
    visitor = await Visitor.enter(house.http, account)
    await visitor.say(question)
    await visitor.events(finished())
    answer = (await visitor.messages())["messages"][-1]
    return visitor, answer["output"], answer["text"]


class TestKnowledge:
    async def test_each_brand_answers_from_its_own_passages(self, house: House) -> None:
        _, _, theirs = await _answered(house, RIVAL, QUESTION)
        _, _, ours = await _answered(house, "demo", QUESTION)

        assert "三月十五日" in theirs
        assert "三月十五日" not in ours

    async def test_no_query_reaches_another_brands_passages(self, house: House) -> None:
        container = house.container
        retriever = container.agent_context(house.brand).retriever

        found = await retriever.retrieve(QUESTION, Scope(at=NOON, channel="ask"), 50)

        assert all(RIVAL_WORD not in passage.text for passage in found)

    async def test_an_agent_run_for_one_brand_cannot_cite_the_other(self, house: House) -> None:
        turn = Turn(id="t", messages=(QUESTION,), at=NOON, channel="ask")

        reply = await pipeline.run_to_reply(house.container, turn, house.brand)

        assert all(RIVAL_WORD not in passage.text for passage in reply.passages)


class TestTokens:
    @pytest.mark.parametrize("what", ["messages", "events?after=0"])
    async def test_a_token_is_good_for_its_own_account_alone(self, house: House, what: str) -> None:
        visitor = await Visitor.enter(house.http, RIVAL)

        response = await Visitor(house.http, visitor.token, "demo").get(what)

        assert response.status_code == 401

    async def test_nor_does_it_speak_renew_or_cancel_elsewhere(self, house: House) -> None:
        theirs = await Visitor.enter(house.http, RIVAL)
        intruder = Visitor(house.http, theirs.token, "demo")

        spoken = await intruder.say(OURS)
        cancelled = await intruder.post("chat/demo/cancel", b"")
        renewed = await house.http.post("/chat/demo/session", json={"token": theirs.token})

        assert (spoken.status_code, cancelled.status_code) == (401, 401)
        known = (
            await house.http.post(f"/chat/{RIVAL}/session", json={"token": theirs.token})
        ).json()
        assert renewed.json()["customer"] != known["customer"]

    async def test_a_push_for_one_account_is_refused_at_the_other(self, house: House) -> None:
        push = Wechat.of(house).push(house.town.wechat.message("text", "lin", {"Content": OURS}))

        response = await house.http.post(
            f"/webhooks/{WECHAT}/{RIVAL}",
            params=dict(push.query),
            headers=dict(push.headers),
            content=push.body,
        )

        assert response.status_code == 401
        assert (await hand_in(house, WECHAT, push)).status_code == 200


class TestIds:
    async def test_an_output_of_another_cannot_be_voted_on(self, house: House) -> None:
        _, theirs, _ = await _answered(house, RIVAL, QUESTION)
        ours, _, _ = await _answered(house, "demo", OURS)
        vote = f'{{"output":"{theirs}","vote":"down"}}'.encode()

        response = await ours.post("chat/demo/feedback", vote)

        assert response.status_code == 404
        assert response.json()["error"] == {"code": "not_found", "message": "没有找到"}

    async def test_two_customers_of_one_name_are_two(self, house: House) -> None:
        ours, _, _ = await _answered(house, "demo", OURS)
        theirs, _, _ = await _answered(house, RIVAL, QUESTION)

        seen = [str(await each.messages()) for each in (ours, theirs)]

        assert RIVAL_WORD not in seen[0]
        assert "包邮" not in seen[1]

    async def test_the_audit_log_of_a_brand_is_its_own(self, house: House) -> None:
        await _answered(house, RIVAL, QUESTION)
        await _answered(house, "demo", OURS)
        async with house.container.database.begin() as session:
            heads = await AuditLog(session)._heads(set())

            ours = [fault async for fault in AuditLog(session).faults(house.brand.id)]

        assert (heads, ours) == ({}, [])
