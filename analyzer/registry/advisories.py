"""Advisory feeds to records: RustSec's archive (TOML in Markdown) and OSV's export (JSON).

Both are read whole and in bounds; what cannot be read is counted and named, never left out in
silence. Formats: rustsec/advisory-db (README, `EXAMPLE_ADVISORY.md`), ossf.github.io/osv-schema.
"""

from __future__ import annotations

import io
import json
import re
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from analyzer.errors import RegistryUnreachable, TomlError
from analyzer.registry.ranges import ALL, Range, parse_requirement, ranges_of_events
from analyzer.toml import TomlTable, read_toml

MAX_MEMBERS = 200_000
MAX_MEMBER_SIZE_BYTES = 4 << 20
MAX_UNPACKED_SIZE_BYTES = 1 << 30
_MAX_PROBLEMS = 100
_FRONT = re.compile(rb"\A```toml[ \t]*\r?\n(.*?)^```[ \t]*\r?$", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^#\s+(.+?)\s*#*$", re.MULTILINE)
_MALICE = re.compile(r"\bmalicious\b|\bmalware\b", re.IGNORECASE)
_AFFILIATED = re.compile(r"\baffiliat", re.IGNORECASE)


class AdvisoryKind(StrEnum):
    """What an advisory says of a crate. `affiliated`: removed for its owner's sake alone."""

    MALICIOUS = "malicious"
    AFFILIATED = "affiliated"
    VULNERABILITY = "vulnerability"
    UNMAINTAINED = "unmaintained"
    UNSOUND = "unsound"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class AdvisoryRecord:
    """One advisory about one package. A version is meant if it is listed or `affected`, not `safe`.

    `date` and `withdrawn` are texts of the feed (withdrawn empty: it stands). `functions`: paths
    with the requirements under which they are affected. `patched` as written, for a reader.
    """

    id: str
    package: str
    kind: AdvisoryKind
    title: str
    date: str = ""
    withdrawn: str = ""
    aliases: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    url: str = ""
    cvss: str = ""
    categories: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    affected: tuple[Range, ...] = (ALL,)
    safe: tuple[Range, ...] = ()
    versions: tuple[str, ...] = ()
    patched: tuple[str, ...] = ()
    functions: tuple[tuple[str, tuple[str, ...]], ...] = ()
    systems: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    is_yanked: bool = False
    description: str = ""

    def covers(self, version: str) -> bool:
        """Whether a version is meant; a withdrawn advisory means none."""
        if self.withdrawn:
            return False
        if any(one.covers(version) for one in self.safe):
            return False
        return version in self.versions or any(one.covers(version) for one in self.affected)


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed as read. `files`: advisory files seen; `as_of`: when its data were made (UTC).

    `problems` names files that could not be read: `files` = read files + problems. `documents` are
    files, by name, that a feed wants kept as they are beside its records.
    """

    records: tuple[AdvisoryRecord, ...]
    files: int
    as_of: str
    problems: tuple[str, ...] = ()
    documents: tuple[tuple[str, str], ...] = ()


def read_rustsec(data: bytes) -> Feed:
    """A gzipped tar of the advisory database's tree. Raises RegistryUnreachable if it is none."""
    records: list[AdvisoryRecord] = []
    problems: list[str] = []
    newest = 0.0
    for path, text, changed_s in tar_files(data):
        newest = max(newest, changed_s)
        if not path.endswith(".md") or not re.search(r"/(?:crates|rust)/[^/]+/[^/]+$", f"/{path}"):
            continue
        try:
            records.append(parse_rustsec(text, path))
        except (TomlError, ValueError) as error:
            problems.append(f"{path}: {error}")
    return _feed(records, problems, len(records) + len(problems), newest)


def read_osv(data: bytes) -> Feed:
    """A zip of OSV entries, as exported for crates.io. Raises RegistryUnreachable if it is none."""
    records: list[AdvisoryRecord] = []
    problems: list[str] = []
    files, newest = 0, 0.0
    for path, text in _zip_files(data):
        files += 1
        try:
            found, changed_s = parse_osv(text)
        except ValueError as error:
            problems.append(f"{path}: {error}")
            continue
        newest = max(newest, changed_s)
        records += found
    return _feed(records, problems, files, newest)


def _feed(records: list[AdvisoryRecord], problems: list[str], files: int, newest_s: float) -> Feed:
    if not records:
        raise RegistryUnreachable("the feed holds no advisory", remedy="check its URL")
    as_of = datetime.fromtimestamp(newest_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    ordered = tuple(sorted(records, key=lambda one: (one.package, one.id)))
    return Feed(ordered, files, as_of, tuple(sorted(problems)[:_MAX_PROBLEMS]))


# Containers ---------------------------------------------------------------------------------------


def tar_files(data: bytes) -> Iterator[tuple[str, bytes, float]]:
    """Path, content and time (seconds) of every regular file of a gzipped tar.

    Raises RegistryUnreachable if it is none, or larger than any feed.
    """
    total = 0
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r|gz") as archive:
            for number, one in enumerate(archive):
                total += one.size
                _check_size(number, one.size, total)
                file = archive.extractfile(one) if one.isreg() else None
                if file is not None:
                    yield one.name, file.read(), float(one.mtime)
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        raise RegistryUnreachable(
            f"no gzipped tar archive: {error}", remedy="check its URL"
        ) from None


def _zip_files(data: bytes) -> Iterator[tuple[str, bytes]]:
    total = 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for number, one in enumerate(archive.infolist()):
                total += one.file_size
                _check_size(number, one.file_size, total)
                if one.filename.endswith(".json"):
                    yield one.filename, archive.read(one)
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise RegistryUnreachable(f"no zip archive: {error}", remedy="check its URL") from None


def _check_size(number: int, size: int, total: int) -> None:
    if number >= MAX_MEMBERS or size > MAX_MEMBER_SIZE_BYTES or total > MAX_UNPACKED_SIZE_BYTES:
        raise RegistryUnreachable("the feed is larger than any such feed should be")


# RustSec ------------------------------------------------------------------------------------------


def parse_rustsec(data: bytes, path: str) -> AdvisoryRecord:
    """The advisory in a Markdown file. Raises TomlError or ValueError."""
    front = _FRONT.match(data)
    if front is None:
        raise ValueError("does not begin with a block of TOML")
    document = read_toml(front[1], name=path)
    body = data[front.end() :].decode("utf-8", "replace").strip()
    head, versions = _table(document, "advisory"), _table(document, "versions")
    affected = _table(document, "affected")
    heading = _HEADING.search(body)
    title = heading[1] if heading else _text(head, "title")
    patched, unaffected = _texts(versions, "patched"), _texts(versions, "unaffected")
    record = AdvisoryRecord(
        id=_needed(head, "id"),
        package=_needed(head, "package"),
        kind=AdvisoryKind.VULNERABILITY,
        title=title,
        date=_needed(head, "date"),
        withdrawn=_text(head, "withdrawn"),
        aliases=_texts(head, "aliases"),
        related=_texts(head, "related"),
        url=_text(head, "url"),
        cvss=_text(head, "cvss"),
        categories=_texts(head, "categories"),
        keywords=_texts(head, "keywords"),
        safe=tuple(parse_requirement(one) for one in (*patched, *unaffected)),
        patched=patched,
        functions=_functions(_table(affected, "functions")),
        systems=_texts(affected, "os"),
        architectures=_texts(affected, "arch"),
        is_yanked=bool(head.get("yanked")),
        description=body[heading.end() :].strip() if heading else body,
    )
    is_removed = head.get("expect-deleted") is True and _MALICE.search(title) is not None
    return replace(record, kind=_kind(record, _text(head, "informational"), is_removed=is_removed))


def _kind(record: AdvisoryRecord, informational: str, *, is_removed: bool) -> AdvisoryKind:
    """Malicious by category or (some lack it) by a removal whose title says so."""
    if "malicious" in record.categories or is_removed:
        if _AFFILIATED.search(record.title):
            return AdvisoryKind.AFFILIATED
        return AdvisoryKind.MALICIOUS
    if not informational:
        return AdvisoryKind.VULNERABILITY
    known = {one.value: one for one in AdvisoryKind}
    found = known.get(informational, AdvisoryKind.NOTICE)
    return AdvisoryKind.NOTICE if found is AdvisoryKind.MALICIOUS else found


def _functions(table: Mapping[str, object]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found = []
    for path in table:
        rows = _texts(table, path)
        for one in rows:
            parse_requirement(one)
        found.append((path, rows))
    return tuple(found)


def _table(table: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise ValueError(f"`{key}` is no table")
    return value


def _needed(table: Mapping[str, object], key: str) -> str:
    value = _text(table, key)
    if not value:
        raise ValueError(f"`{key}` is missing")
    return value


def _text(table: Mapping[str, object], key: str) -> str:
    """A text, or a date as text; empty if absent."""
    value = table.get(key, "")
    if value is None:
        return ""
    if isinstance(value, (dict, list)):
        raise ValueError(f"`{key}` is no text")
    return str(value)


def _texts(table: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = table.get(key)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError(f"`{key}` is no list of texts")
    return tuple(value)


# OSV ----------------------------------------------------------------------------------------------


def parse_osv(data: bytes) -> tuple[list[AdvisoryRecord], float]:
    """One record per crates.io package of an entry, and when it was changed (seconds).

    Raises ValueError.
    """
    try:
        entry = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise ValueError("not JSON") from None
    if not isinstance(entry, dict):
        raise ValueError("not a JSON object")
    affected = entry.get("affected", [])
    if not isinstance(affected, list):
        raise ValueError("`affected` is no list")
    rows: dict[str, list[TomlTable]] = {}
    for one in affected:
        package = _table(one, "package") if isinstance(one, dict) else {}
        if package.get("ecosystem") == "crates.io":
            rows.setdefault(_needed(package, "name"), []).append(one)
    changed = _text(entry, "modified") or _text(entry, "published")
    return [_osv_record(entry, name, some) for name, some in rows.items()], _seconds(changed)


def _seconds(text: str) -> float:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is no time") from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _osv_record(entry: TomlTable, name: str, rows: list[TomlTable]) -> AdvisoryRecord:
    specific = [_table(one, key) for one in rows for key in _SPECIFIC]
    affects = [_table(one, "affects") for one in specific]
    ranges: list[Range] = []
    versions: list[str] = []
    for one in rows:
        ranges += _osv_ranges(one)
        versions += _texts(one, "versions")
    categories = tuple(cat for one in specific for cat in _texts(one, "categories"))
    title = _text(entry, "summary")
    identity = _needed(entry, "id")
    record = AdvisoryRecord(
        id=identity,
        package=name,
        kind=AdvisoryKind.VULNERABILITY,
        title=title or identity,
        date=(_text(entry, "published") or _text(entry, "modified"))[:10],
        withdrawn=_text(entry, "withdrawn"),
        aliases=_texts(entry, "aliases"),
        related=_texts(entry, "related"),
        cvss=_cvss(entry),
        categories=categories,
        affected=tuple(ranges) or (() if versions else (ALL,)),
        versions=tuple(versions),
        patched=tuple(f">= {one.end}" for one in ranges if one.end and not one.has_end),
        functions=tuple((path, ()) for one in affects for path in _texts(one, "functions")),
        systems=tuple(word for one in affects for word in _texts(one, "os")),
        architectures=tuple(word for one in affects for word in _texts(one, "arch")),
        description=_text(entry, "details"),
    )
    informational = next((_text(one, "informational") for one in specific if one), "")
    names = (identity, *record.aliases)
    is_removed = any(one.startswith("MAL-") for one in names)
    return replace(record, kind=_kind(record, informational, is_removed=is_removed))


_SPECIFIC = ("ecosystem_specific", "database_specific")


def _osv_ranges(row: TomlTable) -> Iterator[Range]:
    found = row.get("ranges", [])
    for one in found if isinstance(found, list) else ():
        if not isinstance(one, dict) or one.get("type") not in ("SEMVER", "ECOSYSTEM"):
            continue  # commits of a repository say nothing of versions
        events = one.get("events", [])
        if not isinstance(events, list) or not all(isinstance(row, dict) for row in events):
            raise ValueError("`events` is no list of events")
        pairs = [(str(kind), str(text)) for row in events for kind, text in row.items()]
        yield from ranges_of_events(pair for pair in pairs if pair[0] != "limit")


def _cvss(entry: TomlTable) -> str:
    rows = entry.get("severity", [])
    scores = (
        [one.get("score") for one in rows if isinstance(one, dict)]
        if isinstance(rows, list)
        else []
    )
    return next((one for one in scores if isinstance(one, str)), "")
