"""What goes wrong is logged, and no log shows a secret or what a customer said."""

import io
import logging
import traceback
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout

import pytest
import structlog
from sqlalchemy import insert

from runtime.errors import StoreRefusedError
from runtime.ids import new_id
from runtime.logging import configure
from runtime.store.tables.customers import CustomerRow
from simulators.dashscope.errors import Code
from simulators.dashscope.replies import Reply
from simulators.faults import Fault, FaultKind
from simulators.wechat.errors import Errcode
from tests.e2e.forging import Wechat, hand_in
from tests.e2e.house import DOUYIN, WECHAT, House
from tests.e2e.prepared import MODEL_KEY
from tests.e2e.visitor import Visitor, finished

PHONE = "13800138000"
QUESTION = f"满多少包邮？我叫欧阳锦年，电话是{PHONE}"
SAID = Reply("满99元包邮[1]。偏远地区除外[1]。")
WORDS = ("包邮", "欧阳锦年", PHONE, "偏远地区")
CUSTOMERS = ("o-lin-openid", "chen-openid")


@pytest.fixture(params=["json", "console"])
def logs(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What a process writes, at its most talkative."""
    written = io.StringIO()
    with redirect_stderr(written), redirect_stdout(written):
        configure(level="debug", as_json=request.param == "json")
        yield written
    structlog.reset_defaults()


async def _strangers_knock(house: House) -> None:
    us = Wechat.of(house)
    await hand_in(house, WECHAT, us.sealed(b"{}", token="not-ours"))
    await hand_in(house, WECHAT, us.sealed(b'{"MsgType":"text"}'))
    await hand_in(house, WECHAT, us.push({"FromUserName": CUSTOMERS[0], "Content": QUESTION}))


async def _platforms_fail(house: House) -> None:
    wechat, douyin = house.town.wechat, house.town.douyin
    house.model.faults.add(Fault(FaultKind.CODE, "text-generation", code=Code.INVALID_API_KEY))
    await wechat.push_text(CUSTOMERS[0], QUESTION)
    await house.audited(WECHAT, CUSTOMERS[0], "delivered")
    wechat.faults.add(Fault(FaultKind.CODE, "custom/send", code=str(int(Errcode.OPENID))))
    await wechat.push_text(CUSTOMERS[0], QUESTION)
    await house.audited(WECHAT, CUSTOMERS[0], "undelivered")
    wechat.faults.add(Fault(FaultKind.DROP, "custom/send"))
    await wechat.push_text(CUSTOMERS[0], QUESTION)
    await house.audited(WECHAT, CUSTOMERS[0], "unknown")
    douyin.faults.add(Fault(FaultKind.DROP, "/im/send/msg/"))
    await douyin.push_text(CUSTOMERS[1], QUESTION)
    await house.audited(DOUYIN, CUSTOMERS[1], "delivered")


async def _a_visitor_meets_it_all(house: House) -> Visitor:
    visitor = await Visitor.enter(house.http)
    async with house.database_away():
        await visitor.say(QUESTION, message="lost")
    house.model.script.append(SAID)
    house.model.faults.add(Fault(FaultKind.CUT, "text-generation", after=5))
    await visitor.say(QUESTION)
    await visitor.events(finished(2))
    await visitor.post("chat/demo/feedback", QUESTION.encode())
    return visitor


class TestLogs:
    async def test_no_secret_no_name_and_no_words_show_up(
        self, logs: io.StringIO, model_house: House, caplog: pytest.LogCaptureFixture
    ) -> None:
        # Libraries' logs that their own loggers let through.
        caplog.set_level(logging.DEBUG)
        await _strangers_knock(model_house)
        await _platforms_fail(model_house)
        visitor = await _a_visitor_meets_it_all(model_house)
        entered = await visitor.post(
            "chat/demo/session", b'{"token":"%s"}' % visitor.token.encode()
        )

        seen = logs.getvalue() + caplog.text

        for event in ("request_refused", "turn_failed", "output_not_delivered"):
            assert event in seen
        account, app = Wechat.of(model_house).account, model_house.town.douyin.douyin_app
        tokens = model_house.town.wechat.platform.tokens.issued
        assert tokens
        for secret in (
            account.token,
            account.secret,
            account.encoding_aes_key,
            app.client_secret,
            MODEL_KEY,
            visitor.token,
            entered.json()["customer"],
            *tokens,
            *model_house.town.douyin.tokens.issued,
            *WORDS,
            *CUSTOMERS,
        ):
            assert str(secret) not in seen

    async def test_an_error_of_the_database_shows_no_values(self, any_house: House) -> None:
        database = any_house.container.database
        half = {"id": new_id(), "external_id": CUSTOMERS[0], "retention": PHONE}

        with pytest.raises(StoreRefusedError) as caught:
            async with database.begin() as session:
                await session.execute(insert(CustomerRow).values(half))

        shown = "".join(traceback.format_exception(caught.value))
        assert CUSTOMERS[0] not in shown
        assert PHONE not in shown
