"""Wiring: the only place that picks implementations."""

import base64
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from agents.turn import AgentContext, Price
from channels.base import ChannelTools, TokenCache
from knowledge.base import Embedder
from labelling.identity import DUMMY_CODE
from labelling.stage import LabellingStage
from runtime import clock
from runtime.errors import ConfigurationError
from runtime.fronts import AccountDirectory, Fronts
from runtime.hub import EventHub, MemoryEventHub
from runtime.ids import new_id
from runtime.ingress import Admitter
from runtime.labels import make_stage
from runtime.limits import Limiters
from runtime.logging import get_logger
from runtime.messages.catalogue import Catalogue
from runtime.outlet import StoredOutlet
from runtime.queue.base import Leases, TurnQueue
from runtime.queue.leases import MemoryLeases
from runtime.queue.memory import MemoryTurnQueue
from runtime.settings import Environment, Settings
from runtime.store.accounts import Brand
from runtime.store.database import Database
from runtime.store.keys import CustomerKeys
from runtime.tokens import MemoryTokenCache
from runtime.vault import Vault

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langgraph.runtime import RunControl

    from agents.run import AgentGraph
    from knowledge.index.base import PassageIndex

_KEY_FILE = "master.key"
# Measured on the development sets: 0.2 beside hashed vectors gave a mean reciprocal rank of 0.728,
# 0.35 gave 0.724. With an embedding service both sides count alike until that is measured.
_HASHED_SHARE, _DENSE_SHARE = 0.2, 0.5
# On the demo brand's 40 questions 0.2 lets 23 of 29 that the documents answer through and stops 7
# of 11 that they do not; 0.35 lets 8 through and stops all.
_COVERAGE, _OFFLINE_COVERAGE = 0.2, 0.35
log = get_logger(__name__)


@dataclass(slots=True)
class Container:
    """All parts of a process, wired."""

    settings: Settings
    database: Database
    vault: Vault
    keys: CustomerKeys
    queue: TurnQueue
    leases: Leases
    hub: EventHub
    limiters: Limiters
    stage: LabellingStage
    catalogue: Catalogue
    accounts: AccountDirectory
    fronts: Fronts
    outlet: StoredOutlet
    admitter: Admitter
    embedder: Embedder
    model: "BaseChatModel"
    graph: "AgentGraph"
    now: Callable[[], datetime]
    control: "RunControl"
    """Asked to drain, the turns under way stop before their next step."""
    _make_index: "Callable[[Brand], PassageIndex]"
    _indexes: "dict[str, PassageIndex]" = field(default_factory=dict)
    _contexts: dict[str, AgentContext] = field(default_factory=dict)

    @property
    def model_name(self) -> str:
        """Name of the chat model, as customers are told it."""
        return self.settings.model.chat if self.settings.model.api_key else "offline"

    def index(self, brand: Brand) -> "PassageIndex":
        """Give a brand's passage index; no query on it can leave the brand."""
        if brand.id not in self._indexes:
            self._indexes[brand.id] = self._make_index(brand)
        return self._indexes[brand.id]

    def agent_context(self, brand: Brand) -> AgentContext:
        """Give what an agent of a brand may reach."""
        if brand.id not in self._contexts:
            from agents.service.guards import default_guards
            from knowledge.retrieve import HybridRetriever

            offline = self.settings.model.api_key is None
            self._contexts[brand.id] = AgentContext(
                retriever=HybridRetriever(
                    self.index(brand),
                    self.embedder,
                    # Hashed vectors know no meaning: words count for more beside them.
                    dense_share=_HASHED_SHARE if offline else _DENSE_SHARE,
                ),
                model=self.model,
                guards=default_guards(brand.name),
                brand_name=brand.name,
                now=self.now,
                clock=time.monotonic,
                # The offline model quotes whatever it is given; a real one says where the passages
                # do not answer, and may be shown more.
                min_coverage=_OFFLINE_COVERAGE if offline else _COVERAGE,
                min_similarity=self.settings.model.min_similarity,
                prices=self._prices(),
                slot=lambda: self.limiters.slot("model"),
            )
        return self._contexts[brand.id]

    def _prices(self) -> dict[str, Price]:
        model = self.settings.model
        return {model.chat: Price(model.input_price, model.output_price)}

    async def close_indexes(self) -> None:
        """Close what `index` opened."""
        for index in self._indexes.values():
            await index.close()
        self._indexes.clear()


@asynccontextmanager
async def build(
    settings: Settings, *, now: Callable[[], datetime] = clock.now
) -> AsyncIterator[Container]:
    """Wire a process, and take it apart at the end.

    Raises:
        ConfigurationError: The settings cannot work; the message names what to set.
    """
    check(settings)
    async with AsyncExitStack() as stack:
        container = await _wire(settings, now, stack)
        stack.push_async_callback(container.close_indexes)
        for part in settings.embedded:
            log.info("embedded_part", part=part)
        yield container


def check(settings: Settings) -> None:
    """Refuse settings that cannot work, before anything is opened.

    Raises:
        ConfigurationError: See `build`.
    """
    if settings.environment is Environment.PRODUCTION:
        if missing := settings.missing_in_production:
            parts = f" (embedded: {', '.join(settings.embedded)})" if settings.embedded else ""
            msg = f"production needs {', '.join(missing)} to be set{parts}"
            raise ConfigurationError(msg)
        if settings.labelling.producer_code == DUMMY_CODE:
            msg = "ZHANGGUI_LABELLING__PRODUCER_CODE is the dummy code, for development alone"
            raise ConfigurationError(msg)


async def _wire(
    settings: Settings, now: Callable[[], datetime], stack: AsyncExitStack
) -> Container:
    database = Database(database_url(settings))
    stack.push_async_callback(database.close)
    vault = Vault(_master_keys(settings))
    keys = CustomerKeys(vault)
    queue, leases, hub, tokens = await _queue_parts(settings, vault, stack)
    stage = make_stage(settings, now)
    http = await stack.enter_async_context(httpx.AsyncClient(timeout=httpx.Timeout(10.0)))
    outlet = StoredOutlet(database, keys, hub, stage, now)
    tools = ChannelTools(
        http=http, tokens=tokens, now=now, nonce=secrets.token_bytes, outlet=outlet
    )
    return Container(
        settings=settings,
        database=database,
        vault=vault,
        keys=keys,
        queue=queue,
        leases=leases,
        hub=hub,
        limiters=Limiters(
            32, {"model": settings.model.concurrency, "starting": settings.worker.starting}
        ),
        stage=stage,
        catalogue=Catalogue.load(settings.locale),
        accounts=AccountDirectory(database, vault, time.monotonic),
        fronts=Fronts(tools),
        outlet=outlet,
        admitter=Admitter(database, keys, now),
        embedder=_embedder(settings, stack),
        model=_model(settings, stack),
        graph=_graph(),
        now=now,
        control=_control(),
        _make_index=_index_maker(settings, stack),
    )


def database_url(settings: Settings) -> str:
    """Give the address of the database, the embedded one where none is set."""
    if settings.database.url:
        return settings.database.url
    settings.data.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{(settings.data / 'zhanggui.db').absolute()}"


def _master_keys(settings: Settings) -> list[bytes]:
    if settings.security.master_key is None:
        return [_key_file(settings.data)]
    encoded = settings.security.master_key.get_secret_value().split(",")
    try:
        return [base64.b64decode(key, validate=True) for key in encoded]
    except ValueError:
        # Not with its cause: that may quote the key.
        msg = "ZHANGGUI_SECURITY__MASTER_KEY is not base64 of 32 bytes, several by commas"
        raise ConfigurationError(msg) from None


def _key_file(folder: Path) -> bytes:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / _KEY_FILE
    if not path.exists():
        # Aside and then renamed: a stop in between must not leave half a key.
        fresh = path.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_bytes(secrets.token_bytes(32))
        fresh.replace(path)
    return path.read_bytes()


async def _queue_parts(
    settings: Settings, vault: Vault, stack: AsyncExitStack
) -> tuple[TurnQueue, Leases, EventHub, TokenCache]:
    if not settings.queue.redis_url:
        return MemoryTurnQueue(), MemoryLeases(), MemoryEventHub(), MemoryTokenCache()
    from runtime.hub import RedisEventHub
    from runtime.queue.leases import RedisLeases
    from runtime.queue.redis_client import shared_client
    from runtime.queue.redis_streams import RedisTurnQueue
    from runtime.tokens import RedisTokenCache

    redis = shared_client(settings.queue.redis_url)
    stack.push_async_callback(redis.aclose)
    queue, hub = RedisTurnQueue(redis), RedisEventHub(redis)
    stack.push_async_callback(queue.close)
    stack.push_async_callback(hub.close)
    return queue, RedisLeases(redis, worker=new_id()), hub, RedisTokenCache(redis, vault)


def _embedder(settings: Settings, stack: AsyncExitStack) -> Embedder:
    if settings.model.api_key is None:
        from knowledge.embedders.hashing import HashingEmbedder

        return HashingEmbedder()
    from knowledge.embedders.dashscope import DashscopeEmbedder

    embedder = DashscopeEmbedder(
        api_key=settings.model.api_key,
        base_address=settings.model.base_url,
        model=settings.model.embedding,
    )
    stack.push_async_callback(embedder.aclose)
    return embedder


def _model(settings: Settings, stack: AsyncExitStack) -> "BaseChatModel":
    if settings.model.api_key is None:
        from agents.models.offline import OfflineChatModel

        return OfflineChatModel()
    from dashscope.api_entities.aio_session import close_shared_aio_session

    from agents.models.dashscope import DashscopeChatModel

    # The SDK opens a session of its own for the event loop, and leaves its closing to others.
    stack.push_async_callback(close_shared_aio_session)
    return DashscopeChatModel(
        api_key=settings.model.api_key,
        base_address=settings.model.base_url,
        model=settings.model.chat,
        timeout=settings.model.timeout,
        # A model that thinks says nothing before its first word, for as long as a whole answer.
        idle_timeout=settings.model.timeout,
    )


def _control() -> "RunControl":
    from langgraph.runtime import RunControl

    return RunControl()


def _graph() -> "AgentGraph":
    from agents.registry import GRAPHS

    return GRAPHS["service"]()


def _index_maker(settings: Settings, stack: AsyncExitStack) -> "Callable[[Brand], PassageIndex]":
    if not settings.vectors.url:
        from knowledge.index.edge import EdgePassageIndex

        return lambda brand: EdgePassageIndex(settings.data / "vectors" / brand.id, brand.id)
    from knowledge.index.server import ServerPassageIndex, connect

    key = settings.vectors.api_key
    client = connect(settings.vectors.url, key.get_secret_value() if key else None)
    stack.push_async_callback(client.close)
    return lambda brand: ServerPassageIndex(client, brand.id)
