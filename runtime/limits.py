"""How much may run at once: a bound per model provider or channel account."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from weakref import WeakValueDictionary


class Limiters:
    """Gives out slots per key, so many of a key at once, in the order they were asked for."""

    def __init__(self, maximum: int, maxima: Mapping[str, int] = MappingProxyType({})) -> None:
        """`maximum` is each key's bound; `maxima` names the keys that have another."""
        self._maximum = maximum
        self._maxima = maxima
        # Weak: a bound is remembered as long as somebody holds a slot or waits for one.
        self._bounds: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    def __len__(self) -> int:
        """Count the keys in use."""
        return len(self._bounds)

    @asynccontextmanager
    async def slot(self, key: str) -> AsyncIterator[None]:
        """Hold one slot of a key, waiting until one is free."""
        bound = self._bounds.setdefault(
            key, asyncio.Semaphore(self._maxima.get(key, self._maximum))
        )
        async with bound:
            yield
