"""Which fronts there are: the one list."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from channels.base import Channel
from channels.douyin.openplatform import DouyinChannel
from channels.webchat.channel import WebchatChannel
from channels.wechat.miniprogram import MiniProgramChannel

CHANNELS: Final[Mapping[str, type[Channel]]] = MappingProxyType(
    {front.name: front for front in (DouyinChannel, MiniProgramChannel, WebchatChannel)}
)
