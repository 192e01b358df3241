"""The same calls over real connections, where httpx takes another road than in process."""

import asyncio
import json
import logging
import socket
from collections.abc import Awaitable, Callable

import httpx
import pytest

from channels.errors import DeliveryRetryableError, DeliveryUnknownError
from channels.messages import Recipient
from channels.wechat.miniprogram import MiniProgramChannel
from tests.channels.wechat.kit import OPENID, Clock, account, labelled, tools

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def answering(body: dict[str, object]) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        content = json.dumps(body).encode()
        head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(content)}\r\nconnection: close\r\n\r\n"
        writer.write(head.encode() + content)
        await writer.drain()

    return answer


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Read the request, then close without a word."""


class Server:
    """Answers by the call's path and keeps the first lines of what was asked."""

    def __init__(self, send: Answer) -> None:
        self.asked: list[str] = []
        self._token = answering({"access_token": "t0ken", "expires_in": 7200})
        self._send = send

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        size = head.lower().split("content-length: ")[1].split("\r\n")[0]
        await reader.readexactly(int(size))
        self.asked.append(head.split("\r\n")[0])
        await (self._token if "stable_token" in self.asked[-1] else self._send)(writer)
        writer.close()
        await writer.wait_closed()


async def send_to(port: int) -> None:
    clock = Clock()
    settings = {"api_base": f"http://127.0.0.1:{port}"}
    async with httpx.AsyncClient(trust_env=False) as http:
        front = MiniProgramChannel.of(account(settings), tools(http, clock))
        async for _ in front.send(labelled("有货的。"), to=Recipient(OPENID), key="output-1"):
            pass


async def send_through(server: Server) -> None:
    async with await asyncio.start_server(server, "127.0.0.1", 0) as listening:
        await send_to(listening.sockets[0].getsockname()[1])


async def test_m38_the_token_goes_over_the_wire_and_into_no_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    server = Server(answering({"errcode": 0, "errmsg": "ok"}))

    await send_through(server)

    assert server.asked[-1] == "POST /cgi-bin/message/custom/send?access_token=t0ken HTTP/1.1"
    assert "/cgi-bin/message/custom/send" in caplog.text
    assert "t0ken" not in caplog.text


async def test_m34_a_connection_closed_without_an_answer_is_unknown() -> None:
    server = Server(hang_up)

    with pytest.raises(DeliveryUnknownError):
        await send_through(server)

    assert len(server.asked) == 2


async def test_a_refused_connection_may_be_tried_again() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]

        with pytest.raises(DeliveryRetryableError):
            await send_to(port)
