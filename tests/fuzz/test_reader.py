"""Whatever bytes come in, the reader answers or refuses; it neither fails nor hangs nor makes up.

`FUZZ_EXAMPLES` sets how many mutations each test tries; `make fuzz` asks for many.
"""

import os
import random
from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labelling import reader
from labelling.conformance.carriers import Carrier, carriers
from labelling.conformance.cases import value
from labelling.content import MediaType
from labelling.errors import LabellingError
from labelling.reader import Reading, Verdict
from labelling.reading.source import Source
from labelling.sniff import sniff, sniff_source

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "60"))
CARRIERS = [carrier for carrier in carriers() if not carrier.beside]
bounded = settings(
    max_examples=EXAMPLES,
    deadline=5000,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@cache
def contents(name: str) -> tuple[bytes, bytes]:
    carrier = next(carrier for carrier in CARRIERS if carrier.name == name)
    return carrier.plain(), carrier.put(value())


def reading(media_type: MediaType, content: bytes) -> Reading | None:
    try:
        return reader.read(media_type, content)
    except LabellingError:
        return None


def mutated(content: bytes, seed: int) -> bytes:
    """Flip, cut, double, move and lie about lengths, a few times over."""
    chance = random.Random(seed)  # noqa: S311 -- repeatable, not secret
    data = bytearray(content)
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(data) + 1)
        kind = chance.randrange(6)
        if kind == 0 and place < len(data):
            data[place] ^= 1 << chance.randrange(8)
        elif kind == 1:
            data[place : place + 4] = chance.choice(
                [b"\xff\xff\xff\xff", bytes(4), b"\x7f\xff\xff\xff", b"\0\0\0\1", b"AIGC"]
            )
        elif kind == 2:
            del data[place : place + chance.randint(1, 40)]
        elif kind == 3:
            data[place:place] = data[place : place + chance.randint(1, 200)]
        elif kind == 4 and len(data) > 1:
            data = data[: max(1, place)]
        else:
            data[place:place] = chance.randbytes(chance.randint(1, 20))
    return bytes(data)


@pytest.mark.parametrize("carrier", CARRIERS, ids=lambda carrier: carrier.name)
class TestMutations:
    @bounded
    @given(st.integers(min_value=0, max_value=2**32))
    def test_a_damaged_label_is_read_or_refused(self, carrier: Carrier, seed: int) -> None:
        found = reading(carrier.media_type, mutated(contents(carrier.name)[1], seed))

        assert found is None or found.verdict in set(Verdict)
        # A label was there, so it may be missed, but a strict one has all of its values.
        assert found is None or not found.strict or found.fields is not None

    @bounded
    @given(st.integers(min_value=0, max_value=2**32))
    def test_damage_makes_no_label(self, carrier: Carrier, seed: int) -> None:
        found = reading(carrier.media_type, mutated(contents(carrier.name)[0], seed))

        # The word `AIGC` is one of the mutations; a value it never is.
        assert found is None or found.verdict in {Verdict.ABSENT, Verdict.MALFORMED}

    def test_every_beginning_of_a_file_is_read_or_refused(self, carrier: Carrier) -> None:
        whole = contents(carrier.name)[1]

        for end in list(range(0, len(whole), max(1, len(whole) // 100))):
            reading(carrier.media_type, whole[:end])


@bounded
@given(st.binary(max_size=300), st.sampled_from(list(MediaType)))
def test_any_bytes_are_read_or_refused(content: bytes, media_type: MediaType) -> None:
    found = reading(media_type, content)

    assert found is None or found.verdict is Verdict.ABSENT


def heads() -> Iterator[bytes]:
    for carrier in CARRIERS:
        yield carrier.plain()[:16]


@bounded
@given(st.sampled_from(list(heads())), st.binary(max_size=300))
def test_the_medium_of_any_bytes_is_told_or_refused(head: bytes, rest: bytes) -> None:
    for tell in (sniff, lambda content: sniff_source(Source.of(content))):
        try:
            assert tell(head + rest) in set(MediaType)
        except LabellingError as error:
            assert "neither" in str(error)  # noqa: PT017 -- either answer is right
