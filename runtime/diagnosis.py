"""What `doctor` looks at."""

from dataclasses import dataclass
from importlib.metadata import packages_distributions
from typing import Final

from runtime.container import Container, build, check, database_url
from runtime.errors import ConfigurationError, RuntimeFault
from runtime.settings import Environment, Settings
from runtime.store import migrate
from runtime.store.accounts import Accounts
from runtime.store.database import Database

_DISTRIBUTION: Final = "zhanggui"
_OURS: Final = (
    "agents",
    "channels",
    "console",
    "knowledge",
    "labelling",
    "migrations",
    "runtime",
    "simulators",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    fine: bool
    what: str
    """How it is, or what to do about it."""


async def examine(settings: Settings) -> list[Finding]:
    """Look at everything, whatever is found."""
    findings = [_names(), _settings(settings)]
    if all(finding.fine for finding in findings):
        findings.append(await _database(settings))
    if all(finding.fine for finding in findings):
        findings += await _accounts(settings)
    return findings


def _names() -> Finding:
    owners = packages_distributions()
    taken = {
        name: others for name in _OURS if (others := set(owners.get(name, ())) - {_DISTRIBUTION})
    }
    if not taken:
        return Finding("packages", fine=True, what="each top-level name is ours alone")
    rivals = ", ".join(f"{name} (also in {', '.join(sorted(who))})" for name, who in taken.items())
    what = f"{rivals}: install into a virtual environment of its own"
    return Finding("packages", fine=False, what=what)


def _settings(settings: Settings) -> Finding:
    try:
        check(settings)
    except ConfigurationError as error:
        return Finding("settings", fine=False, what=str(error))
    embedded = ", ".join(settings.embedded) or "nothing"
    what = f"{settings.environment.value}, embedded: {embedded}"
    if settings.environment is Environment.DEVELOPMENT and not settings.labelling.producer_code:
        what += "; labels carry the dummy provider code, which production refuses"
    return Finding("settings", fine=True, what=what)


async def _database(settings: Settings) -> Finding:
    database = Database(database_url(settings))
    try:
        current = await migrate.current(database)
    except RuntimeFault as error:
        return Finding("database", fine=False, what=f"{error}; is ZHANGGUI_DATABASE__URL right?")
    finally:
        await database.close()
    newest = migrate.newest()
    if current != newest:
        what = f"at {current or 'no revision'}, {newest} is needed: run 'zhanggui migrate'"
        return Finding("database", fine=False, what=what)
    return Finding("database", fine=True, what=f"at {current}")


async def _accounts(settings: Settings) -> list[Finding]:
    findings = []
    async with build(settings) as container:
        async with container.database.read() as session:
            names = await Accounts(session, container.vault).names()
        for channel, slug in names:
            findings.append(await _account(container, channel, slug))
    return findings or [Finding("accounts", fine=True, what="none yet")]


async def _account(container: Container, channel: str, slug: str) -> Finding:
    name = f"account {channel}/{slug}"
    try:
        container.fronts.of(await container.accounts.named(channel, slug))
    except RuntimeFault as error:
        return Finding(name, fine=False, what=str(error))
    return Finding(name, fine=True, what="its settings and secrets are whole")
