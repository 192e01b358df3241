"""A token cache in memory, for one process."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta


class MemoryTokenCache:
    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._kept: dict[str, tuple[str, datetime]] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def get(self, key: str) -> str | None:
        token, ends_at = self._kept.get(key, ("", self._now()))
        return token if self._now() < ends_at else None

    async def put(self, key: str, token: str, *, lifetime: float) -> None:
        self._kept[key] = token, self._now() + timedelta(seconds=lifetime)

    async def drop(self, key: str, token: str) -> None:
        if await self.get(key) == token:
            del self._kept[key]

    @asynccontextmanager
    async def lock(self, key: str) -> AsyncIterator[None]:
        async with self._locks[key]:
            yield
