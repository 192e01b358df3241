"""Brands and their channel accounts, secrets sealed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson
from pydantic import SecretStr
from sqlalchemy import ColumnElement, insert, select, update

from channels.base import ChannelAccount
from runtime.errors import NotFoundError
from runtime.ids import new_id
from runtime.store.database import Session
from runtime.store.tables.brands import AccountRow, BrandRow
from runtime.vault import Vault


@dataclass(frozen=True, slots=True)
class Brand:
    """Who is served for."""

    id: str
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Account:
    """An account with its secrets opened, and the brand it belongs to."""

    brand: Brand
    channel: str
    slug: str
    front: ChannelAccount


class Brands:
    """Reads and adds brands through one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, *, slug: str, name: str, at: datetime) -> Brand:
        """Add a brand."""
        brand = Brand(new_id(), slug, name)
        await self._session.execute(
            insert(BrandRow).values(id=brand.id, slug=slug, name=name, created_at=at)
        )
        return brand

    async def get(self, slug: str) -> Brand:
        """Give a brand.

        Raises:
            NotFoundError: There is none of that name.
        """
        query = select(BrandRow).where(BrandRow.slug == slug)
        row = (await self._session.execute(query)).one_or_none()
        if row is None:
            msg = f"there is no brand {slug!r}"
            raise NotFoundError(msg)
        return Brand(row.id, row.slug, row.name)

    async def every(self) -> list[Brand]:
        """Give all brands, by name."""
        rows = await self._session.execute(select(BrandRow).order_by(BrandRow.slug))
        return [Brand(row.id, row.slug, row.name) for row in rows]


class Accounts:
    """Reads and adds accounts through one session."""

    def __init__(self, session: Session, vault: Vault) -> None:
        self._session = session
        self._vault = vault

    async def put(
        self,
        brand: Brand,
        *,
        channel: str,
        slug: str,
        settings: Mapping[str, str],
        secrets: Mapping[str, str],
        replace: bool = False,
        at: datetime,
    ) -> str:
        """Add an account, its secrets sealed; give its id.

        Args:
            brand: Whose it is.
            channel: Name of the front.
            slug: Short name, as it stands in the account's address.
            settings: What is no secret.
            secrets: What is.
            replace: Whether an account of that name gets the new settings; else it is left alone.
            at: Now.
        """
        query = select(AccountRow.id).where(AccountRow.channel == channel, AccountRow.slug == slug)
        known = (await self._session.execute(query)).scalar_one_or_none()
        account = known or new_id()
        sealed = self._vault.seal(orjson.dumps(dict(secrets)), place=_place(account))
        values = {"settings": dict(settings), "secrets": sealed}
        if known is None:
            await self._session.execute(
                insert(AccountRow).values(
                    id=account,
                    brand_id=brand.id,
                    channel=channel,
                    slug=slug,
                    created_at=at,
                    **values,
                )
            )
        elif replace:
            await self._session.execute(
                update(AccountRow).where(AccountRow.id == account).values(**values)
            )
        return account

    async def get(self, account: str) -> Account:
        """Give an account by its id.

        Raises:
            NotFoundError: There is none.
            VaultError: Its secrets cannot be opened.
        """
        return await self._one(AccountRow.id == account, account)

    async def named(self, channel: str, slug: str) -> Account:
        """Give an account by its channel and name, as they stand in its address.

        Raises:
            NotFoundError: There is none.
            VaultError: Its secrets cannot be opened.
        """
        condition = (AccountRow.channel == channel) & (AccountRow.slug == slug)
        return await self._one(condition, f"{channel}/{slug}")

    async def names(self) -> list[tuple[str, str]]:
        """Give the channel and name of every account."""
        query = select(AccountRow.channel, AccountRow.slug).order_by(
            AccountRow.channel, AccountRow.slug
        )
        return [(row.channel, row.slug) for row in await self._session.execute(query)]

    async def _one(self, condition: ColumnElement[bool], what: str) -> Account:
        query = (
            select(
                AccountRow.id,
                AccountRow.channel,
                AccountRow.slug,
                AccountRow.settings,
                AccountRow.secrets,
                BrandRow.id.label("brand_id"),
                BrandRow.slug.label("brand_slug"),
                BrandRow.name.label("brand_name"),
            )
            .join(BrandRow)
            .where(condition)
        )
        row = (await self._session.execute(query)).one_or_none()
        if row is None:
            msg = f"there is no account {what!r}"
            raise NotFoundError(msg)
        opened = orjson.loads(self._vault.open(row.secrets, place=_place(row.id)))
        return Account(
            brand=Brand(row.brand_id, row.brand_slug, row.brand_name),
            channel=row.channel,
            slug=row.slug,
            front=ChannelAccount(
                id=row.id,
                settings=row.settings,
                secrets={name: SecretStr(value) for name, value in opened.items()},
            ),
        )


def _place(account: str) -> str:
    return f"accounts/{account}"
