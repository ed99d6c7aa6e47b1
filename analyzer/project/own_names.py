"""Names of your own, as the default registry has them: free for anybody, or taken by somebody.

A package by path, from git or from another registry has a name that anybody may register there; one
edge without `path` or `registry` and cargo takes the stranger's. A question tells the name, so this
is asked with `--check-names` alone. Index lines are all that is looked at: no archive is fetched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from analyzer.config import Settings
from analyzer.errors import CratescopeError, UnknownCrate
from analyzer.limits import Limits
from analyzer.model import Gap, GapKind, IndexEntry, LockedPackage, Lockfile, Verdict
from analyzer.project.audit import (
    FOREIGN_NAME,
    AuditResult,
    NameCheck,
    Reason,
    Standing,
    is_from_registry,
    judged_places,
    key_of,
    ordered,
    rows_of,
)
from analyzer.project.supply import Supply, manifest_at, tables_in
from analyzer.registry.fetch import Registry, ahead
from analyzer.registry.semver import precedence, without_build
from analyzer.toml import TomlTable

_SECTIONS = ("dependencies", "dev-dependencies", "build-dependencies")
_MIN_SHARED = 0.5
"""Of the dependencies of the one that has fewer, so many must be those of the other."""
_RESERVE = (
    "reserve the name with an empty release of yours, or name its registry in every dependency"
)
_PIN = (
    "give every dependency on it `path`, `git` or `registry`, set `publish = false`, and choose a"
    " name that you own"
)
_EMPTY = hashlib.sha256().hexdigest()
Answer = Sequence[IndexEntry] | CratescopeError


def check_names(result: AuditResult, settings: Settings, limits: Limits, home: Path) -> AuditResult:
    """The result with the standing of each name that a lock file does not take from there.

    A name that somebody else has, and that a dependency of the project would take from there, asks
    for a REVIEW. What the registry does not answer is a gap. `home`: cargo's own folder.
    """
    judged = judged_places(result)
    grounds = [_Ground(lock, limits, home) for lock in result.lockfiles]
    wanted = {
        key_of(one): (ground, one)
        for ground in grounds
        for one in ground.lock.packages
        if not is_from_registry(one.source) and key_of(one) in judged
    }
    names = sorted({key.name for key in wanted})
    answers = _asked(names, settings, limits)
    checks: list[NameCheck] = []
    gaps: list[Gap] = []
    reasons = {row.package: row.reasons for row in result.rows}
    for key in sorted(wanted, key=repr):
        ground, package = wanted[key]
        answer = answers[key.name]
        if isinstance(answer, CratescopeError):
            reason = f"{key.name}: whether the registry has this name was not learnt: {answer}"
            gaps.append(Gap(GapKind.REGISTRY, reason, ground.lock.path, package.line))
            continue
        edges = tuple(edge for one in grounds for edge in one.edges(key.name))
        check = _check(package, ground, answer, edges)
        checks.append(check)
        if check.standing is Standing.FOREIGN and edges:
            text = f"{check.text}; {edges[0]} would take it from there"
            why = Reason(FOREIGN_NAME, Verdict.REVIEW, text, FOREIGN_NAME)
            reasons[key] = (*reasons.get(key, ()), why)
    reports = {row.package: row.report for row in result.rows if row.report is not None}
    return replace(
        result,
        rows=rows_of(result.lockfiles, reasons, reports),
        gaps=ordered((*result.gaps, *gaps)),
        names=tuple(checks),
    )


# The registry ------------------------------------------------------------------------------------


def _asked(names: Sequence[str], settings: Settings, limits: Limits) -> Mapping[str, Answer]:
    """What the index lists of each name, in all spellings that the registry holds for one."""
    with Registry(settings, limits) as registry:

        def ask(name: str) -> Answer:
            found: list[IndexEntry] = []
            for one in dict.fromkeys((name, name.replace("_", "-"), name.replace("-", "_"))):
                try:
                    found += _listed(registry, one)
                except CratescopeError as error:
                    return error
            return found

        return dict(zip(names, ahead(names, ask, lambda _: 0), strict=True))


def _listed(registry: Registry, name: str) -> Sequence[IndexEntry]:
    """The releases of just this spelling. Raises CratescopeError if that was not learnt: a file
    that nobody can read is somebody's all the same.
    """
    try:
        found = registry.entries(name)
    except UnknownCrate:
        try:
            if registry.index_digest(name) == _EMPTY:
                return ()
        except UnknownCrate:
            return ()
        found = ()
    if not found:
        raise CratescopeError("no line of its index file can be read")
    return found


def _check(
    package: LockedPackage,
    ground: _Ground,
    entries: Sequence[IndexEntry],
    edges: tuple[str, ...],
) -> NameCheck:
    standing, text = _standing(package, ground, entries)
    remedy = {Standing.FREE: _RESERVE, Standing.FOREIGN: _PIN}.get(standing, "")
    place = (ground.lock.path, package.line)
    return NameCheck(package.name, package.version, standing, text, remedy, edges, *place)


def _standing(
    package: LockedPackage, ground: _Ground, entries: Sequence[IndexEntry]
) -> tuple[Standing, str]:
    """Whose the name seems to be. An index line proves no owner: it can be made to fit."""
    name = package.name
    if not entries:
        return Standing.FREE, f"{name} is free on the default registry: anybody may take it"
    if any(package.checksum and one.checksum == package.checksum for one in entries):
        return Standing.OWN, f"{name} is on the default registry with the same bytes"
    versions = [one.version for one in entries]
    taken = f"{name} is taken on the default registry ({_range(versions)})"
    if ground.is_private(package):
        return Standing.FOREIGN, f"{taken}, though its manifest is not published there"
    near = _nearest(package.version, entries)
    if near is None:
        return Standing.FOREIGN, f"{taken}, in no line of versions with {package.version}"
    here = {ground.lock.packages[one].name for one in package.dependencies}
    there = {one.package for one in near.dependencies}
    fewer = min(len(here), len(there))
    if len(here & there) < _MIN_SHARED * fewer or (not fewer and len(entries) == 1):
        return Standing.FOREIGN, f"{taken}, and nothing there is like this package"
    return Standing.OWN, f"{taken}, and its versions and dependencies are like those here"


def _range(versions: Sequence[str]) -> str:
    return versions[0] if len(versions) == 1 else f"{versions[0]} to {versions[-1]}"


def _nearest(version: str, entries: Sequence[IndexEntry]) -> IndexEntry | None:
    """The entry of this version, else the last one of its line (`1.x`, `0.3.x`)."""
    wanted = without_build(version)
    same = [one for one in entries if without_build(one.version) == wanted]
    line = [one for one in entries if _line(one.version) == _line(version)]
    return next(reversed(same or line), None)


def _line(version: str) -> tuple[int, ...]:
    order = precedence(without_build(version))
    numbers = [int(one) for one in version.split(".")[:2]] if order is not None else []
    return tuple(numbers[:1] if numbers and numbers[0] else numbers)


# The project's own manifests ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Manifest:
    path: str
    table: TomlTable
    is_private: bool


class _Ground:
    """The manifests around one lock file, as far as its packages lie on this machine."""

    def __init__(self, lock: Lockfile, limits: Limits, home: Path) -> None:
        self.lock = lock
        root = Path(lock.path).parent
        supply = Supply(lock, limits, home)
        self._top = manifest_at(root / "Cargo.toml", limits) or {}
        folders = {root: None} | {
            place.folder: None
            for one in lock.packages
            if not one.source
            for place in supply.of(one)
        }
        self._manifests = {
            folder: _Manifest(str(folder / "Cargo.toml"), table, self._private(table))
            for folder in folders
            if (table := manifest_at(folder / "Cargo.toml", limits)) is not None
        }
        self._of = {
            key_of(one): [place.folder for place in supply.of(one)]
            for one in lock.packages
            if not one.source
        }

    def _private(self, table: TomlTable) -> bool:
        """Whether a manifest forbids a release on the default registry."""
        package = table.get("package")
        publish = package.get("publish") if isinstance(package, dict) else None
        if isinstance(publish, dict):
            workspace = self._top.get("workspace")
            shared = workspace.get("package") if isinstance(workspace, dict) else None
            publish = shared.get("publish") if isinstance(shared, dict) else None
        return publish is False or (isinstance(publish, list) and "crates-io" not in publish)

    def is_private(self, package: LockedPackage) -> bool:
        """Whether the package itself says so; a package from elsewhere says nothing."""
        found = [self._manifests[one] for one in self._folders(package) if one in self._manifests]
        return bool(found) and all(one.is_private for one in found)

    def _folders(self, package: LockedPackage) -> Sequence[Path]:
        return self._of.get(key_of(package), ())

    def edges(self, name: str) -> Iterator[str]:
        """Dependencies on a name that cargo may take from the default registry, by manifest.

        One without `path`, `git` and `registry` (a patch may hide that, as long as it is there),
        and one by path with a requirement in a package that may be published: there `path` is lost.
        """
        for manifest in self._manifests.values():
            for key, row in _rows(manifest.table):
                entry = row if isinstance(row, dict) else {"version": row}
                if entry.get("package", key) != name or entry.get("workspace") is True:
                    continue
                if any(one in entry for one in ("git", "registry", "registry-index")):
                    continue
                if "path" not in entry or ("version" in entry and not manifest.is_private):
                    yield manifest.path
                    break


def _rows(manifest: TomlTable) -> Iterator[tuple[str, object]]:
    """Every dependency of a manifest, those of a workspace too."""
    workspace = manifest.get("workspace")
    places = [manifest, *tables_in(manifest.get("target"))]
    places += [workspace] if isinstance(workspace, dict) else []
    for place in places:
        for name in _SECTIONS:
            section = place.get(name)
            if isinstance(section, dict):
                yield from section.items()
