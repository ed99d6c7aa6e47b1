"""Tables, and the steps that lead to them from every version that was ever released.

One text for SQLite and PostgreSQL. Rulings and the audit log can only grow:
triggers refuse all else, whoever asks.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    insert,
    inspect,
    select,
    text,
    update,
)

from gate.errors import GateError

tables = MetaData()


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True)


def _text(name: str, most: int = 0, *, is_unique: bool = False) -> Column[str]:
    """A text that is always there; without `most` of any length."""
    kind = String(most) if most else Text()
    return Column(name, kind, nullable=False, unique=is_unique or None)


def _release() -> tuple[Column[str], ...]:
    """What names a release: columns cannot belong to two tables."""
    return _text("mount", 32), _text("name", 64), _text("version", 200), _text("sha256", 64)


version = Table("schema_version", tables, Column("version", Integer, nullable=False))
pin = Table(
    "pin",
    tables,
    _id(),
    *_release(),
    _text("seen_at", 20),
    UniqueConstraint("mount", "name", "version"),
)
ruling = Table(
    "ruling",
    tables,
    _id(),
    *_release(),
    _text("outcome", 8),
    _text("verdict", 12),
    _text("why"),
    _text("judge", 64),
    _text("cause", 12),
    _text("at", 20),
    _text("rule", 100),
    _text("place"),
    _text("before", 200),
    _text("until", 10),
    _text("actor", 100),
    Column("evidence", Integer, nullable=False),
    Index("ruling_by_name", "mount", "name"),
)
evidence = Table(
    "evidence",
    tables,
    _id(),
    _text("sha256", 64),
    Column("data", LargeBinary, nullable=False),
)
waiver = Table(
    "waiver",
    tables,
    _id(),
    *_release(),
    _text("rule", 100),
    _text("evidence", 64),
    _text("reason"),
    _text("asked_by", 100),
    _text("asked_at", 20),
    _text("expires", 10),
    _text("state", 10),
    _text("answered_by", 100),
    _text("answered_at", 20),
    Index("waiver_by_name", "mount", "name"),
)
token = Table(
    "token",
    tables,
    _id(),
    _text("name", 100, is_unique=True),
    _text("kind", 8),
    _text("digest", 64, is_unique=True),
    _text("made_at", 20),
    _text("ended_at", 20),
)
session = Table(
    "session",
    tables,
    _id(),
    _text("digest", 64, is_unique=True),
    _text("token", 100),
    Column("until", BigInteger, nullable=False),
)
audit = Table(
    "audit",
    tables,
    _id(),
    _text("at", 20),
    _text("actor", 100),
    _text("action", 24),
    _text("subject", 400),
    _text("detail"),
    _text("digest", 64),
)
taken = Table(
    "taken",
    tables,
    _id(),
    _text("at", 20),
    *_release(),
    _text("client", 64),
    _text("agent", 200),
    _text("token", 100),
    Index("taken_by_name", "mount", "name", "version"),
)

GROWING = ("ruling", "audit", "evidence")
_LOCK = 715_421_009
"""One number for PostgreSQL's advisory lock: gates that start together wait for each other."""


def _first(connection: Connection) -> None:
    tables.create_all(connection, [one for one in tables.sorted_tables if one is not session])
    for name in GROWING:
        for statement in _only_grows(connection.dialect.name, name):
            connection.execute(text(statement))


def _only_grows(dialect: str, name: str) -> tuple[str, ...]:
    if dialect == "sqlite":
        return tuple(
            f"CREATE TRIGGER {name}_{what.lower()} BEFORE {what} ON {name} "
            f"BEGIN SELECT RAISE(ABORT, '{name} only grows'); END"
            for what in ("UPDATE", "DELETE")
        )
    return (
        f"CREATE FUNCTION {name}_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{name} only grows'; END $$",
        f"CREATE TRIGGER {name}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {name} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {name}_only_grows()",
    )


def _second(connection: Connection) -> None:
    session.create(connection)


STEPS: tuple[Callable[[Connection], None], ...] = (_first, _second)
"""Step N leads from version N to N + 1; a released step is never changed."""


def lock(connection: Connection) -> None:
    """Until the transaction ends nobody else migrates, or appends to the audit log."""
    if connection.dialect.name != "sqlite":  # there BEGIN IMMEDIATE holds the one writer's place
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))


def migrate(connection: Connection) -> int:
    """Take all steps that are missing, in this transaction; how many they were.

    Raises GateError for a database of a newer program.
    """
    lock(connection)
    is_new = not inspect(connection).has_table("schema_version")
    found = 0 if is_new else connection.execute(select(version.c.version)).scalar_one()
    if found > len(STEPS):
        raise GateError(
            f"the database is of version {found}, this program knows {len(STEPS)}",
            remedy="update cratescope; a gate never goes back",
        )
    for step in STEPS[found:]:
        step(connection)
    if is_new:
        connection.execute(insert(version).values(version=len(STEPS)))
    elif found < len(STEPS):
        connection.execute(update(version).values(version=len(STEPS)))
    return len(STEPS) - found
