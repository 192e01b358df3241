"""Personal data: found by shape, replaced before any remote model, put back after."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any

from typing_extensions import override

from agents.guards import Finding, Masked, Masker, Verdict
from agents.patterns import read_patterns

_PHONE = re.compile(
    r"(?<![\dA-Za-z])(?:(?:\+|00)?86[-\s]?)?1[3-9]\d(?:[-\s]?\d{4}){2}(?![\dA-Za-z])"
    r"|(?<![\dA-Za-z-])0\d{2,3}[-\s]\d{7,8}(?![\d-])"
    r"|(?<![\dA-Za-z-])[48]00-?\d{3}-?\d{4}(?![\d-])"
)
_IDENTITY = re.compile(r"(?<![\dA-Za-z])(?:\d[ ]{0,2}){17}[\dXx](?![\dA-Za-z])")
_CARD = re.compile(r"(?<![\dA-Za-z])(?:\d[ -]?){14,18}\d(?![\dA-Za-z])")
_EMAIL = re.compile(r"[A-Za-z0-9][\w.+-]{0,63}@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}", re.ASCII)
_CUE_REACH = 12
"""Characters before a number in which a cue still speaks of it."""


class Kind(StrEnum):
    """Kinds of personal data, by the word their placeholders carry."""

    EMAIL = "邮箱"
    IDENTITY = "证件"
    CARD = "卡号"
    PHONE = "电话"
    ADDRESS = "地址"


PLACEHOLDER = re.compile(rf"〔(?:{'|'.join(Kind)})\d+〕")


@dataclass(frozen=True, slots=True)
class Span:
    """Where a text holds personal data."""

    start: int
    end: int
    kind: Kind


def unmask(text: str, masked: Mapping[str, str]) -> str:
    """Put back what the placeholders stand for; unknown ones stay as they are."""
    return PLACEHOLDER.sub(lambda match: masked.get(match[0], match[0]), text)


def forget_numbers(text: str) -> str:
    """Take the numbers off placeholders, so that a text kept for later is never put back."""
    return PLACEHOLDER.sub(lambda match: re.sub(r"\d+", "", match[0]), text)


def is_resident_identity(number: str) -> bool:
    """Tell whether the check digit of an 18-digit identity number is right (GB 11643)."""
    total = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(number[:17]))
    return "10X98765432"[total % 11] == number[17].upper()


def passes_luhn(number: str) -> bool:
    """Tell whether the check digit of a bank card number is right (ISO/IEC 7812-1)."""
    digits = [int(digit) for digit in reversed(number)]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def find_spans(text: str) -> tuple[Span, ...]:
    """Find personal data; where two kinds overlap the first of `Kind` wins."""
    taken: list[Span] = []
    for kind, finder in _finders().items():
        for start, end in finder(text):
            if all(end <= span.start or start >= span.end for span in taken):
                taken.append(Span(start, end, kind))
    return tuple(sorted(taken, key=lambda span: span.start))


class PersonalDataGuard(Masker):
    """Masks e-mail, identity, card and phone numbers and addresses.

    Laws: unmasking gives back the text; no placeholder is handed out that the texts already held.
    """

    name = "personal_data"

    async def check(self, text: str) -> Finding:
        """Mask one text."""
        result = self.mask([text])
        if not result.masked:
            return Finding(Verdict.PASS, text)
        return Finding(Verdict.MASK, result.texts[0], self.name, result.masked)

    @override
    def mask(self, texts: Sequence[str]) -> Masked:
        """Mask texts together: the same value has the same placeholder in all of them."""
        names = _Names("\n".join(texts))
        replaced = tuple(_replace(text, names) for text in texts)
        return Masked(replaced, names.by_placeholder())


class _Names:
    def __init__(self, seen: str) -> None:
        self._taken = set(PLACEHOLDER.findall(seen))
        self._names: dict[tuple[Kind, str], str] = {}

    def name(self, kind: Kind, value: str) -> str:
        known = self._names.get((kind, value))
        if known is not None:
            return known
        number = 1
        while (placeholder := f"〔{kind.value}{number}〕") in self._taken:
            number += 1
        self._taken.add(placeholder)
        self._names[kind, value] = placeholder
        return placeholder

    def by_placeholder(self) -> dict[str, str]:
        return {placeholder: value for (_, value), placeholder in self._names.items()}


def _replace(text: str, names: _Names) -> str:
    pieces = []
    at = 0
    for span in find_spans(text):
        pieces += [text[at : span.start], names.name(span.kind, text[span.start : span.end])]
        at = span.end
    return "".join([*pieces, text[at:]])


Finder = Callable[[str], Iterator[tuple[int, int]]]


@cache
def _finders() -> Mapping[Kind, Finder]:
    data = read_patterns("agents", "masking.toml")
    return {
        Kind.EMAIL: lambda text: (match.span() for match in _EMAIL.finditer(text)),
        Kind.IDENTITY: _identity_finder(data["identity"]),
        Kind.CARD: _card_finder(data["card"]),
        Kind.PHONE: lambda text: (match.span() for match in _PHONE.finditer(text)),
        Kind.ADDRESS: _address_finder(data["address"]),
    }


def _identity_finder(data: Mapping[str, Any]) -> Finder:
    regions = frozenset(data["regions"])
    cue = re.compile("|".join(data["cues"]))
    travel = re.compile(data["travel"])

    def find(text: str) -> Iterator[tuple[int, int]]:
        for match in _IDENTITY.finditer(text):
            number = match[0].replace(" ", "")
            if number[:2] not in regions or not _is_birthday(number[6:14]):
                continue
            before = text[max(0, match.start() - _CUE_REACH) : match.start()]
            if is_resident_identity(number) or cue.search(before):
                yield match.span()
        yield from (match.span("value") for match in travel.finditer(text))

    return find


def _is_birthday(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return digits[:2] in {"18", "19", "20"}


def _card_finder(data: Mapping[str, Any]) -> Finder:
    issuer = re.compile("|".join(data["issuers"]))

    def find(text: str) -> Iterator[tuple[int, int]]:
        for match in _CARD.finditer(text):
            number = re.sub(r"[ -]", "", match[0])
            if issuer.fullmatch(number) and passes_luhn(number):
                yield match.span()

    return find


def _address_finder(data: Mapping[str, Any]) -> Finder:
    han = "[一-龥]"
    letter = f"(?![{data['never_inside']}])[一-龥A-Za-z]"
    number = r"[0-9０-９A-Za-z一二三四五六七八九十百]{1,6}(?:[-—#][0-9A-Za-z]{1,5}){0,3}"
    province = f"(?:{_any(data['provinces'])})(?:{_any(data['province_ends'])})?"
    district = f"(?:(?:{letter}){{1,7}}?(?:{_any(data['districts'])}))"
    road = f"(?:(?:{letter}){{1,8}}?(?:{_any(data['roads'])}){number}(?:{_any(data['details'])}))"
    place = f"(?:(?:{letter}){{1,10}}?(?:{_any(data['places'])}))"
    detail = f"(?:[,，\\s]?附?{number}(?:{_any(data['details'])}))"
    tail = f"(?:{place}?{detail})*(?:{place}(?!{han}))?(?:\\d{{2,4}}(?!\\d))?"
    leads = data["lead_ins"]
    begin = f"(?:(?<!{han})|(?<={')|(?<='.join(leads)}))(?!{_any(leads)})"
    pattern = re.compile(
        f"{province}{district}{{0,5}}(?:{road}{tail}|{place}{detail}+)"
        f"|{begin}{district}{{1,5}}(?:{road}{tail}|{place}{detail}+)"
        f"|{begin}(?:{road}{tail}|{place}{detail}{{2,}})"
    )
    return lambda text: (match.span() for match in pattern.finditer(text))


def _any(words: Sequence[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))
