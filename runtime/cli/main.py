"""The command `zhanggui`."""

import importlib
from collections.abc import Mapping
from typing import Final

import click
from typing_extensions import override

# Module and attribute of each command; imported only when it is called, for a fast start.
_COMMANDS: Final[Mapping[str, str]] = {
    "ask": "runtime.cli.ask:ask",
    "audit": "runtime.cli.audit:audit",
    "brands": "runtime.cli.brands:brands",
    "channels": "runtime.cli.channels:channels",
    "conformance": "runtime.cli.conformance:conformance",
    "demo": "runtime.cli.demo:demo",
    "doctor": "runtime.cli.doctor:doctor",
    "inspect": "runtime.cli.inspect:inspect",
    "knowledge": "runtime.cli.knowledge:knowledge",
    "label": "runtime.cli.label:label",
    "migrate": "runtime.cli.migrate:migrate",
    "notary": "runtime.cli.notary:notary",
    "serve": "runtime.cli.serve:serve",
    "waivers": "runtime.cli.waivers:waivers",
    "worker": "runtime.cli.serve:worker",
}


class _Commands(click.Group):
    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, attribute = _COMMANDS[cmd_name].split(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_Commands)
@click.version_option(package_name="zhanggui")
def main() -> None:
    """掌柜 Zhanggui: AI agents for a brand's customers, with every answer labelled."""
