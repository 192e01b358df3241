"""Platform tokens, kept for one process or shared by all of them over Redis."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import cast
from weakref import WeakValueDictionary

from redis.asyncio import Redis
from redis.exceptions import RedisError
from typing_extensions import override

from channels.base import TokenCache
from channels.errors import DeliveryRetryableError
from runtime.errors import VaultError
from runtime.queue.redis_client import change_where
from runtime.vault import Vault

_LOCK_WAIT = 10.0
_LOCK_LIFETIME = 30.0
_LOCK_PAUSE = 0.05


class MemoryTokenCache(TokenCache):
    """Keeps tokens in process."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, lock_wait: float = _LOCK_WAIT
    ) -> None:
        """`lock_wait` bounds in seconds how long one waits for another's fetch."""
        self._clock = clock
        self._lock_wait = lock_wait
        self._tokens: dict[str, tuple[str, float]] = {}
        # Weak: a lock lives as long as somebody holds it or waits for it.
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @override
    async def get(self, key: str) -> str | None:
        token, until = self._tokens.get(key, ("", 0.0))
        return token if self._clock() < until else None

    @override
    async def put(self, key: str, token: str, *, lifetime: float) -> None:
        self._tokens[key] = (token, self._clock() + lifetime)

    @override
    async def drop(self, key: str, token: str) -> None:
        if self._tokens.get(key, ("", 0.0))[0] == token:
            del self._tokens[key]

    @override
    def lock(self, key: str) -> AbstractAsyncContextManager[None]:
        """Let one at a time fetch a token.

        Raises:
            DeliveryRetryableError: Another fetched for too long.
        """
        return self._lock(key)

    @asynccontextmanager
    async def _lock(self, key: str) -> AsyncIterator[None]:
        lock = self._locks.setdefault(key, asyncio.Lock())
        try:
            async with asyncio.timeout(self._lock_wait):
                await lock.acquire()
        except TimeoutError as error:
            raise _busy(key) from error
        try:
            yield
        finally:
            lock.release()


class RedisTokenCache(TokenCache):
    """Shares tokens over Redis, sealed: who reads its memory or its backup cannot use them.

    Where Redis gives no answer every method raises `DeliveryRetryableError`: without a token
    nothing was sent, and the same delivery may be tried again.
    """

    def __init__(
        self,
        redis: Redis,
        vault: Vault,
        prefix: str = "zhanggui",
        *,
        nonce: Callable[[int], bytes] = secrets.token_bytes,
        lock_wait: float = _LOCK_WAIT,
        lock_lifetime: float = _LOCK_LIFETIME,
    ) -> None:
        """`redis` answers in bytes; a lock outlives a crashed holder by `lock_lifetime` seconds."""
        self._redis = redis
        self._vault = vault
        self._prefix = prefix
        self._nonce = nonce
        self._lock_wait = lock_wait
        self._lock_lifetime_ms = round(lock_lifetime * 1000)

    @override
    async def get(self, key: str) -> str | None:
        place = self._place(key)
        with _translated(key):
            return self._open(await self._sealed(place), place)

    @override
    async def put(self, key: str, token: str, *, lifetime: float) -> None:
        place = self._place(key)
        sealed = self._vault.seal(token.encode(), place=place)
        with _translated(key):
            await self._redis.set(place, sealed, px=max(1, round(lifetime * 1000)))

    @override
    async def drop(self, key: str, token: str) -> None:
        place = self._place(key)
        with _translated(key):
            sealed = await self._sealed(place)
            if sealed is not None and self._open(sealed, place) == token:
                await change_where(self._redis, place, sealed, ("DEL", place))

    @override
    def lock(self, key: str) -> AbstractAsyncContextManager[None]:
        """Let one at a time, of all processes, fetch a token.

        Raises:
            DeliveryRetryableError: Another fetched for too long, or Redis is away.
        """
        return self._lock(key)

    @asynccontextmanager
    async def _lock(self, key: str) -> AsyncIterator[None]:
        place = f"{self._place(key)}:lock"
        holder = self._nonce(16)
        await self._acquire(key, place, holder)
        try:
            yield
        finally:
            with _translated(key):
                await change_where(self._redis, place, holder, ("DEL", place))

    async def _acquire(self, key: str, place: str, holder: bytes) -> None:
        clock = asyncio.get_running_loop().time
        end = clock() + self._lock_wait
        with _translated(key):
            while not await self._redis.set(place, holder, nx=True, px=self._lock_lifetime_ms):
                if clock() >= end:
                    raise _busy(key)
                await asyncio.sleep(_LOCK_PAUSE)

    async def _sealed(self, place: str) -> bytes | None:
        # The client answers in bytes; its type says text as well, for clients set up otherwise.
        return cast("bytes | None", await self._redis.get(place))

    def _open(self, sealed: bytes | None, place: str) -> str | None:
        if sealed is None:
            return None
        try:
            return self._vault.open(sealed, place=place).decode()
        except VaultError:
            return None  # Sealed before the master key went: the same as a token that ran out.

    def _place(self, key: str) -> str:
        return f"{self._prefix}:token:{key}"


@contextmanager
def _translated(key: str) -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        msg = f"Redis gave no answer about the token {key!r}"
        raise DeliveryRetryableError(msg) from error


def _busy(key: str) -> DeliveryRetryableError:
    return DeliveryRetryableError(f"another task has been fetching the token {key!r} for too long")
