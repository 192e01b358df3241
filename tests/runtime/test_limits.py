"""`Limiters`: at most so many of a key at once."""

import asyncio
import gc

from runtime.limits import Limiters


class Crowd:
    """Tasks that hold a slot until they are let go, and how many did at once."""

    def __init__(self, limiters: Limiters) -> None:
        self.limiters = limiters
        self.inside: list[int] = []
        self.most = 0
        self.leave = asyncio.Event()

    async def enter(self, key: str, number: int) -> None:
        async with self.limiters.slot(key):
            self.inside.append(number)
            self.most = max(self.most, len(self.inside))
            await self.leave.wait()
            self.inside.remove(number)


async def settle() -> None:
    """Let every task run as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_key_has_at_most_so_many_slots() -> None:
    crowd = Crowd(Limiters(3))
    tasks = [asyncio.create_task(crowd.enter("dashscope", n)) for n in range(10)]
    await settle()

    inside = list(crowd.inside)
    crowd.leave.set()
    await asyncio.gather(*tasks)

    assert inside == [0, 1, 2]
    assert crowd.most == 3


async def test_a_full_key_holds_back_no_other() -> None:
    crowd = Crowd(Limiters(1))
    tasks = [asyncio.create_task(crowd.enter(key, n)) for n, key in enumerate("aab")]
    await settle()

    inside = list(crowd.inside)
    crowd.leave.set()
    await asyncio.gather(*tasks)

    assert inside == [0, 2]


async def test_a_named_key_has_a_bound_of_its_own() -> None:
    crowd = Crowd(Limiters(1, {"dashscope": 2}))
    tasks = [asyncio.create_task(crowd.enter("dashscope", n)) for n in range(3)]
    await settle()

    inside = list(crowd.inside)
    crowd.leave.set()
    await asyncio.gather(*tasks)

    assert inside == [0, 1]


async def test_one_that_gives_up_waiting_takes_no_slot_with_it() -> None:
    crowd = Crowd(Limiters(1))
    holding = asyncio.create_task(crowd.enter("a", 0))
    waiting = asyncio.create_task(crowd.enter("a", 1))
    following = asyncio.create_task(crowd.enter("a", 2))
    await settle()

    waiting.cancel()
    crowd.leave.set()
    ended = await asyncio.gather(holding, waiting, following, return_exceptions=True)

    assert [type(end) for end in ended] == [type(None), asyncio.CancelledError, type(None)]


async def test_keys_that_nobody_uses_are_forgotten() -> None:
    limiters = Limiters(1)
    for number in range(100):
        async with limiters.slot(f"account-{number}"):
            pass

    gc.collect()

    assert len(limiters) == 0
