"""The values of a policy, as an owner wrote them in `cratescope.toml`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from analyzer.model import Phase, Severity
from analyzer.policy.audits import Audits
from analyzer.registry.ranges import ALL, Range


class Git(StrEnum):
    """Which packages from git are let in: any, those whose manifest names a commit, none."""

    ALLOW = "allow"
    PINNED = "pinned"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Threshold:
    """From which severity on a finding in a phase is held, or denied; None: as the verdict says."""

    phase: Phase
    quarantine: Severity | None = None
    deny: Severity | None = None


@dataclass(frozen=True, slots=True)
class RuleChange:
    """Another severity for a rule, or none at all (`severity` None: not used), with a reason.

    With `phases` only for findings that run in nothing else than these.
    """

    rule: str
    severity: Severity | None
    reason: str
    phases: tuple[Phase, ...] = ()


@dataclass(frozen=True, slots=True)
class AgeException:
    """A crate whose new versions need not wait."""

    crate: str
    versions: Range
    reason: str


@dataclass(frozen=True, slots=True)
class Ability:
    """A capability by its name; with `phases` in these only."""

    name: str
    phases: tuple[Phase, ...] = ()


@dataclass(frozen=True, slots=True)
class Allowance:
    """All that a crate may do. `crate` is `*` for every crate without an entry of its own."""

    crate: str
    abilities: tuple[Ability, ...]
    versions: Range = ALL


@dataclass(frozen=True, slots=True)
class Adoption:
    """Who took in what was in use, why, and until when. Days as `YYYY-MM-DD`, both included."""

    author: str
    reason: str
    created: str
    expires: str


@dataclass(frozen=True, slots=True)
class KnownCrate:
    """A crate as it was when somebody looked: its bytes and what they can do.

    `adoption` is the baseline that took it in, None where it was only learned; then `findings` are
    those that it accepts, each as `rule evidence`.
    """

    name: str
    version: str
    sha256: str
    abilities: tuple[Ability, ...]
    findings: tuple[str, ...] = ()
    adoption: Adoption | None = None


@dataclass(frozen=True, slots=True)
class Files:
    """Files that a policy names, relative to its own folder; empty for none."""

    cargo_vet: str = ""
    baseline: str = ""
    learned: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """What an owner wants. Ages in days; `registries` None: any. The default asks for nothing.

    `digest` is the sha256 of the file; `sources` those of the files it names, as `name sha256`.
    """

    name: str = ""
    digest: str = ""
    is_observing: bool = False
    fails_on_stale: bool = True
    thresholds: tuple[Threshold, ...] = ()
    changes: tuple[RuleChange, ...] = ()
    version_age_days: int = 0
    name_age_days: int = 0
    age_exceptions: tuple[AgeException, ...] = ()
    allowances: tuple[Allowance, ...] = ()
    registries: tuple[str, ...] | None = None
    git: Git = Git.ALLOW
    publishers: tuple[str, ...] = ()
    criteria: tuple[str, ...] = ()
    files: Files = field(default_factory=Files)
    known: tuple[KnownCrate, ...] = ()
    audits: Audits = field(default_factory=Audits)
    sources: tuple[str, ...] = ()

    @property
    def can_raise(self) -> bool:
        """Whether it may hold a crate whose verdict is CLEAR for findings below REVIEW."""
        return bool(self.thresholds) or any(one.severity for one in self.changes)

    @property
    def asks_age(self) -> bool:
        """Whether days of publication matter."""
        return bool(self.version_age_days or self.name_age_days)
