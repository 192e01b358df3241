"""`kill -9` before and after every commit: nothing lost, order kept, nothing sent twice."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from itertools import groupby
from pathlib import Path
from typing import Any

import httpx
import pytest
from typing_extensions import override

from labelling.output import EventKind
from labelling.wording import TEXT_NOTICE
from simulators.douyin.conversations import Scene
from simulators.faults import Fault, FaultKind
from tests.e2e.crash.site import Site, open_site
from tests.e2e.prepared import Model, Stores, Templates
from tests.e2e.visitor import Visitor

# Two starts of a real process each.
pytestmark = pytest.mark.slow

FIRST, SECOND = "七天内可以退货吗？", "满多少包邮？"
FIRST_ANSWER, SECOND_ANSWER = "无理由退货", "99"
# Commits of one answered message; a run without a crash counts them again.
COMMITS = {"wechat": 5, "douyin": 6, "webchat": 8}
SENDING = 4


@pytest.fixture
async def site(templates: Templates, tmp_path: Path) -> AsyncIterator[Site]:
    with templates.get(Stores.EMBEDDED, Model.OFFLINE).copied(tmp_path) as settings:
        async with open_site(settings) as site:
            yield site


class Customer(ABC):
    """A customer of one channel, who says the same again where it was not taken."""

    def __init__(self, site: Site) -> None:
        self.site = site

    @abstractmethod
    async def ask(self, address: str, question: str) -> bool:
        """Say something to whoever serves at an address; tell whether it was taken."""

    @abstractmethod
    async def answers(self) -> list[str]:
        """Give what was received, oldest first; what broke off is no answer."""


class WechatCustomer(Customer):
    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._written: dict[str, dict[str, Any]] = {}

    @override
    async def ask(self, address: str, question: str) -> bool:
        wechat = self.site.town.wechat
        fields = self._written.setdefault(
            question, wechat.message("text", "lin", {"Content": question})
        )
        self.site.town.connect(address)
        return (await wechat.push(fields)).accepted

    @override
    async def answers(self) -> list[str]:
        return [bubble.text for bubble in self.site.town.wechat.inbox("lin")]


class DouyinCustomer(Customer):
    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self._written: dict[str, dict[str, Any]] = {}

    @override
    async def ask(self, address: str, question: str) -> bool:
        douyin = self.site.town.douyin
        conversation = douyin.conversation("chen")
        content = self._written.setdefault(
            question,
            {
                "conversation_short_id": conversation.id,
                "server_message_id": f"@message-{len(self._written)}",
                "conversation_type": 1,
                "create_time": int(self.site.container.now().timestamp() * 1000),
                "message_type": "text",
                "text": question,
            },
        )
        if content["server_message_id"] not in conversation.openings:
            douyin.book.open(conversation, content["server_message_id"], Scene.REPLY)
        self.site.town.connect(address)
        pushed = await douyin.push_event(
            "im_receive_msg", content, from_user="chen", to_user=conversation.brand
        )
        return pushed.accepted

    @override
    async def answers(self) -> list[str]:
        return [bubble.text for bubble in self.site.town.douyin.inbox("chen")]


class WebchatCustomer(Customer):
    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.visitor: Visitor | None = None
        self.name = ""

    @override
    async def ask(self, address: str, question: str) -> bool:
        if self.visitor is None:
            entered = await self.site.town.http.post(f"{self.site.api}/chat/demo/session")
            self.name = entered.json()["customer"]
            self.visitor = Visitor(self.site.town.http, entered.json()["token"])
        message = {"id": f"m{question == FIRST:d}", "text": question}
        try:
            response = await self.site.town.http.post(
                f"{address}/webhooks/webchat/demo", json=message, headers=self.visitor.headers
            )
        except httpx.TransportError:
            return False
        return response.is_success

    @override
    async def answers(self) -> list[str]:
        assert self.visitor is not None
        found = await self.site.town.http.get(
            f"{self.site.api}/chat/demo/messages", headers=self.visitor.headers
        )
        return [
            line["text"]
            for line in found.json()["messages"]
            if line["role"] != "customer" and not line["interrupted"]
        ]


CUSTOMERS: dict[str, type[Customer]] = {
    "wechat": WechatCustomer,
    "douyin": DouyinCustomer,
    "webchat": WebchatCustomer,
}
POINTS = [
    pytest.param(channel, number, after, id=f"{channel}-{'after' if after else 'before'}-{number}")
    for channel, commits in COMMITS.items()
    for number in range(1, commits + 1)
    for after in (False, True)
]


async def crash_and_go_on(site: Site, customer: Customer, kill_at: int, *, after: bool) -> None:
    """Let the process die over the first question; ask the second; wait for the end of both."""
    async with site.served(kill_at, after=after) as doomed:
        await customer.ask(doomed.address, FIRST)
        await doomed.died()
    # The platform sends again what was not acknowledged; an API of ours is up, the worker is not.
    assert await customer.ask(site.api, FIRST)
    claimed = bool(await site.turns())
    if claimed:
        # It has a turn of its own already, so the second question must wait for its end.
        assert await customer.ask(site.api, SECOND)
    async with site.served() as healthy:
        if not claimed:
            await site.ended(turns=1)
            assert await customer.ask(healthy.address, SECOND)
        await site.ended(turns=2)
        await healthy.stopped()


class TestEveryCommit:
    @pytest.mark.parametrize("channel", COMMITS)
    async def test_every_commit_is_among_the_points(self, site: Site, channel: str) -> None:
        customer = CUSTOMERS[channel](site)
        async with site.served() as healthy:
            await customer.ask(healthy.address, FIRST)
            await site.ended(turns=1)

            commits = await healthy.stopped()

        assert commits == COMMITS[channel]

    @pytest.mark.parametrize(("channel", "number", "after"), POINTS)
    async def test_nothing_is_lost_nothing_is_sent_twice_and_order_is_kept(
        self, site: Site, channel: str, number: int, *, after: bool
    ) -> None:
        customer = CUSTOMERS[channel](site)

        await crash_and_go_on(site, customer, number, after=after)

        answers = await customer.answers()
        (first, firsts), (second, seconds) = await site.turns()
        assert sum(FIRST_ANSWER in answer for answer in answers) == len(answers) - 1
        assert len(answers) == 2 - (first == "unknown" and len(answers) == 1)
        assert SECOND_ANSWER in answers[-1]
        assert (second, seconds) == ("delivered", ["delivered"])
        assert first in {"delivered", "unknown"}
        assert [status for status in firsts if status != "interrupted"] == [first]
        assert await site.broken_chains() == 0
        if channel != "webchat":
            assert all(answer.endswith(TEXT_NOTICE) for answer in answers)

    @pytest.mark.parametrize(
        ("number", "after", "status"),
        [
            (SENDING, False, "delivered"),
            (SENDING, True, "unknown"),
            (SENDING + 1, False, "unknown"),
            (SENDING + 1, True, "delivered"),
        ],
    )
    async def test_only_what_may_have_been_sent_is_unknown(
        self, site: Site, number: int, status: str, *, after: bool
    ) -> None:
        await crash_and_go_on(site, WechatCustomer(site), number, after=after)

        (first, _), _ = await site.turns()
        assert first == status


class TestALostAnswerAndACrash:
    @pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
    @pytest.mark.parametrize("number", [SENDING, SENDING + 1])
    async def test_wechats_is_unknown_and_never_sent_again(
        self, site: Site, number: int, *, after: bool
    ) -> None:
        site.town.wechat.faults.add(Fault(FaultKind.DROP, "custom/send"))
        customer = WechatCustomer(site)

        await crash_and_go_on(site, customer, number, after=after)

        answers = await customer.answers()
        assert sum(FIRST_ANSWER in answer for answer in answers) <= 1
        assert sum(SECOND_ANSWER in answer for answer in answers) == 1
        assert "unknown" in [status for status, _ in await site.turns()]

    @pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
    @pytest.mark.parametrize("number", [SENDING, SENDING + 1, SENDING + 2])
    async def test_douyins_arrives_once_at_most(
        self, site: Site, number: int, *, after: bool
    ) -> None:
        site.town.douyin.faults.add(Fault(FaultKind.DROP, "/im/send/msg/"))
        customer = DouyinCustomer(site)

        await crash_and_go_on(site, customer, number, after=after)

        answers = await customer.answers()
        assert sum(FIRST_ANSWER in answer for answer in answers) <= 1
        assert sum(SECOND_ANSWER in answer for answer in answers) == 1


class TestLiveAnswers:
    @pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
    @pytest.mark.parametrize("number", range(1, COMMITS["webchat"] + 1))
    async def test_what_was_shown_stays_and_every_run_is_labelled_first_and_ended(
        self, site: Site, number: int, *, after: bool
    ) -> None:
        customer = WebchatCustomer(site)
        async with site.served(number, after=after) as doomed:
            await customer.ask(doomed.address, FIRST)
            await doomed.died()
        assert await customer.ask(site.api, FIRST)
        before = await site.shown(customer.name)

        async with site.served() as healthy:
            await site.ended(turns=1)
            await healthy.stopped()

        events = await site.shown(customer.name)
        runs = [list(run) for _, run in groupby(events, key=lambda event: event.run_id)]
        assert events[: len(before)] == before
        assert all(run[0].kind is EventKind.LABEL for run in runs)
        assert [run[-1].kind for run in runs[:-1]] == [EventKind.INTERRUPTED] * (len(runs) - 1)
        assert runs[-1][-1].kind is EventKind.END
        # Only what was seen by somebody is broken off; a label alone is gone on from.
        assert all(EventKind.SENTENCE in {event.kind for event in run} for run in runs)
        assert await site.broken_chains() == 0
