"""Cargo.lock of every format version (1 to 4) to a Lockfile; half a file is an error with its line."""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.errors import TomlError
from analyzer.model import LockedPackage, Lockfile
from analyzer.toml import read_toml


def read_lockfile(data: bytes, *, path: str) -> Lockfile:
    """The locked packages in file order. Raises TomlError with file and line for anything else."""
    for marker in (b"<<<<<<< ", b">>>>>>> "):
        at = data.find(b"\n" + marker)
        if at >= 0 or data.startswith(marker):
            line = data.count(b"\n", 0, at + 1) + 1
            raise TomlError(f"{path}:{line}: unresolved merge conflict")
    document = read_toml(data, name=path)
    rows = document.get("package", [])
    rooted = document.get("root")
    if not isinstance(rows, list) or not all(isinstance(one, dict) for one in rows):
        raise TomlError(f"{path}: `package` must be a list of tables")
    tables: list[Mapping[str, object]] = [*rows]
    if isinstance(rooted, dict):
        tables.insert(0, rooted)
    metadata = document.get("metadata")
    sums = metadata if isinstance(metadata, dict) else {}
    lines = _lines(data, has_root=isinstance(rooted, dict))
    version = document.get("version")
    number = version if isinstance(version, int) else (1 if sums or rooted else 2)
    heads = [_head(one, path, sums) for one in tables]
    index = _index(heads)
    packages = tuple(
        LockedPackage(
            name,
            locked,
            source,
            checksum,
            _edges(table, index, path),
            lines[place] if place < len(lines) else 0,
        )
        for place, (table, (name, locked, source, checksum)) in enumerate(
            zip(tables, heads, strict=True)
        )
    )
    return Lockfile(path, number, packages)


Head = tuple[str, str, str, str]


def _head(table: Mapping[str, object], path: str, sums: Mapping[str, object]) -> Head:
    name, version = table.get("name"), table.get("version")
    source, checksum = table.get("source", ""), table.get("checksum", "")
    if not isinstance(name, str) or not isinstance(version, str):
        raise TomlError(f"{path}: a [[package]] lacks its name or version")
    if not isinstance(source, str) or not isinstance(checksum, str):
        raise TomlError(f"{path}: {name}: source and checksum must be texts")
    if not checksum:
        found = sums.get(f"checksum {name} {version} ({source})", "")
        checksum = found if isinstance(found, str) and found != "<none>" else ""
    return name, version, source, checksum


def _index(heads: list[Head]) -> dict[str, int]:
    """Every spelling that can stand in `dependencies`, to a position."""
    index: dict[str, int] = {}
    for place, (name, version, source, _) in enumerate(heads):
        index.setdefault(name, place)
        index.setdefault(f"{name} {version}", place)
        index[f"{name} {version} ({source})"] = place
    return index


def _edges(table: Mapping[str, object], index: Mapping[str, int], path: str) -> tuple[int, ...]:
    listed = table.get("dependencies", [])
    if not isinstance(listed, list):
        raise TomlError(f"{path}: {table.get('name')}: dependencies must be a list")
    found = (index.get(one) for one in listed if isinstance(one, str))
    return tuple(one for one in found if one is not None)


def _lines(data: bytes, *, has_root: bool) -> list[int]:
    """Line of each package's header, in file order."""
    lines = [1] if has_root else []
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.rstrip() == b"[[package]]":
            lines.append(number)
    return lines
