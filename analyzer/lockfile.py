"""Cargo.lock of every format version (1 to 4) to a Lockfile: packages, their edges and lines.

Half a file is an error with its line, or a gap where only the references tell of what is gone;
`salvaged` reads what is left of it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping

from analyzer.errors import TomlError
from analyzer.model import Gap, GapKind, LockedPackage, Lockfile
from analyzer.toml import read_toml

_CONFLICT = re.compile(rb"^(?:<{7}|={7}|>{7})(?: |\r?$)", re.MULTILINE)
_HEADER = re.compile(rb"^[ \t]*\[\[[ \t]*[\"']?package[\"']?[ \t]*\]\]", re.MULTILINE)
_VERSION = re.compile(rb"^[ \t]*version[ \t]*=", re.MULTILINE)
_BLANK_LINE = re.compile(rb"\n[ \t]*\r?\n")
_NEWEST = 4
_REFERENCE = re.compile(r"(\S+)(?: (\S+))?(?: \((.*)\))?")

Table = Mapping[str, object]
Head = tuple[str, str, str, str]


def read_lockfile(data: bytes, *, path: str) -> Lockfile:
    """The locked packages in file order. Raises TomlError with file and line for anything else.

    A reference to a package that is not there is a gap; `line` is 0 where it cannot be told.
    """
    conflict = _CONFLICT.search(data)
    if conflict is not None:
        line = data.count(b"\n", 0, conflict.start()) + 1
        raise TomlError(f"{path}:{line}: unresolved merge conflict")
    document = read_toml(data, name=path)
    tables = _tables(document, path)
    lines = _lines(data, len(tables), has_root="root" in document)
    sums = document.get("metadata")
    checksums = sums if isinstance(sums, dict) else {}
    heads = [
        _head(one, f"{path}:{line}" if line else path, checksums)
        for one, line in zip(tables, lines, strict=True)
    ]
    index = _index(heads)
    packages: list[LockedPackage] = []
    gaps: list[Gap] = []
    for table, head, line in zip(tables, heads, lines, strict=True):
        edges, lost = _edges(table, index)
        packages.append(LockedPackage(*head, edges, line))
        if lost:
            gaps.append(_dangling(head, lost, path, line))
    version = _format_version(document)
    if not 1 <= version <= _NEWEST:
        gaps.append(_foreign(version, data, path))
    return Lockfile(path, version, tuple(packages), tuple(gaps))


def salvaged(data: bytes, *, path: str) -> Lockfile:
    """The packages of a damaged file that can be read each by itself, without edges between them
    that lead to lost ones. Never raises; there may be none.
    """
    starts = [one.start() for one in _HEADER.finditer(data)]
    packages: list[LockedPackage] = []
    for start, end in itertools.pairwise([*starts, len(data)]):
        chunk = _CONFLICT.sub(b"#", _BLANK_LINE.split(data[start:end], 1)[0])
        try:
            (table,) = _tables(read_toml(chunk, name=path), path)
            head = _head(table, path, {})
        except (TomlError, ValueError):
            continue
        packages.append(LockedPackage(*head, (), data.count(b"\n", 0, start) + 1))
    return Lockfile(path, 0, tuple(packages))


def _foreign(version: int, data: bytes, path: str) -> Gap:
    """Cargo refuses such a file; what its tables mean in that format nobody here knows."""
    found = _VERSION.search(data)
    line = data.count(b"\n", 0, found.start()) + 1 if found else 0
    reason = f"written in lock file format {version}, which is not known: read as format {_NEWEST}"
    remedy = "update cratescope, or let your cargo write the file again"
    return Gap(GapKind.MANIFEST, reason, path, line, is_blocking=True, remedy=remedy)


def _dangling(head: Head, lost: tuple[str, ...], path: str, line: int) -> Gap:
    """Cargo passes over such references; what they meant is not in the file, so nobody read it."""
    more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
    reason = f"{head[0]} {head[1]} needs {', '.join(lost[:3])}{more}, which the file does not hold"
    remedy = "let cargo write the file again"
    return Gap(GapKind.MANIFEST, reason, path, line, is_blocking=True, remedy=remedy)


def _format_version(document: Table) -> int:
    """The stated one; before version 3 none is stated, and version 1 keeps sums apart."""
    stated = document.get("version")
    if type(stated) is int:
        return stated
    return 1 if "metadata" in document or "root" in document else 2


def _tables(document: Table, path: str) -> list[Table]:
    rows = document.get("package", [])
    if not isinstance(rows, list) or not all(isinstance(one, dict) for one in rows):
        raise TomlError(f"{path}: `package` must be a list of tables")
    root = document.get("root", {})
    if not isinstance(root, dict):
        raise TomlError(f"{path}: `root` must be a table")
    if not rows and not root and not {"version", "metadata", "patch"} & set(document):
        if document:
            raise TomlError(f"{path}: no [[package]]: this is not a Cargo.lock")
        return []
    return [root, *rows] if root else rows


def _head(table: Table, place: str, sums: Table) -> Head:
    name, version = table.get("name"), table.get("version")
    source, checksum = table.get("source", ""), table.get("checksum", "")
    if not isinstance(name, str) or not isinstance(version, str):
        raise TomlError(f"{place}: a [[package]] lacks its name or version")
    if not isinstance(source, str) or not isinstance(checksum, str):
        raise TomlError(f"{place}: {name}: source and checksum must be texts")
    if not checksum:
        found = sums.get(f"checksum {name} {version} ({source})", "")
        checksum = found if isinstance(found, str) and found != "<none>" else ""
    return name, version, source, checksum


# Edges -------------------------------------------------------------------------------------------


def _index(heads: list[Head]) -> dict[tuple[str, str, str], int]:
    """(name, version or nothing, source or nothing) to the first such package."""
    index: dict[tuple[str, str, str], int] = {}
    for place, (name, version, source, _) in enumerate(heads):
        for key in ((name, "", ""), (name, version, ""), (name, version, _plain(source))):
            index.setdefault(key, place)
    return index


def _plain(source: str) -> str:
    """A source without the commit: references to git packages leave it out since version 2."""
    return source.partition("#")[0]


def _edges(
    table: Table, index: Mapping[tuple[str, str, str], int]
) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Positions of what a package depends on, and the references that lead nowhere."""
    listed = table.get("dependencies", [])
    found: dict[int, None] = {}
    lost: list[str] = []
    for one in listed if isinstance(listed, list) else [listed]:
        parts = _REFERENCE.fullmatch(one) if isinstance(one, str) else None
        place = None
        if parts is not None:
            name, version, source = (part or "" for part in parts.groups())
            place = index.get((name, version, _plain(source)), index.get((name, version, "")))
        if place is None:
            lost.append(str(one)[:200])
        else:
            found[place] = None
    return tuple(found), tuple(lost)


# Lines -------------------------------------------------------------------------------------------


def _lines(data: bytes, count: int, *, has_root: bool) -> list[int]:
    """Line of each package's header; all 0 when headers and packages do not tally."""
    lines = list(_header_lines(data))
    if has_root:
        root = re.search(rb"^[ \t]*\[[ \t]*root[ \t]*\]", data, re.MULTILINE)
        lines.insert(0, data.count(b"\n", 0, root.start()) + 1 if root else 0)
    return lines if len(lines) == count else [0] * count


def _header_lines(data: bytes) -> Iterator[int]:
    line, at = 1, 0
    for one in _HEADER.finditer(data):
        line += data.count(b"\n", at, one.start())
        at = one.start()
        yield line
