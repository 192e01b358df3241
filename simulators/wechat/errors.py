"""WeChat's error codes and how it words them."""

from enum import IntEnum


class Errcode(IntEnum):
    """The codes this platform double can answer by itself; a fault may name any other."""

    OK = 0
    BUSY = -1
    TOKEN_INVALID = 40001
    GRANT_TYPE = 40002
    OPENID = 40003
    MEDIA_TYPE = 40004
    FILE_TYPE = 40005
    MEDIA_ID = 40007
    MESSAGE_TYPE = 40008
    APPID = 40013
    TOKEN_MALFORMED = 40014
    LOGIN_CODE = 40029
    APPSECRET = 40125
    USER_BLOCKED = 40226
    TOKEN_MISSING = 41001
    APPID_MISSING = 41002
    SECRET_MISSING = 41004
    FILE_MISSING = 41005
    TOKEN_EXPIRED = 42001
    GET_NEEDED = 43001
    POST_NEEDED = 43002
    MEDIA_TOO_LARGE = 45001
    CONTENT_TOO_LONG = 45002
    DAILY_LIMIT = 45009
    MINUTE_LIMIT = 45011
    WINDOW_CLOSED = 45015
    COUNT_USED_UP = 45047
    TYPING_COMMAND = 45072
    TYPING_NO_CONTACT = 45080
    TYPING_ALREADY = 45081
    DATA_FORMAT = 47001


WORDING = {
    Errcode.OK: "ok",
    Errcode.BUSY: "system error",
    Errcode.TOKEN_INVALID: "invalid credential, access_token is invalid or not latest",
    Errcode.GRANT_TYPE: "invalid grant_type",
    Errcode.OPENID: "invalid openid",
    Errcode.MEDIA_TYPE: "invalid media type",
    Errcode.FILE_TYPE: "invalid file type",
    Errcode.MEDIA_ID: "invalid media_id",
    Errcode.MESSAGE_TYPE: "invalid message type",
    Errcode.APPID: "invalid appid",
    Errcode.TOKEN_MALFORMED: "invalid access_token",
    Errcode.LOGIN_CODE: "invalid code",
    Errcode.APPSECRET: "invalid appsecret",
    Errcode.USER_BLOCKED: "code blocked",
    Errcode.TOKEN_MISSING: "access_token missing",
    Errcode.APPID_MISSING: "appid missing",
    Errcode.SECRET_MISSING: "appsecret missing",
    Errcode.FILE_MISSING: "media data missing",
    Errcode.TOKEN_EXPIRED: "access_token expired",
    Errcode.GET_NEEDED: "require GET method",
    Errcode.POST_NEEDED: "require POST method",
    Errcode.MEDIA_TOO_LARGE: "media size out of limit",
    Errcode.CONTENT_TOO_LONG: "content size out of limit",
    Errcode.DAILY_LIMIT: "reach max api daily quota limit",
    Errcode.MINUTE_LIMIT: "api minute-quota reach limit, must slower, retry next minute",
    Errcode.WINDOW_CLOSED: "response out of time limit or subscription is canceled",
    Errcode.COUNT_USED_UP: "out of response count limit",
    Errcode.TYPING_COMMAND: "invalid command",
    Errcode.TYPING_NO_CONTACT: "no interaction with the user in the last 30 seconds",
    Errcode.TYPING_ALREADY: "already typing",
    Errcode.DATA_FORMAT: "data format error",
}


class WechatError(Exception):
    """A call is refused with one of the platform's codes."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(wording(code))


def wording(code: int) -> str:
    """Give the text that goes with a code."""
    known = {int(one): text for one, text in WORDING.items()}
    return known.get(code, "error")
