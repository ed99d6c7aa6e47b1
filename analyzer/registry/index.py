"""The sparse index: where a crate's file is, what its lines say, where archives are downloaded.

Lines are read strictly: what cargo would skip is skipped and counted, never guessed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from analyzer.errors import UsageError
from analyzer.model import Dependency, DependencyKind, IndexEntry
from analyzer.registry.semver import precedence

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MARKERS = ("{crate}", "{version}", "{prefix}", "{lowerprefix}", "{sha256-checksum}")


@dataclass(frozen=True, slots=True)
class RegistryConfig:
    """`config.json` of an index: download URL template, and whether reading needs a token."""

    download: str
    needs_token: bool = False


def check_name(name: str) -> str:
    """The name, if the registry could have it. Raises UsageError."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"`{name[:80]}` is no crate name",
            remedy="a name is letters, digits, - and _, and starts with a letter",
        )
    return name


def prefix(name: str) -> str:
    """The folder part of an index path: `1`, `2`, `3/a` or `ab/cd`."""
    if len(name) <= 2:
        return str(len(name))
    return f"3/{name[0]}" if len(name) == 3 else f"{name[:2]}/{name[2:4]}"


def index_path(name: str) -> str:
    """Path of a crate's index file, from its lower-cased name."""
    lower = check_name(name).lower()
    return f"{prefix(lower)}/{lower}"


def download_url(config: RegistryConfig, entry: IndexEntry) -> str:
    """Where an archive is, by the registry's own template."""
    if not any(one in config.download for one in _MARKERS):
        return f"{config.download.rstrip('/')}/{entry.name}/{entry.version}/download"
    url = config.download
    values = (entry.name, entry.version, prefix(entry.name), prefix(entry.name.lower()))
    for marker, value in zip(_MARKERS, (*values, entry.checksum), strict=True):
        url = url.replace(marker, value)
    return url


def parse_config(data: bytes) -> RegistryConfig | None:
    """`config.json`; None if it is not what the protocol says."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or not isinstance(document.get("dl"), str):
        return None
    return RegistryConfig(document["dl"], document.get("auth-required") is True)


def parse_index(data: bytes, name: str) -> tuple[tuple[IndexEntry, ...], int]:
    """Entries in file order, and how many lines could not be read. The last of equal versions wins."""
    entries: dict[str, IndexEntry] = {}
    odd = 0
    for line in data.split(b"\n"):
        if not line.strip():
            continue
        entry = _entry(line, name)
        if entry is None:
            odd += 1
        else:
            entries[entry.version] = entry
    return tuple(entries.values()), odd


def _entry(line: bytes, name: str) -> IndexEntry | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(row, dict):
        return None
    found, version, checksum = row.get("name"), row.get("vers"), row.get("cksum")
    if not (isinstance(found, str) and isinstance(version, str) and isinstance(checksum, str)):
        return None
    same = found.lower().replace("_", "-") == name.lower().replace("_", "-")
    if not same or precedence(version) is None or not _SHA256.fullmatch(checksum):
        return None
    listed = row.get("deps")
    dependencies = [_dependency(one) for one in listed] if isinstance(listed, list) else []
    return IndexEntry(
        name=found,
        version=version,
        checksum=checksum,
        is_yanked=row.get("yanked") is True,
        published=_text(row.get("pubtime")),
        dependencies=tuple(one for one in dependencies if one is not None),
        links=_text(row.get("links")),
        rust_version=_text(row.get("rust_version")),
    )


def _dependency(row: object) -> Dependency | None:
    if not isinstance(row, dict) or not isinstance(row.get("name"), str):
        return None
    kind = row.get("kind")
    known = {one.value for one in DependencyKind}
    return Dependency(
        key=row["name"],
        package=_text(row.get("package")) or row["name"],
        requirement=_text(row.get("req")),
        kind=DependencyKind(kind) if kind in known else DependencyKind.NORMAL,
        is_optional=row.get("optional") is True,
        target=_text(row.get("target")),
        registry=_text(row.get("registry")),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
