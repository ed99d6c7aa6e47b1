"""A crate: bytes, files, manifest, lock and index entries, what is publicly known of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from analyzer.model.facts import Fact, Gap


class Origin(StrEnum):
    """Where the bytes came from."""

    CRATES_IO = "crates.io"
    REGISTRY = "registry"
    ARCHIVE = "archive"
    FOLDER = "folder"


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
    """One dependency edge. `key` is the name the source uses, `package` the registry's name.

    `has_defaults`: its feature `default` is asked for.
    """

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
    has_defaults: bool = True


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
    """What Cargo.toml says, as cargo reads it; `fields`: other text fields of [package]."""

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
    """One advisory that names this crate and version.

    `kind`: malicious, affiliated, vulnerability, unmaintained, unsound or notice (empty: one of
    the first or third, by `is_malicious`). `patched`: requirements of versions that mend it.
    `functions`: affected paths, empty if the whole crate is meant. `witnesses`: ids of the entries
    of different databases that say the same.
    """

    id: str
    package: str
    title: str
    is_malicious: bool = False
    aliases: tuple[str, ...] = ()
    kind: str = ""
    patched: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    witnesses: tuple[str, ...] = ()


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
class VcsTree:
    """Files of the commit that an archive names: (path, git blob id), relative to the package.

    `commit` is empty if the archive names none. `problem` says why there are no files;
    `submodules` are folders whose files lie in other repositories.
    """

    commit: str
    is_found: bool = False
    files: tuple[tuple[str, str], ...] = ()
    submodules: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who may publish a crate. `kind`: user or team; `since` a time, empty if not told; `crates`:
    how many crates they own, -1 if not told.
    """

    login: str
    kind: str
    since: str = ""
    crates: int = -1


@dataclass(frozen=True, slots=True)
class Publication:
    """Who published a version: a login, or with `is_trusted` the repository of a workflow."""

    version: str
    by: str
    is_trusted: bool = False


@dataclass(frozen=True, slots=True)
class NameRecord:
    """What a registry's site, or its dump (`source`), says of a name. -1 and empty: not told.

    `publications` are in the order of their times.
    """

    name: str
    source: str
    downloads: int = -1
    recent_downloads: int = -1
    created: str = ""
    updated: str = ""
    repository: str = ""
    owners: tuple[Owner, ...] = ()
    publications: tuple[Publication, ...] = ()
