"""Facts, where they are, and what could not be looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

UNKNOWN = "unknown"
"""Subject of a fact whose subject could not be worked out; rules may match it."""
HIDDEN_CONSTANT = "hidden-constant"
"""Subject of a mention beside an act whose address or command is a constant in hiding."""


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
    VALUE_COMMAND = "value.command"
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
    CLIPBOARD_WRITE = "clipboard.write"
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
    MANIFEST_PURPOSE = "manifest.purpose"
    REGISTRY_AGE = "registry.age"
    REGISTRY_DOWNLOADS = "registry.downloads"
    REGISTRY_OWNER = "registry.owner"
    REGISTRY_ADVISORY = "registry.advisory"
    REGISTRY_KNOWN_BAD = "registry.known-bad"
    REGISTRY_NEAR_NAME = "registry.near-name"
    REGISTRY_YANK = "registry.yank"
    SOURCE_COMMIT = "source.commit"
    SOURCE_DIFFERS = "source.differs"
    REGISTRY_DEPENDENCY = "registry.dependency"
    COPY_OF_POPULAR = "copy.of-popular"
    DECOY_SENT = "decoy.sent"
    DECOY_LEFT = "decoy.left"
    RUN_DIFFERS = "run.differs"
    CODE_HIDDEN = "code.hidden"
    MENTION = "mention"
    FLOW = "flow"
    VERSION_STEP = "version.step"
    VERSION_POWER = "version.power"
    VERSION_BYTES = "version.bytes"


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
    SANDBOX = "sandbox"


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
class Hop:
    """A place that a value passes on its way, with its source line."""

    where: Span
    snippet: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """The value of `source` may arrive at `sink`; `hops` are the places on the way, ends too."""

    source: Fact
    sink: Fact
    hops: tuple[Hop, ...]


@dataclass(frozen=True, slots=True)
class FactSet:
    """All facts of one crate with the call edges that join their owners, the flows that rules
    asked for, and what was missed.
    """

    facts: tuple[Fact, ...]
    calls: tuple[CallEdge, ...] = ()
    gaps: tuple[Gap, ...] = ()
    flows: tuple[Flow, ...] = ()
