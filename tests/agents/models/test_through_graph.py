"""Our models behind the service graph: what they are shown is enough to answer from."""

from agents.models.dashscope import DashscopeChatModel
from agents.models.offline import OfflineChatModel
from agents.service.graph import build_graph
from agents.turn import Phrase
from simulators.dashscope.simulator import DashscopeSimulator
from tests.agents.builders import PRICE, RETURNS, agent_context, passage, run, turn

_RETURNS = passage(RETURNS)
_PRICE = passage(PRICE, title="价目表", coverage=0.7)


async def test_the_offline_model_quotes_and_says_where_it_stands() -> None:
    context = agent_context(OfflineChatModel(), _RETURNS, _PRICE)

    told, reply = await run(build_graph(), turn("签收后几天内可以退货"), context)

    assert told == ["签收后 7 天内可以无理由退货，商品须完好〔据《退换货政策》〕[1]。"]
    assert reply.passages == (_RETURNS,)
    assert reply.uses[0].route == "offline"
    assert reply.uses[0].output_tokens > 0


async def test_the_offline_model_abstains() -> None:
    context = agent_context(OfflineChatModel(), _RETURNS)

    _, reply = await run(build_graph(), turn("老板今年几岁呢"), context)

    assert (reply.draft, reply.phrase) == (None, Phrase.NO_EVIDENCE)


async def test_dashscope_cites_the_passages_it_is_shown(
    model: DashscopeChatModel, platform: DashscopeSimulator
) -> None:
    context = agent_context(model, _RETURNS, _PRICE)

    _, reply = await run(build_graph(), turn("打 13812345678，签收后几天内可以退货"), context)

    assert reply.draft
    assert "7 天内可以无理由退货" in reply.draft.parts[0].text
    assert reply.passages == (_RETURNS,)
    assert reply.uses[0].route == "dashscope"
    assert "13812345678" not in str(platform.calls[0].body)
