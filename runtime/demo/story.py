"""What the demo shows: messages in, passages found, labelled answers out, the audit log."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence, Sized
from dataclasses import dataclass

from runtime.container import Container
from runtime.demo.town import SLUG, Town
from runtime.errors import RuntimeFault
from runtime.store.audit import AuditEntry, AuditLog, ChainFault
from runtime.store.conversations import Conversations, Line
from runtime.store.inbox import Inbox

_PATIENCE = 30.0
_LOOK_EVERY = 0.02


@dataclass(frozen=True, slots=True)
class Scene:
    """One customer on one platform, and what the platform shows them at the end."""

    platform: str
    customer: str
    asked: tuple[str, ...]
    received: tuple[str, ...]
    """Lines as the platform's simulator shows them."""
    lines: tuple[Line, ...]
    audit: tuple[AuditEntry, ...]


class StoryError(RuntimeFault):
    """The main job did not run as it must."""


async def play(container: Container, town: Town) -> list[Scene]:
    """Let a customer of each platform ask, and wait for what they receive.

    Raises:
        StoryError: A handshake or an answer did not come.
    """
    await _shake_hands(town)
    return [
        await _wechat(container, town, "wx-openid-lin", _WECHAT_QUESTIONS),
        await _douyin(container, town, "dy-openid-chen", _DOUYIN_QUESTIONS),
    ]


# Words of an invented shop's customers: data of the demo, not messages of ours.
_WECHAT_QUESTIONS = (  # rule-skip: user-text: a customer's words
    "听泉清香乌龙怎么泡？",
    "满多少包邮？",
    "帮我查一下我的订单到哪了",
)
_DOUYIN_QUESTIONS = ("拆封了还能退吗？",)  # rule-skip: user-text: a customer's words


async def verify(container: Container) -> list[ChainFault]:
    """Check every audit chain."""
    async with container.database.read() as session:
        return [fault async for fault in AuditLog(session).faults()]


async def _shake_hands(town: Town) -> None:
    for platform, (proved, attempt) in {
        "WeChat": await town.wechat.verify_url(),
        "Douyin": await town.douyin.verify_webhook(),
    }.items():
        if not proved:
            msg = f"{platform} did not accept our callback: {attempt.status} {attempt.trouble}"
            raise StoryError(msg)


async def _wechat(
    container: Container, town: Town, customer: str, questions: Sequence[str]
) -> Scene:
    for number, question in enumerate(questions, 1):
        delivery = await town.wechat.push_text(customer, question)
        if not delivery.accepted:
            msg = f"our callback refused WeChat's message: {delivery.last.status}"
            raise StoryError(msg)
        await _received(town.wechat.inbox(customer), number)
    return await _scene(
        container,
        "wechat-miniprogram",
        customer,
        questions,
        [line for line in town.wechat.screen(customer) if line],
    )


async def _douyin(
    container: Container, town: Town, customer: str, questions: Sequence[str]
) -> Scene:
    for number, question in enumerate(questions, 1):
        delivery = await town.douyin.push_text(customer, question)
        if not delivery.accepted:
            msg = f"our callback refused Douyin's message: {delivery.last.status}"
            raise StoryError(msg)
        await _received(town.douyin.inbox(customer), number)
    received = [bubble.text for bubble in town.douyin.inbox(customer)]
    return await _scene(container, "douyin", customer, questions, received)


async def _until(ready: Callable[[], Awaitable[bool]], what: str) -> None:
    try:
        async with asyncio.timeout(_PATIENCE):
            # Platforms and rows can be looked at, not asked to call back.
            while not await ready():  # noqa: ASYNC110
                await asyncio.sleep(_LOOK_EVERY)
    except TimeoutError as error:
        msg = f"{what} did not come within {_PATIENCE:.0f} s"
        raise StoryError(msg) from error


async def _received(inbox: Sized, number: int) -> None:
    async def arrived() -> bool:
        return len(inbox) >= number

    await _until(arrived, f"answer {number}")


async def _settled(container: Container) -> None:
    """Wait until every turn is closed: an answer may be seen before its receipt is written."""

    async def closed() -> bool:
        async with container.database.read() as session:
            waiting = await Inbox(session, container.keys).waiting(before=container.now())
        return not waiting

    await _until(closed, "the end of a turn")


async def _scene(
    container: Container,
    channel: str,
    customer: str,
    asked: Sequence[str],
    received: Sequence[str],
) -> Scene:
    await _settled(container)
    account = await container.accounts.named(channel, SLUG)
    async with container.database.read() as session:
        conversations = Conversations(session, container.keys)
        conversation = await conversations.of_customer(account.front.id, customer)
        lines = await conversations.recent(conversation, limit=20, unanswered=True)
        audit = await AuditLog(session).entries(conversation.id)
    return Scene(channel, customer, tuple(asked), tuple(received), tuple(lines), tuple(audit))
