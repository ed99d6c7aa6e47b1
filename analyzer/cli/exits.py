"""Exit codes: what several targets add up to. The codes are promises (README)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from analyzer.model import Outcome, Verdict

CODES = {Verdict.CLEAR: 0, Verdict.REVIEW: 10, Verdict.BLOCK: 20, Verdict.INCOMPLETE: 30}
_RANK = (20, 1, 2, 30, 10, 0)
"""One crate that breaks us must not hide another that is blocked; what is unread is not clear."""


def exit_code(codes: Iterable[int]) -> int:
    """The code of a run over several targets: 20 before 1 before 2 before 30 before 10 before 0."""
    return min(codes, key=_RANK.index, default=0)


class Decided(Protocol):
    """A decision on one crate, or what all of a run add up to."""

    @property
    def outcome(self) -> Outcome: ...  # noqa: D102
    @property
    def is_incomplete(self) -> bool: ...  # noqa: D102
    @property
    def is_observed(self) -> bool: ...  # noqa: D102


def decision_code(one: Decided) -> int:
    """The code of a decision: 0 allowed, 20 denied, 10 held (30 for what could not be read).

    A policy that only observes never asks for more than 0.
    """
    if one.is_observed or one.outcome is Outcome.ALLOW:
        return 0
    if one.outcome is Outcome.DENY:
        return CODES[Verdict.BLOCK]
    return CODES[Verdict.INCOMPLETE if one.is_incomplete else Verdict.REVIEW]
