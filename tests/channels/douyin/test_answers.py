"""What the platform's answers mean: MUST 18 to 20, and the table of codes."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.douyin.answers import MEANINGS, Answer, Remedy
from channels.douyin.openplatform import DouyinChannel
from channels.errors import (
    DeliveryError,
    DeliveryRefusedError,
    DeliveryRetryableError,
    DeliveryUnknownError,
)
from channels.messages import Recipient
from tests.channels.douyin.platform import labelled
from tests.channels.douyin.shop import CUSTOMER, NOON, WORDS, account, tools

TO = Recipient(
    CUSTOMER,
    {"conversation_id": "@c", "msg_id": "@m", "scene": "", "sent_at": NOON.isoformat()},
)

ANYTHING: st.SearchStrategy[object] = (
    st.none() | st.booleans() | st.integers() | WORDS | st.floats() | st.just([{}])
)
INNER = dict.fromkeys(("error_code", "msg_id", "logid"), ANYTHING)
PART = ANYTHING | st.fixed_dictionaries({}, optional=INNER)
SHELL = {
    "data": PART,
    "extra": PART,
    "err_no": ANYTHING | st.just(0),
    "msg_id": ANYTHING,
    "log_id": ANYTHING,
}


def answer(body: object, status: int = 200) -> Answer:
    return Answer.read("/im/send/msg/", httpx.Response(status, content=json.dumps(body).encode()))


async def sent_over(transport: httpx.AsyncBaseTransport) -> list[str | None]:
    """Send one part over a transport; a token is there already."""
    ours = tools(transport)
    await ours.tokens.put("douyin:shop-1:access_token", "act.sample", lifetime=60)
    channel = DouyinChannel.of(account(), ours)
    async with ours.http:
        parts = channel.send(labelled("有货"), to=TO, key="output-1")
        return [receipt.platform_id async for receipt in parts]


class TestShells:
    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"data": {"error_code": 28001007}, "extra": {"error_code": 0}}, "28001007"),
            ({"data": {"error_code": 0}, "extra": {"error_code": 28001007}}, "28001007"),
            ({"data": {"error_code": "0"}, "extra": {"error_code": "28001007"}}, "28001007"),
            ({"err_no": 28001007, "err_msg": "", "log_id": "1"}, "28001007"),
            ({"err_no": "28001007", "data": {"error_code": 0}}, "28001007"),
            ({"extra": {"error_code": 28001007}, "err_no": 0}, "28001007"),
            ({"err_no": -1}, "-1"),
            ({"err_no": [1]}, "unreadable"),
            ({"err_no": "0x0"}, "unreadable"),
            ({"err_no": False}, "unreadable"),
        ],
    )
    def test_must_18_a_code_in_any_shell_is_found(self, body: object, code: str) -> None:
        found = answer(body)

        assert (found.code, found.taken) == (code, False)

    @pytest.mark.parametrize(
        "body",
        [
            {"data": {"error_code": 0}, "extra": {"error_code": 0}, "msg_id": "@1"},
            {"data": {"error_code": "0", "msg_id": "@1"}},
            {"err_no": 0, "data": {"msg_id": "@1"}},
            {"err_no": "0", "data": None, "msg_id": "@1", "extra": {"error_code": None}},
        ],
    )
    def test_must_18_zeros_alone_are_a_success(self, body: object) -> None:
        found = answer(body)

        assert (found.taken, found.message_id) == (True, "@1")

    def test_must_28_an_id_that_comes_as_a_number_keeps_every_digit(self) -> None:
        found = answer({"err_no": 0, "msg_id": 7494205308479291111})

        assert found.message_id == "7494205308479291111"

    @pytest.mark.parametrize("msg_id", [None, "", [], "号", "\ud83d", "\0", "a b", 1.5])
    def test_a_success_may_have_no_id_or_one_that_is_none(self, msg_id: object) -> None:
        found = answer({"err_no": 0, "msg_id": msg_id})

        assert (found.taken, found.message_id) == (True, None)

    @pytest.mark.parametrize("body", [{}, [], "ok", {"data": {}}, {"message": "success"}])
    def test_must_18_an_answer_without_a_shell_is_no_success(self, body: object) -> None:
        found = answer(body)

        assert not found.taken
        assert isinstance(found.error(), DeliveryUnknownError)

    @pytest.mark.parametrize(
        ("status", "error"),
        [
            (302, DeliveryUnknownError),
            (404, DeliveryRefusedError),
            (413, DeliveryRefusedError),
            (429, DeliveryRetryableError),
            (500, DeliveryUnknownError),
        ],
    )
    def test_a_status_counts_where_there_is_no_code(
        self, status: int, error: type[DeliveryError]
    ) -> None:
        found = answer({"err_no": 0}, status)

        assert not found.taken
        assert type(found.error()) is error
        assert str(status) in str(found.error())


class TestTable:
    @pytest.mark.parametrize("code", sorted(MEANINGS))
    def test_must_18_every_code_has_its_error_and_its_reason(self, code: str) -> None:
        errors = {
            Remedy.RENEW: DeliveryRefusedError,
            Remedy.STOP: DeliveryRefusedError,
            Remedy.WAIT: DeliveryRetryableError,
            Remedy.LOOK: DeliveryUnknownError,
        }

        error = answer({"extra": {"error_code": int(code), "logid": "0216"}}).error()

        assert type(error) is errors[MEANINGS[code].remedy]
        assert MEANINGS[code].words in str(error)
        assert "log id '0216'" in str(error)

    @pytest.mark.parametrize("code", ["28003070", "28003080", "28003081"])
    def test_must_19_a_used_up_window_stops_without_another_try(self, code: str) -> None:
        error = answer({"err_no": code}).error()

        assert isinstance(error, DeliveryRefusedError)
        assert error.code == code

    @pytest.mark.parametrize("code", ["10008", "28009999", "-1"])
    def test_should_46_a_code_that_nobody_knows_stops(self, code: str) -> None:
        error = answer({"err_no": code}).error()

        assert isinstance(error, DeliveryRefusedError)
        assert "not known" in str(error)


class TestTransport:
    @pytest.mark.parametrize(
        "failure", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout]
    )
    async def test_what_never_left_may_be_sent_again(
        self, failure: type[httpx.TransportError]
    ) -> None:
        def fail(request: httpx.Request) -> httpx.Response:
            raise failure(request.url.path)

        with pytest.raises(DeliveryRetryableError):
            await sent_over(httpx.MockTransport(fail))

    @pytest.mark.parametrize(
        "failure",
        [
            httpx.ReadTimeout,
            httpx.WriteTimeout,
            httpx.ReadError,
            httpx.WriteError,
            httpx.RemoteProtocolError,
            httpx.DecodingError,
        ],
    )
    async def test_must_20_what_may_have_left_is_unknown(
        self, failure: type[httpx.RequestError]
    ) -> None:
        def fail(request: httpx.Request) -> httpx.Response:
            raise failure(request.url.path)

        with pytest.raises(DeliveryUnknownError):
            await sent_over(httpx.MockTransport(fail))

    @given(
        body=st.binary()
        | st.fixed_dictionaries({}, optional=SHELL).map(json.dumps).map(str.encode),
        status=st.sampled_from([200, 204, 302, 400, 401, 403, 404, 429, 500, 503]),
    )
    async def test_every_answer_becomes_a_receipt_or_a_delivery_error(
        self, body: bytes, status: int
    ) -> None:
        def reply(request: httpx.Request) -> httpx.Response:
            if request.url.path == "/oauth/refresh_token/":
                token: dict[str, Any] = {"access_token": "act.2", "expires_in": 1296000}
                return httpx.Response(200, json={"data": {**token, "error_code": 0}})
            return httpx.Response(status, content=body)

        try:
            receipts = await sent_over(httpx.MockTransport(reply))
        except DeliveryError:
            return

        assert [receipt is None or receipt.isascii() for receipt in receipts] == [True]

    @given(
        token=st.none() | st.booleans() | st.integers() | WORDS | st.just("act.2"),
        lifetime=st.none() | st.booleans() | st.integers() | WORDS | st.just(1296000),
    )
    async def test_any_token_becomes_a_receipt_or_a_delivery_error(
        self, token: object, lifetime: object
    ) -> None:
        def reply(request: httpx.Request) -> httpx.Response:
            if request.url.path == "/oauth/refresh_token/":
                data = {"access_token": token, "expires_in": lifetime, "error_code": 0}
                return httpx.Response(200, content=json.dumps({"data": data}).encode())
            return httpx.Response(200, json={"err_no": 0})

        ours = tools(httpx.MockTransport(reply))
        channel = DouyinChannel.of(account(), ours)
        async with ours.http:
            try:
                async for receipt in channel.send(labelled("有货"), to=TO, key="output-1"):
                    assert receipt.number == 0
            except DeliveryError:
                return
