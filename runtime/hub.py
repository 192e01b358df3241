"""Who waits for news of a conversation: the hub says that there is some, the rows say what."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import ClassVar, Protocol

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from typing_extensions import override

from runtime.errors import RuntimeFault
from runtime.queue.redis_client import RedisWriter, unretried_client
from runtime.tasks import end


class EventHubError(RuntimeFault):
    """The hub gave no answer; who follows reads the rows again after a while."""

    retryable: ClassVar[bool] = True


class Follower:
    """One that waits for news of one conversation."""

    def __init__(self) -> None:
        self._news = asyncio.Event()

    def wake(self) -> None:
        self._news.set()

    async def changed(self, *, timeout: float) -> bool:  # noqa: ASYNC109 - None of the callers wants an exception when there is no news.
        """Wait for news since the last call; False where none came within `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._news.wait()
        except TimeoutError:
            return False
        self._news.clear()
        return True


class EventHub(Protocol):
    """Tells followers that a conversation has new rows.

    Laws: news told after `follow` was entered is never lost to its follower; many tellings may
    arrive as one; there may be an alarm without news; what happened stands in the rows alone.
    """

    async def notify(self, conversation: str) -> None:
        """Tell all followers of a conversation, after the rows were committed.

        Raises:
            EventHubError: The hub is away; nobody was told.
        """
        ...

    def follow(self, conversation: str) -> AbstractAsyncContextManager[Follower]:
        """Follow a conversation, from the moment the context is entered.

        Raises:
            EventHubError: The hub is away.
        """
        ...

    async def close(self) -> None: ...


class MemoryEventHub(EventHub):
    """Tells the followers of this process."""

    def __init__(self) -> None:
        self._followers: dict[str, set[Follower]] = {}

    @override
    async def notify(self, conversation: str) -> None:
        self.wake(conversation)

    def wake(self, conversation: str) -> None:
        """Wake who follows a conversation here."""
        for follower in self._followers.get(conversation, ()):
            follower.wake()

    @override
    def follow(self, conversation: str) -> AbstractAsyncContextManager[Follower]:
        return self._follow(conversation)

    @override
    async def close(self) -> None:
        """Nothing is held that needs closing."""

    @asynccontextmanager
    async def _follow(self, conversation: str) -> AsyncIterator[Follower]:
        follower = Follower()
        followers = self._followers.setdefault(conversation, set())
        followers.add(follower)
        try:
            yield follower
        finally:
            followers.remove(follower)
            if not followers:
                del self._followers[conversation]


class _Subscription:
    """A conversation that somebody here follows, or did until a moment ago."""

    def __init__(self) -> None:
        self.followers = 0
        self.asked = False
        self.live = asyncio.Event()
        """Redis confirmed it."""


class RedisEventHub(EventHub):
    """Tells the followers of all processes, over one subscribed connection each.

    One task owns that connection; the others say what they want in `_touched` and ring, by a
    message to a channel of the process. After a lost connection all followers are woken, to read
    again.
    """

    def __init__(
        self,
        redis: Redis,
        prefix: str = "zhanggui",
        *,
        nonce: Callable[[int], bytes] = secrets.token_bytes,
        patience: float = 5.0,
        pause: float = 0.5,
    ) -> None:
        """A connection silent for `patience` seconds must answer; `pause` is between two tries."""
        self._writer = RedisWriter(redis)
        self._listener = unretried_client(redis)
        self._news = f"{prefix}:news:"
        self._bell = f"{prefix}:bell:{nonce(8).hex()}"
        self._patience = patience
        self._pause = pause
        self._here = MemoryEventHub()
        self._subscriptions: dict[str, _Subscription] = {}
        self._touched: set[str] = set()
        self._listening: asyncio.Task[None] | None = None

    @override
    async def notify(self, conversation: str) -> None:
        await self._publish(self._news + conversation)

    @override
    def follow(self, conversation: str) -> AbstractAsyncContextManager[Follower]:
        return self._follow(conversation)

    @override
    async def close(self) -> None:
        if self._listening is not None:
            await end(self._listening)
        await self._listener.aclose()

    @asynccontextmanager
    async def _follow(self, conversation: str) -> AsyncIterator[Follower]:
        channel = self._news + conversation
        subscription = self._subscriptions.setdefault(channel, _Subscription())
        subscription.followers += 1
        try:
            await self._confirm(channel, subscription)
            async with self._here.follow(conversation) as follower:
                yield follower
        finally:
            subscription.followers -= 1
            # Left to the next ring: until then its messages find nobody here.
            self._touched.add(channel)

    async def _confirm(self, channel: str, subscription: _Subscription) -> None:
        if self._listening is None or self._listening.done():
            self._listening = asyncio.create_task(self._listen())
        if subscription.live.is_set():
            return
        self._touched.add(channel)
        await self._publish(self._bell)
        try:
            async with asyncio.timeout(self._patience):
                await subscription.live.wait()
        except TimeoutError as error:
            msg = "Redis did not confirm a subscription in time"
            raise EventHubError(msg) from error

    async def _publish(self, channel: str) -> None:
        try:
            await self._writer.run(("PUBLISH", channel, ""))
        except RedisError as error:
            msg = "Redis gave no answer to the event hub"
            raise EventHubError(msg) from error

    async def _listen(self) -> None:
        while True:
            try:
                async with self._listener.pubsub() as pubsub:
                    await pubsub.subscribe(self._bell)
                    await self._receive(pubsub)
            except RedisError:
                self._forget_connection()
                await asyncio.sleep(self._pause)

    async def _receive(self, pubsub: PubSub) -> None:
        silent = False
        while True:
            message = await pubsub.get_message(timeout=self._patience)
            if message is not None:
                await self._handle(pubsub, message["type"], message["channel"])
            elif silent:
                msg = "the subscribed connection is silent"
                raise RedisTimeoutError(msg)
            else:
                await pubsub.ping()
            silent = message is None

    async def _handle(self, pubsub: PubSub, kind: str, channel: str) -> None:
        if channel == self._bell:
            await self._adjust(pubsub)
        elif kind == "message":
            self._here.wake(channel.removeprefix(self._news))
        elif kind == "subscribe" and channel in self._subscriptions:
            self._subscriptions[channel].live.set()
            # After a lost connection somebody followed already, and may have missed something.
            self._here.wake(channel.removeprefix(self._news))

    async def _adjust(self, pubsub: PubSub) -> None:
        """Subscribe to what is followed by now, unsubscribe from what is not any more."""
        touched, self._touched = self._touched, set()
        wanted = [channel for channel in touched if self._begins(channel)]
        gone = [channel for channel in touched if self._ends(channel)]
        if wanted:
            await pubsub.subscribe(*wanted)
        if gone:
            await pubsub.unsubscribe(*gone)

    def _begins(self, channel: str) -> bool:
        subscription = self._subscriptions[channel]
        if subscription.asked or not subscription.followers:
            return False
        subscription.asked = True
        return True

    def _ends(self, channel: str) -> bool:
        subscription = self._subscriptions[channel]
        if subscription.followers:
            return False
        if subscription.asked and not subscription.live.is_set():
            self._touched.add(channel)  # Its confirmation must not be taken for a later one's.
            return False
        del self._subscriptions[channel]
        return subscription.asked

    def _forget_connection(self) -> None:
        for subscription in self._subscriptions.values():
            subscription.asked = False
            subscription.live.clear()
        self._touched.update(self._subscriptions)
