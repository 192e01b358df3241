"""Brands and channel accounts, added and listed by the people who run them."""

from collections.abc import Mapping
from datetime import datetime

from channels.registry import CHANNELS
from labelling.policy import Waiver
from runtime.container import Container, build
from runtime.errors import ConfigurationError, NotFoundError
from runtime.process import prepare
from runtime.settings import Settings
from runtime.store.accounts import Account, Accounts, Brand, Brands
from runtime.store.waivers import Waivers


async def add_brand(settings: Settings, slug: str, name: str) -> Brand:
    """Add a brand.

    Raises:
        ConfigurationError: There is one of that short name.
    """
    async with build(settings) as container:
        await prepare(container)
        async with container.database.begin() as session:
            brands = Brands(session)
            if slug in {brand.slug for brand in await brands.every()}:
                msg = f"there is a brand {slug!r} already"
                raise ConfigurationError(msg)
            return await brands.add(slug=slug, name=name, at=container.now())


async def list_brands(settings: Settings) -> list[Brand]:
    """Give all brands."""
    async with build(settings) as container:
        await prepare(container)
        async with container.database.read() as session:
            return await Brands(session).every()


async def add_account(
    settings: Settings,
    *,
    brand: str,
    channel: str,
    slug: str,
    values: Mapping[str, str],
    secrets: Mapping[str, str],
    replace: bool,
) -> Account:
    """Add a brand's account on a channel, or give it new settings; it is checked before.

    Raises:
        NotFoundError: There is no such brand or channel.
        ConfigurationError: There is an account of that name, or it cannot work.
    """
    if channel not in CHANNELS:
        msg = f"there is no channel {channel!r}; there are {', '.join(sorted(CHANNELS))}"
        raise NotFoundError(msg)
    async with build(settings) as container:
        await prepare(container)
        async with container.database.begin() as session:
            owner = await Brands(session).get(brand)
            accounts = Accounts(session, container.vault)
            if not replace and (channel, slug) in await accounts.names():
                msg = f"there is an account {channel}/{slug} already; --replace gives it new values"
                raise ConfigurationError(msg)
            await accounts.put(
                owner,
                channel=channel,
                slug=slug,
                settings=values,
                secrets=secrets,
                replace=replace,
                at=container.now(),
            )
            account = await accounts.named(channel, slug)
            if account.brand.id != owner.id:
                msg = f"account {channel}/{slug} is another brand's: {account.brand.slug!r}"
                raise ConfigurationError(msg)
            # Before the commit: what cannot work is not kept.
            container.fronts.of(account)
            return account


async def list_accounts(settings: Settings) -> list[Account]:
    """Give all accounts; their secrets stay out of every representation."""
    async with build(settings) as container:
        await prepare(container)
        return await _accounts(container)


async def _accounts(container: Container) -> list[Account]:
    async with container.database.read() as session:
        accounts = Accounts(session, container.vault)
        return [await accounts.named(*name) for name in await accounts.names()]


async def grant_waiver(
    settings: Settings, brand: str, *, agreement: str, identity: str, recipient: str, reason: str
) -> Waiver:
    """Put a customer's request for output without the explicit label on record.

    Raises:
        NotFoundError: There is no such brand.
        ConfigurationError: One of the facts is missing.
    """
    async with build(settings) as container:
        await prepare(container)
        async with container.database.begin() as session:
            owner = await Brands(session).get(brand)
            try:
                return await Waivers(session, container.vault).grant(
                    owner.id,
                    agreement=agreement,
                    identity=identity,
                    recipient=recipient,
                    reason=reason,
                    at=container.now(),
                )
            except ValueError as error:
                raise ConfigurationError(str(error)) from error


async def list_waivers(settings: Settings, brand: str) -> list[tuple[Waiver, datetime, int]]:
    """Give a brand's waivers, each with its moment and the number of outputs under it.

    Raises:
        NotFoundError: There is no such brand.
    """
    async with build(settings) as container:
        await prepare(container)
        async with container.database.read() as session:
            owner = await Brands(session).get(brand)
            return await Waivers(session, container.vault).every(owner.id)
