"""`zhanggui ask`."""

import click

from runtime.cli.output import as_json, console, json_option, run
from runtime.cli.settings import read_settings


@click.command()
@click.argument("question")
@click.option("--brand", required=True, help="short name of the brand")
@json_option
def ask(question: str, brand: str, *, to_json: bool) -> None:
    """Ask a brand's agent as a customer would; nothing is kept."""
    from runtime.asking import ask_brand

    answer = run(ask_brand(read_settings(quiet=True), question, brand), to_json=to_json)
    if to_json:
        as_json(answer.as_dict())
        return
    out = console()
    for text in answer.texts:
        out.print(text, markup=False)
    for number, passage in enumerate(answer.reply.passages, 1):
        out.print(f"[dim]\\[{number}] {passage.title} › {passage.heading} ({passage.source})[/dim]")
