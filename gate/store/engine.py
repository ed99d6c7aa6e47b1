"""The door to the database: SQLite without any set-up, PostgreSQL for several gates.

What is committed here has reached the disk: SQLite syncs each commit, PostgreSQL does by default.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from analyzer.errors import UsageError
from gate.errors import StoreUnreachable
from gate.store.schema import migrate

_POSTGRES = "postgresql+psycopg"
_OUT_OF_REACH = (OperationalError, InterfaceError, PoolTimeout)
_WAIT_S = 5
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
)


class Database:
    """An engine whose tables are there. Safe to share between threads."""

    def __init__(self, url: str) -> None:
        """`url`: `sqlite:///FILE` or `postgresql://...`. Raises UsageError or StoreUnreachable."""
        self._engine = _engine(url)
        with self.writing() as connection:
            self.steps = migrate(connection)

    def close(self) -> None:
        """End all connections."""
        self._engine.dispose()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is on disk when the block ends; raises StoreUnreachable."""
        try:
            with self._engine.execution_options(writes=True).begin() as connection:
                yield connection
        except _OUT_OF_REACH as error:
            raise _unreachable(error) from None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for queries; raises StoreUnreachable."""
        try:
            with self._engine.connect() as connection:
                yield connection
        except _OUT_OF_REACH as error:
            raise _unreachable(error) from None


def sqlite_url(folder: Path) -> str:
    """The database of a gate that was given none."""
    return f"sqlite:///{folder / 'gate.sqlite3'}"


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise UsageError(
            "--database: no URL", remedy="write postgresql://USER:PASSWORD@HOST/NAME"
        ) from None
    if parsed.drivername == "sqlite":
        return _sqlite(url)
    if parsed.drivername not in ("postgresql", _POSTGRES):
        raise UsageError(f"--database: {parsed.drivername} is not known", remedy="use postgresql")
    try:
        return sqlalchemy.create_engine(
            parsed.set(drivername=_POSTGRES),
            pool_pre_ping=True,
            pool_size=10,
            pool_timeout=_WAIT_S,
            connect_args={
                "connect_timeout": _WAIT_S,
                "options": f"-c statement_timeout={_WAIT_S * 4000} -c synchronous_commit=on",
            },
        )
    except (NoSuchModuleError, ImportError, SQLAlchemyError) as error:
        raise UsageError(f"--database: {error}") from None


def _sqlite(url: str) -> Engine:
    engine = sqlalchemy.create_engine(url, connect_args={"timeout": _WAIT_S * 4})

    def prepare(raw: sqlite3.Connection, _: object) -> None:
        raw.isolation_level = None  # transactions begin where we say, below
        for one in _PRAGMAS:
            raw.execute(one)

    def begin(connection: Connection) -> None:
        # A reader that turns writer half-way would have to give up: writers wait in line instead.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin)
    return engine


def _unreachable(error: SQLAlchemyError) -> StoreUnreachable:
    said = error.orig if isinstance(error, DBAPIError) else error
    text = " ".join(str(said).split())[:200]
    return StoreUnreachable(f"the database does not answer: {text}", remedy="is it running?")
