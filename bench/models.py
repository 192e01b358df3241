"""Chat models whose timing is known."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import Field
from typing_extensions import override


class TimedChatModel(BaseChatModel):
    """Says the same words to everybody, token by token, and notes when each sentence was said."""

    tokens: tuple[str, ...]
    first_after: float = 0.0
    """Seconds before the first token."""
    between: float = 0.0
    """Seconds between two tokens."""
    finished: list[float] = Field(default_factory=list)
    """Monotonic seconds at which a sentence's last token left, in order."""
    proved: list[float] = Field(default_factory=list)
    """As `finished`, of the token after it: only it shows that the sentence has ended."""

    @property
    @override
    def _llm_type(self) -> str:
        return "timed"

    @override
    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        msg = "a timed model only streams"
        raise NotImplementedError(msg)

    @override
    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        await asyncio.sleep(self.first_after)
        ended = False
        for token in self.tokens:
            if self.between:
                await asyncio.sleep(self.between)
            now = time.monotonic()
            if ended:
                self.proved.append(now)
            ended = token.endswith("。")
            if ended:
                self.finished.append(now)
            yield ChatGenerationChunk(message=AIMessageChunk(content=token))
        if ended:
            self.proved.append(time.monotonic())
        end = AIMessageChunk(content="", response_metadata={"finish_reason": "stop"})
        yield ChatGenerationChunk(message=end)


def tokens_of(sentences: Sequence[str], size: int = 2) -> tuple[str, ...]:
    """Cut sentences into tokens of so many characters; none reaches over a sentence's end."""
    return tuple(
        sentence[start : start + size]
        for sentence in sentences
        for start in range(0, len(sentence), size)
    )
