"""What a range of commits changes: lock files, and the packages that lie in the repository.

Only what differs between the two commits is read. Files that steer a build from outside every
package are told: they are no crate's, and cargo obeys them.
"""

from __future__ import annotations

import hashlib
import io
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from analyzer.errors import TomlError, UsageError
from analyzer.limits import Limits
from analyzer.lockfile import read_lockfile
from analyzer.model import CrateRef, CrateSource, Gap, GapKind, Lockfile, Origin
from analyzer.project.git_objects import LINK, MODULE, Item, Repository
from analyzer.tar import END, member, member_header
from analyzer.toml import read_toml

LOCK, MANIFEST = "Cargo.lock", "Cargo.toml"
_CODE = (".rs", ".toml", ".lock", ".c", ".cc", ".cpp", ".s", ".S", ".asm")
STEERING = (".cargo/config", ".cargo/config.toml", "rust-toolchain", "rust-toolchain.toml")


@dataclass(frozen=True, slots=True)
class OwnChange:
    """A package of the repository; `old` is None for one that came."""

    folder: str
    old: CrateSource | None
    new: CrateSource

    @property
    def manifest(self) -> str:
        """The path of its manifest in the repository."""
        return posixpath.join(self.folder, MANIFEST)


@dataclass(frozen=True, slots=True)
class GitRange:
    """What lies between two commits. A lock file that is not there on one side is an empty one."""

    old: str
    new: str
    locks: tuple[tuple[Lockfile, Lockfile], ...]
    packages: tuple[OwnChange, ...]
    gaps: tuple[Gap, ...]


def read_range(path: Path, text: str, limits: Limits) -> GitRange:
    """`BASE..HEAD` of the repository at `path`. Raises UsageError for a range that is not there."""
    base, dots, head = text.partition("..")
    if not dots or not base or head.startswith("."):
        raise UsageError(f"--git {text}: no range", remedy="write BASE..HEAD")
    with Repository(path, limits) as repository:
        old, new = (repository.commit(one) for one in (base, head or "HEAD"))
        before, after = (_Side(repository, one, limits) for one in (old, new))
        locks = tuple(_locks(before, after))
        packages = tuple(_packages(before, after))
        gaps = (*_outside(before, after), *before.gaps, *after.gaps)
        return GitRange(old, new, locks, packages, tuple(dict.fromkeys(gaps)))


@dataclass(slots=True)
class _Side:
    repository: Repository
    commit: str
    limits: Limits
    items: Mapping[str, Item] = field(init=False)
    names: dict[str, CrateRef] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.items = self.repository.tree(self.commit)
        for path, item in self.items.items():
            if posixpath.basename(path) == MANIFEST and not item.kind:
                ref = self._identity(path, item)
                if ref is not None:
                    self.names[posixpath.dirname(path)] = ref

    def _identity(self, path: str, item: Item) -> CrateRef | None:
        """Name and version of a manifest; None for one without a package."""
        try:
            document = read_toml(self.repository.data(item.blob), name=path)
        except (TomlError, UsageError):
            return CrateRef(posixpath.basename(posixpath.dirname(path)) or "package", "0.0.0")
        package = document.get("package", document.get("project"))
        if not isinstance(package, dict):
            return None
        name, version = package.get("name"), package.get("version")
        return CrateRef(
            name if isinstance(name, str) and name.isprintable() else "package",
            version if isinstance(version, str) and version.isprintable() else "0.0.0",
        )

    def below(self, folder: str) -> dict[str, Item]:
        """Files of one package, without those of packages inside it."""
        start = f"{folder}/" if folder else ""
        inner = [f"{one}/" for one in self.names if one != folder and one.startswith(start)]
        return {
            path: item
            for path, item in self.items.items()
            if path.startswith(start) and not path.startswith(tuple(inner))
        }

    def lock(self, path: str) -> Lockfile:
        """A lock file, empty if there is none. Raises UsageError for one that cannot be read."""
        item = self.items.get(path)
        if item is None or item.kind:
            return Lockfile(path, 4, ())
        data = self.repository.data(item.blob)
        if len(data) > self.limits.lockfile_size_bytes:
            raise UsageError(f"{path}: over {self.limits.lockfile_size_bytes} bytes")
        try:
            return read_lockfile(data, path=path)
        except TomlError as error:
            raise UsageError(str(error)) from None

    def source(self, folder: str) -> CrateSource:
        """One package as an uncompressed tar in memory, as a folder on disk would give it."""
        ref = self.names[folder]
        root = f"{ref.name}-{ref.version}/".replace("..", "__").encode()
        archive, gaps, size = io.BytesIO(), [], 0
        for path, item in self.below(folder).items():
            inside = path[len(folder) + 1 :] if folder else path
            raw = root + inside.encode("utf-8", "surrogateescape")
            is_code = inside.endswith(_CODE)
            if item.kind:
                what = "a link" if item.kind == LINK else "a submodule"
                reason = f"{what}, not followed"
                gaps.append(Gap(GapKind.UNREADABLE, reason, inside, is_blocking=is_code))
                if item.kind != MODULE:
                    archive.writelines(member_header(raw, kind=b"2", link=b"elsewhere"))
                continue
            try:
                data = self.repository.data(item.blob)
            except UsageError as error:
                gaps.append(Gap(GapKind.UNREADABLE, str(error), inside, is_blocking=is_code))
                continue
            size += len(data)
            if size > self.limits.unpacked_size_bytes:
                reason = f"more than {self.limits.unpacked_size_bytes} bytes: the rest is unread"
                gaps.append(Gap(GapKind.TOO_LARGE, reason, inside, is_blocking=True))
                break
            archive.writelines(member(raw, data, mode=0o755 if item.is_executable else 0o644))
        archive.write(END)
        packed = archive.getvalue()
        digest = hashlib.sha256(packed).hexdigest()
        return CrateSource(ref, digest, packed, Origin.FOLDER, tuple(gaps))


def _is_lock(path: str) -> bool:
    return posixpath.basename(path) == LOCK


def _locks(before: _Side, after: _Side) -> Iterator[tuple[Lockfile, Lockfile]]:
    paths = {*before.items, *after.items}
    for path in sorted(filter(_is_lock, paths)):
        if before.items.get(path) == after.items.get(path):
            continue
        try:
            old = before.lock(path)
        except UsageError as error:  # then everything of the new one counts as new
            before.gaps.append(Gap(GapKind.UNREADABLE, f"before: {error}", path))
            old = Lockfile(path, 4, ())
        try:
            yield old, after.lock(path)
        except UsageError as error:
            after.gaps.append(Gap(GapKind.UNREADABLE, str(error), path, is_blocking=True))


def _packages(before: _Side, after: _Side) -> Iterator[OwnChange]:
    """Packages that differ; one that was moved is compared with the one of its name."""
    moved = {ref.name: folder for folder, ref in before.names.items() if folder not in after.names}
    for folder in sorted(after.names):
        origin = folder if folder in before.names else moved.get(after.names[folder].name)
        if origin == folder and before.below(folder) == after.below(folder):
            continue
        old = before.source(origin) if origin is not None else None
        yield OwnChange(folder, old, after.source(folder))


def _outside(before: _Side, after: _Side) -> Iterator[Gap]:
    """Changed files that steer every build of the repository, and stand in no package."""
    folders = {*after.names, *(posixpath.dirname(one) for one in after.items if _is_lock(one))}
    for path, item in after.items.items():
        name = next((one for one in STEERING if path == one or path.endswith(f"/{one}")), "")
        place = path[: -len(name)] if name else ""
        is_above = any(f"{one}/".startswith(place) for one in folders)
        if name and is_above and before.items.get(path) != item:
            reason = "changed, and cargo obeys it outside of every package: read it by hand"
            yield Gap(GapKind.MANIFEST, reason, path, is_blocking=True)
