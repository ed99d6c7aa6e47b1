"""Shares with the intervals that small numbers deserve."""

from __future__ import annotations

import math

_Z = 1.96


def share(hits: int, total: int) -> str:
    """`hits/total`, the share, and Wilson's 95 % interval for it."""
    if not total:
        return "0/0"
    p = hits / total
    below = 1 + _Z * _Z / total
    middle = (p + _Z * _Z / (2 * total)) / below
    half = _Z * math.sqrt(p * (1 - p) / total + _Z * _Z / (4 * total * total)) / below
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return f"{hits}/{total} = {p:.0%} ({low:.0%} to {high:.0%})"
