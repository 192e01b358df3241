"""`zhanggui brands`."""

import click

from runtime.cli.output import as_json, console, json_option, run
from runtime.cli.settings import read_settings


@click.group()
def brands() -> None:
    """Who is served for."""


@brands.command()
@click.argument("slug")
@click.option("--name", required=True, help="as customers are told it")
@json_option
def add(slug: str, name: str, *, to_json: bool) -> None:
    """Add a brand under a short name."""
    from runtime.administration import add_brand

    brand = run(add_brand(read_settings(quiet=True), slug, name), to_json=to_json)
    if to_json:
        as_json({"id": brand.id, "slug": brand.slug, "name": brand.name})
    else:
        console().print(f"added {brand.slug}: {brand.name}")


@brands.command("list")
@json_option
def list_(*, to_json: bool) -> None:
    """List the brands."""
    from runtime.administration import list_brands

    found = run(list_brands(read_settings(quiet=True)), to_json=to_json)
    if to_json:
        as_json([{"id": each.id, "slug": each.slug, "name": each.name} for each in found])
    for brand in [] if to_json else found:
        console().print(f"{brand.slug}: {brand.name}")
