"""The local database of advisories: one SQLite file, replaced as a whole, never changed in place.

A reader keeps the file it opened; a torn write is never seen. A lookup is one indexed query.
"""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from analyzer.codec import CodecError, from_plain, to_plain
from analyzer.errors import InternalError, UsageError
from analyzer.model import Advisory
from analyzer.registry.advisories import AdvisoryKind, AdvisoryRecord
from analyzer.registry.ranges import parse_requirement
from analyzer.signatures import fold_name

FILE = "advisories-v1.sqlite"
STALE_AFTER = timedelta(days=7)
_SCHEMA = """
CREATE TABLE source (name TEXT PRIMARY KEY, data TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE advisory (
    package TEXT NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL,
    data TEXT NOT NULL, description TEXT NOT NULL,
    PRIMARY KEY (package, source, id)
) WITHOUT ROWID;
CREATE TABLE document (
    source TEXT NOT NULL, name TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (source, name)
) WITHOUT ROWID;
"""
_ORDER = {one: place for place, one in enumerate(AdvisoryKind)}


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """Where one feed's data came from. Times are `YYYY-MM-DDTHH:MM:SSZ`: `fetched` by our clock,
    `as_of` by the feed. `sha256` is the digest of the feed's file, `problems` what was not read,
    `documents` how many files of the feed are kept as they are.
    """

    name: str
    url: str
    fetched: str
    as_of: str
    sha256: str
    files: int
    advisories: int
    withdrawn: int
    malicious: int
    etag: str = ""
    problems: tuple[str, ...] = ()
    documents: int = 0

    def age(self, now: datetime) -> timedelta:
        """How long ago this was fetched."""
        return now - datetime.fromisoformat(self.fetched)

    def is_stale(self, now: datetime) -> bool:
        """Whether a newer state should be fetched."""
        return self.age(now) > STALE_AFTER

    def label(self) -> str:
        """Name, state and digest, as reports quote it."""
        return f"{self.name} {self.as_of} sha256 {self.sha256[:16]}"


@dataclass(frozen=True, slots=True)
class Part:
    """Everything that one feed said: its records, and the files that it wants kept, by name."""

    info: SourceInfo
    records: tuple[AdvisoryRecord, ...]
    documents: tuple[tuple[str, str], ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """What must not get lost: ids of records, names of documents."""
        return frozenset({one.id for one in self.records} | {name for name, _ in self.documents})


class AdvisoryStore:
    """A database opened for reading. A context manager. Raises UsageError for a damaged file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        uri = f"file:{quote(str(path.resolve()))}?mode=ro&immutable=1"
        try:
            self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
            self._connection.execute("PRAGMA trusted_schema = OFF")
            self.sources = self._sources()
        except (sqlite3.Error, CodecError, ValueError) as error:
            raise _damaged(path, error) from None

    def __enter__(self) -> AdvisoryStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End reading."""
        self._connection.close()

    def lookup(self, name: str, version: str) -> tuple[Advisory, ...]:
        """What stands against a version: malice first; entries of several feeds are told once."""
        found = [one for one in self.records(name) if one.covers(version)]
        return _merged(found, version) if found else ()

    def records(self, name: str) -> tuple[AdvisoryRecord, ...]:
        """All entries about a name, withdrawn ones too, without their descriptions."""
        query = "SELECT data FROM advisory WHERE package = ? ORDER BY source DESC, id"
        try:
            rows = self._connection.execute(query, (fold_name(name),)).fetchall()
            return tuple(from_plain(AdvisoryRecord, json.loads(data)) for (data,) in rows)
        except (sqlite3.Error, CodecError, ValueError) as error:
            raise _damaged(self._path, error) from None

    def part(self, source: SourceInfo) -> Part:
        """Everything that one source said."""
        query = "SELECT data, description FROM advisory WHERE source = ? ORDER BY package, id"
        try:
            rows = self._connection.execute(query, (source.name,)).fetchall()
            found = (
                replace(from_plain(AdvisoryRecord, json.loads(data)), description=text)
                for data, text in rows
            )
            return Part(source, tuple(found), self._documents(source))
        except (sqlite3.Error, CodecError, ValueError, TypeError) as error:
            raise _damaged(self._path, error) from None

    def _documents(self, source: SourceInfo) -> tuple[tuple[str, str], ...]:
        if not source.documents:  # a database of before 0.3 has no such table
            return ()
        query = "SELECT name, data FROM document WHERE source = ? ORDER BY name"
        rows = self._connection.execute(query, (source.name,)).fetchall()
        return tuple((str(name), str(data)) for name, data in rows)

    def _sources(self) -> tuple[SourceInfo, ...]:
        rows = self._connection.execute("SELECT data FROM source ORDER BY name DESC").fetchall()
        return tuple(from_plain(SourceInfo, json.loads(data)) for (data,) in rows)


def open_store(data_dir: Path | None) -> AdvisoryStore | None:
    """The database of this machine; None if there is none yet."""
    path = data_dir / FILE if data_dir is not None else None
    return AdvisoryStore(path) if path is not None and path.is_file() else None


def _damaged(path: Path, error: Exception) -> UsageError:
    return UsageError(
        f"{path}: no database of advisories that can be read: {error}",
        remedy="delete it and run `cratescope db update`",
    )


# Lookup -------------------------------------------------------------------------------------------


def _merged(records: list[AdvisoryRecord], version: str) -> tuple[Advisory, ...]:
    """One advisory for entries of different databases that name each other, or the same third one,
    as aliases; the strongest kind counts.
    """
    groups: list[list[AdvisoryRecord]] = []
    for record in records:
        same = next((one for one in groups if _is_same(record, one)), None)
        if same is None:
            groups.append([record])
        else:
            same.append(record)
    found = [_advisory(group, version) for group in groups]
    return tuple(sorted(found, key=lambda one: (_ORDER[AdvisoryKind(one.kind)], one.id)))


def _is_same(record: AdvisoryRecord, group: list[AdvisoryRecord]) -> bool:
    names = {record.id, *record.aliases}
    if any(one.id != record.id and _family(one.id) == _family(record.id) for one in group):
        return False
    return any(not names.isdisjoint((one.id, *one.aliases)) for one in group)


def _family(identity: str) -> str:
    return identity.partition("-")[0]


def _advisory(group: list[AdvisoryRecord], version: str) -> Advisory:
    head = group[0]
    kind = min((one.kind for one in group), key=lambda one: _ORDER[one])
    names = {name for one in group for name in (one.id, *one.aliases)} - {head.id}
    return Advisory(
        id=head.id,
        package=head.package,
        title=head.title,
        is_malicious=kind is AdvisoryKind.MALICIOUS,
        aliases=tuple(sorted(names)),
        kind=kind,
        patched=head.patched,
        functions=tuple(path for path, rows in head.functions if _is_meant(rows, version)),
        witnesses=tuple(dict.fromkeys(one.id for one in group if one.kind is kind)),
    )


def _is_meant(requirements: tuple[str, ...], version: str) -> bool:
    return not requirements or any(parse_requirement(one).covers(version) for one in requirements)


# Writing ------------------------------------------------------------------------------------------


def write_store(path: Path, parts: Iterable[Part]) -> None:
    """A new database in place of the one at `path`. Raises InternalError if it cannot be written.

    The file is complete and on the disk before it gets its name.
    """
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        os.close(handle)
        with closing(sqlite3.connect(temporary)) as connection:
            connection.execute("PRAGMA journal_mode = OFF")
            connection.executescript(_SCHEMA)
            for one in parts:
                source = one.info.name
                row = (source, json.dumps(to_plain(one.info)))
                connection.execute("INSERT INTO source VALUES (?, ?)", row)
                rows = _rows(source, one.records)
                connection.executemany("INSERT OR REPLACE INTO advisory VALUES (?,?,?,?,?)", rows)
                files = [(source, name, data) for name, data in one.documents]
                connection.executemany("INSERT INTO document VALUES (?,?,?)", files)
            connection.commit()
        with Path(temporary).open("rb+") as file:
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except (OSError, sqlite3.Error) as error:
        if temporary:
            with suppress(OSError):
                Path(temporary).unlink()
        raise InternalError(f"{path} cannot be written: {error}") from None


def _rows(
    source: str, records: Iterable[AdvisoryRecord]
) -> Iterator[tuple[str, str, str, str, str]]:
    for one in records:
        data = json.dumps(to_plain(replace(one, description="")))
        yield fold_name(one.package), source, one.id, data, one.description


def note_fetched(info: SourceInfo, now: datetime) -> SourceInfo:
    """The same state, seen again now."""
    return replace(info, fetched=now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))


def set_back(old: Part, new: Part, now: datetime) -> str:
    """Why the new state must not follow the old one; empty if it may (threat model H12).

    Databases withdraw entries, they never drop them: fewer entries or an older state mean that
    somebody serves us yesterday's list, or a list with holes.
    """
    was, info = old.info, new.info
    if info.as_of > (now + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ"):
        return f"it is dated {info.as_of}, in the future"
    if info.as_of < was.as_of:
        return f"it is of {info.as_of}, older than the {was.as_of} at hand"
    lost = sorted(old.names - new.names)
    if lost:
        more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
        return f"entries of the state at hand are gone: {', '.join(lost[:3])}{more}"
    return ""
