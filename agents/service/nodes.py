"""What happens to a turn in the service graph, one thing a node."""

from langgraph.runtime import Runtime

from agents.errors import AgentError, KnowledgeUnavailableError
from agents.guards import Verdict
from agents.service.evidence import judge_passages
from agents.service.followups import plan_searches
from agents.service.guarding import look_and_mask
from agents.service.intents import Intent, read_intent
from agents.service.prompts import SPEAKERS, messages
from agents.service.state import (
    Answered,
    Closed,
    Found,
    Guarded,
    Intake,
    Judged,
    ServiceState,
    Understood,
    Written,
)
from agents.service.summary import extend_summary
from agents.service.writing import Grounds, write_answer
from agents.sheet import Quote, Sheet
from agents.turn import AgentContext, HandOffReason, Phrase, Reply, Turn, Utterance
from knowledge.base import Scope
from knowledge.errors import KnowledgeError
from labelling.content import Draft

_PHRASES = {
    Intent.GREETING: Phrase.GREETING,
    Intent.THANKS: Phrase.THANKS,
    Intent.OUT_OF_SCOPE: Phrase.OUT_OF_SCOPE,
    Intent.NO_WORDS: Phrase.TEXT_ONLY,
}
_REASONS = {
    Intent.WANTS_PERSON: HandOffReason.ASKED,
    Intent.COMPLAINT: HandOffReason.COMPLAINT,
}


async def guard_input(state: ServiceState, runtime: Runtime[AgentContext]) -> Guarded:
    """Stop attacks; mask the question and all that goes to the model with it."""
    turn = state["turn"]
    said = "\n".join(filter(str.strip, turn.messages))
    profile = "\n".join(f"{name}：{value}" for name, value in turn.profile.items())
    beside = [turn.summary, profile, *(utterance.text for utterance in turn.recent)]
    try:
        finding, masked = await look_and_mask(runtime.context.guards.input, said, beside)
    except AgentError:
        return {"reason": HandOffReason.FAILURE}
    if finding.verdict is Verdict.HAND_OFF:
        return {"reason": HandOffReason.POLICY}
    if finding.verdict is Verdict.REFUSE:
        return {"phrase": Phrase.REFUSED}
    question, summary, profile, *texts = masked.texts
    pairs = zip(turn.recent, texts, strict=True)
    recent = tuple(Utterance(utterance.role, text) for utterance, text in pairs)
    return {"intake": Intake(question, recent, summary, profile, masked.masked)}


async def understand(state: ServiceState, runtime: Runtime[AgentContext]) -> Understood:
    """Tell what the customer wants, and plan what to search for."""
    intent = read_intent(state["turn"].messages)
    if intent in _REASONS:
        return {"intent": intent, "reason": _REASONS[intent]}
    if intent in _PHRASES:
        return {"intent": intent, "phrase": _PHRASES[intent]}
    intake = state["intake"]
    searches = plan_searches(intake.question, intake.recent)
    return {"intent": intent, "searches": searches.texts, "earlier": searches.earlier}


async def retrieve(state: ServiceState, runtime: Runtime[AgentContext]) -> Found:
    """Search the brand's knowledge with the eyes of this customer."""
    text, *rest = state["searches"]
    turn, context = state["turn"], runtime.context
    scope = Scope(at=turn.at, region=turn.region, channel=turn.channel, audience=turn.audience)
    try:
        passages = await context.retriever.retrieve(text, scope, context.passages)
    except KnowledgeError as error:
        msg = f"the retriever gave no answer to turn {turn.id!r}"
        raise KnowledgeUnavailableError(msg) from error
    return {"passages": passages, "searches": tuple(rest)}


async def judge(state: ServiceState, runtime: Runtime[AgentContext]) -> Judged:
    """Keep what an answer may stand on."""
    context = runtime.context
    evidence = judge_passages(
        state["passages"],
        min_coverage=context.min_coverage,
        min_similarity=context.min_similarity,
    )
    return {"evidence": evidence}


async def answer(state: ServiceState, runtime: Runtime[AgentContext]) -> Answered:
    """Have the model answer from the evidence, telling each sentence that passes."""
    intake, context = state["intake"], runtime.context
    grounds = Grounds(state["evidence"], intake.question, intake.masked)
    prompt = messages(context.brand_name, _sheet(state))
    written = await write_answer(prompt, grounds, context, runtime.stream_writer)
    if written.gap:
        return {"written": written, "reason": written.gap}
    return {"written": written, "reply": _reply(state, written)}


async def say(state: ServiceState, runtime: Runtime[AgentContext]) -> Closed:
    """Say a fixed text; nobody needs to take over."""
    reply = Reply(
        phrase=state["phrase"], intent=state.get("intent", ""), summary=state["turn"].summary
    )
    return {"reply": reply}


async def hand_off(state: ServiceState, runtime: Runtime[AgentContext]) -> Closed:
    """Offer a person, after what could be answered."""
    reason = state.get("reason", HandOffReason.NO_EVIDENCE)
    return {"reply": _reply(state, state.get("written"), reason)}


def _sheet(state: ServiceState) -> Sheet:
    intake = state["intake"]
    return Sheet(
        quotes=tuple(Quote(found.title, found.heading, found.text) for found in state["evidence"]),
        question=" ".join(intake.question.splitlines()),
        earlier=state["earlier"],
        history="\n".join(f"{SPEAKERS[said.role]}：{said.text}" for said in intake.recent),
        summary=intake.summary,
        profile=intake.profile,
    )


def _reply(
    state: ServiceState, written: Written | None, reason: HandOffReason | None = None
) -> Reply:
    passages = written.cited if written else ()
    phrases = {None: None, HandOffReason.NO_EVIDENCE: Phrase.NO_EVIDENCE}
    return Reply(
        draft=Draft.generated(written.text) if written and written.text else None,
        phrase=phrases.get(reason, Phrase.HAND_OFF),
        intent=state.get("intent", ""),
        hand_off=reason,
        passages=passages,
        summary=_summary(state["turn"], state.get("intake"), reason, written),
    )


def _summary(
    turn: Turn, intake: Intake | None, reason: HandOffReason | None, written: Written | None
) -> str:
    if intake is None:
        return turn.summary
    return extend_summary(turn.summary, intake.question, reason, written.cited if written else ())
