import base64

import httpx
import pytest

from channels.webchat import session
from labelling.wording import INTERFACE_NOTICE, TEXT_NOTICE
from runtime.store.turns import Turns
from tests.e2e.visitor import Visitor
from tests.runtime.kit import QUESTION, SESSION_KEY, Desk

NOT_FOUND = {"error": {"code": "not_found", "message": "没有找到"}}
UNREADABLE = {"error": {"code": "payload_invalid", "message": "请求内容无法识别"}}


def _customer(visitor: Visitor) -> str:
    head = visitor.token.partition(".")[0]
    return base64.urlsafe_b64decode(head).decode().partition(":")[2]


async def _answered(desk: Desk, visitor: Visitor) -> str:
    """Ask and be answered; give the answer's id."""
    await visitor.say(QUESTION)
    await desk.answer(customer=_customer(visitor))
    return str((await visitor.messages())["messages"][-1]["output"])


class TestPage:
    async def test_it_loads_nothing_from_elsewhere(self, http: httpx.AsyncClient) -> None:
        page = await http.get("/chat/main")

        assert page.status_code == 200
        assert "default-src 'none'" in page.headers["content-security-policy"]

    async def test_there_is_none_of_nobody(self, http: httpx.AsyncClient) -> None:
        page = await http.get("/chat/nobody")

        assert (page.status_code, page.json()) == (404, NOT_FOUND)


class TestSession:
    async def test_it_names_the_brand_the_model_and_that_an_ai_answers(
        self, http: httpx.AsyncClient
    ) -> None:
        opened = (await http.post("/chat/main/session", content=b"{}")).json()

        assert opened["brand"] == {"name": "岫棠里"}
        assert opened["notice"] == INTERFACE_NOTICE
        assert opened["model"]["name"]

    async def test_an_old_token_keeps_the_customer(
        self, http: httpx.AsyncClient, visitor: Visitor
    ) -> None:
        renewed = await http.post("/chat/main/session", json={"token": visitor.token})

        assert renewed.json()["customer"] == _customer(visitor)

    async def test_an_outdated_one_does_not(
        self, http: httpx.AsyncClient, desk: Desk, visitor: Visitor
    ) -> None:
        desk.clock.advance(31 * 86_400)

        renewed = await http.post("/chat/main/session", json={"token": visitor.token})

        assert renewed.json()["customer"] != _customer(visitor)
        assert (await visitor.get("messages")).status_code == 401

    @pytest.mark.parametrize("body", [b"nonsense", b"[]", b'{"token":7}', b"\xff"])
    async def test_what_is_no_session_is_refused(
        self, http: httpx.AsyncClient, body: bytes
    ) -> None:
        refused = await http.post("/chat/main/session", content=body)

        assert (refused.status_code, refused.json()) == (400, UNREADABLE)

    async def test_a_long_body_is_refused(self, http: httpx.AsyncClient) -> None:
        refused = await http.post("/chat/main/session", content=b" " * 10_000)

        assert refused.status_code == 413


class TestMessages:
    async def test_who_said_nothing_sees_nothing(self, visitor: Visitor) -> None:
        assert await visitor.messages() == {
            "messages": [],
            "last": 0,
            "state": "bot",
            "open": None,
        }

    async def test_what_was_said_stands_in_order_with_its_sources(
        self, desk: Desk, visitor: Visitor
    ) -> None:
        output = await _answered(desk, visitor)

        found = await visitor.messages()

        question, answer = found["messages"]
        assert (question["role"], question["text"]) == ("customer", QUESTION)
        assert (answer["role"], answer["output"]) == ("assistant", output)
        assert answer["citations"][0]["title"] == "退换货政策"
        assert found["last"] == 3

    async def test_what_is_said_again_is_labelled_again(self, desk: Desk, visitor: Visitor) -> None:
        await _answered(desk, visitor)

        question, answer = (await visitor.messages())["messages"]

        assert answer["text"].endswith(TEXT_NOTICE)
        assert answer["aigc"]["Label"] == "1"
        assert question["aigc"] is None

    async def test_an_answer_being_written_is_followed_from_its_label(
        self, desk: Desk, visitor: Visitor
    ) -> None:
        await _answered(desk, visitor)
        await visitor.say(QUESTION)
        desk.container.control.request_drain()
        with pytest.raises(Exception, match="next start"):
            await desk.answer(customer=_customer(visitor))

        found = await visitor.messages()

        assert found["open"] is not None
        assert found["last"] == 3


class TestEvents:
    @pytest.mark.parametrize("after", ["x", "-1", "1e3", "9" * 40, "9" * 5000, ""])
    async def test_what_is_no_number_is_refused(self, visitor: Visitor, after: str) -> None:
        refused = await visitor.get(f"events?after={after}")

        assert (refused.status_code, refused.json()) == (400, UNREADABLE)


class TestFeedback:
    async def test_a_thumb_is_kept_changed_and_taken_back(
        self, desk: Desk, visitor: Visitor
    ) -> None:
        output = await _answered(desk, visitor)
        seen = []

        for vote in ("up", "down", "none"):
            body = f'{{"output":"{output}","vote":"{vote}"}}'.encode()
            given = await visitor.post("chat/main/feedback", body)
            assert given.status_code == 204
            seen.append((await visitor.messages())["messages"][-1]["vote"])

        assert seen == ["up", "down", None]

    async def test_one_on_nothing_is_refused(self, desk: Desk, visitor: Visitor) -> None:
        await _answered(desk, visitor)

        refused = await visitor.post("chat/main/feedback", b'{"output":"x","vote":"up"}')

        assert (refused.status_code, refused.json()) == (404, NOT_FOUND)

    async def test_one_that_is_none_is_refused(self, visitor: Visitor) -> None:
        refused = await visitor.post("chat/main/feedback", b'{"output":"x","vote":"love"}')

        assert (refused.status_code, refused.json()) == (400, UNREADABLE)

    async def test_who_said_nothing_has_nothing_to_vote_on(self, visitor: Visitor) -> None:
        refused = await visitor.post("chat/main/feedback", b'{"output":"x","vote":"up"}')

        assert refused.status_code == 404


class TestCancel:
    async def test_it_asks_whoever_writes_to_stop(self, desk: Desk, visitor: Visitor) -> None:
        await visitor.say(QUESTION)
        conversation = await desk.conversation(_customer(visitor))
        async with desk.container.database.begin() as database:
            turn = await Turns(database).claim(conversation, fence=1, at=desk.clock())
        assert turn is not None

        asked = await visitor.post("chat/main/cancel", b"")

        async with desk.container.database.read() as database:
            assert await Turns(database).cancelled(turn)
        assert asked.status_code == 204


class TestTokens:
    @pytest.mark.parametrize("header", ["", "Basic abc", "Bearer", "bearer x.y", "Bearer a b"])
    async def test_no_token_no_entry(self, http: httpx.AsyncClient, header: str) -> None:
        refused = await http.get("/chat/main/messages", headers={"authorization": header})

        assert refused.status_code == 401
        assert refused.json()["error"]["message"] == "签名校验未通过"

    async def test_a_token_of_another_key_is_refused(
        self, http: httpx.AsyncClient, desk: Desk
    ) -> None:
        expires_at = desk.clock().replace(year=2030)
        forged = session.issue(b"x" * 32, "alice", expires_at)
        right = session.issue(base64.b64decode(SESSION_KEY), "alice", expires_at)

        statuses = [
            (await Visitor(http, token, "main").get("messages")).status_code
            for token in (forged, right)
        ]

        assert statuses == [401, 200]
