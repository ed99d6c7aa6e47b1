"""A local folder or `.crate` file to a CrateSource: read once, no link followed, nothing run."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from isal import isal_zlib

from analyzer.errors import TomlError, UsageError
from analyzer.limits import Limits
from analyzer.model import CrateRef, CrateSource, Gap, GapKind, Origin
from analyzer.tar import TarReader
from analyzer.toml import read_toml

_SKIPPED = frozenset({".git", ".hg", ".jj"})
_MAX_DEPTH = 64
_OPEN = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


@dataclass(slots=True)
class _Packing:
    limits: Limits
    root: str
    archive: tarfile.TarFile
    gaps: list[Gap] = field(default_factory=list)
    size_bytes: int = 0
    members: int = 0


def folder_source(path: Path, *, limits: Limits) -> CrateSource:
    """A package folder as an uncompressed tar in memory, without `target/` and version control.

    Raises UsageError when there is no package here to speak of.
    """
    name, version = _identity(path)
    buffer = io.BytesIO()
    root = f"{name}-{version}"
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        packing = _Packing(limits, root, archive)
        _pack(packing, path)
    data = buffer.getvalue()
    digest = hashlib.sha256(data).hexdigest()
    ref = CrateRef(name, version)
    return CrateSource(ref, digest, data, Origin.FOLDER, tuple(packing.gaps))


def archive_source(path: Path, *, limits: Limits) -> CrateSource:
    """A local `.crate` file. Raises UsageError if it cannot be read or is no such archive."""
    try:
        size = path.stat().st_size
        if size > limits.archive_size_bytes:
            raise UsageError(f"{path}: larger than {limits.archive_size_bytes} bytes")
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    if data[:2] != b"\x1f\x8b":
        raise UsageError(f"{path}: not a gzip archive", remedy="give a .crate file as cargo makes it")
    ref = _archive_ref(path, data, limits)
    return CrateSource(ref, hashlib.sha256(data).hexdigest(), data, Origin.ARCHIVE)


def _archive_ref(path: Path, data: bytes, limits: Limits) -> CrateRef:
    """Name and version from the archive's own folder, split where the file name or SemVer says."""
    try:
        start = isal_zlib.decompressobj(wbits=31).decompress(data, 1 << 16)
    except isal_zlib.error:  # type: ignore[misc]  # the stub hides its base
        start = b""
    reader = TarReader(iter([start]), lambda _slug, _member, _offset: None, limits)
    first = next((one.name for one in reader), b"").decode("utf-8", "replace").split("/")[0]
    stem = path.name.removesuffix(".crate").removesuffix(".tar.gz").removesuffix(".tgz")
    for text in (first, stem):
        name, version = _split(text)
        if version:
            return CrateRef(name, version)
    return CrateRef(stem or "unknown", "0.0.0")


def _split(text: str) -> tuple[str, str]:
    """`name-1.2.3-pre` at the first hyphen before a digit."""
    parts = text.split("-")
    for number in range(1, len(parts)):
        if parts[number][:1].isdigit() and "." in parts[number]:
            return "-".join(parts[:number]), "-".join(parts[number:])
    return text, ""


# Folders -----------------------------------------------------------------------------------------


def _identity(path: Path) -> tuple[str, str]:
    manifest = path / "Cargo.toml"
    try:
        document = read_toml(manifest.read_bytes(), name=str(manifest))
    except FileNotFoundError:
        raise UsageError(f"{path}: no Cargo.toml here", remedy="name a package's folder") from None
    except OSError as error:
        raise UsageError(f"{manifest}: {error.strerror}") from None
    except TomlError:
        return path.resolve().name or "unknown", "0.0.0"
    package = document.get("package") or document.get("project")
    if not isinstance(package, dict):
        raise UsageError(
            f"{path}: a workspace without a package of its own",
            remedy=f"scan one of its members{_members(document)}, or `cratescope audit {path}`",
        )
    name, version = package.get("name"), package.get("version")
    if isinstance(version, dict):
        version = _inherited(path, "version")
    return (
        name if isinstance(name, str) and name else path.resolve().name,
        version if isinstance(version, str) and version else "0.0.0",
    )


def _members(document: Mapping[str, object]) -> str:
    workspace = document.get("workspace")
    members = workspace.get("members") if isinstance(workspace, dict) else None
    names = [str(one) for one in members] if isinstance(members, list) else []
    return f" ({', '.join(names[:5])})" if names else ""


def _inherited(path: Path, key: str) -> object:
    """A key of the enclosing workspace's `[workspace.package]`."""
    for parent in list(path.resolve().parents)[:16]:
        try:
            document = read_toml((parent / "Cargo.toml").read_bytes(), name="Cargo.toml")
        except (OSError, TomlError):
            continue
        workspace = document.get("workspace")
        if isinstance(workspace, dict):
            shared = workspace.get("package")
            return shared.get(key) if isinstance(shared, dict) else None
    return None


def _pack(packing: _Packing, path: Path) -> None:
    pending: list[tuple[Path, str, int]] = [(path, "", 0)]
    while pending:
        folder, inside, depth = pending.pop()
        for entry in _entries(packing, folder, inside):
            name = f"{inside}{entry.name}"
            if packing.members >= packing.limits.member_count:
                _gap(packing, GapKind.TOO_LARGE, "too many files", name)
                return
            packing.members += 1
            if entry.is_dir(follow_symlinks=False):
                if entry.name in _SKIPPED or name == "target":
                    continue
                if depth >= _MAX_DEPTH:
                    _gap(packing, GapKind.TOO_LARGE, "folders nested too deeply", name)
                    continue
                pending.append((Path(entry.path), f"{name}/", depth + 1))
            elif entry.is_file(follow_symlinks=False):
                _add_file(packing, entry.path, name)
            else:
                _add_odd(packing, entry, name)


def _entries(packing: _Packing, folder: Path, inside: str) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda one: one.name)
    except OSError as error:
        _gap(packing, GapKind.UNREADABLE, f"folder not readable: {error.strerror}", inside)
        return
    yield from entries


def _gap(packing: _Packing, kind: GapKind, reason: str, path: str) -> None:
    shown = path.encode("utf-8", "backslashreplace").decode()
    packing.gaps.append(Gap(kind, reason, shown, is_blocking=True))


def _add_file(packing: _Packing, path: str, name: str) -> None:
    """One regular file, checked again after opening: a name may change under our hands."""
    try:
        handle = os.open(path, _OPEN)
    except OSError as error:
        _gap(packing, GapKind.UNREADABLE, f"file not readable: {error.strerror}", name)
        return
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            _gap(packing, GapKind.UNREADABLE, "no longer a regular file", name)
            return
        left = packing.limits.unpacked_size_bytes - packing.size_bytes
        if status.st_size > min(packing.limits.member_size_bytes, left):
            _gap(packing, GapKind.TOO_LARGE, "larger than we read", name)
            return
        data = file.read(status.st_size)
    packing.size_bytes += len(data)
    info = _info(packing, name)
    info.size = len(data)
    info.mode = 0o755 if status.st_mode & 0o111 else 0o644
    packing.archive.addfile(info, io.BytesIO(data))


def _info(packing: _Packing, name: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(f"{packing.root}/{name}")
    info.mtime = info.uid = info.gid = 0
    info.uname = info.gname = ""
    return info


def _add_odd(packing: _Packing, entry: os.DirEntry[str], name: str) -> None:
    """Links, pipes, devices: present in the archive as what they are, never opened."""
    info = _info(packing, name)
    if entry.is_symlink():
        info.type = tarfile.SYMTYPE
        info.linkname = os.readlink(entry.path)
    else:
        info.type = tarfile.FIFOTYPE
    packing.archive.addfile(info)
