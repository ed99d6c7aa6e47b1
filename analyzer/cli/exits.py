"""Exit codes: what several targets add up to. The codes are promises (README)."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.model import Verdict

CODES = {Verdict.CLEAR: 0, Verdict.REVIEW: 10, Verdict.BLOCK: 20, Verdict.INCOMPLETE: 30}
_RANK = (20, 1, 2, 30, 10, 0)
"""One crate that breaks us must not hide another that is blocked; what is unread is not clear."""


def exit_code(codes: Iterable[int]) -> int:
    """The code of a run over several targets: 20 before 1 before 2 before 30 before 10 before 0."""
    return min(codes, key=_RANK.index, default=0)
