"""Which earlier release a new one is compared with: one that was accepted, never just the last.

Else whoever was held with 1.0.1 would come again with the same code as 1.0.2, «unchanged».
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from analyzer.model import IndexEntry
from analyzer.registry.context import days_between
from analyzer.registry.semver import precedence
from gate.model import Outcome

ESTABLISHED_DAYS = 30
"""A release that nobody here asked for yet counts as accepted when it stood so long, unyanked."""
OutcomeOf = Callable[[IndexEntry], Outcome | None]


def accepted_before(
    entries: Iterable[IndexEntry], own: IndexEntry, outcome_of: OutcomeOf, day: str
) -> IndexEntry | None:
    """The nearest lower accepted version that came earlier, else the newest accepted one.

    `outcome_of` gives what is ruled about a release here, None for nothing. None if there is none:
    then all of the release counts as new.
    """
    earlier = [
        one
        for one in entries
        if one.version != own.version
        and (one.published < own.published or not (one.published and own.published))
        and not one.is_yanked
        and _is_accepted(one, outcome_of(one), day)
    ]
    mine = _key(own)
    lower = [one for one in earlier if _key(one) < mine]
    return max(lower, key=_key, default=max(earlier, key=lambda one: one.published, default=None))


def _is_accepted(one: IndexEntry, outcome: Outcome | None, day: str) -> bool:
    if outcome is not None:
        return outcome is Outcome.SERVE
    return bool(one.published) and days_between(one.published, day) >= ESTABLISHED_DAYS


def _key(one: IndexEntry) -> tuple[object, ...]:
    return precedence(one.version) or ()
