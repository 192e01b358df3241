"""Tasks, ended for certain."""

import asyncio


async def end(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for its end."""
    while not task.done():
        # More than once: `asyncio.wait_for`, which clients use, can swallow a cancellation that
        # comes together with what it waits for (https://github.com/python/cpython/issues/86296).
        task.cancel()
        await asyncio.wait([task], timeout=0.1)
