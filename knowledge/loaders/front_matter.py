"""The few lines between `---` on top of a Markdown file: its title, its reach, its validity."""

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, timezone

from knowledge.base import Reach
from knowledge.errors import DocumentUnreadableError

# Dates in shops' files are Chinese ones, and China has one offset all year round.
_CHINA = timezone(timedelta(hours=8))
_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_COMMAS = re.compile(r"[,，、]")


def divide(text: str) -> tuple[Mapping[str, str], str]:
    """Divide a file into its fields and the rest; a file without fields comes back whole."""
    matter = _MATTER.match(text)
    if not matter:
        return {}, text
    pairs = (line.partition(":") for line in matter[1].splitlines() if ":" in line)
    fields = {key.strip().lower(): value.strip().strip("\"'") for key, _, value in pairs}
    return fields, text[matter.end() :]


def reach_of(fields: Mapping[str, str], source: str) -> Reach:
    """Read region, channel, audience (lists), valid_from and valid_to.

    A day without a time stands for all of it: `valid_to: 2026-06-20` still holds on the 20th.

    Raises:
        DocumentUnreadableError: A date is not one.
    """
    return Reach(
        regions=_list(fields.get("region", "")),
        channels=_list(fields.get("channel", "")),
        audiences=_list(fields.get("audience", "")),
        valid_from=_moment(fields, "valid_from", source),
        valid_to=_moment(fields, "valid_to", source),
    )


def _list(value: str) -> tuple[str, ...]:
    return tuple(item for part in _COMMAS.split(value.strip("[]")) if (item := part.strip()))


def _moment(fields: Mapping[str, str], key: str, source: str) -> datetime | None:
    value = fields.get(key, "")
    if not value:
        return None
    try:
        if len(value) == len("2026-06-20"):
            day = date.fromisoformat(value) + timedelta(days=key == "valid_to")
            return datetime.combine(day, time(), _CHINA)
        moment = datetime.fromisoformat(value)
    except (ValueError, OverflowError) as error:
        msg = f"{source!r} has {key} {value!r}: write it as 2026-06-20 or 2026-06-20T18:00:00"
        raise DocumentUnreadableError(msg) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=_CHINA)
