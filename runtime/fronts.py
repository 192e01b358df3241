"""Accounts and the fronts made of them, kept at hand for a while."""

from collections.abc import Callable
from dataclasses import dataclass

from channels.base import Channel, ChannelTools
from channels.registry import CHANNELS
from runtime.errors import ConfigurationError, NotFoundError
from runtime.store.accounts import Account, Accounts
from runtime.store.database import Database
from runtime.vault import Vault

_KEPT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class _Kept:
    account: Account
    until: float


class AccountDirectory:
    """Looks accounts up; a change is seen within half a minute by every process."""

    def __init__(self, database: Database, vault: Vault, clock: Callable[[], float]) -> None:
        """`clock` gives monotonic seconds."""
        self._database = database
        self._vault = vault
        self._clock = clock
        self._kept: dict[str, _Kept] = {}

    async def get(self, account: str) -> Account:
        """Give an account by its id.

        Raises:
            NotFoundError: There is none.
        """
        found = self._at_hand(account)
        if found is None:
            async with self._database.read() as session:
                found = await Accounts(session, self._vault).get(account)
            self._keep(account, found)
        return found

    async def named(self, channel: str, slug: str) -> Account:
        """Give an account by its channel and name.

        Raises:
            NotFoundError: There is none.
        """
        name = f"{channel}/{slug}"
        found = self._at_hand(name)
        if found is None:
            if channel not in CHANNELS:
                msg = f"there is no channel {channel!r}"
                raise NotFoundError(msg)
            async with self._database.read() as session:
                found = await Accounts(session, self._vault).named(channel, slug)
            self._keep(name, found)
        return found

    def _at_hand(self, name: str) -> Account | None:
        kept = self._kept.get(name)
        return kept.account if kept and self._clock() < kept.until else None

    def _keep(self, name: str, account: Account) -> None:
        self._kept[name] = _Kept(account, self._clock() + _KEPT_SECONDS)


class Fronts:
    """Makes the front of an account once, and anew when the account has changed."""

    def __init__(self, tools: ChannelTools) -> None:
        self._tools = tools
        self._made: dict[str, tuple[Account, Channel]] = {}

    def of(self, account: Account) -> Channel:
        """Give the front of an account.

        Raises:
            ConfigurationError: A setting or a secret of the account is missing or malformed.
        """
        made = self._made.get(account.front.id)
        if made is not None and made[0] == account:
            return made[1]
        if account.channel not in CHANNELS:
            msg = f"account {account.channel}/{account.slug} is on a channel that is not there"
            raise ConfigurationError(msg)
        try:
            front = CHANNELS[account.channel].of(account.front, self._tools)
        except ValueError as error:
            msg = f"account {account.channel}/{account.slug} cannot work: {error}"
            raise ConfigurationError(msg) from error
        self._made[account.front.id] = (account, front)
        return front
