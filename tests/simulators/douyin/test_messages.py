import json
import struct
from typing import Any

import httpx
import pytest

from simulators.douyin.conversations import Scene
from simulators.douyin.errors import Code, Shell
from simulators.douyin.simulator import DouyinSimulator
from simulators.faults import AnswerLostError, Fault, FaultKind
from tests.simulators.callee import Callee, Clock
from tests.simulators.douyin.setting import (
    BRAND,
    CLIENT,
    CLIENT_KEY,
    CUSTOMER,
    access_token,
    code_of,
    reply,
    send,
    simulator,
)

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 640, 480)


async def written(douyin: DouyinSimulator, callee: Callee, text: str = "有 M 码吗") -> str:
    """Let the customer write, and give the message's id."""
    await douyin.push_text(CUSTOMER, text)
    return str(json.loads(callee.received[-1].body)["content"]["server_message_id"])


async def entered(douyin: DouyinSimulator, callee: Callee) -> str:
    """Let the customer open the chat, and give the entry's id."""
    await douyin.push_enter(CUSTOMER)
    content = json.loads(json.loads(callee.received[-1].body)["content"])
    return str(content["server_message_id"])


class TestSending:
    async def test_customer_reads_the_answer(
        self, api: httpx.AsyncClient, douyin: DouyinSimulator, callee: Callee, token: str
    ) -> None:
        message_id = await written(douyin, callee)

        answer = await send(api, token, reply(douyin, message_id))

        (sent,) = douyin.sent
        assert code_of(answer) == 0
        assert answer["msg_id"] == sent.id
        assert answer["extra"]["logid"]
        assert [bubble.text for bubble in douyin.inbox(CUSTOMER)] == ["有的，M 码现货。"]

    async def test_newer_shell_and_codes_as_text(
        self, api: httpx.AsyncClient, douyin: DouyinSimulator, callee: Callee, token: str
    ) -> None:
        message_id = await written(douyin, callee)
        douyin.manners.shell, douyin.manners.codes_as_text = Shell.ERR_NO, True

        good = await send(api, token, reply(douyin, message_id))
        bad = await send(api, "x", reply(douyin, message_id))

        assert (good["err_no"], good["data"]) == ("0", {"msg_id": douyin.sent[0].id})
        assert bad["err_no"] == str(int(Code.TOKEN_INVALID))

    async def test_accepted_message_comes_back_as_our_own_echo(
        self, api: httpx.AsyncClient, douyin: DouyinSimulator, callee: Callee, token: str
    ) -> None:
        message_id = await written(douyin, callee)

        await send(api, token, reply(douyin, message_id))

        echo = json.loads(callee.received[-1].body)
        assert echo["event"] == "im_send_msg"
        assert (echo["from_user_id"], echo["to_user_id"]) == (BRAND, CUSTOMER)
        assert echo["content"]["source"] == CLIENT_KEY
        assert echo["content"]["server_message_id"] == douyin.sent[0].id
        assert echo["content"]["text"] == "有的，M 码现货。"
        assert [delivery.accepted for delivery in douyin.echo_deliveries] == [True]

    async def test_unconnected_platform_echoes_nowhere(self, clock: Clock) -> None:
        douyin = simulator(clock)
        conversation = douyin.conversation(CUSTOMER)
        douyin.book.open(conversation, "@m", Scene.REPLY)
        transport = httpx.ASGITransport(app=douyin.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://t") as api:
            granted = await access_token(api, douyin)
            answer = await send(api, granted["access_token"], reply(douyin, "@m"))

        assert (code_of(answer), douyin.echo_deliveries) == (0, [])

    async def test_echoes_can_be_switched_off(
        self, api: httpx.AsyncClient, douyin: DouyinSimulator, callee: Callee, token: str
    ) -> None:
        message_id = await written(douyin, callee)
        douyin.echoes = False

        await send(api, token, reply(douyin, message_id))

        assert len(callee.received) == 1

    async def test_lost_answer_leaves_message_and_echo(
        self, api: httpx.AsyncClient, douyin: DouyinSimulator, callee: Callee, token: str
    ) -> None:
        message_id = await written(douyin, callee)
        douyin.faults.add(Fault(FaultKind.DROP, path="/im/send/msg/"))

        with pytest.raises(AnswerLostError):
            await send(api, token, reply(douyin, message_id))

        assert len(douyin.sent) == 1
        assert b"im_send_msg" in callee.received[-1].body

    async def test_fault_is_worded_in_the_shell_of_the_call(
        self, api: httpx.AsyncClient, douyin: DouyinSimulator
    ) -> None:
        douyin.faults.add(Fault(FaultKind.CODE, code="28001006"), Fault(FaultKind.CODE))

        unknown = await send(api, "x", {})
        busy = (await api.post("/oauth/client_token/", json=CLIENT)).json()

        assert (code_of(unknown), unknown["data"]["description"]) == (28001006, "未知错误")
        assert (code_of(busy), busy["message"]) == (Code.BUSY, "error")


class TestTokens:
    async def test_wrong_tokens_are_told_apart(
        self,
        api: httpx.AsyncClient,
        douyin: DouyinSimulator,
        callee: Callee,
        token: str,
        clock: Clock,
    ) -> None:
        body = reply(douyin, await written(douyin, callee))

        unknown = await send(api, "act.unknown", body)
        of_another = await send(api, token, body, open_id="somebody")
        unescaped = await api.post(
            f"/im/send/msg/?open_id={BRAND}", headers={"access-token": token}, json=body
        )
        clock.forward(days=15)
        expired = await send(api, token, body)

        assert code_of(unknown) == Code.TOKEN_INVALID
        assert code_of(of_another) == Code.TOKEN_OF_ANOTHER
        assert code_of(unescaped.json()) == Code.TOKEN_OF_ANOTHER
        assert code_of(expired) == Code.TOKEN_EXPIRED

    async def test_revoked_tokens_are_invalid(
        self, api: httpx.AsyncClient, douyin: DouyinSimulator, callee: Callee, token: str
    ) -> None:
        body = reply(douyin, await written(douyin, callee))
        douyin.tokens.revoke_all()

        assert code_of(await send(api, token, body)) == Code.TOKEN_INVALID

    async def test_client_token_sends_nothing(
        self, api: httpx.AsyncClient, douyin: DouyinSimulator, callee: Callee
    ) -> None:
        body = reply(douyin, await written(douyin, callee))
        token = douyin.tokens.client_token({**CLIENT, "grant_type": "client_credential"})

        answer = await send(api, token["access_token"], body)

        assert code_of(answer) == Code.TOKEN_INVALID

    async def test_scope_is_needed(
        self, api: httpx.AsyncClient, douyin: DouyinSimulator, callee: Callee
    ) -> None:
        body = reply(douyin, await written(douyin, callee))
        granted = await access_token(api, douyin, scopes=("user_info",))

        answer = await send(api, granted["access_token"], body)

        assert code_of(answer) == Code.NO_ABILITY


class TestLimits:
    async def test_seventh_answer_to_one_message_is_refused_until_the_next(
        self, api: httpx.AsyncClient, douyin: DouyinSimulator, callee: Callee, token: str
    ) -> None:
        message_id = await written(douyin, callee)
        codes = [code_of(await send(api, token, reply(douyin, message_id))) for _ in range(7)]

        following = await written(douyin, callee, "还在吗")
        again = code_of(await send(api, token, reply(douyin, following)))

        assert codes == [0] * 6 + [Code.REPLIES_USED_UP]
        assert again == 0

    async def test_message_is_answerable_for_a_day(
        self,
        api: httpx.AsyncClient,
        douyin: DouyinSimulator,
        callee: Callee,
        token: str,
        clock: Clock,
    ) -> None:
        message_id = await written(douyin, callee)
        clock.forward(hours=24)

        answer = await send(api, token, reply(douyin, message_id))

        assert code_of(answer) == Code.MESSAGE_TOO_OLD

    async def test_entry_is_worth_three_for_half_a_minute(
        self,
        api: httpx.AsyncClient,
        douyin: DouyinSimulator,
        callee: Callee,
        token: str,
        clock: Clock,
    ) -> None:
        welcome = reply(douyin, await entered(douyin, callee), scene="im_enter_direct_msg")

        codes = [code_of(await send(api, token, welcome)) for _ in range(4)]
        clock.forward(seconds=30)
        late = code_of(await send(api, token, welcome))

        assert codes == [0, 0, 0, Code.REPLIES_USED_UP]
        assert late == Code.ENTRY_TOO_OLD

    async def test_entry_is_no_message(
        self, api: httpx.AsyncClient, douyin: DouyinSimulator, callee: Callee, token: str
    ) -> None:
        body = reply(douyin, await entered(douyin, callee))

        assert code_of(await send(api, token, body)) == Code.PARAMETER


class TestForm:
    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"msg_id": "@unknown"}, Code.PARAMETER),
            ({"conversation_id": "@unknown"}, Code.PARAMETER),
            ({"to_user_id": "somebody"}, Code.PEER_MISMATCH),
            ({"scene": "im_b2b_direct_message"}, Code.PARAMETER),
            ({"content": "hello"}, Code.PARAMETER),
            ({"content": {"msg_type": 99}}, Code.PARAMETER),
            ({"content": {"msg_type": ["1"]}}, Code.PARAMETER),
            ({"content": {"msg_type": 1}}, Code.PARAMETER),
            ({"content": {"msg_type": 1, "text": {"text": ""}}}, Code.PARAMETER),
            ({"content": {"msg_type": 1, "text": {"text": "好" * 1001}}}, Code.PARAMETER),
            ({"content": {"msg_type": 2, "image": {"media_id": "x"}}}, Code.PARAMETER),
            ({"scene": "im_reply_msg"}, Code.OK),
            ({"content": {"msg_type": 1, "text": {"text": "好" * 1000}}}, Code.OK),
            ({"content": {"msg_type": 8, "retain_consult_card": {"card_id": "1"}}}, Code.OK),
        ],
    )
    async def test_body_is_checked(
        self,
        douyin: DouyinSimulator,
        api: httpx.AsyncClient,
        callee: Callee,
        *,
        token: str,
        change: dict[str, Any],
        code: int,
    ) -> None:
        message_id = await written(douyin, callee)

        answer = await send(api, token, {**reply(douyin, message_id), **change})

        assert code_of(answer) == code

    async def test_what_is_no_json_is_a_wrong_parameter(
        self, api: httpx.AsyncClient, token: str
    ) -> None:
        answer = await api.post("/im/send/msg/", headers={"access-token": token}, content=b"{")

        assert code_of(answer.json()) == Code.PARAMETER


class TestPictures:
    async def upload(
        self, api: httpx.AsyncClient, token: str, files: dict[str, bytes]
    ) -> dict[str, Any]:
        answer = await api.post(
            "/tool/imagex/client_upload/",
            headers={"access-token": token},
            files={name: ("a.png", data) for name, data in files.items()},
        )
        return dict(answer.json())

    @pytest.fixture
    def client_token(self, douyin: DouyinSimulator) -> str:
        fields = {**CLIENT, "grant_type": "client_credential"}
        return str(douyin.tokens.client_token(fields)["access_token"])

    async def test_uploaded_picture_can_be_sent(
        self,
        api: httpx.AsyncClient,
        douyin: DouyinSimulator,
        callee: Callee,
        token: str,
        client_token: str,
    ) -> None:
        message_id = await written(douyin, callee)

        picture = (await self.upload(api, client_token, {"image": PNG}))["data"]
        content = {"msg_type": 2, "image": {"media_id": picture["image_id"]}}
        answer = await send(api, token, reply(douyin, message_id, content=content))

        (bubble,) = douyin.inbox(CUSTOMER)
        assert (picture["width"], picture["height"], len(picture["md5"])) == (640, 480, 32)
        assert code_of(answer) == 0
        assert (bubble.kind, bubble.media_id) == ("image", picture["image_id"])

    async def test_access_token_uploads_nothing(self, api: httpx.AsyncClient, token: str) -> None:
        answer = await self.upload(api, token, {"image": PNG})

        assert code_of(answer) == Code.TOKEN_INVALID

    @pytest.mark.parametrize(
        "files",
        [
            {"media": PNG},
            {"image": b"%PDF"},
            {"image": b"GIF89a\x01\x00\x01\x00"},
            {"image": PNG + bytes(10 * 1024 * 1024)},
        ],
    )
    async def test_wrong_upload_is_a_wrong_parameter(
        self, api: httpx.AsyncClient, client_token: str, files: dict[str, bytes]
    ) -> None:
        assert code_of(await self.upload(api, client_token, files)) == Code.PARAMETER


class TestControl:
    async def test_another_process_can_push_and_read_what_arrived(
        self, api: httpx.AsyncClient, douyin: DouyinSimulator, callee: Callee, token: str
    ) -> None:
        pushed = await api.post("/_simulator/push", json={"customer": CUSTOMER, "text": "在吗"})
        message_id = json.loads(callee.received[-1].body)["content"]["server_message_id"]
        await send(api, token, reply(douyin, message_id))
        entry = await api.post("/_simulator/push", json={"customer": CUSTOMER, "kind": "enter"})

        (item,) = (await api.get("/_simulator/inbox")).json()["inbox"]
        state = (await api.get("/_simulator/state")).json()

        assert (pushed.json()["accepted"], entry.json()["accepted"]) == (True, True)
        assert (item["customer"], item["text"]) == (CUSTOMER, "有的，M 码现货。")
        assert sorted(state["conversations"][0]["openings"].values()) == [3, 5]
        assert state["sent"][0]["conversation_id"] == douyin.conversation(CUSTOMER).id

    async def test_another_process_can_consent_for_the_brand(self, api: httpx.AsyncClient) -> None:
        code = (await api.post("/_simulator/authorise", json={})).json()["code"]
        form = {**CLIENT, "grant_type": "authorization_code", "code": code}

        answer = await api.post("/oauth/access_token/", data=form)

        assert answer.json()["data"]["open_id"] == BRAND

    async def test_unknown_push_is_explained(self, api: httpx.AsyncClient) -> None:
        body = {"customer": CUSTOMER, "kind": "x"}

        answer = await api.post("/_simulator/push", json=body)

        assert (answer.status_code, "kind 'text' or 'enter'" in answer.text) == (400, True)
