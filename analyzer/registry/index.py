"""The sparse index: where a crate's file is, what its lines say, where archives are downloaded.

Lines are read strictly (threat model G3): what cargo would skip, and some of what it would take, is
a stated problem, and the version it speaks of cannot be had. A line that we read otherwise than
cargo would hide what cargo builds. `tests/unit/registry/test_cargo.py` asks a real cargo.
"""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass
from datetime import datetime

from analyzer.errors import UsageError
from analyzer.model import Dependency, DependencyKind, IndexEntry
from analyzer.registry.semver import precedence

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_RUST = re.compile(r"\d{1,9}(?:\.\d{1,9}){0,2}", re.ASCII)
_PLATFORM = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)
_PART = r"(?:\d{1,20}|[*xX])"
_COMPARATOR = rf" *(?:[=^~]|[<>]=?)? *{_PART}(?:\.{_PART}){{0,2}}(?:[-+][0-9A-Za-z.+-]+)? *"
_REQUIREMENT = re.compile(rf"{_COMPARATOR}(?:,{_COMPARATOR})*", re.ASCII)
_FORMATS = (None, 1, 2)
_KINDS = {one.value: one for one in DependencyKind}

Seen = dict[str, Dependency]
Features = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class RegistryConfig:
    """`config.json` of an index: download URL template, and whether reading needs a token."""

    download: str
    needs_token: bool = False


@dataclass(frozen=True, slots=True)
class LineProblem:
    """An index line that is not plain; `version` is empty where even that cannot be told.

    `is_harmless`: the line only says again what another one says.
    """

    line: int
    version: str
    reason: str
    is_harmless: bool = False


@dataclass(frozen=True, slots=True)
class IndexFile:
    """What a crate's index file says: entries in file order, and the lines that are not plain."""

    entries: tuple[IndexEntry, ...]
    problems: tuple[LineProblem, ...] = ()


class _NotPlain(ValueError):
    """Why a line is not believed."""


# Names and places ---------------------------------------------------------------------------------


def check_name(name: str) -> str:
    """The name, if a registry could have it: nothing else ever gets into a URL or a path.

    Raises UsageError.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name[:80]!r} is no crate name",
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
    values = {
        "{crate}": entry.name,
        "{version}": entry.version,
        "{prefix}": prefix(entry.name),
        "{lowerprefix}": prefix(entry.name.lower()),
        "{sha256-checksum}": entry.checksum,
    }
    url = config.download
    if not any(marker in url for marker in values):
        return f"{url.rstrip('/')}/{entry.name}/{entry.version}/download"
    for marker, value in values.items():
        url = url.replace(marker, value)
    return url


def parse_config(data: bytes) -> RegistryConfig | None:
    """`config.json`; None if it is not what the protocol says."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return None
    template = document.get("dl") if isinstance(document, dict) else None
    if not isinstance(template, str) or not template.startswith(("https://", "http://")):
        return None
    return RegistryConfig(template, document.get("auth-required") is True)


# Lines --------------------------------------------------------------------------------------------


def parse_index(data: bytes, name: str) -> IndexFile:
    """Entries and problems of a crate's index file. Never raises.

    Of two lines for one version cargo believes the last, and so do we; if their checksums differ,
    neither is believed. Versions that differ in build metadata only are two (old crates have them).
    """
    entries: dict[str, IndexEntry] = {}
    problems: list[LineProblem] = []
    seen: Seen = {}
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        version = ""
        try:
            row = _row(line)
            version = _version(row)
            entry = _entry(row, version, name if entries else _spelled(row, name), seen)
        except (_NotPlain, RecursionError) as error:
            problems.append(LineProblem(number, version, str(error)))
            continue
        name = entry.name  # the first plain line spells it for all: cargo keeps spellings apart
        before = entries.pop(version, None)
        if before is not None:
            problems.append(_twice(number, before, entry))
        entries[version] = entry
    disowned = {one.version for one in problems}
    kept = (entry for version, entry in entries.items() if version not in disowned)
    return IndexFile(tuple(kept), tuple(problems))


def _twice(number: int, before: IndexEntry, entry: IndexEntry) -> LineProblem:
    if before.checksum == entry.checksum:
        reason = f"{entry.version} is listed twice; the last line counts"
        return LineProblem(number, "", reason, is_harmless=True)
    return LineProblem(number, entry.version, "listed twice, with two checksums")


def _row(line: bytes) -> dict[str, object]:
    try:
        row = json.loads(line.decode("utf-8"), object_pairs_hook=_unique)
    except _NotPlain:
        raise
    except (ValueError, RecursionError):
        raise _NotPlain("not JSON") from None
    if not isinstance(row, dict):
        raise _NotPlain("not a JSON object")
    return row


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """One reader takes the first of two equal keys, another the last."""
    row = dict(pairs)
    if len(row) != len(pairs):
        raise _NotPlain("a key stands twice")
    return row


def _version(row: dict[str, object]) -> str:
    version = _text(row, "vers")
    if precedence(version) is None:
        raise _NotPlain("no version")
    return version


def _entry(row: dict[str, object], version: str, name: str, seen: Seen) -> IndexEntry:
    if row.get("v") not in _FORMATS:
        raise _NotPlain("written in a format newer than this reader")
    if row.get("name") != name:
        raise _NotPlain("speaks of another crate")
    checksum, rust_version = _text(row, "cksum"), _text(row, "rust_version")
    if not _SHA256.fullmatch(checksum):
        raise _NotPlain("no sha256 checksum")
    if rust_version and not _RUST.fullmatch(rust_version):
        raise _NotPlain("odd `rust_version`")
    rows = row.get("deps")
    if not isinstance(rows, list):
        raise _NotPlain("odd `deps`")
    return IndexEntry(
        name=name,
        version=version,
        checksum=checksum,
        is_yanked=row.get("yanked") is not None and _flag(row, "yanked"),
        published=_time(_text(row, "pubtime")),
        dependencies=tuple(_shared(one, seen) for one in rows),
        features=_features(row.get("features", {})) + _features(row.get("features2") or {}),
        links=_text(row, "links"),
        rust_version=rust_version,
    )


def _spelled(row: dict[str, object], name: str) -> str:
    """The crate's name as its first line spells it; only its case may differ from the asked one."""
    found = _text(row, "name")
    return found if found.lower() == name.lower() and _NAME.fullmatch(found) else name


def _time(text: str) -> str:
    if text:
        try:
            datetime.fromisoformat(text if _TIME.fullmatch(text) else "")
        except ValueError:
            raise _NotPlain("odd publication time") from None
    return text


def _shared(row: object, seen: Seen) -> Dependency:
    """One value for equal rows: version after version repeats the same dependencies."""
    key = repr(row)
    if key not in seen:
        seen[key] = _dependency(row)
    return seen[key]


def _dependency(row: object) -> Dependency:
    """An edge; a rename stands the other way round than in a manifest (`package` is the crate)."""
    if not isinstance(row, dict):
        raise _NotPlain("odd dependency")
    key, requirement, kind = _text(row, "name"), _text(row, "req"), _text(row, "kind")
    package = _text(row, "package") or key
    target, is_optional = _text(row, "target"), _flag(row, "optional")
    is_named = _NAME.fullmatch(key) and _NAME.fullmatch(package)
    if not is_named or not _REQUIREMENT.fullmatch(requirement) or not _is_platform(target):
        raise _NotPlain("odd dependency")
    if kind not in (*_KINDS, "") or (kind == DependencyKind.DEV and is_optional):
        raise _NotPlain("odd dependency")
    has_defaults = "default_features" not in row or _flag(row, "default_features")
    return Dependency(
        key=key,
        package=package,
        requirement=requirement,
        kind=_KINDS.get(kind, DependencyKind.NORMAL),
        is_optional=is_optional,
        target=target,
        registry=_text(row, "registry"),
        features=_texts(row.get("features", [])),
        has_defaults=has_defaults,
    )


def _is_platform(text: str) -> bool:
    """A target triple or `cfg(...)` whose quotes and brackets close."""
    if not text.startswith("cfg("):
        return not text or _PLATFORM.fullmatch(text) is not None
    bare = "".join(text.split('"')[::2])
    depths = list(itertools.accumulate((one == "(") - (one == ")") for one in bare))
    return text.count('"') % 2 == 0 and depths[-1] == 0 and 0 not in depths[3:-1]


def _features(table: object) -> Features:
    if not isinstance(table, dict):
        raise _NotPlain("odd list of features")
    return tuple((_sound(name), _texts(value)) for name, value in table.items())


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise _NotPlain("odd list of features")
    return tuple(map(_sound, value))


def _text(row: dict[str, object], key: str) -> str:
    value = row.get(key)
    return "" if value is None else _sound(value)


def _sound(value: object) -> str:
    """A text that can be written out again: JSON can hold half a character (threat model H11)."""
    if not isinstance(value, str):
        raise _NotPlain("a number or list where a text belongs")
    if not value.isascii() and any("\ud800" <= one <= "\udfff" for one in value):
        raise _NotPlain("half a character")
    return value


def _flag(row: dict[str, object], key: str) -> bool:
    value = row.get(key, False)
    if not isinstance(value, bool):
        raise _NotPlain(f"`{key}` is neither true nor false")
    return value
