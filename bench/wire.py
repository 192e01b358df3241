"""Raw HTTP over kept-alive connections: a client that costs less than what it measures."""

import asyncio
from collections.abc import Mapping
from typing import cast
from urllib.parse import urlencode

from typing_extensions import override

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


def request(
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> bytes:
    """Write a request as it goes over the wire."""
    target = f"{path}?{urlencode(query)}" if query else path
    lines = [f"{method} {target} HTTP/1.1", "host: loopback", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + _HEAD_END + body


class Connection(asyncio.Protocol):
    """One connection, one request at a time; for answers that tell their length."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    @classmethod
    async def open(cls, port: int) -> "Connection":
        """Connect on loopback."""
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(cls, "127.0.0.1", port)
        return connection

    async def ask(self, message: bytes) -> tuple[int, bytes]:
        """Send a request; give the status and the body of its answer.

        Raises:
            ConnectionError: The other side closed.
        """
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(message)
        return await self._answer

    @property
    def closed(self) -> bool:
        """Whether either side has closed."""
        return self._transport is None or self._transport.is_closing()

    def close(self) -> None:
        """Close."""
        if self._transport is not None:
            self._transport.close()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no asyncio.Transport, though they do the same.
        self._transport = cast("asyncio.Transport", transport)

    @override
    def data_received(self, data: bytes) -> None:
        self._received += data
        head, mark, rest = self._received.partition(_HEAD_END)
        if not mark or len(rest) < (length := _length(head)):
            return
        self._received = rest[length:]
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((int(head[9:12]), rest[:length]))

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionResetError("the server closed the connection"))


def _length(head: bytes) -> int:
    lines = head.lower().split(b"\r\n")
    return next((int(line[len(_LENGTH) :]) for line in lines if line.startswith(_LENGTH)), 0)
