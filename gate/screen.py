"""What an index file alone tells against a release, before anybody reads its bytes."""

from __future__ import annotations

from datetime import date

from analyzer.config import is_default_source
from analyzer.model import IndexEntry
from analyzer.policy.terms import Policy
from analyzer.registry.context import published
from gate.model import Outcome
from gate.standings import Known


def foreign(entry: IndexEntry, own_index: str) -> str:
    """The registry that a dependency would make cargo ask, past this gate (G4); empty for none."""
    for one in entry.dependencies:
        other = one.registry
        is_own = is_default_source(other) and is_default_source(own_index)
        is_own = is_own or other.removeprefix("sparse+").rstrip("/") == own_index.rstrip("/")
        if other and not is_own:
            return other
    return ""


def held_versions(
    entries: tuple[IndexEntry, ...], known: Known, policy: Policy, own_index: str, day: str
) -> frozenset[str]:
    """The versions that cargo should step back from: held, denied, changed, or too young."""
    young = _young(entries, policy, day)
    return frozenset(one.version for one in entries if _is_held(one, known, own_index, day, young))


def _is_held(
    one: IndexEntry, known: Known, own_index: str, day: str, young: frozenset[str]
) -> bool:
    if known.pins.get(one.version, one.checksum) != one.checksum:
        return True
    ruling = known.ruling(one.version, one.checksum, day)
    if ruling is not None:
        return ruling.outcome is not Outcome.SERVE
    return one.version in young or bool(foreign(one, own_index))


def _young(entries: tuple[IndexEntry, ...], policy: Policy, day: str) -> frozenset[str]:
    """Versions that the policy's minimum ages hold, as far as times are known."""
    if not policy.asks_age or policy.is_observing:
        return frozenset()
    today = date.fromisoformat(day)
    _, first = published(entries, "")
    is_new_name = _days(first, today) < policy.name_age_days if first else False
    return frozenset(
        one.version
        for one in entries
        if (
            is_new_name or (one.published and _days(one.published, today) < policy.version_age_days)
        )
        and not any(
            item.crate == one.name and item.versions.covers(one.version)
            for item in policy.age_exceptions
        )
    )


def _days(moment: str, today: date) -> int:
    return (today - date.fromisoformat(moment[:10])).days
