"""How guards look at a text, one after the other."""

from collections.abc import Sequence

from agents.guards import Finding, Guard, Masked, Masker, Verdict

_STOPS = frozenset({Verdict.REFUSE, Verdict.HAND_OFF})


async def look(guards: Sequence[Guard], text: str) -> Finding:
    """Let guards look at a text until one stops it; each gets what the one before left of it.

    Raises:
        AgentError: A guard gave no verdict.
    """
    finding = Finding(Verdict.PASS, text)
    for guard in guards:
        finding = await guard.check(finding.text)
        if finding.verdict in _STOPS:
            return finding
    return finding


async def look_and_mask(
    guards: Sequence[Guard], text: str, beside: Sequence[str]
) -> tuple[Finding, Masked]:
    """Let guards look at a text, and mask with it what goes to the model `beside` it.

    The texts come back in that order. A guard after a masker sees nothing that it masked.

    Raises:
        AgentError: A guard gave no verdict.
    """
    finding = Finding(Verdict.PASS, text)
    masked = Masked((text, *beside), {})
    for guard in guards:
        if isinstance(guard, Masker):
            more = guard.mask(masked.texts)
            masked = Masked(more.texts, {**masked.masked, **more.masked})
            continue
        finding = await guard.check(masked.texts[0])
        masked = Masked((finding.text, *masked.texts[1:]), masked.masked)
        if finding.verdict in _STOPS:
            break
    return finding, masked
