"""What a person may name: a crate, a version, a package URL, an archive, a folder.

A text is a path if it holds a separator, starts with `.` or `~`, or ends in `.crate`; it is a crate
name otherwise, whatever lies in the working directory: a folder called `serde` is `./serde`. So
what a command does never depends on what somebody put into a folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from analyzer.config import is_default_source
from analyzer.errors import UsageError
from analyzer.registry.index import check_name
from analyzer.registry.semver import is_partial, precedence

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MAX_LENGTH = 4096


@dataclass(frozen=True, slots=True)
class CrateTarget:
    """A crate of a registry; an empty version means the newest, `1` or `1.2` the newest of those.

    `registry` is a URL or one of cargo's names, empty for the one that the settings name;
    `checksum` a sha256 that the index must name for it, empty if nothing pins it.
    """

    name: str
    version: str = ""
    registry: str = ""
    checksum: str = ""


@dataclass(frozen=True, slots=True)
class ArchiveTarget:
    """A local `.crate` file."""

    path: Path


@dataclass(frozen=True, slots=True)
class FolderTarget:
    """A local folder with a Cargo.toml."""

    path: Path


Target = CrateTarget | ArchiveTarget | FolderTarget


def parse_target(text: str) -> Target:
    """The target a text names. Raises UsageError in one line for anything else."""
    text = text.strip()
    if not text or len(text) > _MAX_LENGTH or not text.isprintable():
        raise UsageError(f"{text[:80]!r} names no crate, archive or folder")
    if text[:4].lower() == "pkg:":
        return _package_url(text)
    if "/" in text or "\\" in text or text.startswith((".", "~")) or text.endswith(".crate"):
        return _local(text)
    name, at, version = text.partition("@")
    check_name(name)
    return CrateTarget(name, _version(version, text) if at else "")


def read_targets(lines: Iterable[str]) -> tuple[Target, ...]:
    """Targets one a line; empty lines and what follows a `#` after a blank are left out.

    Raises UsageError with the number of the line.
    """
    targets = []
    for number, line in enumerate(lines, 1):
        text = re.split(r"(?:^|\s)#", line, maxsplit=1)[0].strip()
        if text:
            try:
                targets.append(parse_target(text))
            except UsageError as error:
                raise UsageError(f"line {number}: {error}", remedy=error.remedy) from None
    return tuple(targets)


def _version(version: str, text: str) -> str:
    if precedence(version) is None and not is_partial(version):
        raise UsageError(
            f"{text!r}: {version!r} is no version", remedy="write name@1.2.3, name@1.2 or name"
        )
    return version


def _local(text: str) -> Target:
    try:
        path = Path(text).expanduser()
    except RuntimeError:
        raise UsageError(f"{text}: no such user") from None
    if path.name == "Cargo.toml" and path.is_file():
        return FolderTarget(path.parent)
    if path.name == "Cargo.lock" and path.is_file():
        raise UsageError(f"{text} is a lock file", remedy=f"cratescope audit {text}")
    if path.is_dir():
        return FolderTarget(path)
    if path.is_file():
        return ArchiveTarget(path)
    if path.exists():
        raise UsageError(f"{text} is neither a file nor a folder")
    remedy = "" if "/" in text.strip("/") else "a crate of the registry is written without `/`"
    raise UsageError(f"{text}: no such file or folder", remedy=remedy)


# Package URLs -------------------------------------------------------------------------------------


def _package_url(text: str) -> CrateTarget:
    """`pkg:cargo/name@version?repository_url=...` (package-url specification, type cargo)."""
    path, _, query = text[4:].lstrip("/").partition("#")[0].partition("?")
    kind, _, named = path.rstrip("/").partition("/")
    if kind.lower() != "cargo" or not named or "/" in named:
        raise UsageError(f"{text}: only pkg:cargo/NAME[@VERSION] can be read")
    name, at, version = named.partition("@")
    name = check_name(_decoded(name, text))
    pairs = (one.partition("=") for one in query.split("&"))
    qualifiers = {key.lower(): _decoded(value, text) for key, _, value in pairs}
    for key in ("vcs_url", "download_url"):
        if key in qualifiers:
            raise UsageError(
                f"{text}: `{key}` names other bytes than the registry's",
                remedy="fetch them and name the folder or the .crate file",
            )
    registry = qualifiers.get("repository_url", "")
    return CrateTarget(
        name,
        _version(_decoded(version, text), text) if at else "",
        "" if is_default_source(registry) else _with_scheme(registry),
        _checksum(qualifiers.get("checksum", ""), text),
    )


def _decoded(text: str, whole: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise UsageError(f"{whole}: not UTF-8 behind its `%`") from None


def _with_scheme(registry: str) -> str:
    return registry if "://" in registry else f"https://{registry}"


def _checksum(listed: str, text: str) -> str:
    """The sha256 of `checksum=sha1:...,sha256:...`."""
    for one in filter(None, listed.lower().split(",")):
        kind, _, value = one.partition(":")
        if kind == "sha256":
            if not _SHA256.fullmatch(value):
                raise UsageError(f"{text}: its sha256 is not 64 hexadecimal digits")
            return value
    return ""
