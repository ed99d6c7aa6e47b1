"""The nouns that the stages hand to each other: frozen dataclasses and enums, nothing else.

Standard library only, no behaviour beyond what follows from the value itself. Values survive
pickling and hashing; a stage that needs an open file, a client or a tree keeps it to itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

UNKNOWN = "unknown"
"""Subject of a fact whose subject could not be worked out; rules may match it."""


class Phase(StrEnum):
    """When code runs. One file may run in several phases."""

    BUILD_SCRIPT = "build-script"
    BUILD_HELPER = "build-helper"
    PROC_MACRO = "proc-macro"
    COMPILE = "compile"
    LOAD = "load"
    CONSUMER = "consumer"
    LIBRARY = "library"
    BINARY = "binary"
    TEST = "test"
    EXAMPLE = "example"
    BENCH = "bench"
    UNREACHED = "unreached"


BUILD_TIME = frozenset(
    {Phase.BUILD_SCRIPT, Phase.BUILD_HELPER, Phase.PROC_MACRO, Phase.COMPILE, Phase.LOAD}
)
"""Phases whose code runs on the machine that compiles; a gap there makes a verdict INCOMPLETE."""

QUIET = frozenset({Phase.TEST, Phase.EXAMPLE, Phase.BENCH, Phase.UNREACHED})
"""Phases whose code never reaches a user by itself: it can ask for a REVIEW, never for a BLOCK."""


class FactKind(StrEnum):
    """Closed list of what a fact can say; conventions: `family.action`."""

    FILE_READ = "file.read"
    FILE_WRITE = "file.write"
    FILE_WALK = "file.walk"
    FILE_DELETE = "file.delete"
    FILE_PERMISSION = "file.permission"
    PATH_SECRET = "path.secret"
    ENV_READ = "env.read"
    ENV_READ_ALL = "env.read-all"
    ENV_WRITE = "env.write"
    NET_CONNECT = "net.connect"
    NET_SEND = "net.send"
    NET_RECEIVE = "net.receive"
    NET_RESOLVE = "net.resolve"
    NET_LISTEN = "net.listen"
    PROCESS_SPAWN = "process.spawn"
    PROCESS_SHELL = "process.shell"
    PROCESS_DETACH = "process.detach"
    CODE_DECODE = "code.decode"
    CODE_EMBED = "code.embed"
    CODE_EXECUTE_MEMORY = "code.execute-memory"
    CODE_LOAD = "code.load"
    CODE_NATIVE = "code.native"
    CODE_GENERATE = "code.generate"
    NATIVE_LINK = "native.link"
    SYMBOL_INTERPOSE = "symbol.interpose"
    BUILD_DIRECTIVE = "build.directive"
    VALUE_URL = "value.url"
    VALUE_ADDRESS = "value.address"
    VALUE_SECRET_PATTERN = "value.secret-pattern"
    VALUE_ENCODED = "value.encoded"
    GUARD_CI = "guard.ci"
    GUARD_HOST = "guard.host"
    GUARD_DATE = "guard.date"
    GUARD_PRESENCE = "guard.presence"
    GUARD_DEBUGGER = "guard.debugger"
    GUARD_PLATFORM = "guard.platform"
    TRIGGER_CONSTRUCTOR = "trigger.constructor"
    TRIGGER_DROP = "trigger.drop"
    TRIGGER_STATIC = "trigger.static"
    TRIGGER_MACRO = "trigger.macro"
    CLIPBOARD_READ = "clipboard.read"
    INPUT_CAPTURE = "input.capture"
    SCREEN_CAPTURE = "screen.capture"
    CLOCK_SET = "clock.set"
    ARCHIVE_ANOMALY = "archive.anomaly"
    ARCHIVE_BINARY = "archive.binary"
    ARCHIVE_AUTORUN = "archive.autorun"
    ARCHIVE_UNICODE = "archive.unicode"
    MANIFEST_BUILD_SCRIPT = "manifest.build-script"
    MANIFEST_DEPENDENCY = "manifest.dependency"
    MANIFEST_RENAME = "manifest.rename"
    MANIFEST_CONFIG = "manifest.config"
    REGISTRY_AGE = "registry.age"
    REGISTRY_OWNER = "registry.owner"
    REGISTRY_ADVISORY = "registry.advisory"
    REGISTRY_KNOWN_BAD = "registry.known-bad"
    REGISTRY_NEAR_NAME = "registry.near-name"
    REGISTRY_YANK = "registry.yank"
    COPY_OF_POPULAR = "copy.of-popular"
    MENTION = "mention"
    FLOW = "flow"


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


class Origin(StrEnum):
    """Where the bytes came from."""

    CRATES_IO = "crates.io"
    REGISTRY = "registry"
    ARCHIVE = "archive"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a text file. Lines and columns count from 1; columns count characters."""

    file: str
    line: int
    column: int = 1
    end_line: int = 0
    start_byte: int = 0
    end_byte: int = 0


@dataclass(frozen=True, slots=True)
class Member:
    """A place in the archive: member path and byte offset inside that member."""

    member: str
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Moment:
    """A place in a recorded build."""

    stage: str
    pid: int
    sequence: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class Field:
    """A key in a manifest, lock file or registry record (`document` names it); line 0: none."""

    document: str
    key: str
    line: int = 0


Where = Span | Member | Moment | Field


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition that a fact stands under: one of the `guard.*` kinds and what it asks."""

    kind: FactKind
    subject: str


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing the source, manifest, registry or build shows, at one place.

    `subject` is the path, host, variable, program ... acted on, `unknown` if not worked out;
    parts that could not be worked out inside a known text stand as `{}` (one hole) or, where
    the origin is known, `{home}`, `{env:NAME}`, `{cwd}`, `{manifest}`, `{out}`, `{temp}`.
    `api` is the catalogued path behind it, `data` constant texts that travel with the call
    (arguments of a command, a body), `derivation` how a decoded value came about, `owner` the
    function it stands in (`file::path::to::function`), empty at top level of a file.
    """

    kind: FactKind
    subject: str
    where: Where
    phases: tuple[Phase, ...] = ()
    owner: str = ""
    api: str = ""
    data: tuple[str, ...] = ()
    guards: tuple[Guard, ...] = ()
    derivation: tuple[str, ...] = ()
    snippet: str = ""


@dataclass(frozen=True, slots=True)
class CallEdge:
    """Function `caller` may run function `callee`; both are owners of facts."""

    caller: str
    callee: str


class GapKind(StrEnum):
    """What kept us from looking."""

    ARCHIVE = "archive"
    TOO_LARGE = "too-large"
    BUDGET = "budget"
    NOT_UTF8 = "not-utf8"
    SYNTAX_LOST = "syntax-lost"
    SYNTAX_ERROR = "syntax-error"
    MANIFEST = "manifest"
    MISSING_MODULE = "missing-module"
    GENERATED_CODE = "generated-code"
    MACRO = "macro"
    UNREADABLE = "unreadable"
    REGISTRY = "registry"
    DEPENDENCY = "dependency"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Gap:
    """Something we could not look at, why, and what would help.

    `is_blocking` gaps make a crate INCOMPLETE: they hide code that runs at build, load or
    compile time, or the archive itself. The others are listed and nothing more.
    """

    kind: GapKind
    reason: str
    path: str = ""
    line: int = 0
    phases: tuple[Phase, ...] = ()
    is_blocking: bool = False
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class CrateRef:
    """A name and an exact version. `registry` is empty for the default registry, else its URL."""

    name: str
    version: str
    registry: str = ""


@dataclass(frozen=True, slots=True)
class CrateSource:
    """Bytes to be judged. From a registry: a gzip archive whose checksum was verified.

    From a folder: an uncompressed tar made in memory (origin `folder`), the digest ours; what
    could not be read of the folder stands in `gaps`.
    """

    ref: CrateRef
    sha256: str
    data: bytes
    origin: Origin
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One regular file of a crate; `path` is relative to the crate's root, `/`-separated."""

    path: str
    data: bytes
    is_executable: bool = False


@dataclass(frozen=True, slots=True)
class SourceTree:
    """What an archive holds: regular files sorted by path, anomalies as facts, gaps."""

    ref: CrateRef
    files: tuple[SourceFile, ...]
    facts: tuple[Fact, ...] = ()
    gaps: tuple[Gap, ...] = ()

    def file(self, path: str) -> SourceFile | None:
        """The file with exactly this path, or None."""
        return next((one for one in self.files if one.path == path), None)


class DependencyKind(StrEnum):
    """Which table of the manifest (or index line) a dependency stands in."""

    NORMAL = "normal"
    DEV = "dev"
    BUILD = "build"


@dataclass(frozen=True, slots=True)
class Dependency:
    """One dependency edge. `key` is the name the source uses, `package` the registry's name."""

    key: str
    package: str
    requirement: str = ""
    kind: DependencyKind = DependencyKind.NORMAL
    is_optional: bool = False
    target: str = ""
    registry: str = ""
    git: str = ""
    path: str = ""
    features: tuple[str, ...] = ()
    line: int = 0


class TargetKind(StrEnum):
    """What cargo builds from a target."""

    LIBRARY = "lib"
    PROC_MACRO = "proc-macro"
    BINARY = "bin"
    TEST = "test"
    EXAMPLE = "example"
    BENCH = "bench"
    BUILD_SCRIPT = "build-script"


@dataclass(frozen=True, slots=True)
class Target:
    """One compilation root; `path` is relative to the crate's root."""

    kind: TargetKind
    name: str
    path: str
    required_features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """What Cargo.toml says, as cargo reads it; `fields` holds the other text fields of [package]."""

    name: str
    version: str
    edition: str = "2015"
    targets: tuple[Target, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    features: tuple[tuple[str, tuple[str, ...]], ...] = ()
    links: str = ""
    description: str = ""
    categories: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    facts: tuple[Fact, ...] = ()
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """One [[package]] of a Cargo.lock. `dependencies` are indexes into `Lockfile.packages`."""

    name: str
    version: str
    source: str = ""
    checksum: str = ""
    dependencies: tuple[int, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Lockfile:
    """A parsed Cargo.lock of any format version (1 to 4); references to nothing are gaps."""

    path: str
    format_version: int
    packages: tuple[LockedPackage, ...]
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One line of a registry index. `published` is `YYYY-MM-DDTHH:MM:SSZ`, empty if unstated."""

    name: str
    version: str
    checksum: str
    is_yanked: bool = False
    published: str = ""
    dependencies: tuple[Dependency, ...] = ()
    features: tuple[tuple[str, tuple[str, ...]], ...] = ()
    links: str = ""
    rust_version: str = ""


@dataclass(frozen=True, slots=True)
class Advisory:
    """One advisory that names this crate and version."""

    id: str
    package: str
    title: str
    is_malicious: bool = False
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownBad:
    """A crate that public sources call malicious; `versions` is ("*",) for every version.

    `kind`: malware, carrier, compromised-release, dependency-confusion, affiliated,
    tainted-vendored-code or proof-of-concept.
    """

    name: str
    versions: tuple[str, ...]
    kind: str
    advisories: tuple[str, ...] = ()
    campaign: str = ""
    summary: str = ""
    techniques: tuple[str, ...] = ()

    def covers(self, version: str) -> bool:
        """Whether exactly this version is named, or all are."""
        return "*" in self.versions or version in self.versions


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


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that held, with its evidence. `is_blocking`: the rule itself asks for BLOCK."""

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

    @property
    def is_quiet(self) -> bool:
        """Whether only tests, examples, benches or unreached files hold the chain."""
        return bool(self.phases) and QUIET.issuperset(self.phases)


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


@dataclass(frozen=True, slots=True)
class CrateInfo:
    """The crate a report speaks of."""

    name: str
    version: str
    sha256: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the analysis says of one crate."""

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


@dataclass(frozen=True, slots=True)
class Context:
    """Registry facts around a crate, frozen before analysis; empty where unknown."""

    as_of: str = ""
    index_entries: tuple[IndexEntry, ...] = ()
    advisories: tuple[Advisory, ...] = ()
    previous: Report | None = None
    dependencies: tuple[Report, ...] = ()


@dataclass(frozen=True, slots=True)
class Trace:
    """What an observed build showed."""

    facts: tuple[Fact, ...] = ()
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class FactSet:
    """All facts of one crate with the call edges that join their owners, and what was missed."""

    facts: tuple[Fact, ...]
    calls: tuple[CallEdge, ...] = ()
    gaps: tuple[Gap, ...] = ()
