"""What a cargo-vet store says: who audited which version of a crate under which criteria."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from analyzer.registry.ranges import Range

_CHAIN_MOST = 200
"""Deltas looked at from one audited version; a real chain has a dozen."""


@dataclass(frozen=True, slots=True)
class Audit:
    """One record. A whole `version`, or a delta that leads to it from `base`, or a `violation`.

    `criteria` are local names and all that they imply; `origin` is the import it came from, empty
    for one's own. `is_partial`: it speaks of some targets only, and so of no crate as a whole.
    """

    crate: str
    who: str
    criteria: tuple[str, ...]
    version: str = ""
    base: str = ""
    violation: Range | None = None
    origin: str = ""
    is_partial: bool = False

    def __str__(self) -> str:
        by = f" by {self.who}" if self.who else ""
        via = f" (from {self.origin})" if self.origin else ""
        what = f"{self.base} -> {self.version}" if self.base else self.version
        return f"{what}{by} as {', '.join(self.criteria)}{via}".lstrip()


@dataclass(frozen=True, slots=True)
class Trusted:
    """Every version that a publisher released between two days (`YYYY-MM-DD`), both included.

    `publisher` is a crates.io user id, or a trusted publisher's name.
    """

    crate: str
    publisher: str
    start: str
    end: str
    criteria: tuple[str, ...]
    who: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Exemption:
    """A version that is used without an audit: a to-do of its owners, never an approval."""

    crate: str
    version: str
    criteria: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Audits:
    """A whole store."""

    audits: tuple[Audit, ...] = ()
    trusted: tuple[Trusted, ...] = ()
    exemptions: tuple[Exemption, ...] = ()
    criteria: tuple[str, ...] = ()

    def chain(self, crate: str, version: str, criterion: str) -> tuple[Audit, ...]:
        """A whole audit and the deltas from it to exactly this version, the fewest; or nothing."""
        usable = [
            one for one in self._of(crate) if criterion in one.criteria and not one.is_partial
        ]
        ways: dict[str, tuple[Audit, ...]] = {}
        for one in usable:
            if not one.base and one.version:
                ways.setdefault(one.version, (one,))
        pending = deque(ways)
        while pending and version not in ways:
            here = pending.popleft()
            for one in usable:
                is_new = one.base == here and one.version not in ways
                if is_new and len(ways[here]) < _CHAIN_MOST:
                    ways[one.version] = (*ways[here], one)
                    pending.append(one.version)
        return ways.get(version, ())

    def violation(self, crate: str, version: str) -> Audit | None:
        """A record that this version does not meet its criteria."""
        for one in self._of(crate):
            if one.violation is not None and one.violation.covers(version):
                return one
        return None

    def notes(self, crate: str, version: str) -> tuple[str, ...]:
        """What is on record of this version and approves nothing by itself."""
        rows = [
            f"exempted from audits as {', '.join(one.criteria)}"
            for one in self.exemptions
            if (one.crate, one.version) == (crate, version)
        ]
        rows += [
            f"releases of publisher {one.publisher} from {one.start} to {one.end} are trusted as "
            f"{', '.join(one.criteria)}; who published this one is not known here"
            for one in self.trusted
            if one.crate == crate
        ]
        return tuple(rows)

    def _of(self, crate: str) -> list[Audit]:
        return [one for one in self.audits if one.crate == crate]
