"""What a hunt finds: sightings, the findings they add up to, and what was looked at."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum

from analyzer.model import Gap
from analyzer.project.incident.model import BadCrate, Match, Origin


class Place(StrEnum):
    """What kind of trace a sighting is."""

    LOCKFILE = "lockfile"
    MANIFEST = "manifest"
    HISTORY_LOCKFILE = "history-lockfile"
    HISTORY_MANIFEST = "history-manifest"
    VENDORED = "vendored"
    HISTORY_VENDORED = "history-vendored"
    ARCHIVE_CACHE = "cargo-archive"
    SOURCE_CACHE = "cargo-source"
    INDEX_CACHE = "cargo-index"
    INSTALLED = "installed"
    BINARY = "binary"
    FINGERPRINT = "fingerprint"
    BUILD_OUTPUT = "build-output"
    DEP_INFO = "dep-info"
    ARTIFACT = "artifact"


BUILT = frozenset(
    {Place.INSTALLED, Place.BINARY, Place.FINGERPRINT, Place.BUILD_OUTPUT, Place.DEP_INFO}
    | {Place.ARTIFACT}
)
"""Places that only a build leaves behind."""
LOCKED = frozenset(
    {Place.LOCKFILE, Place.MANIFEST, Place.HISTORY_LOCKFILE, Place.HISTORY_MANIFEST}
    | {Place.VENDORED, Place.HISTORY_VENDORED}
)
"""Places by which a project asks for a crate."""
HISTORY = frozenset({Place.HISTORY_LOCKFILE, Place.HISTORY_MANIFEST, Place.HISTORY_VENDORED})


@dataclass(frozen=True, slots=True)
class Sighting:
    """One trace. `version` is empty where the place does not tell it; `source` as a lock file has
    it; `detail` says what else matters (the name it goes by, whom it imitates). Times are
    `YYYY-MM-DDTHH:MM:SSZ`: `first` and `last` of a history (`last` empty: it is there still), and
    for what a build left, `seen_at`, its file's.
    """

    place: Place
    path: str
    name: str
    version: str
    match: Match
    crate: BadCrate
    root: str = ""
    line: int = 0
    source: str = ""
    detail: str = ""
    first: str = ""
    first_commit: str = ""
    last: str = ""
    last_commit: str = ""
    seen_at: str = ""

    @property
    def is_gone(self) -> bool:
        """Whether history alone knows of it."""
        return self.place in HISTORY and bool(self.last)


@dataclass(frozen=True, slots=True)
class Counts:
    """What was looked at, so that nothing found can be told from nothing read."""

    files: int = 0
    lockfiles: int = 0
    manifests: int = 0
    repositories: int = 0
    commits: int = 0
    history_files: int = 0
    archives: int = 0
    archive_members: int = 0

    def __add__(self, other: Counts) -> Counts:
        names = [one.name for one in fields(Counts)]
        return Counts(*(getattr(self, one) + getattr(other, one) for one in names))


@dataclass(frozen=True, slots=True)
class Batch:
    """What one piece of work brings back."""

    sightings: tuple[Sighting, ...] = ()
    gaps: tuple[Gap, ...] = ()
    counts: Counts = Counts()


@dataclass(frozen=True, slots=True)
class SecretPlace:
    """A secret by its name and place: never its value. `what`: file, variable, key or pipeline."""

    group: str
    what: str
    name: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class SecretClass:
    """A class of secrets that a crate takes, and which of them are here."""

    id: str
    title: str
    present: tuple[SecretPlace, ...] = ()


@dataclass(frozen=True, slots=True)
class Exposure:
    """When it could have run, and what it could have taken. Days or times, empty where unknown.

    `locked_from` to `locked_to` (empty: still): how long the project asked for it; `alive_from` to
    `alive_to`: its life on the registry; `from_` to `to`: when it may have run here. `overlaps`:
    whether the project could have fetched it in its life, None if that cannot be told.
    """

    locked_from: str = ""
    locked_to: str = ""
    is_locked: bool = False
    is_built: bool = False
    built_at: tuple[str, ...] = ()
    alive_from: str = ""
    alive_to: str = ""
    from_: str = ""
    to: str = ""
    overlaps: bool | None = None
    secrets: tuple[SecretClass, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One bad crate in one project, home or archive."""

    name: str
    versions: tuple[str, ...]
    match: Match
    crate: BadCrate
    root: str
    sightings: tuple[Sighting, ...]
    exposure: Exposure = Exposure()


@dataclass(frozen=True, slots=True)
class HuntResult:
    """A hunt. `campaign` is an id, empty if everything known was hunted for."""

    findings: tuple[Finding, ...]
    gaps: tuple[Gap, ...]
    counts: Counts
    names: int
    origins: tuple[Origin, ...]
    stale: tuple[str, ...] = ()
    campaign: str = ""
    as_of: str = ""
