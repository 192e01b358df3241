"""`zhanggui notary`."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict

import click

from runtime.cli.output import Exit, as_json, console, json_option, run
from runtime.cli.settings import read_settings
from runtime.messages.catalogue import Catalogue
from runtime.notary import Testimony
from runtime.settings import Settings


@click.command()
@click.argument("subject", metavar="FILE|TEXT|ID")
@json_option
def notary(subject: str, *, to_json: bool) -> None:
    """Tell what the audit log holds of a file, a message or an id.

    Ends with 1 where it holds nothing, or where the chain of an entry is broken.
    """
    settings = read_settings(quiet=True)
    found = run(_testify(settings, subject), to_json=to_json)
    if to_json:
        as_json([asdict(one) for one in found])
    else:
        for line in _lines(found, Catalogue.load(settings.locale)):
            console().print(line, markup=False)
    sound = found and all(one.chain_holds for one in found)
    sys.exit(Exit.FINE if sound else Exit.FINDING)


async def _testify(settings: Settings, subject: str) -> list[Testimony]:
    from runtime.container import build
    from runtime.notary import testify

    async with build(settings) as container:
        return await testify(container, subject)


def _lines(found: Sequence[Testimony], catalogue: Catalogue) -> Iterator[str]:
    def say(key: str, **values: str) -> str:
        return catalogue.text(f"notary.{key}", **values)

    if not found:
        yield say("nothing")
    for one in found:
        passages = ", ".join(one.passages) or say("none")
        became = ", ".join(f"{kind} {at:%F %T}" for kind, at in one.became) or say("stayed")
        where = f"{one.brand}  {one.channel}/{one.account}"
        written = (one.model or say("fixed"), one.route, one.prompt_version)
        held = "holds" if one.chain_holds else "broken"
        yield f"{say('produced')}  {one.produced_at:%F %T}  {where}"
        yield f"{say('model')}  {'  '.join(filter(None, written))}"
        yield f"{say('grounds')}  {passages}  {say('release')} {one.release or say('none')}"
        yield f"{say('number')}  {one.aigc['ProduceID'] if one.aigc else say('none')}"
        yield f"{say('became')}  {became}"
        yield f"{say('evidence')}  {say(held, position=str(one.position))}"
