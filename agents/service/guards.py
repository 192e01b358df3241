"""The guards a brand's service graph begins with."""

from agents.guards import Guards
from agents.masking import PersonalDataGuard
from agents.moderation import DisclosureGuard, InjectionGuard, SizeGuard
from agents.service.prompts import instructions


def default_guards(brand_name: str, *, max_input_chars: int = 2000) -> Guards:
    """Put the guards in order: cheap first, masking before any that may ask a remote service."""
    return Guards(
        input=(SizeGuard(max_input_chars), InjectionGuard(), PersonalDataGuard()),
        output=(DisclosureGuard(instructions(brand_name)),),
    )
