"""`zhanggui channels`."""

import base64
import secrets
from collections.abc import Mapping, Sequence
from typing import TextIO

import click

from runtime.cli.output import as_json, console, json_option, run
from runtime.cli.settings import read_settings

_WEBCHAT = "webchat"


@click.group()
def channels() -> None:
    """A brand's accounts on the channels."""


@channels.command()
@click.argument("channel")
@click.argument("slug")
@click.option("--brand", required=True, help="short name of the brand")
@click.option("--set", "values", multiple=True, metavar="NAME=VALUE", help="a setting; may repeat")
@click.option(
    "--secrets",
    type=click.File(encoding="utf-8"),
    help="file of NAME=VALUE lines, '-' for standard input; what is missing is asked for",
)
@click.option("--replace", is_flag=True, help="give an account that is there new values")
@json_option
def add(
    channel: str,
    slug: str,
    brand: str,
    values: tuple[str, ...],
    secrets: TextIO | None,
    *,
    replace: bool,
    to_json: bool,
) -> None:
    """Add an account, called back at /webhooks/CHANNEL/SLUG; secrets stand in no command."""
    from runtime.administration import add_account

    given = _pairs([line for line in secrets or () if line.strip()])
    work = add_account(
        read_settings(quiet=True),
        brand=brand,
        channel=channel,
        slug=slug,
        values=_pairs(values),
        secrets=_completed(channel, given),
        replace=replace,
    )
    account = run(work, to_json=to_json)
    callback = f"/webhooks/{account.channel}/{account.slug}"
    if to_json:
        as_json({"id": account.front.id, "callback": callback})
    else:
        console().print(f"added {channel}/{slug} of {brand}; its callback is {callback}")


@channels.command("list")
@json_option
def list_(*, to_json: bool) -> None:
    """List the accounts, without their secrets."""
    from runtime.administration import list_accounts

    found = run(list_accounts(read_settings(quiet=True)), to_json=to_json)
    rows = [
        {
            "brand": each.brand.slug,
            "channel": each.channel,
            "slug": each.slug,
            "settings": dict(each.front.settings),
        }
        for each in found
    ]
    if to_json:
        as_json(rows)
    for row in [] if to_json else rows:
        console().print(f"{row['channel']}/{row['slug']} of {row['brand']}: {row['settings']}")


def _pairs(lines: Sequence[str]) -> dict[str, str]:
    pairs = {}
    for line in lines:
        name, equals, value = line.strip().partition("=")
        if not equals:
            # Not with the line: it may be a secret.
            msg = "settings and secrets are NAME=VALUE"
            raise click.UsageError(msg)
        pairs[name] = value
    return pairs


def _completed(channel: str, given: Mapping[str, str]) -> dict[str, str]:
    """Ask for the secrets a front needs and nobody gave; a web chat's key is made here."""
    from channels.registry import CHANNELS

    needed = CHANNELS[channel].secrets if channel in CHANNELS else frozenset()
    completed = dict(given)
    for name in sorted(needed - given.keys()):
        if channel == _WEBCHAT:
            completed[name] = base64.b64encode(secrets.token_bytes(32)).decode()
        else:
            completed[name] = click.prompt(name, hide_input=True)
    return completed
