"""What an owner's policy makes of a verdict: a decision, each clause of it, and waivers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What may happen with a crate. Precedence: DENY, QUARANTINE, ALLOW."""

    ALLOW = "ALLOW"
    QUARANTINE = "QUARANTINE"
    DENY = "DENY"


class ClauseKind(StrEnum):
    """Which part of a policy speaks."""

    VERDICT = "verdict"
    WAIVER = "waiver"
    THRESHOLD = "threshold"
    AGE = "age"
    CAPABILITY = "capability"
    SOURCE = "source"
    PUBLISHER = "publisher"
    CARGO_VET = "cargo-vet"
    CHECKSUM = "checksum"
    BASELINE = "baseline"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Waiver:
    """A named, dated exception.

    An exact one names `version`, `sha256` and `evidence` (fingerprint of what was accepted), and
    may cover a BLOCK; one with a range (`versions`) covers less than that. Dates are `YYYY-MM-DD`;
    it holds from `created`, if stated, to `expires`, both days included. `place` is `file:line`.
    """

    rule: str
    crate: str
    reason: str
    author: str
    expires: str
    version: str = ""
    sha256: str = ""
    evidence: str = ""
    versions: str = ""
    created: str = ""
    place: str = ""

    @property
    def is_exact(self) -> bool:
        """Whether it binds to the bytes and to the evidence."""
        return not self.versions


@dataclass(frozen=True, slots=True)
class Clause:
    """One step of a decision. `evidence` is the fingerprint that a waiver for `rule` would name.

    `outcome` is what this clause asks for by itself, after waivers and acceptance.
    """

    kind: ClauseKind
    outcome: Outcome
    text: str
    rule: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """The worst of its clauses. `is_incomplete`: held because something could not be read.

    `used` are the waivers it rests on; `stale` says of each waiver that names the crate and
    covered nothing why that is so. `policy` names the file, `digest` its sha256; `sources` are the
    files that it names in turn, each as `name sha256`. `adopted` counts what a baseline accepted.
    """

    outcome: Outcome
    clauses: tuple[Clause, ...]
    is_incomplete: bool = False
    is_observed: bool = False
    used: tuple[Waiver, ...] = ()
    stale: tuple[StaleWaiver, ...] = ()
    policy: str = ""
    digest: str = ""
    sources: tuple[str, ...] = ()
    adopted: int = 0

    @property
    def why(self) -> str:
        """The text of the clause that decided, in one line."""
        return next((one.text for one in self.clauses if one.outcome is self.outcome), "")


@dataclass(frozen=True, slots=True)
class StaleWaiver:
    """A waiver that did nothing, and why."""

    waiver: Waiver
    why: str
