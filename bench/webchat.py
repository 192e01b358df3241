"""The web chat: how soon the label stands there, and how soon a finished sentence does."""

import asyncio
import json
import sqlite3
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.apart import apart, free_port
from bench.figures import Figure, Plan, Reading, Readings, Target, median, milliseconds, quantile
from bench.models import TimedChatModel, tokens_of
from bench.platform import new_account
from bench.shop import SLUG, open_shop
from bench.wire import Connection, request

_QUESTION = "满多少包邮"
_SENTENCES = ("您好，配送说明里写得很清楚。", "一般地区都可以发货。", "还有别的想问吗。")
_BETWEEN = 0.015
"""Seconds between two tokens of two characters: a quick hosted model."""
_LABEL_COMMITS = 3
"""Admitted, claimed, the label kept: each is durable before the next."""
_SENTENCE_COMMITS = 1

FIGURES = (
    Figure(
        "label",
        "web chat: label event after the request, p50",
        "ms",
        Target(30),
        "three durable commits of SQLite on this disk",
    ),
    Figure(
        "sentence",
        "web chat: a sentence after its last token, p50",
        "ms",
        Target(30),
        "one durable commit, and the model's next token",
    ),
    Figure(
        "proved",
        "web chat: a sentence after the token that shows it has ended, p50",
        "ms",
        Target(30),
        "one durable commit of SQLite on this disk",
    ),
)


@dataclass(frozen=True, slots=True)
class Chat:
    """What one visitor saw: monotonic seconds, the same clock in every process."""

    asked: float
    labelled: float
    said: tuple[float, ...]


async def measure(plan: Plan) -> Readings:
    """Ask over HTTP and follow the events, from a process of its own."""
    count = plan.size(60, 5)
    model = TimedChatModel(tokens=tokens_of(_SENTENCES), between=_BETWEEN)
    with tempfile.TemporaryDirectory(prefix="zhanggui-bench-") as folder:
        commit = _durable_commit(Path(folder) / "commits.db")
        async with open_shop(
            Path(folder), new_account(), free_port(), with_worker=True, model=model
        ) as shop:
            await apart(visit, shop.port, 3)
            warm_up = len(model.finished)
            chats = await apart(visit, shop.port, count)
    said = [moment for chat in chats for moment in chat.said]
    labels = [chat.labelled - chat.asked for chat in chats]
    ended = _after(model.finished[warm_up:], said)
    proved = _after(model.proved[warm_up:], said)
    return {
        "label": _reading(labels, _LABEL_COMMITS * commit),
        "sentence": _reading(ended, _SENTENCE_COMMITS * commit + _BETWEEN),
        "proved": _reading(proved, _SENTENCE_COMMITS * commit),
    }


async def visit(port: int, count: int) -> list[Chat]:
    """Be one visitor after the other."""
    connection = await Connection.open(port)
    chats = []
    for number in range(count):
        _, opened = await connection.ask(request("POST", f"/chat/{SLUG}/session"))
        token = {"authorization": f"Bearer {json.loads(opened)['token']}"}
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request("GET", f"/chat/{SLUG}/events", headers=token))
        await reader.readuntil(b": ping")
        body = json.dumps({"id": f"m{number}", "text": _QUESTION}).encode()
        asked = time.monotonic()
        asking = connection.ask(
            request("POST", f"/webhooks/webchat/{SLUG}", headers=token, body=body)
        )
        chat, _ = await asyncio.gather(_follow(reader, asked), asking)
        writer.close()
        chats.append(chat)
    return chats


async def _follow(reader: asyncio.StreamReader, asked: float) -> Chat:
    labelled, said = 0.0, list[float]()
    async for line in reader:
        if not line.startswith(b"data: "):
            continue
        kind = json.loads(line[6:])["type"]
        if kind == "RUN_STARTED":
            labelled = time.monotonic()
        elif kind == "TEXT_MESSAGE_CONTENT":
            said.append(time.monotonic())
        elif kind == "RUN_FINISHED":
            break
    # The label's own words come last, and are no sentence of the model's.
    return Chat(asked, labelled, tuple(said[: len(_SENTENCES)]))


def _after(ended: list[float], said: list[float]) -> list[float]:
    return [shown - end for end, shown in zip(ended, said, strict=True)]


def _reading(seconds: list[float], reference: float) -> Reading:
    ninety_nine = milliseconds(quantile(seconds, 0.99))
    return Reading(
        milliseconds(median(seconds)),
        len(seconds),
        milliseconds(reference),
        f"p99 {ninety_nine:.1f} ms, slowest {milliseconds(max(seconds)):.1f} ms",
    )


def _durable_commit(path: Path, count: int = 50) -> float:
    """Give the seconds of the smallest commit that survives a power cut."""
    database = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        database.execute(f"PRAGMA {pragma}")
    database.execute("CREATE TABLE commits (number INTEGER)")
    took = []
    for number in range(count):
        began = time.perf_counter()
        database.execute("INSERT INTO commits VALUES (?)", (number,))
        took.append(time.perf_counter() - began)
    database.close()
    return median(took)
