"""What a policy makes of a run over several crates."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.model import Decision, Gap, Outcome, StaleWaiver

WORST_FIRST = (Outcome.DENY, Outcome.QUARANTINE, Outcome.ALLOW)


@dataclass(frozen=True, slots=True)
class Ruling:
    """The decision on one crate of a run."""

    name: str
    version: str
    decision: Decision


@dataclass(frozen=True, slots=True)
class Decided:
    """What a policy makes of a run. `stale`: waivers of no use over all of it; they fail the run
    if `fails_on_stale`. `unread`: something that is no single crate's, such as half a lock file.
    """

    rulings: tuple[Ruling, ...]
    policy: str
    digest: str
    sources: tuple[str, ...] = ()
    stale: tuple[StaleWaiver, ...] = ()
    fails_on_stale: bool = True
    is_observed: bool = False
    unread: tuple[Gap, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The worst of all crates; what nobody could read, and a stale waiver, hold."""
        held = bool(self.unread) or (self.fails_on_stale and bool(self.stale))
        more = (Outcome.QUARANTINE,) if held else ()
        outcomes = (*(one.decision.outcome for one in self.rulings), *more)
        return min(outcomes, key=WORST_FIRST.index, default=Outcome.ALLOW)

    @property
    def is_incomplete(self) -> bool:
        """Whether something is held because it could not be read."""
        return bool(self.unread) or any(one.decision.is_incomplete for one in self.rulings)

    def count(self, outcome: Outcome) -> int:
        """How many crates have this outcome."""
        return sum(one.decision.outcome is outcome for one in self.rulings)
