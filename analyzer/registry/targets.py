"""What a person may name: a crate, a version, a package URL, an archive, a folder.

A text is a path if it holds a separator, starts with `.` or `~`, or ends in `.crate`; it is a crate
name otherwise, whatever lies in the working directory: a folder called `serde` is `./serde`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote

from analyzer.errors import UsageError
from analyzer.registry.index import check_name

_VERSION = re.compile(r"\d+(?:\.\d+){0,2}(?:[-+][0-9A-Za-z.+-]*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class CrateTarget:
    """A crate of a registry; an empty version means the newest that is not yanked."""

    name: str
    version: str = ""
    registry: str = ""


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
    if text.startswith("pkg:"):
        return _package_url(text)
    if "/" in text or "\\" in text or text.startswith((".", "~")) or text.endswith(".crate"):
        return _local(Path(text).expanduser())
    name, at, version = text.partition("@")
    check_name(name)
    if at and not _VERSION.fullmatch(version):
        raise UsageError(f"`{text}`: `{version}` is no version", remedy="write name@1.2.3")
    return CrateTarget(name, version)


def read_targets(lines: Iterable[str]) -> tuple[Target, ...]:
    """Targets one a line; empty lines and what follows `#` are left out."""
    texts = (
        line.partition("#")[0].strip() if not line.startswith("pkg:") else line for line in lines
    )
    return tuple(parse_target(one) for one in texts if one.strip())


def _local(path: Path) -> Target:
    if path.is_dir():
        return FolderTarget(path)
    if path.exists():
        return ArchiveTarget(path)
    raise UsageError(f"{path}: no such file or folder")


def _package_url(text: str) -> CrateTarget:
    """`pkg:cargo/name@version?repository_url=...` (package-url specification, type cargo)."""
    rest = text.removeprefix("pkg:").lstrip("/").partition("#")[0]
    path, _, query = rest.partition("?")
    kind, _, named = path.partition("/")
    if kind.lower() != "cargo" or not named:
        raise UsageError(f"{text}: only pkg:cargo/NAME[@VERSION] can be read")
    name, at, version = named.partition("@")
    check_name(unquote(name))
    if at and not _VERSION.fullmatch(unquote(version)):
        raise UsageError(f"{text}: `{unquote(version)}` is no version")
    registry = parse_qs(query).get("repository_url", [""])[0]
    return CrateTarget(unquote(name), unquote(version), registry)
