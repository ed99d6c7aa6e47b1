"""What the analysis says: findings, verdict, report, and the context it was given."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from analyzer.model.crate import (
    Advisory,
    Dependency,
    IndexEntry,
    NameRecord,
    Origin,
    TargetKind,
    VcsTree,
)
from analyzer.model.decision import Decision
from analyzer.model.facts import QUIET, Fact, FactKind, Gap, Guard, Hop, Phase, Span, Where
from analyzer.model.observation import Observation, Trace


class Severity(StrEnum):
    """How bad if true."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Confidence(StrEnum):
    """How likely true."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Support(StrEnum):
    """Which witness speaks for a finding."""

    STATIC = "static"
    OBSERVED = "observed"
    MIXED = "mixed"
    CORROBORATED = "corroborated"


class Verdict(StrEnum):
    """What the analysis says of one crate. Precedence: BLOCK, INCOMPLETE, REVIEW, CLEAR."""

    CLEAR = "CLEAR"
    REVIEW = "REVIEW"
    BLOCK = "BLOCK"
    INCOMPLETE = "INCOMPLETE"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A fact that a finding cites, cut to what a reader needs."""

    kind: FactKind
    subject: str
    role: str
    where: Where
    snippet: str = ""
    derivation: tuple[str, ...] = ()
    guards: tuple[Guard, ...] = ()


_ASIDE = QUIET | {Phase.BUILD_HELPER}


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that held, with its evidence. `is_blocking`: the rule itself asks for BLOCK.

    `path` leads from a cited source to a cited sink where the value was followed; else empty.
    """

    rule: str
    title: str
    severity: Severity
    confidence: Confidence
    support: Support
    phases: tuple[Phase, ...]
    attack: tuple[str, ...]
    techniques: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    is_blocking: bool = False
    path: tuple[Hop, ...] = ()

    @property
    def sentence(self) -> str:
        """The title as a sentence begins."""
        return f"{self.title[:1].upper()}{self.title[1:]}"

    @property
    def is_quiet(self) -> bool:
        """Whether only tests, examples, benches or unreached files hold the chain, or a library
        that some other crate's build script may call: who calls it there decides.
        """
        return bool(self.phases) and _ASIDE.issuperset(self.phases)


@dataclass(frozen=True, slots=True)
class Half:
    """What a crate does with a value that comes from another crate, or goes to one.

    `takes` and `gives` name the joint (`metadata DEP_X_KEY`, `environment NAME`, `file PATH`);
    without `takes` the value begins here, without `gives` it ends here. `finding` is the rule's,
    with the evidence of this crate alone.
    """

    takes: str
    gives: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class Export:
    """A public function of a library whose result carries what `kinds` says of `subject`, or whose
    parameters `data` end there; at `where` inside the library.

    `path` stands below the crate. Without kinds it only says that it `returns` a type.
    """

    path: str
    is_method: bool
    where: Span
    kinds: tuple[FactKind, ...] = ()
    subject: str = ""
    data: tuple[int, ...] = ()
    snippet: str = ""
    returns: str = ""


@dataclass(frozen=True, slots=True)
class Exports:
    """Exports of a dependency, by the name that sources use."""

    crate: str
    version: str
    is_popular: bool
    rows: tuple[Export, ...]


@dataclass(frozen=True, slots=True)
class Capability:
    """What the code can do, good or bad: a neutral word, where it runs, how often, first place."""

    name: str
    phases: tuple[Phase, ...]
    count: int
    first: Where
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Indicator:
    """A literal of the crate that an investigator can search for: kind is url, address, path ..."""

    kind: str
    value: str
    where: Where


@dataclass(frozen=True, slots=True)
class Point:
    """A part of the score and its owner."""

    rule: str
    points: int
    reason: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was looked at. `phases` counts Rust files by phase; a file may count in several."""

    files: int = 0
    size_bytes: int = 0
    rust_files: int = 0
    rust_size_bytes: int = 0
    parsed_files: int = 0
    prefiltered_files: int = 0
    phases: tuple[tuple[Phase, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Provenance:
    """What made the report: the same values give the same bytes."""

    tool_version: str
    ruleset: str
    limits: str
    as_of: str = ""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CrateInfo:
    """The crate a report speaks of."""

    name: str
    version: str
    sha256: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class FileInfo:
    """One file of the crate; `phases` is empty for what is not Rust."""

    path: str
    sha256: str
    size_bytes: int
    phases: tuple[Phase, ...] = ()


@dataclass(frozen=True, slots=True)
class PackageInfo:
    """What the manifest says that a later version may be compared with, or a graph is made of.

    `kinds`: what cargo builds from it, each once. `is_popular`: its name in the default registry is
    a much-used one. `unnamed`: keys of dependencies that no code uses. `age`: class of the time
    since the name's first release, empty if not known.
    """

    fields: tuple[tuple[str, str], ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    features: tuple[tuple[str, tuple[str, ...]], ...] = ()
    kinds: tuple[TargetKind, ...] = ()
    is_popular: bool = False
    unnamed: tuple[str, ...] = ()
    age: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the analysis says of one crate.

    `files` and `package` are what the next version is compared with (`cratescope diff`).
    `in_builds` are findings that hold if another crate's build runs this library, `halves` what is
    whole only with another crate, `exports` what its functions do for others: for `cratescope
    audit`. None of them stands in a public form of the report. `decision` is what an owner's policy
    makes of it, if one was asked: nothing else of the report changes with it. `observation` is what
    its build did in the sandbox, if it was built there.
    """

    crate: CrateInfo
    verdict: Verdict
    score: int
    summary: str
    findings: tuple[Finding, ...]
    capabilities: tuple[Capability, ...]
    indicators: tuple[Indicator, ...]
    facts: tuple[Fact, ...]
    gaps: tuple[Gap, ...]
    coverage: Coverage
    points: tuple[Point, ...]
    provenance: Provenance
    files: tuple[FileInfo, ...] = ()
    package: PackageInfo = PackageInfo()
    in_builds: tuple[Finding, ...] = ()
    halves: tuple[Half, ...] = ()
    exports: tuple[Export, ...] = ()
    decision: Decision | None = None
    observation: Observation | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """Registry facts around a crate, frozen before analysis; empty where unknown.

    `as_of`: day of the report. `index_entries`: all lines of the name, with dependencies for this
    version and the one before it. `first_published`: (name, time) of dependencies taken up new.
    `sources`: name, state and digest of each database that was asked. `vcs`: the commit that the
    archive names, if a repository was asked for it. `record`: owners and downloads, if asked for.
    `exports`: what functions of dependencies do, as they were read before. `trace`: what a build of
    exactly these bytes did, if there was one.
    """

    as_of: str = ""
    index_entries: tuple[IndexEntry, ...] = ()
    advisories: tuple[Advisory, ...] = ()
    previous: Report | None = None
    dependencies: tuple[Report, ...] = ()
    first_published: tuple[tuple[str, str], ...] = ()
    sources: tuple[str, ...] = ()
    vcs: VcsTree | None = None
    record: NameRecord | None = None
    exports: tuple[Exports, ...] = ()
    trace: Trace | None = None
