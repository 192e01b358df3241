"""What must not get in: a clear status, no trace of secrets, no crash, nothing admitted."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
import pytest_asyncio

from runtime.settings import WorkerSettings
from simulators.delivery import Letter
from tests.e2e.conftest import STORES
from tests.e2e.forging import Wechat, douyin, douyin_event, hand_in
from tests.e2e.house import DOUYIN, WEBCHAT, WECHAT, House, open_house
from tests.e2e.prepared import Templates
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="module")

WORDS = "我的订单什么时候发货"
FIELDS = {"FromUserName": "lin", "MsgType": "text", "Content": WORDS, "MsgId": 7}
TOO_BIG = b" " * (10 * 1024 * 1024)
DEEP = b'{"a":' * 50_000 + b"1" + b"}" * 50_000
LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE xml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    b"<xml><Content>&b;</Content></xml>"
)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=STORES)
async def house(
    request: pytest.FixtureRequest,
    templates: Templates,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[House]:
    """One house for all, since nothing here may leave anything in it."""
    folder = tmp_path_factory.mktemp("house")
    async with open_house(
        templates, folder, stores=request.param, worker=WorkerSettings(grace=1)
    ) as house:
        yield house


def _without(letter: Letter, *names: str) -> Letter:
    return replace(letter, query={k: v for k, v in letter.query.items() if k not in names})


def _stale(letter: Letter) -> Letter:
    # Signed an hour ago: the signature does not fit the timestamp any more either way.
    return replace(letter, query={**letter.query, "timestamp": "1700000000"})


def _nameless(us: Wechat) -> bytes:
    return b'{"MsgType":"text","ToUserName":"%s"}' % us.account.original_id.encode()


WECHAT_REFUSED: dict[str, tuple[int, Callable[[Wechat], Letter]]] = {
    "another token": (401, lambda us: us.sealed(b"{}", token="not-ours")),
    "no signature": (401, lambda us: _without(us.push(FIELDS), "msg_signature", "signature")),
    "two signatures' names swapped": (
        401,
        lambda us: replace(
            us.push(FIELDS),
            query={**us.push(FIELDS).query, "msg_signature": us.push(FIELDS).query["signature"]},
        ),
    ),
    "an old timestamp": (401, lambda us: _stale(us.push(FIELDS))),
    "another appid": (401, lambda us: us.sealed(b"{}", appid="wx0000000000000000")),
    "another key": (401, lambda us: us.sealed(b"{}", encoding_aes_key="A" * 43)),
    "wrong padding": (401, lambda us: us.sealed(b"{}" * 5, padding=b"\x03\x02")),
    "no cipher text": (401, lambda us: us.signed("not base64 ☃")),
    "half a block": (401, lambda us: us.signed("QUJD")),
    "no encryption": (401, lambda us: _without(us.push(FIELDS), "encrypt_type")),
    "invalid UTF-8 inside": (401, lambda us: us.sealed(b'{"Content":"\xff\xfe"}')),
    "invalid UTF-8 outside": (401, lambda us: replace(us.push(FIELDS), body=b"\xff\xfe")),
    "no JSON inside": (400, lambda us: us.sealed(b"<xml></xml>")),
    "deeply nested JSON": (400, lambda us: us.sealed(DEEP)),
    "a message for another account": (401, lambda us: us.sealed(b'{"MsgType":"text"}')),
    "a message without an id": (400, lambda us: us.sealed(_nameless(us))),
    "XML with entities": (401, lambda us: replace(us.push(FIELDS), body=LAUGHS)),
    "10 MB": (413, lambda us: replace(us.push(FIELDS), body=TOO_BIG)),
}

DOUYIN_REFUSED: dict[str, tuple[int, Callable[[House], Letter]]] = {
    "another secret": (401, lambda house: douyin(house, b"{}", secret="not-ours")),
    "no signature": (401, lambda house: replace(douyin(house, b"{}"), headers={})),
    "another body": (
        401,
        lambda house: replace(douyin(house, douyin_event(house, {})), body=b"{}"),
    ),
    "invalid UTF-8": (400, lambda house: douyin(house, b'{"event":"\xff"}')),
    "deeply nested JSON": (400, lambda house: douyin(house, DEEP)),
    "no object": (400, lambda house: douyin(house, b"[1]")),
    "a message without an id": (400, lambda house: douyin(house, douyin_event(house, {}))),
    "10 MB": (413, lambda house: douyin(house, TOO_BIG)),
}

WEBCHAT_REFUSED: dict[str, tuple[int, bytes]] = {
    "invalid UTF-8": (400, b'{"id":"1","text":"\xff"}'),
    "deeply nested JSON": (400, DEEP),
    "no JSON": (400, b"hello"),
    "a lone surrogate": (400, b'{"id":"1","text":"\\ud800"}'),
    "NUL": (400, b'{"id":"1","text":"a\\u0000"}'),
    "a field too many": (400, b'{"id":"1","text":"a","role":"staff"}'),
    "words without end": (400, b'{"id":"1","text":"' + b"a" * 5000 + b'"}'),
    "10 MB": (413, TOO_BIG),
}


class TestWechat:
    @pytest.mark.parametrize("wrong", WECHAT_REFUSED)
    async def test_what_is_wrong_is_refused_and_leaves_nothing(
        self, house: House, wrong: str, capfd: pytest.CaptureFixture[str]
    ) -> None:
        status, write = WECHAT_REFUSED[wrong]
        us = Wechat.of(house)

        response = await hand_in(house, WECHAT, write(us))

        assert response.status_code == status
        assert response.json()["error"]["message"].isascii() is False
        assert await house.admitted() == 0
        _assert_quiet(response.text + "".join(capfd.readouterr()), us.account.token, "lin")

    async def test_an_unknown_event_is_acknowledged_and_leaves_nothing(self, house: House) -> None:
        push = Wechat.of(house).push(
            {
                "ToUserName": Wechat.of(house).account.original_id,
                "FromUserName": "lin",
                "CreateTime": 1_763_700_000,
                "MsgType": "event",
                "Event": "subscribe_to_the_moon",
            }
        )

        response = await hand_in(house, WECHAT, push)

        assert (response.status_code, response.content) == (200, b"success")
        assert await house.admitted() == 0

    async def test_a_handshake_of_somebody_else_is_not_echoed(self, house: House) -> None:
        response = await house.http.get(
            f"/webhooks/{WECHAT}/demo",
            params={"signature": "0" * 40, "timestamp": "1", "nonce": "1", "echostr": "hello"},
        )

        assert response.status_code == 401
        assert "hello" not in response.text


class TestDouyin:
    @pytest.mark.parametrize("wrong", DOUYIN_REFUSED)
    async def test_what_is_wrong_is_refused_and_leaves_nothing(
        self, house: House, wrong: str, capfd: pytest.CaptureFixture[str]
    ) -> None:
        status, write = DOUYIN_REFUSED[wrong]

        response = await hand_in(house, DOUYIN, write(house))

        assert response.status_code == status
        assert await house.admitted() == 0
        secret = house.town.douyin.douyin_app.client_secret
        _assert_quiet(response.text + "".join(capfd.readouterr()), secret, "chen")

    async def test_an_unknown_event_is_acknowledged_and_leaves_nothing(self, house: House) -> None:
        letter = douyin(house, douyin_event(house, {}, event="moon_landed"))

        response = await hand_in(house, DOUYIN, letter)

        assert response.status_code == 200
        assert await house.admitted() == 0


class TestWebchat:
    @pytest.mark.parametrize("wrong", WEBCHAT_REFUSED)
    async def test_what_is_wrong_is_refused_and_leaves_nothing(
        self, house: House, wrong: str, capfd: pytest.CaptureFixture[str]
    ) -> None:
        status, body = WEBCHAT_REFUSED[wrong]
        visitor = await Visitor.enter(house.http)

        response = await visitor.post("webhooks/webchat/demo", body)

        assert response.status_code == status
        assert await house.admitted() == 0
        _assert_quiet(response.text + "".join(capfd.readouterr()), visitor.token)

    @pytest.mark.parametrize("token", ["nonsense", "a.b", "QQ==.QQ=="])
    async def test_a_token_that_is_not_ours_is_refused(self, house: House, token: str) -> None:
        response = await Visitor(house.http, token).say("您好")

        assert response.status_code == 401
        assert await house.admitted() == 0


class TestAnywhere:
    @pytest.mark.parametrize(
        "path",
        [
            f"webhooks/{WECHAT}/nobody",
            "webhooks/telegram/demo",
            "webhooks/douyin/%00",
            "webhooks/douyin/%ff%fe",
            "webhooks/../health",
            "nowhere",
        ],
    )
    async def test_an_address_of_nobody_is_a_plain_refusal(self, house: House, path: str) -> None:
        response = await house.http.post(f"/{path}", content=b"{}")

        assert response.status_code in {400, 404, 405}
        assert response.json()["error"]["message"]

    async def test_a_body_that_never_comes_whole_harms_nobody(self, house: House) -> None:
        port = int(house.address.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"POST /webhooks/{DOUYIN}/demo HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\n{{"
        writer.write(head.encode())
        await writer.drain()
        writer.transport.abort()
        del reader

        health = await house.http.get("/health/ready")

        assert health.status_code == 200
        assert await house.admitted() == 0

    async def test_what_is_no_http_at_all_harms_nobody(self, house: House) -> None:
        port = int(house.address.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n")

        answer = await reader.read(64)

        writer.close()
        assert b" 400 " in answer
        assert (await house.http.get("/health/live")).status_code == 200

    @pytest.mark.parametrize("channel", [WECHAT, DOUYIN, WEBCHAT])
    async def test_an_empty_request_is_refused(self, house: House, channel: str) -> None:
        response = await house.http.post(f"/webhooks/{channel}/demo")

        assert response.status_code == 401
        assert await house.admitted() == 0


def _assert_quiet(seen: str, *secrets: str) -> None:
    """Neither the answer nor the log says what it must not, nor shows a stack."""
    for secret in (WORDS, "Traceback", *secrets):
        assert secret not in seen
