"""A part of `make prove`, which tries every mutant of the gate."""

import pytest

from tests.prove.gate import survivors
from tests.prove.mutants import GATE, mutants

_SHARE = 20


def test_every_module_of_the_gate_has_mutants() -> None:
    assert {mutant.module for mutant in mutants()} == set(GATE)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_weakened_gate_is_noticed() -> None:
    chosen = mutants()[7::_SHARE]

    assert survivors(chosen) == []
