"""A question to a brand's agent without a channel: for trying knowledge out."""

from dataclasses import dataclass
from typing import Any

from agents.turn import Reply, Turn
from labelling.content import Surface
from labelling.output import LabelledOutput
from runtime import pipeline
from runtime.container import build
from runtime.ids import new_id
from runtime.process import prepare
from runtime.settings import Settings
from runtime.store.accounts import Brands


@dataclass(frozen=True, slots=True)
class Answer:
    """A labelled answer, with what it stands on."""

    reply: Reply
    output: LabelledOutput

    @property
    def texts(self) -> list[str]:
        """The messages, labels included."""
        return [part.text for part in self.output.parts]

    def as_dict(self) -> dict[str, Any]:
        """Give it for a program."""
        record = self.output.record
        return {
            "texts": self.texts,
            "intent": self.reply.intent,
            "hand_off": self.reply.hand_off,
            "aigc": record.aigc.as_dict() if record.aigc else None,
            "passages": [
                {
                    "title": passage.title,
                    "heading": passage.heading,
                    "source": passage.source,
                    "coverage": round(passage.coverage, 3),
                }
                for passage in self.reply.passages
            ],
        }


async def ask_brand(settings: Settings, question: str, slug: str) -> Answer:
    """Ask, and label the answer as for a platform's chat.

    Raises:
        NotFoundError: There is no such brand.
        AgentError: The model gave no answer.
    """
    async with build(settings) as container:
        await prepare(container)
        async with container.database.read() as session:
            brand = await Brands(session).get(slug)
        turn = Turn(id=new_id(), messages=(question,), at=container.now(), channel="ask")
        reply = await pipeline.run_to_reply(container, turn, brand)
        draft = pipeline.word(container, brand, reply)
        output = container.stage.label(draft, output_id=new_id(), surface=Surface.PLATFORM)
        return Answer(reply, output)
