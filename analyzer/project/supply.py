"""Where on this machine the sources of locked packages are: members, paths, vendored copies, git.

Only manifests and cargo's own configuration are read here; no link is followed, nothing is run.
Whatever is found goes to a confined worker like any archive.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from analyzer.errors import CratescopeError, TomlError
from analyzer.limits import Limits
from analyzer.local import folder_identity
from analyzer.model import LockedPackage, Lockfile
from analyzer.project.locks import MANIFEST, real
from analyzer.toml import TomlTable, read_toml

_SKIPPED = frozenset({".git", ".hg", ".jj", "node_modules", "target"})
_MAX_FOLDERS = 50_000
_MAX_PARENTS = 16
_CONFIGS = (".cargo/config.toml", ".cargo/config")
_CHECKSUMS = ".cargo-checksum.json"
Version = tuple[str, str]
"""Name and version."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder that holds a package's sources. `kind`: path, vendored or git.

    `apart`: folders below it that are packages of their own, and read as such.
    """

    folder: Path
    kind: str
    apart: frozenset[Path] = frozenset()


@dataclass(slots=True)
class Supply:
    """The folders around one lock file. `cargo_home`: where cargo keeps its git checkouts."""

    lock: Lockfile
    limits: Limits
    cargo_home: Path
    _packages: dict[Version, list[Path]] = field(default_factory=dict)
    _vendored: dict[Version, Path] = field(default_factory=dict)
    _trees: dict[Path, list[tuple[Version, Path]]] = field(default_factory=dict)
    _vendors: frozenset[Path] = frozenset()
    _seen: set[Path] = field(default_factory=set)

    def __post_init__(self) -> None:
        root = real(self.lock.path).parent
        self._vendors = frozenset(real(one) for one in _vendor_folders(root, self.limits))
        self._walk(root)
        for one in sorted(self._vendors):
            self._vendored |= dict(self._copies(one))

    def of(self, package: LockedPackage) -> tuple[Place, ...]:
        """Where cargo may take this package from on this machine; nothing if not from here.

        Several folders may hold a package of one name and version: all count.
        """
        key = (package.name, package.version)
        if not package.source:
            every = self._vendors.union(*self._packages.values())
            found = self._packages.get(key, [])
            return tuple(Place(one, "path", every - {one}) for one in found)
        if key in self._vendored:
            return (Place(self._vendored[key], "vendored"),)
        found_place = self._checkout(package) if package.source.startswith("git+") else None
        return (found_place,) if found_place is not None else ()

    # Packages by path ------------------------------------------------------------------------

    def _walk(self, root: Path) -> None:
        """Packages at and below the lock file's folder, and those that their manifests lead to."""
        wanted = {(one.name, one.version) for one in self.lock.packages if not one.source}
        pending = list(_manifests(root, self._vendors))
        while pending and len(self._seen) < _MAX_FOLDERS:
            folder = real(pending.pop())
            if folder in self._seen:
                continue
            self._seen.add(folder)
            manifest = manifest_at(folder / MANIFEST, self.limits)
            if manifest is None:
                continue
            pending += [folder / one for one in self._paths(manifest)]
            version = self._version(folder)
            if version in wanted:
                self._packages.setdefault(version, []).append(folder)

    def _paths(self, manifest: TomlTable) -> Iterator[str]:
        """Paths that dependencies and patches of a manifest name."""
        tables = [manifest, *tables_in(manifest.get("target"))]
        workspace = manifest.get("workspace")
        tables += [workspace] if isinstance(workspace, dict) else []
        sections = [
            table.get(name)
            for table in tables
            for name in ("dependencies", "dev-dependencies", "build-dependencies")
        ]
        for section in (*sections, *tables_in(manifest.get("patch")), manifest.get("replace")):
            for row in section.values() if isinstance(section, dict) else ():
                path = row.get("path") if isinstance(row, dict) else None
                if isinstance(path, str) and "\0" not in path:
                    yield path

    # Copies and checkouts --------------------------------------------------------------------

    def _copies(self, folder: Path) -> Iterator[tuple[Version, Path]]:
        for one in _folders(folder):
            version = self._version(one) if (one / _CHECKSUMS).is_file() else None
            if version is not None:
                yield version, one

    def _version(self, folder: Path) -> Version | None:
        """What a folder says it is; None for a workspace without a package of its own."""
        try:
            ref = folder_identity(folder, limits=self.limits)
        except CratescopeError:
            return None
        return ref.name, ref.version

    def _checkout(self, package: LockedPackage) -> Place | None:
        """The folder of a git package among cargo's checkouts, by repository and commit."""
        parts = urlsplit(package.source.removeprefix("git+"))
        name = unquote(parts.path.rstrip("/").rpartition("/")[2]).removesuffix(".git")
        commit = parts.fragment
        if not name or len(commit) < 40 or not commit.isalnum() or not _is_plain(name):
            return None
        for repository in _folders(self.cargo_home / "git" / "checkouts"):
            if repository.name.rpartition("-")[0] != name:
                continue
            for tree in _folders(repository):
                if len(tree.name) >= 7 and commit.startswith(tree.name):
                    found = self._inside(tree, package)
                    if found is not None:
                        return found
        return None

    def _inside(self, tree: Path, package: LockedPackage) -> Place | None:
        if tree not in self._trees:
            found = ((self._version(one), one) for one in _manifests(tree, frozenset()))
            self._trees[tree] = [(version, one) for version, one in found if version is not None]
        held = self._trees[tree]
        wanted = (package.name, package.version)
        chosen = next((folder for version, folder in held if version == wanted), None)
        if chosen is None:
            return None
        return Place(chosen, "git", frozenset(folder for _, folder in held) - {chosen})


def cargo_home(environ: Mapping[str, str]) -> Path:
    """Where cargo keeps what it fetched."""
    return Path(environ.get("CARGO_HOME") or Path.home() / ".cargo")


def _vendor_folders(root: Path, limits: Limits) -> Iterator[Path]:
    """Folders that cargo's configuration puts in place of the default registry, nearest first."""
    for folder in (root, *root.parents[:_MAX_PARENTS]):
        for name in _CONFIGS:
            document = manifest_at(folder / name, limits) or {}
            sources = document.get("source")
            if not isinstance(sources, dict):
                continue
            for row in tables_in(sources):
                path = row.get("directory")
                if isinstance(path, str) and "\0" not in path:
                    yield folder / path


def _manifests(root: Path, passed_over: frozenset[Path]) -> Iterator[Path]:
    """Folders with a manifest at and below a folder."""
    pending = [root]
    seen = 0
    while pending and seen < _MAX_FOLDERS:
        folder = pending.pop()
        seen += 1
        if folder in passed_over:
            continue
        if (folder / MANIFEST).is_file():
            yield folder
        pending += [one for one in _folders(folder) if one.name not in _SKIPPED]


def _folders(folder: Path) -> list[Path]:
    """Real folders in a folder, by name; none where it cannot be read."""
    try:
        with os.scandir(folder) as listing:
            names = sorted(one.name for one in listing if one.is_dir(follow_symlinks=False))
    except OSError:
        return []
    return [folder / one for one in names]


def manifest_at(path: Path, limits: Limits) -> TomlTable | None:
    """A manifest or settings file; None for one that is not there or cannot be read."""
    try:
        if not path.is_file() or path.stat().st_size > limits.manifest_size_bytes:
            return None
        return read_toml(path.read_bytes(), name=str(path))
    except (OSError, TomlError):  # the package that holds it says so when it is read
        return None


def tables_in(value: object) -> Iterable[TomlTable]:
    """The tables in a table."""
    return (
        [one for one in value.values() if isinstance(one, dict)] if isinstance(value, dict) else []
    )


def _is_plain(name: str) -> bool:
    return "/" not in name and name not in (".", "..")
