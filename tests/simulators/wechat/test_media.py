from typing import Any

import httpx
import pytest

from simulators.wechat.errors import Errcode
from simulators.wechat.simulator import WechatSimulator
from tests.simulators.callee import Clock
from tests.simulators.wechat.setting import OPENID, send, stable

GIF = b"GIF89a\x01\x00\x01\x00;"


class TestMedia:
    async def upload(
        self, api: httpx.AsyncClient, token: str, files: dict[str, bytes], kind: str = "image"
    ) -> dict[str, Any]:
        answer = await api.post(
            "/cgi-bin/media/upload",
            params={"access_token": token, "type": kind},
            files={field: ("a.gif", data) for field, data in files.items()},
        )
        return dict(answer.json())

    async def test_picture_can_be_sent_and_fetched(
        self, api: httpx.AsyncClient, wechat: WechatSimulator, token: str
    ) -> None:
        await wechat.push_text(OPENID, "有图吗")

        media = await self.upload(api, token, {"media": GIF})
        body = {
            "touser": OPENID,
            "msgtype": "image",
            "image": {"media_id": media["media_id"]},
        }
        code = await send(api, token, body)
        fetched = await api.get(
            "/cgi-bin/media/get", params={"access_token": token, "media_id": media["media_id"]}
        )

        (bubble,) = wechat.inbox(OPENID)
        assert (code, media["type"]) == (0, "image")
        assert (bubble.kind, bubble.media_id) == ("image", media["media_id"])
        assert (fetched.content, fetched.headers["content-type"]) == (GIF, "image/gif")

    async def test_picture_is_kept_three_days(
        self, api: httpx.AsyncClient, wechat: WechatSimulator, token: str, clock: Clock
    ) -> None:
        media = await self.upload(api, token, {"media": GIF})
        clock.forward(days=3)
        fresh = (await stable(api))["access_token"]

        fetched = await api.get(
            "/cgi-bin/media/get", params={"access_token": fresh, "media_id": media["media_id"]}
        )

        assert fetched.json()["errcode"] == Errcode.MEDIA_ID

    @pytest.mark.parametrize(
        ("files", "kind", "code"),
        [
            ({"media": GIF}, "video", Errcode.MEDIA_TYPE),
            ({"file": GIF}, "image", Errcode.FILE_MISSING),
            ({"media": b"%PDF"}, "image", Errcode.FILE_TYPE),
            ({"media": GIF + bytes(2 * 1024 * 1024)}, "image", Errcode.MEDIA_TOO_LARGE),
        ],
    )
    async def test_wrong_upload_is_named(
        self, api: httpx.AsyncClient, token: str, files: dict[str, bytes], kind: str, code: int
    ) -> None:
        answer = await self.upload(api, token, files, kind)

        assert answer["errcode"] == code

    async def test_body_that_is_no_form_has_no_file(
        self, api: httpx.AsyncClient, token: str
    ) -> None:
        answer = await api.post(
            "/cgi-bin/media/upload", params={"access_token": token, "type": "image"}, content=GIF
        )

        assert answer.json()["errcode"] == Errcode.FILE_MISSING

    async def test_customers_picture_is_at_its_url(
        self, api: httpx.AsyncClient, wechat: WechatSimulator
    ) -> None:
        await wechat.push_image(OPENID, GIF)
        (media_id,) = wechat.platform.media

        found = await api.get(f"/mmbiz_jpg/{media_id}/0")
        missing = await api.get("/mmbiz_jpg/x/0")

        assert (found.content, missing.status_code) == (GIF, 404)
