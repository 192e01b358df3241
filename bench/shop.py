"""Our side: the demo brand in a temporary data folder, with an account on a simulated WeChat."""

import csv
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from langchain_core.language_models import BaseChatModel
from sqlalchemy import func, select

from agents.turn import Turn
from channels.messages import InboundMessage
from runtime import pipeline
from runtime.api.app import create_app
from runtime.container import Container, build
from runtime.demo import seed
from runtime.ids import new_id
from runtime.process import listening, running
from runtime.settings import Settings
from runtime.store.accounts import Account, Accounts, Brand
from runtime.store.inbox import Arrival
from runtime.store.tables.conversations import InboundRow
from simulators.wechat.account import WechatAccount

CHANNEL = "wechat-miniprogram"
SLUG = "bench"
_FENCE = 1


@dataclass(frozen=True, slots=True)
class Shop:
    """The demo brand, open."""

    container: Container
    brand: Brand
    account: Account
    port: int

    async def ask(self, customer: str, text: str) -> str:
        """Admit a message as the intake does; give its conversation."""
        now = self.container.now()
        inbound = InboundMessage(external_id=new_id(), customer=customer, sent_at=now, text=text)
        arrival = Arrival(
            new_id(), self.brand.id, self.account.front.id, CHANNEL, inbound, received_at=now
        )
        (admission,) = await self.container.admitter.admit([arrival])
        return admission.conversation

    async def answer(self, conversation: str) -> None:
        """Answer what waits, from the claim to the platform's receipt."""
        await pipeline.answer(self.container, conversation, _FENCE)

    async def counted(self, status: str = "") -> int:
        """Count the messages kept, or those of one status."""
        query = select(func.count()).select_from(InboundRow)
        if status:
            query = query.where(InboundRow.status == status)
        async with self.container.database.read() as session:
            counted: int = (await session.execute(query)).scalar_one()
            return counted

    async def answerable(self, wanted: int) -> list[str]:
        """Give questions that the brand's agent answers without a person."""
        found = []
        for text in _questions():
            reply = await pipeline.run_to_reply(self.container, self.turn(text), self.brand)
            if reply.hand_off is None:
                found.append(text)
            if len(found) == wanted:
                break
        return found

    def turn(self, text: str, channel: str = CHANNEL) -> Turn:
        """Make a turn of a customer who says something for the first time."""
        return Turn(id=new_id(), messages=(text,), at=self.container.now(), channel=channel)


@asynccontextmanager
async def open_shop(
    folder: Path,
    wechat: WechatAccount,
    wechat_port: int,
    *,
    with_worker: bool,
    model: BaseChatModel | None = None,
) -> AsyncIterator[Shop]:
    """Run a process as `zhanggui serve` does, with the port that the system picks."""
    async with build(settings(folder)) as container:
        if model is not None:
            container.model = model
        async with running(container, with_worker=with_worker):
            brand, _ = await seed.seed(container)
            await put_accounts(container, brand, wechat, wechat_port)
            account = await container.accounts.named(CHANNEL, SLUG)
            async with listening(create_app(container), "127.0.0.1", 0) as port:
                yield Shop(container, brand, account, port)


def settings(folder: Path) -> Settings:
    """Give settings that hear of nothing but the folder."""
    return Settings(_env_file=None, data=folder)


async def put_accounts(
    container: Container, brand: Brand, wechat: WechatAccount, wechat_port: int
) -> None:
    """Give the brand an account on WeChat and one on the web chat."""
    accounts: Sequence[tuple[str, dict[str, str], dict[str, str]]] = (
        (
            CHANNEL,
            {
                "appid": wechat.appid,
                "original_id": wechat.original_id,
                "mode": wechat.mode.value,
                "format": wechat.format.value,
                "api_base": f"http://127.0.0.1:{wechat_port}",
            },
            {
                "token": wechat.token,
                "encoding_aes_key": wechat.encoding_aes_key,
                "app_secret": wechat.secret,
            },
        ),
        ("webchat", {}, {"session_key": wechat.encoding_aes_key + "="}),
    )
    for channel, open_settings, secrets in accounts:
        async with container.database.begin() as session:
            await Accounts(session, container.vault).put(
                brand,
                channel=channel,
                slug=SLUG,
                settings=open_settings,
                secrets=secrets,
                replace=True,
                at=container.now(),
            )


def _questions() -> list[str]:
    with (seed.documents() / "questions.csv").open(encoding="utf-8", newline="") as file:
        return [row["question"] for row in csv.DictReader(file) if row["answerable"] == "true"]
