"""What commands print: for people, or with `--json` for programs."""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterable
from enum import IntEnum
from typing import Any, NoReturn, TypeVar

import click
import orjson
from rich.console import Console

from agents.errors import AgentError
from channels.errors import ChannelError
from knowledge.errors import KnowledgeError
from labelling.errors import LabellingError
from runtime.errors import RuntimeFault
from runtime.queue.base import QueueError

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Exit(IntEnum):
    """What a command ends with."""

    FINE = 0
    FINDING = 1
    USAGE = 2
    REFUSED = 3


def console() -> Console:
    """Give the one way out for people's eyes."""
    return Console(soft_wrap=True, highlight=False)


def as_json(value: object) -> None:
    """Print one JSON value for a program."""
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str) + b"\n")
    sys.stdout.buffer.flush()


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--json` to a command."""
    return click.option("--json", "to_json", is_flag=True, help="print JSON")(command)


def progress(title: str, *, to_json: bool) -> Callable[[Iterable[_Item]], Iterable[_Item]]:
    """Give what passes items on with a bar, for people who wait; without people it shows none."""
    from rich.progress import track

    screen = Console(stderr=True)
    hidden = to_json or not screen.is_terminal
    return lambda items: track(items, title, console=screen, transient=True, disable=hidden)


def refuse(error: Exception, *, to_json: bool) -> NoReturn:
    """End with what was wrong with the input or the settings."""
    if to_json:
        as_json({"error": type(error).__name__, "message": str(error)})
    else:
        Console(stderr=True, soft_wrap=True).print(f"[red]refused:[/red] {error}", highlight=False)
    sys.exit(Exit.REFUSED)


def run(work: Coroutine[Any, Any, _Result], *, to_json: bool = False) -> _Result:
    """Run a command's work; an error of ours ends it with a sentence and no trace."""
    import uvloop

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work)
    except (
        AgentError,
        ChannelError,
        KnowledgeError,
        LabellingError,
        QueueError,
        RuntimeFault,
    ) as error:
        refuse(error, to_json=to_json)
