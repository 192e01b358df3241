"""Douyin's error codes, how it words them, and its two shells around an answer."""

from collections.abc import Mapping
from enum import IntEnum, StrEnum

from simulators.wire import JsonObject


class Code(IntEnum):
    """The codes this platform double can answer by itself; a fault may name any other."""

    OK = 0
    OAUTH_PARAMETER = 10002
    OAUTH_CLIENT_KEY = 10003
    OAUTH_NO_ABILITY = 10004
    OAUTH_PARAMETER_MISSING = 10005
    OAUTH_CODE = 10007
    OAUTH_REFRESH_EXPIRED = 10010
    OAUTH_SECRET = 10013
    OAUTH_RENEWED_TOO_OFTEN = 10020
    TOKEN_INVALID = 28001003
    BUSY = 28001005
    PARAMETER = 28001007
    TOKEN_EXPIRED = 28001008
    NO_ABILITY = 28001014
    TOKEN_OF_ANOTHER = 28001015
    REPLIES_USED_UP = 28003070
    MESSAGE_TOO_OLD = 28003080
    ENTRY_TOO_OLD = 28003081
    PEER_MISMATCH = 28003082


WORDING: Mapping[int, str] = {
    Code.OK: "",
    Code.OAUTH_PARAMETER: "参数错误",
    Code.OAUTH_CLIENT_KEY: "client_key错误",
    Code.OAUTH_NO_ABILITY: "应用权限不足, 请申请对应的scope权限",
    Code.OAUTH_PARAMETER_MISSING: "缺少参数",
    Code.OAUTH_CODE: "授权码过期",
    Code.OAUTH_REFRESH_EXPIRED: "refresh_token过期",
    Code.OAUTH_SECRET: "client_secret错误",
    Code.OAUTH_RENEWED_TOO_OFTEN: "刷新refresh_token次数超限",
    Code.TOKEN_INVALID: "access_token无效",
    Code.BUSY: "系统繁忙，此时请开发者稍候再试",
    Code.PARAMETER: "参数不合法",
    Code.TOKEN_EXPIRED: "access_token过期,请刷新或重新授权",
    Code.NO_ABILITY: "应用未获得该能力",
    Code.TOKEN_OF_ANOTHER: "access_token与open_id不匹配",
    Code.REPLIES_USED_UP: "超出私信发送频次限制",
    Code.MESSAGE_TOO_OLD: "用户最近一条消息已超过24小时",
    Code.ENTRY_TOO_OLD: "用户进入会话已超过回复时限",
    Code.PEER_MISMATCH: "会话与接收方不匹配",
}


class Shell(StrEnum):
    """The two forms an answer has; the platform uses both."""

    DATA_EXTRA = "data_extra"
    ERR_NO = "err_no"


class DouyinError(Exception):
    """A call is refused with one of the platform's codes."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(WORDING.get(code, "未知错误"))


def oauth_answer(code: int, fields: JsonObject) -> JsonObject:
    """Put an OAuth answer into its shell, the same in good and bad."""
    data = {**fields, "error_code": code, "description": WORDING.get(code, "未知错误")}
    return {"data": data, "message": "error" if code else "success"}


def answer(
    shell: Shell, code: int, fields: JsonObject, *, log_id: str, now_ms: int, codes_as_text: bool
) -> JsonObject:
    """Put an answer into a shell; `fields` stand where that shell has them."""
    wording = WORDING.get(code, "未知错误")
    shown = str(code) if codes_as_text else code
    if shell is Shell.ERR_NO:
        return {"err_no": shown, "err_msg": wording, "log_id": log_id, "data": fields}
    extra = {
        "error_code": shown,
        "description": wording,
        "sub_error_code": 0,
        "sub_description": "",
        "logid": log_id,
        "now": now_ms,
    }
    return {"data": {"error_code": shown, "description": wording}, "extra": extra, **fields}
