"""A town for a brand to live in: WeChat and Douyin on loopback, and accounts that point there."""

import base64
import secrets
import string
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from runtime.container import Container
from runtime.process import listening
from runtime.store.accounts import Accounts, Brand
from simulators.douyin.app import DouyinApp
from simulators.douyin.calls import IM_SCOPE
from simulators.douyin.simulator import DouyinSimulator
from simulators.wechat.account import PushFormat, PushMode, WechatAccount
from simulators.wechat.simulator import WechatSimulator

LOOPBACK = "127.0.0.1"
SLUG = "demo"
_BRAND_OPEN_ID = "brand-open-id"
_LETTERS_AND_DIGITS = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Town:
    """The platforms, as somebody outside sees them."""

    brand: Brand
    wechat: WechatSimulator
    douyin: DouyinSimulator
    http: httpx.AsyncClient

    def connect(self, address: str) -> None:
        """Tell the platforms where our callbacks are."""
        self.wechat.connect(f"{address}/webhooks/wechat-miniprogram/{SLUG}", self.http)
        self.douyin.connect(f"{address}/webhooks/douyin/{SLUG}", self.http)


@asynccontextmanager
async def settle(
    container: Container,
    brand: Brand,
    *,
    mode: PushMode = PushMode.SAFE,
    push_format: PushFormat = PushFormat.JSON,
) -> AsyncIterator[Town]:
    """Start the platforms and give the brand accounts there and on the web chat."""
    wechat_account = WechatAccount(
        appid=f"wx{secrets.token_hex(8)}",
        secret=secrets.token_hex(16),
        original_id=f"gh_{secrets.token_hex(6)}",
        token=secrets.token_hex(12),
        encoding_aes_key="".join(secrets.choice(_LETTERS_AND_DIGITS) for _ in range(43)),
        mode=mode,
        format=push_format,
    )
    douyin_app = DouyinApp(
        client_key=f"aw{secrets.token_hex(7)}",
        client_secret=secrets.token_hex(16),
        brands=(_BRAND_OPEN_ID,),
    )
    wechat = WechatSimulator(wechat_account, now=container.now)
    douyin = DouyinSimulator(douyin_app, now=container.now)
    async with (
        httpx.AsyncClient(timeout=30.0) as http,
        listening(wechat.app, LOOPBACK, 0) as wechat_port,
        listening(douyin.app, LOOPBACK, 0) as douyin_port,
    ):
        await _open_wechat(container, brand, wechat_account, f"http://{LOOPBACK}:{wechat_port}")
        douyin_address = f"http://{LOOPBACK}:{douyin_port}"
        granted = await _granted(douyin, douyin_app, http, douyin_address)
        await _open_douyin(container, brand, douyin_app, granted, douyin_address)
        await _open_webchat(container, brand)
        yield Town(brand, wechat, douyin, http)


async def _open_wechat(
    container: Container, brand: Brand, account: WechatAccount, address: str
) -> None:
    await _put(
        container,
        brand,
        "wechat-miniprogram",
        {
            "appid": account.appid,
            "original_id": account.original_id,
            "mode": account.mode.value,
            "format": account.format.value,
            "api_base": address,
        },
        {
            "token": account.token,
            "encoding_aes_key": account.encoding_aes_key,
            "app_secret": account.secret,
        },
    )


async def _granted(
    douyin: DouyinSimulator, app: DouyinApp, http: httpx.AsyncClient, address: str
) -> str:
    """Let the brand's account consent, as its owner would by a code; give the refresh token."""
    answer = await http.post(
        f"{address}/oauth/access_token/",
        data={
            "client_key": app.client_key,
            "client_secret": app.client_secret,
            "code": douyin.authorise(scopes=(IM_SCOPE,)),
            "grant_type": "authorization_code",
        },
    )
    return str(answer.json()["data"]["refresh_token"])


async def _open_douyin(
    container: Container, brand: Brand, app: DouyinApp, refresh_token: str, address: str
) -> None:
    await _put(
        container,
        brand,
        "douyin",
        {"client_key": app.client_key, "brand_open_id": _BRAND_OPEN_ID, "api_base": address},
        {"client_secret": app.client_secret, "refresh_token": refresh_token},
    )


async def _open_webchat(container: Container, brand: Brand) -> None:
    session_key = base64.b64encode(secrets.token_bytes(32)).decode()
    await _put(container, brand, "webchat", {}, {"session_key": session_key}, anew=False)


async def _put(
    container: Container,
    brand: Brand,
    channel: str,
    settings: dict[str, str],
    account_secrets: dict[str, str],
    *,
    anew: bool = True,
) -> None:
    async with container.database.begin() as session:
        await Accounts(session, container.vault).put(
            brand,
            channel=channel,
            slug=SLUG,
            settings=settings,
            secrets=account_secrets,
            replace=anew,
            at=container.now(),
        )
