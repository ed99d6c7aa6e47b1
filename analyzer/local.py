"""A local folder or `.crate` file to a CrateSource: read once, no link followed, nothing run."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

from analyzer.errors import TomlError, UsageError
from analyzer.gunzip import MAGIC, inflated
from analyzer.limits import Limits
from analyzer.model import CrateRef, CrateSource, Gap, GapKind, Origin
from analyzer.tar import END, TarReader, member, member_header
from analyzer.toml import TomlTable, read_toml

_SKIPPED: Final = frozenset({".git", ".hg", ".jj"})
_CODE: Final = (
    *(".rs", ".toml", ".c", ".cc", ".cpp", ".cxx", ".h", ".hpp", ".s", ".asm", ".m", ".mm"),
    *(".py", ".sh", ".pl", ".js", ".bat", ".ps1", ".cmake", ".mk", ".a", ".o", ".so", ".lib"),
)
_MAX_DEPTH: Final = 64
_MAX_PARENTS: Final = 16
_LISTED: Final = 500
_PEEK: Final = 1 << 16
_FLAGS: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_FOLLOW: Final = getattr(os, "O_NOFOLLOW", 0)
_NAME = re.compile(r"[\w-]{1,64}")
_VERSION = re.compile(r"\d+\.\d+\.\d+[0-9A-Za-z.+-]{0,100}", re.ASCII)
_NAME_VERSION = re.compile(rf"({_NAME.pattern}?)-({_VERSION.pattern})", re.ASCII)
_UNKNOWN_VERSION: Final = "0.0.0"


# Archives ----------------------------------------------------------------------------------------


def archive_source(path: Path, *, limits: Limits) -> CrateSource:
    """A local `.crate` file. Raises UsageError if it cannot be read or is no such archive.

    Name and version are those of the folder inside; a file name that differs is a gap.
    """
    try:
        data = _read(path, max_size_bytes=limits.archive_size_bytes, follow=True)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    if not data.startswith(MAGIC):
        remedy = "give a .crate file as cargo makes it"
        raise UsageError(f"{path}: not a gzip archive", remedy=remedy)
    stem = path.name.removesuffix(".crate").removesuffix(".gz").removesuffix(".tar")
    inside, outside = _split(_root_folder(data, limits)), _split(stem)
    ref = inside or outside or CrateRef(_plain_name(stem), _UNKNOWN_VERSION)
    gaps: tuple[Gap, ...] = ()
    if inside and outside and inside != outside:
        held = f"{inside.name}-{inside.version}"
        gaps = (Gap(GapKind.ARCHIVE, f"the file is named {stem}, but holds {held}"),)
    return CrateSource(ref, hashlib.sha256(data).hexdigest(), data, Origin.ARCHIVE, gaps)


def _root_folder(data: bytes, limits: Limits) -> str:
    """First part of the first member's name, or nothing."""
    blocks = inflated(data[:_PEEK], _ignore, max_size_bytes=limits.unpacked_size_bytes)
    first = next(iter(TarReader(blocks, _ignore, limits)), None)
    return first.name.split(b"/")[0].decode("utf-8", "replace") if first else ""


def _ignore(_slug: str, _member: bytes, _offset: int, _lost: str) -> None:
    """Deviations are told when the archive is unpacked; this is only a peek."""


def _split(text: str) -> CrateRef | None:
    """`some-name-1.2.3-pre`: names hold no dots, so the version starts at the first `-1.2.3`."""
    found = _NAME_VERSION.fullmatch(text)
    return CrateRef(found[1], found[2]) if found else None


def _plain_name(text: str) -> str:
    return text if _NAME.fullmatch(text) else "unknown"


# Folders -----------------------------------------------------------------------------------------


def folder_source(
    path: Path, *, limits: Limits, apart: frozenset[Path] = frozenset()
) -> CrateSource:
    """A package folder as an uncompressed tar in memory, without `target/` and version control.

    `apart`: real paths of folders below it that are judged as packages of their own. Links, pipes
    and devices are members of their type, never opened. The same files give the same bytes,
    wherever the folder is. Raises UsageError when there is no package here to speak of.
    """
    ref = folder_identity(path, limits=limits)
    outside = frozenset(os.fspath(one) for one in apart)
    packing = _Packing(limits, f"{ref.name}-{ref.version}/".encode(), outside)
    _pack(packing, path)
    packing.archive.write(END)
    data = packing.archive.getvalue()
    digest = hashlib.sha256(data).hexdigest()
    return CrateSource(ref, digest, data, Origin.FOLDER, packing.all_gaps())


@dataclass(slots=True)
class _Packing:
    limits: Limits
    root: bytes
    outside: frozenset[str] = frozenset()
    archive: io.BytesIO = field(default_factory=io.BytesIO)
    gaps: list[Gap] = field(default_factory=list)
    more: list[bool] = field(default_factory=list)
    size_bytes: int = 0
    members: int = 0

    def gap(self, kind: GapKind, reason: str, path: str, *, is_blocking: bool) -> None:
        """Something of the folder that was not read."""
        if len(self.gaps) >= _LISTED:
            self.more.append(is_blocking)
            return
        shown = os.fsencode(path).decode("utf-8", "backslashreplace")
        self.gaps.append(Gap(kind, reason, shown, is_blocking=is_blocking))

    def all_gaps(self) -> tuple[Gap, ...]:
        """The listed ones, and one for those beyond."""
        if not self.more:
            return tuple(self.gaps)
        reason = f"{len(self.more)} more files were not read"
        return (*self.gaps, Gap(GapKind.UNREADABLE, reason, is_blocking=any(self.more)))


def _pack(packing: _Packing, path: Path) -> None:
    """Depth first, by name, so that the order is the folder's own and nothing else's."""
    start = os.path.realpath(path) if packing.outside else os.fspath(path)
    pending: list[tuple[str, str]] = [(start, "")]
    while pending:
        folder, inside = pending.pop()
        below: list[tuple[str, str]] = []
        for entry in _entries(packing, folder, inside):
            name = inside + entry.name
            if (
                entry.path in packing.outside
                or entry.name in _SKIPPED
                or (name == "target" and not _is_file(entry))
            ):
                continue
            packing.members += 1
            if not _is_folder(entry, follow=False):
                _add(packing, entry, name)
            elif name.count("/") >= _MAX_DEPTH:
                reason = "folders are nested too deeply"
                packing.gap(GapKind.TOO_LARGE, reason, name, is_blocking=True)
            else:
                below.append((entry.path, f"{name}/"))
            if packing.size_bytes > packing.limits.unpacked_size_bytes:
                reason = f"more than {packing.limits.unpacked_size_bytes} bytes: the rest is unread"
                packing.gap(GapKind.TOO_LARGE, reason, name, is_blocking=True)
                return
        pending += reversed(below)


def _entries(packing: _Packing, folder: str, inside: str) -> list[os.DirEntry[str]]:
    """A folder's entries by name; none, and a gap, if it is unreadable or holds too many."""
    left = packing.limits.member_count - packing.members
    try:
        with os.scandir(folder) as listing:
            entries = list(islice(listing, left + 1))
    except OSError as error:
        reason = f"folder not readable: {error.strerror}"
        packing.gap(GapKind.UNREADABLE, reason, inside, is_blocking=True)
        return []
    if len(entries) > left:
        reason = f"more than {packing.limits.member_count} files: this folder is unread"
        packing.gap(GapKind.TOO_LARGE, reason, inside, is_blocking=True)
        return []
    return sorted(entries, key=lambda one: os.fsencode(one.name))


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file(follow_symlinks=False)
    except OSError:
        return False


def _is_folder(entry: os.DirEntry[str], *, follow: bool) -> bool:
    """Whether it is a folder, itself or where it points."""
    try:
        return entry.is_dir(follow_symlinks=follow)
    except OSError:
        return False


def _add(packing: _Packing, entry: os.DirEntry[str], name: str) -> None:
    """A file with its bytes; anything else as a header of its type."""
    raw = packing.root + os.fsencode(name)
    is_code = name.lower().endswith(_CODE)
    try:
        if entry.is_symlink():
            link = os.fsencode(Path(entry.path).readlink())
            packing.archive.writelines(member_header(raw, kind=b"2", link=link))
            # What the link shows is not read: that hides code if cargo would compile it. A module
            # or an include behind the link is a gap of its own, found where it is asked for.
            is_blocking = is_code or _is_folder(entry, follow=True)
            packing.gap(GapKind.UNREADABLE, "a link, not followed", name, is_blocking=is_blocking)
        elif entry.is_file(follow_symlinks=False):
            _add_file(packing, entry.path, name, raw)
        else:
            packing.archive.writelines(member_header(raw, kind=b"6"))
            reason = "a pipe, socket or device, not opened"
            packing.gap(GapKind.UNREADABLE, reason, name, is_blocking=is_code)
    except OSError as error:
        reason = f"not readable: {error.strerror}"
        packing.gap(GapKind.UNREADABLE, reason, name, is_blocking=is_code)


def _add_file(packing: _Packing, path: str, name: str, raw: bytes) -> None:
    """One regular file, looked at again after opening: a name may change under our hands."""
    is_code = name.lower().endswith(_CODE)
    with os.fdopen(os.open(path, _FLAGS | _NO_FOLLOW), "rb", buffering=0) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            packing.gap(GapKind.UNREADABLE, "no regular file any more", name, is_blocking=is_code)
            return
        if status.st_size > packing.limits.member_size_bytes:
            reason = f"larger than {packing.limits.member_size_bytes} bytes"
            packing.gap(GapKind.TOO_LARGE, reason, name, is_blocking=is_code)
            return
        packing.size_bytes += status.st_size
        if packing.size_bytes > packing.limits.unpacked_size_bytes:
            return
        data, is_steady = _content(file, status.st_size)
    if not is_steady:
        packing.gap(GapKind.UNREADABLE, "changed while being read", name, is_blocking=is_code)
    mode = 0o755 if status.st_mode & 0o111 else 0o644
    packing.archive.writelines(member(raw, data, mode=mode))


def _content(file: io.FileIO, size: int) -> tuple[bytes, bool]:
    """At most `size` bytes, and whether there were just as many."""
    parts: list[bytes] = []
    left = size + 1
    while left > 0 and (part := file.read(left)):
        parts.append(part)
        left -= len(part)
    data = b"".join(parts)
    return data[:size], len(data) == size


def _read(path: Path, *, max_size_bytes: int, follow: bool) -> bytes:
    """A whole regular file, once. Raises OSError, also for pipes, folders and large files."""
    with os.fdopen(
        os.open(path, _FLAGS | (0 if follow else _NO_FOLLOW)), "rb", buffering=0
    ) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        if status.st_size > max_size_bytes:
            raise OSError(errno.EFBIG, f"larger than {max_size_bytes} bytes")
        return _content(file, status.st_size)[0]


# Names -------------------------------------------------------------------------------------------


def folder_identity(path: Path, *, limits: Limits) -> CrateRef:
    """Name and version of the package; stand-ins where an odd manifest gives none.

    Raises UsageError as `folder_source` does.
    """
    if not path.is_dir():
        raise UsageError(f"{path}: {'not a folder' if path.exists() else 'no such folder'}")
    folder = _plain_name(path.resolve().name)
    manifest = path / "Cargo.toml"
    try:
        document = _document(manifest, limits)
    except FileNotFoundError:
        remedy = "name a folder that holds a package, or `cratescope audit` for one above"
        raise UsageError(f"{path}: no Cargo.toml here", remedy=remedy) from None
    except PermissionError as error:
        raise UsageError(f"{manifest}: {error.strerror}") from None
    except (OSError, TomlError):
        # A link, a pipe, bad text: the tree says so, as a gap.
        return CrateRef(folder, _UNKNOWN_VERSION)
    package = document.get("package", document.get("project"))
    if not isinstance(package, dict):
        if "workspace" in document:
            raise _workspace(path, document["workspace"])
        return CrateRef(folder, _UNKNOWN_VERSION)
    name, version = package.get("name"), package.get("version")
    if isinstance(version, dict):
        version = _inherited(path, limits)
    is_name = isinstance(name, str) and _NAME.fullmatch(name)
    is_version = isinstance(version, str) and _VERSION.fullmatch(version)
    return CrateRef(
        str(name) if is_name else folder, str(version) if is_version else _UNKNOWN_VERSION
    )


def _document(manifest: Path, limits: Limits) -> TomlTable:
    data = _read(manifest, max_size_bytes=limits.manifest_size_bytes, follow=False)
    return read_toml(data, name=str(manifest))


def _workspace(path: Path, workspace: object) -> UsageError:
    members = workspace.get("members") if isinstance(workspace, Mapping) else None
    names = [one for one in members if isinstance(one, str)] if isinstance(members, list) else []
    listed = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    return UsageError(
        f"{path}: a workspace without a package of its own" + (f" ({listed})" if names else ""),
        remedy=f"scan one of its members, or run `cratescope audit {path}`",
    )


def _inherited(path: Path, limits: Limits) -> object:
    """`version` in `[workspace.package]` of this folder or the nearest above with a workspace."""
    for folder in _upward(path):
        try:
            workspace = _document(folder / "Cargo.toml", limits).get("workspace")
        except (OSError, TomlError):
            continue
        if isinstance(workspace, dict):
            shared = workspace.get("package")
            return shared.get("version") if isinstance(shared, dict) else None
    return None


def _upward(path: Path) -> Iterator[Path]:
    resolved = path.resolve()
    yield resolved
    yield from resolved.parents[:_MAX_PARENTS]
