"""The registry's daily database dump: a tar of CSV files, read as a stream into one SQLite file.

Layout: the archive's own README and `data/*.csv` (crates.io/data-access). Only the tables below are
kept; downloads of the last 90 days stand in a table too large for what it tells, so they are -1.
"""

from __future__ import annotations

import csv
import os
import re
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import IO, BinaryIO
from urllib.parse import quote

from analyzer.errors import InternalError, RegistryUnreachable, UsageError
from analyzer.model import NameRecord, Owner, Publication
from analyzer.signatures import fold_name

FILE = "names-v1.sqlite"
MAX_UNPACKED_SIZE_BYTES = 64 << 30
_FIELD_CHARACTERS = 1 << 26
_TABLES: Mapping[str, tuple[str, ...]] = {
    "crates": ("id", "name", "created_at", "updated_at", "repository"),
    "crate_downloads": ("crate_id", "downloads"),
    "crate_owners": ("crate_id", "owner_id", "owner_kind", "created_at"),
    "users": ("id", "gh_login"),
    "teams": ("id", "login"),
    "versions": ("crate_id", "num", "created_at", "published_by"),
}
_INDEXES = (
    "CREATE INDEX by_name ON crates (folded)",
    "CREATE INDEX downloads_of ON crate_downloads (crate_id)",
    "CREATE INDEX owners_of ON crate_owners (crate_id)",
    "CREATE INDEX crates_of ON crate_owners (owner_id, owner_kind)",
    "CREATE INDEX user_by_id ON users (id)",
    "CREATE INDEX team_by_id ON teams (id)",
    "CREATE INDEX versions_of ON versions (crate_id)",
)
_MEMBER = re.compile(r"(?:[^/]+/)?(?:data/([a-z_]+)\.csv|(metadata\.json))")
_STAMP = re.compile(rb'"timestamp"\s*:\s*"([0-9T:.+Z-]{10,40})"')
_TEAM = "1"


def read_dump(stream: BinaryIO, path: Path) -> str:
    """Put the dump in place of the database at `path`; returns the dump's own time.

    Raises RegistryUnreachable for what is no dump or lacks a table, InternalError for a full disk.
    The file is complete before it gets its name.
    """
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        os.close(handle)
        with closing(sqlite3.connect(temporary)) as connection:
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            as_of = _fill(connection, stream)
            connection.commit()
        with Path(temporary).open("rb+") as file:
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise RegistryUnreachable(f"no database dump: {error}", remedy="fetch it again") from None
    except (OSError, sqlite3.Error) as error:
        raise InternalError(f"{path} cannot be written: {error}") from None
    finally:
        with suppress(OSError):
            Path(temporary).unlink()
    return as_of


def _fill(connection: sqlite3.Connection, stream: BinaryIO) -> str:
    for table, columns in _TABLES.items():
        more = ", folded" if table == "crates" else ""
        connection.execute(f"CREATE TABLE {table} ({', '.join(columns)}{more})")
    connection.execute("CREATE TABLE dump (as_of)")
    as_of, seen = "", set()
    for member, file in _members(stream):
        if member == "metadata.json":
            found = _STAMP.search(file.read(65_536))
            as_of = found[1].decode() if found else ""
        elif member in _TABLES:
            seen.add(member)
            _insert(connection, member, file)
    missing = sorted(set(_TABLES) - seen)
    if missing or not as_of:
        raise RegistryUnreachable(
            f"no whole dump: {', '.join(missing) or 'its time'} is missing", remedy="fetch it again"
        )
    for one in _INDEXES:
        connection.execute(one)
    connection.execute("INSERT INTO dump VALUES (?)", (as_of,))
    return as_of


def _members(stream: BinaryIO) -> Iterator[tuple[str, IO[bytes]]]:
    total = 0
    with tarfile.open(fileobj=stream, mode="r|gz") as archive:
        for one in archive:
            total += one.size
            if total > MAX_UNPACKED_SIZE_BYTES:
                raise RegistryUnreachable("the dump is larger than any dump should be")
            place = _MEMBER.fullmatch(one.name)
            file = archive.extractfile(one) if place is not None and one.isreg() else None
            if place is not None and file is not None:
                yield place[1] or place[2], file


def _insert(connection: sqlite3.Connection, table: str, file: IO[bytes]) -> None:
    """The columns we keep, wherever they stand in the file."""
    columns = _TABLES[table]
    before = csv.field_size_limit(_FIELD_CHARACTERS)
    try:
        rows = csv.reader((one.decode("utf-8", "replace") for one in file), strict=True)
        head = next(rows, [])
        places = [head.index(one) for one in columns]
        kept = ([row[at] for at in places] for row in rows)
        if table == "crates":
            name = columns.index("name")
            kept = ([*row, fold_name(row[name])] for row in kept)
        marks = ", ".join("?" * (len(columns) + (table == "crates")))
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", kept)  # noqa: S608  # our own names
    except (csv.Error, ValueError, IndexError) as error:
        raise RegistryUnreachable(f"data/{table}.csv of the dump cannot be read: {error}") from None
    finally:
        csv.field_size_limit(before)


# Asking -------------------------------------------------------------------------------------------


class NameStore:
    """The dump of this machine, opened for reading. Raises UsageError for a damaged file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        uri = f"file:{quote(str(path.resolve()))}?mode=ro&immutable=1"
        self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        rows = self._rows("SELECT as_of FROM dump", ())
        self.as_of = str(next(iter(rows), ("",))[0])

    def close(self) -> None:
        """End reading."""
        self._connection.close()

    def record(self, name: str) -> NameRecord | None:
        """What the dump says of a crate; None if it does not know the name."""
        found = self._rows(
            "SELECT id, name, created_at, updated_at, repository FROM crates WHERE folded = ?",
            (fold_name(name),),
        )
        for key, spelled, created, updated, repository in found:
            downloads = self._rows(
                "SELECT downloads FROM crate_downloads WHERE crate_id = ?", (key,)
            )
            return NameRecord(
                name=str(spelled),
                source=f"dump of {self.as_of}",
                downloads=next((int(str(one)) for (one,) in downloads), -1),
                created=str(created),
                updated=str(updated),
                repository=str(repository),
                owners=self._owners(key),
                publications=self._publications(key),
            )
        return None

    def _owners(self, key: object) -> tuple[Owner, ...]:
        rows = self._rows(
            "SELECT o.owner_id, o.owner_kind, o.created_at, COALESCE(u.gh_login, t.login, '')"
            " FROM crate_owners o"
            " LEFT JOIN users u ON o.owner_kind <> '1' AND u.id = o.owner_id"
            " LEFT JOIN teams t ON o.owner_kind = '1' AND t.id = o.owner_id"
            " WHERE o.crate_id = ? ORDER BY o.created_at, o.owner_id",
            (key,),
        )
        found = []
        for owner, kind, since, login in rows:
            count = self._rows(
                "SELECT COUNT(*) FROM crate_owners WHERE owner_id = ? AND owner_kind = ?",
                (owner, kind),
            )
            word = "team" if kind == _TEAM else "user"
            found.append(Owner(str(login), word, str(since), int(str(next(iter(count))[0]))))
        return tuple(found)

    def _publications(self, key: object) -> tuple[Publication, ...]:
        rows = self._rows(
            "SELECT v.num, COALESCE(u.gh_login, '') FROM versions v"
            " LEFT JOIN users u ON u.id = v.published_by"
            " WHERE v.crate_id = ? ORDER BY v.created_at",
            (key,),
        )
        return tuple(Publication(str(number), str(login)) for number, login in rows)

    def _rows(self, query: str, values: Iterable[object]) -> list[tuple[object, ...]]:
        try:
            return self._connection.execute(query, tuple(values)).fetchall()
        except sqlite3.Error as error:
            raise UsageError(
                f"{self._path}: no dump that can be read: {error}",
                remedy="delete it and run `cratescope db update --dump`",
            ) from None


def open_names(data_dir: Path | None) -> NameStore | None:
    """The dump of this machine; None if there is none."""
    path = data_dir / FILE if data_dir is not None else None
    return NameStore(path) if path is not None and path.is_file() else None
