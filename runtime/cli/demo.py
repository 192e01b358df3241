"""`zhanggui demo`."""

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runtime.cli.output import Exit, as_json, console, json_option, run
from runtime.cli.settings import read_settings

if TYPE_CHECKING:
    from runtime.demo.story import Scene
    from runtime.store.audit import AuditEntry, ChainFault


@click.command()
@click.option("--once", is_flag=True, help="run the main job in a fresh folder and end")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@json_option
def demo(*, once: bool, port: int, to_json: bool) -> None:
    """Serve the demo brand on WeChat, on Douyin (both simulated) and in the web chat."""
    if once:
        with tempfile.TemporaryDirectory(prefix="zhanggui-demo-") as folder:
            fine = run(_demo(Path(folder), 0, once=True, to_json=to_json), to_json=to_json)
    else:
        fine = run(_demo(None, port, once=False, to_json=to_json), to_json=to_json)
    sys.exit(Exit.FINE if fine else Exit.FINDING)


async def _demo(folder: Path | None, port: int, *, once: bool, to_json: bool) -> bool:
    from runtime.api.app import create_app
    from runtime.container import build
    from runtime.demo import story
    from runtime.demo.seed import seed
    from runtime.demo.town import LOOPBACK, SLUG, settle
    from runtime.process import listening, running, stop_signal

    settings = read_settings(quiet=True)
    settings = settings.model_copy(update={"data": folder or settings.data / "demo"})
    stopping = stop_signal()
    async with build(settings) as container, running(container, with_worker=True):
        brand, report = await seed(container)
        async with (
            settle(container, brand) as town,
            listening(create_app(container), LOOPBACK, port) as bound,
        ):
            address = f"http://{LOOPBACK}:{bound}"
            town.connect(address)
            scenes = await story.play(container, town)
            faults = await story.verify(container)
            chat = f"{address}/chat/{SLUG}"
            if to_json:
                _print_json(scenes, faults, chat)
            else:
                console().print(f"[bold]{brand.name}[/bold]: {report.passages} passages indexed")
                _print(scenes, faults)
            if not once:
                console().print(f"\nThe web chat is open: [bold]{chat}[/bold]   (Ctrl-C ends)")
                await stopping.wait()
            return not faults


def _print(scenes: "list[Scene]", faults: "list[ChainFault]") -> None:
    from rich.markup import escape
    from rich.rule import Rule

    out = console()
    for scene in scenes:
        out.print(Rule(f"[bold]{scene.platform}[/bold]"))
        for line in scene.lines:
            who = (
                "[cyan]customer[/cyan]"
                if line.utterance.role == "customer"
                else "[green]answer[/green]  "
            )
            out.print(f"{who}  {escape(line.utterance.text)}")
            for citation in line.citations:
                place = " › ".join(part for part in (citation.title, citation.heading) if part)
                found = f"\\[{citation.number}] {escape(place)} ({escape(citation.source)})"
                out.print(f"            [dim]{found}[/dim]")
        out.print("[bold]as the platform shows it[/bold]")
        for received in scene.received:
            out.print(f"  {escape(received)}")
        out.print("[bold]audit[/bold]")
        for entry in scene.audit:
            out.print(
                f"  {entry.sequence:>3}  {entry.at:%H:%M:%S.%f}  {entry.kind:<12}{_told(entry)}"
            )
    chain = "every audit chain holds" if not faults else f"[red]{len(faults)} audit faults[/red]"
    out.print(Rule(chain))


def _told(entry: "AuditEntry") -> str:
    """Give what a label was, as the audit log keeps it."""
    if entry.kind != "labelled":
        return ""
    aigc = entry.body["aigc"]
    label = f"AIGC Label {aigc['Label']}, ProduceID {aigc['ProduceID']}" if aigc else "no label due"
    return f" [dim]{entry.body['origin']}: {label}[/dim]"


def _print_json(scenes: "list[Scene]", faults: "list[ChainFault]", chat: str) -> None:
    as_json(
        {
            "scenes": [
                {
                    "platform": scene.platform,
                    "asked": scene.asked,
                    "received": scene.received,
                    "passages": [
                        [citation.title for citation in line.citations]
                        for line in scene.lines
                        if line.utterance.role != "customer"
                    ],
                    "audit": [entry.kind for entry in scene.audit],
                }
                for scene in scenes
            ],
            "audit_faults": len(faults),
            "chat": chat,
        }
    )
