"""A chat model that says its lines, and keeps the prompts it got."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import Field
from typing_extensions import override


@dataclass(frozen=True, slots=True)
class Line:
    """One answer: its deltas, and how it ends."""

    deltas: tuple[str, ...]
    error: Exception | None = None
    """Raised after the deltas."""
    hangs: bool = False
    """Says nothing more after the deltas, and never ends."""
    finish_reason: str = "stop"
    usage: tuple[int, int] = (100, 20)
    before_delta: Callable[[], None] = lambda: None


class ScriptedChatModel(BaseChatModel):
    """Says one line a call; a call too many fails the test."""

    model: str = "scripted-1"
    lines: list[Line] = Field(default_factory=list)
    prompts: list[list[BaseMessage]] = Field(default_factory=list)

    @property
    @override
    def _llm_type(self) -> str:
        return "scripted"

    @property
    def shown(self) -> str:
        """All that the model was ever shown."""
        return "\n".join(message.text for prompt in self.prompts for message in prompt)

    @override
    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        msg = "agents stream"
        raise AssertionError(msg)

    @override
    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        self.prompts.append(messages)
        line = self.lines.pop(0)
        for delta in line.deltas:
            line.before_delta()
            yield ChatGenerationChunk(message=AIMessageChunk(content=delta))
        if line.hangs:
            await asyncio.Event().wait()
        if line.error:
            raise line.error
        asked, answered = line.usage
        yield ChatGenerationChunk(
            message=AIMessageChunk(
                content="",
                usage_metadata=UsageMetadata(
                    input_tokens=asked, output_tokens=answered, total_tokens=asked + answered
                ),
                response_metadata={"finish_reason": line.finish_reason},
            )
        )


def saying(*deltas: str) -> ScriptedChatModel:
    """Make a model that gives one answer."""
    return ScriptedChatModel(lines=[Line(deltas)])
