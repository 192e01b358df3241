"""`zhanggui waivers`."""

import click

from labelling.policy import Waiver
from runtime.cli.output import as_json, console, json_option, run
from runtime.cli.settings import read_settings


@click.group()
def waivers() -> None:
    """Requests for output without the explicit label (Measures, Article 9)."""


@waivers.command()
@click.argument("brand")
@click.option("--agreement", required=True, help="version of the agreement that was accepted")
@click.option("--identity", prompt=True, help="who asks: a person or company that can be found")
@click.option("--recipient", prompt=True, help="who receives the outputs")
@click.option("--reason", prompt=True, help="why the label is to be left out")
@json_option
def add(
    brand: str, agreement: str, identity: str, recipient: str, reason: str, *, to_json: bool
) -> None:
    """Put a request on record; the implicit label stays, whatever it says."""
    from runtime.administration import grant_waiver

    facts = {"identity": identity, "recipient": recipient, "reason": reason}
    work = grant_waiver(read_settings(quiet=True), brand, agreement=agreement, **facts)
    waiver = run(work, to_json=to_json)
    if to_json:
        as_json(_told(waiver))
    else:
        console().print(f"granted {waiver.reference}: zhanggui label --waiver takes it")


@waivers.command("list")
@click.argument("brand")
@json_option
def list_(brand: str, *, to_json: bool) -> None:
    """List a brand's waivers and how much was issued under each."""
    from runtime.administration import list_waivers

    found = run(list_waivers(read_settings(quiet=True), brand), to_json=to_json)
    if to_json:
        as_json([{**_told(waiver), "at": at, "outputs": outputs} for waiver, at, outputs in found])
    for waiver, at, outputs in [] if to_json else found:
        console().print(
            f"{waiver.reference}  {at:%Y-%m-%d}  {outputs} outputs  "
            f"{waiver.identity} → {waiver.recipient}: {waiver.reason}"
        )


def _told(waiver: Waiver) -> dict[str, str]:
    return {
        "reference": waiver.reference,
        "agreement": waiver.agreement,
        "identity": waiver.identity,
        "recipient": waiver.recipient,
        "reason": waiver.reason,
    }
