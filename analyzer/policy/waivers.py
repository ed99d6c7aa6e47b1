"""Which waiver covers what, and why a waiver covers nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from analyzer.model import Decision, StaleWaiver, Waiver
from analyzer.policy.case import Case
from analyzer.registry.ranges import parse_requirement

_UNKNOWN = "its rule speaks of nothing here"


class Hand:
    """The waivers that name one case's crate and version, and those that were used for it."""

    def __init__(self, case: Case, waivers: Iterable[Waiver], today: date) -> None:
        self._case, self._today = case, today.isoformat()
        self._named = [one for one in waivers if names(one, case)]
        self._seen: dict[str, str] = {}
        self._final: set[str] = set()
        self.used: list[Waiver] = []

    def exact(self, rule: str, evidence: str, *, is_final: bool = False) -> Waiver | None:
        """A waiver in force for this rule, these bytes and this evidence; none if it `is_final`."""
        if is_final:
            self._final.add(rule)
            return None
        self._seen[rule] = evidence
        for one in self._named:
            if one.is_exact and one.rule == rule and not self._trouble(one):
                return self._taken(one)
        return None

    def ranged(self, rule: str) -> Waiver | None:
        """A waiver in force for this rule in a range of versions: for less than a BLOCK only."""
        for one in self._named:
            if not one.is_exact and one.rule == rule and not _untimely(one, self._today):
                return self._taken(one)
        return None

    def stale(self) -> Iterator[StaleWaiver]:
        """Waivers for this crate and version that were of no use; content unread tells nothing."""
        for one in self._named:
            why = self._trouble(one)
            if one in self.used or (why == _UNKNOWN and not self._case.is_read):
                continue
            yield StaleWaiver(one, why or "a waiver for a range covers no BLOCK")

    def _taken(self, waiver: Waiver) -> Waiver:
        if waiver not in self.used:
            self.used.append(waiver)
        return waiver

    def _trouble(self, one: Waiver) -> str:
        if one.rule in self._final:
            return "no waiver covers this rule"
        why = _untimely(one, self._today)
        if why or (not one.is_exact and one.rule in self._seen):
            return why
        if one.rule not in self._seen:
            return _UNKNOWN
        if one.sha256 != self._case.sha256:
            return "the bytes are others: its sha256 is not that of the crate"
        if one.evidence != self._seen[one.rule]:
            return f"the evidence has changed; it is {self._seen[one.rule]} now"
        return ""


def names(waiver: Waiver, case: Case) -> bool:
    """Whether a waiver is meant for this crate and version."""
    if waiver.crate != case.name:
        return False
    if waiver.is_exact:
        return waiver.version == case.version
    return parse_requirement(waiver.versions).covers(case.version)


def _untimely(one: Waiver, today: str) -> str:
    if today > one.expires:
        return f"expired on {one.expires}"
    return f"begins on {one.created}" if today < one.created else ""


def stale_waivers(
    waivers: Iterable[Waiver], decisions: Sequence[Decision], judged: Sequence[Case], today: date
) -> tuple[StaleWaiver, ...]:
    """Waivers of no use over a whole run, each once, in the order of the file.

    One for a crate that was not read at all (its name alone was checked) is not called stale.
    """
    used = {one for decision in decisions for one in decision.used}
    whys = {one.waiver: one.why for decision in decisions for one in decision.stale}
    found = []
    for one in waivers:
        why = whys.get(one) or _untimely(one, today.isoformat())
        if not why and not any(names(one, case) for case in judged):
            version = one.version or one.versions
            why = f"{one.crate} {version} is not here"
        if one not in used and why:
            found.append(StaleWaiver(one, why))
    return tuple(found)
