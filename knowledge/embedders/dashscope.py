"""The production embedder: DashScope's native text embedding through its own SDK.

Key and address belong to one client; the SDK's module globals are neither set nor read.
"""

import asyncio
import math
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

import httpx
from dashscope import AsyncClient
from dashscope.v2.errors import APIConnectionError, DashScopeError
from dashscope.v2.resources.embeddings import EmbeddingResponse
from pydantic import SecretStr
from typing_extensions import override

from knowledge.base import Embedder
from knowledge.concurrency import all_of
from knowledge.errors import IndexUnavailableError, KnowledgeError

MODEL = "text-embedding-v4"
DIMENSION = 1024

MAX_TEXTS = 10
"""Texts the platform takes in one call, https://help.aliyun.com/zh/model-studio/text-embedding-synchronous-api."""

MAX_CHARACTERS = 8000
"""The platform takes 8,192 tokens a text; of a longer answer the beginning is embedded."""

_FIRST_PAUSE_SECONDS = 0.5
_PASSING_STATUS = frozenset({408, 409, 429})
_SERVER_ERRORS = 500


class DashscopeEmbedder(Embedder):
    """Embeds over the network, in batches, and asks again within a budget."""

    def __init__(
        self,
        api_key: SecretStr,
        base_address: str,
        model: str = MODEL,
        *,
        dimension: int = DIMENSION,
        seconds: float = 20.0,
        attempts: int = 4,
        at_once: int = 4,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`seconds` is what a call may take, its further attempts included."""
        self.tokens = 0
        """Tokens the platform has counted so far."""
        self._model = model
        self._dimension = dimension
        self._seconds = seconds
        self._attempts = attempts
        self._slots = asyncio.Semaphore(at_once)
        self._sleep = sleep
        self._chance = chance
        self._client = AsyncClient(
            api_key=api_key.get_secret_value(),
            base_url=base_address,
            protocol="native",
            timeout=seconds,
            # The SDK's own retries know nothing of a budget.
            max_retries=0,
        )

    @property
    @override
    def name(self) -> str:
        return f"dashscope/{self._model}"

    @property
    @override
    def dimension(self) -> int:
        return self._dimension

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    @override
    async def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        starts = range(0, len(texts), MAX_TEXTS)
        batches = await all_of(
            self._embed(texts[start : start + MAX_TEXTS], "document") for start in starts
        )
        return [vector for batch in batches for vector in batch]

    @override
    async def embed_question(self, text: str) -> list[float]:
        (vector,) = await self._embed([text], "query")
        return vector

    async def _embed(
        self, texts: Sequence[str], kind: Literal["document", "query"]
    ) -> list[list[float]]:
        cut = [text[:MAX_CHARACTERS] for text in texts]
        async with self._slots:
            try:
                async with asyncio.timeout(self._seconds):
                    response = await self._insist(cut, kind)
            except TimeoutError as error:
                msg = f"{self.name} gave no answer within {self._seconds} s"
                raise IndexUnavailableError(msg) from error
        self.tokens += (response.usage.total_tokens or 0) if response.usage else 0
        return self._vectors(response, len(texts))

    async def _insist(self, texts: list[str], kind: str) -> EmbeddingResponse:
        """Ask until there is an answer, an error that stays, or no attempt left."""
        for attempt in range(1, self._attempts):
            try:
                return await self._ask(texts, kind)
            except IndexUnavailableError as error:
                await self._sleep(self._pause(attempt, error.__cause__))
        return await self._ask(texts, kind)

    async def _ask(self, texts: list[str], kind: str) -> EmbeddingResponse:
        try:
            return await self._client.embeddings.create(
                model=self._model, input=texts, text_type=kind, dimension=self._dimension
            )
        except DashScopeError as error:
            raise self._translated(error) from error
        except (httpx.HTTPError, ValueError) as error:
            msg = f"{self.name} gave an answer that cannot be read"
            raise IndexUnavailableError(msg) from error

    def _translated(self, error: DashScopeError) -> KnowledgeError:
        """Say what came back, without the platform's wording, which may quote the text."""
        if isinstance(error, APIConnectionError):
            return IndexUnavailableError(f"{self.name} cannot be reached")
        told = f"code {error.code!r}, status {error.status_code}, request {error.request_id!r}"
        if _is_passing(error):
            return IndexUnavailableError(f"{self.name} did not answer: {told}")
        return KnowledgeError(f"{self.name} refused: {told}: check key, model and text")

    def _pause(self, attempt: int, cause: BaseException | None) -> float:
        headers = cause.headers if isinstance(cause, DashScopeError) else {}
        asked = headers.get("retry-after", "")
        if asked.isdecimal():
            return float(asked)
        return _FIRST_PAUSE_SECONDS * 2.0 ** (attempt - 1) * (1 + self._chance())

    def _vectors(self, response: EmbeddingResponse, count: int) -> list[list[float]]:
        found = sorted(response.embeddings, key=lambda embedding: embedding.index)
        if [one.index for one in found] != list(range(count)) or any(
            len(one.embedding) != self._dimension for one in found
        ):
            msg = f"{self.name} gave {len(found)} vectors for {count} texts, or of another size"
            raise IndexUnavailableError(msg)
        return [_unit(one.embedding) for one in found]


def _is_passing(error: DashScopeError) -> bool:
    status = error.status_code or 0
    throttled = (error.code or "").startswith("Throttling")
    return throttled or status in _PASSING_STATUS or status >= _SERVER_ERRORS


def _unit(vector: Sequence[float]) -> list[float]:
    length = math.hypot(*vector) or 1.0
    return [value / length for value in vector]
