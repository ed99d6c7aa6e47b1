from __future__ import annotations

import itertools

import pytest

from analyzer.cli.exits import CODES, exit_code
from analyzer.model import Verdict

WORST_FIRST = (20, 1, 2, 30, 10, 0)


@pytest.mark.parametrize("pair", list(itertools.product(WORST_FIRST, repeat=2)), ids=str)
def test_of_two_codes_the_worse_one_counts(pair: tuple[int, int]) -> None:
    assert exit_code(pair) == min(pair, key=WORST_FIRST.index)


@pytest.mark.parametrize("codes", list(itertools.permutations(WORST_FIRST, 3)), ids=str)
def test_neither_order_nor_number_hides_the_worst(codes: tuple[int, ...]) -> None:
    assert exit_code(codes * 2) == min(codes, key=WORST_FIRST.index)


def test_nothing_to_judge_is_no_failure() -> None:
    assert exit_code(()) == 0


def test_every_verdict_has_its_own_code() -> None:
    assert CODES == {
        Verdict.CLEAR: 0,
        Verdict.REVIEW: 10,
        Verdict.BLOCK: 20,
        Verdict.INCOMPLETE: 30,
    }
