"""What a sentence claims, and whether its sources say so."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from agents.masking import PLACEHOLDER
from agents.patterns import read_patterns

_NUMERALS = "零一二三四五六七八九"
_POWERS = {"十": 10, "百": 100, "千": 1000, "万": 10000}
_BARE = re.compile(r"\d+\.\d+|\d{2,}")
_THOUSANDS = re.compile(r",(?<=\d,)(?=\d{3}(?!\d))")
_CITATION = re.compile(r"\[\d{1,2}\]")
_CONTACT = re.compile(
    r"(?:https?://|www\.)[^\s,。;!?()<>\u4e00-\u9fa5]+"
    r"|[a-z0-9][\w.+-]{0,63}@[\w.-]{1,250}\.[a-z]{2,}"
    r"|(?<![\w@.])(?:[a-z0-9-]{1,63}\.){1,9}(?:com|cn|net|org|shop|top|vip|cc|io|me)(?![a-z])[^\s,。;!?()<>\u4e00-\u9fa5]*"
    r"|(?<!\d)(?:\+?86[- ]?)?1[3-9]\d(?:[- ]?\d{4}){2}(?!\d)"
    r"|(?<!\d)(?:0\d{2,3}|[48]00)[- ]?\d{3,4}[- ]?\d{4}(?!\d)"
    # Han characters are \W here: 微信是, QQ群号, 加V: and the like all lead to the name.
    r"|(?:(?<=微信)|(?<=vx)|(?<=wx)|(?<=wechat)|(?<=qq)|(?<=加v))\W{0,5}[a-z0-9][\w-]{4,19}",
    re.ASCII,
)
_LOOSE = re.compile(r"[\s-]+")
_NOT_IN_NAMES = re.compile(r"^\W+|[\s-]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Claims:
    """What can be checked in a text, in one notation."""

    amounts: frozenset[tuple[Decimal, str]]
    """Numbers with their units."""
    numbers: frozenset[Decimal]
    """Numbers without: in a source their unit may stand in a table's head."""
    contacts: frozenset[str]
    placeholders: frozenset[str]


class Grounding:
    """What the passages and the customer say, to hold sentences against."""

    def __init__(self, sources: Iterable[str]) -> None:
        """`sources` are the passages shown to the model and the question they answer."""
        text = _fold("\n".join(sources))
        self._placeholders = frozenset(PLACEHOLDER.findall(text))
        self._amounts, rest = _sift(text)
        self._numbers = _numbers(rest)
        self._text = _LOOSE.sub("", text)

    def holds(self, sentence: str) -> bool:
        """Tell whether everything the sentence claims stands in a source."""
        claims = read_claims(sentence)
        numbers = self._numbers | {number for number, _ in self._amounts}
        return (
            all(amount in self._amounts or amount[0] in self._numbers for amount in claims.amounts)
            and claims.numbers <= numbers
            and claims.placeholders <= self._placeholders
            and all(contact in self._text for contact in claims.contacts)
        )


def read_claims(text: str) -> Claims:
    """Read what can be checked in a text; citations are not claims."""
    folded = _CITATION.sub(" ", _fold(text))
    contacts = frozenset(_NOT_IN_NAMES.sub("", match) for match in _CONTACT.findall(folded))
    placeholders = frozenset(PLACEHOLDER.findall(folded))
    amounts, rest = _sift(PLACEHOLDER.sub(" ", _CONTACT.sub(" ", folded)))
    return Claims(amounts, _numbers(rest), contacts, placeholders)


def _fold(text: str) -> str:
    return _THOUSANDS.sub("", unicodedata.normalize("NFKC", text).lower())


@dataclass(frozen=True, slots=True)
class _Units:
    pattern: re.Pattern[str]
    names: Mapping[str, str]
    with_numerals: frozenset[str]


def _sift(text: str) -> tuple[frozenset[tuple[Decimal, str]], str]:
    """Take the amounts out of a text; give them, and what is left."""
    amounts: set[tuple[Decimal, str]] = set()

    def take(match: re.Match[str]) -> str:
        amounts.update(_amounts(match))
        return " "

    rest = _units().pattern.sub(take, text)
    return frozenset(amounts), rest


def _numbers(text: str) -> frozenset[Decimal]:
    return frozenset(map(Decimal, _BARE.findall(text)))


def _amounts(match: re.Match[str]) -> Iterator[tuple[Decimal, str]]:
    units = _units()
    name = match["unit"] or ("元" if match["money"] else "%")
    for number in filter(None, match.group("least", "most", "money", "share")):
        if number[0].isdecimal():
            yield _amount(Decimal(number), units.names[name])
        elif match["share"] or name in units.with_numerals:
            yield _amount(_value(number), units.names[name])


def _amount(value: Decimal, unit: str) -> tuple[Decimal, str]:
    """Bring 85 折 and 8.5 折 together."""
    whole = 10
    return (value / whole if unit == "折" and value > whole else value), unit


def _value(numeral: str) -> Decimal:
    """Read a Chinese numeral up to 99,999,999."""
    total = section = digit = 0
    for character in numeral.replace("两", "二"):
        if character == "半":
            return Decimal("0.5") + total + section + digit
        power = _POWERS.get(character)
        if power is None:
            digit = digit * 10 + _NUMERALS.index(character)
        elif power == _POWERS["万"]:
            total, section, digit = (total + section + digit) * power, 0, 0
        else:
            section, digit = section + max(digit, 1) * power, 0
    return Decimal(total + section + digit)


@cache
def _units() -> _Units:
    rows = read_patterns("agents", "claims.toml")["unit"]
    names = {name: row["names"][0] for row in rows for name in row["names"]}
    longest_first = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    # Bounded, and never begun in mid-number: else a long run of digits is tried from each of them.
    number = r"(?:(?<![\d.])\d{1,12}(?:\.\d{1,6})?|[一二三四五六七八九十百千万两半零]{1,12})"
    pattern = re.compile(
        # The look ahead is for speed: nearly every place fails it at once.
        r"(?=[¥$\d一二三四五六七八九十百千万两半零])(?:"
        rf"[¥$]\s*(?P<money>\d+(?:\.\d+)?)|百分之(?P<share>{number})"
        rf"|(?:(?P<least>{number})\s*(?:元|块|%|[a-z]{{1,2}})?\s*[-~–—至到或、]\s*)?"
        rf"(?P<most>{number})\s*(?P<unit>{longest_first})(?![a-z]))"
    )
    return _Units(pattern, names, frozenset(name for row in rows for name in row["numerals"]))
