"""Tables, and the steps that lead to them from every version that was ever released.

One text for SQLite and PostgreSQL. Rulings and the audit log can only grow:
triggers refuse all else, whoever asks.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import (
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

version = Table("schema_version", tables, Column("version", Integer, nullable=False))

pin = Table(
    "pin",
    tables,
    Column("id", Integer, primary_key=True),
    Column("mount", String(32), nullable=False),
    Column("name", String(64), nullable=False),
    Column("version", String(200), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("seen_at", String(20), nullable=False),
    UniqueConstraint("mount", "name", "version"),
)

ruling = Table(
    "ruling",
    tables,
    Column("id", Integer, primary_key=True),
    Column("mount", String(32), nullable=False),
    Column("name", String(64), nullable=False),
    Column("version", String(200), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("outcome", String(8), nullable=False),
    Column("verdict", String(12), nullable=False),
    Column("why", Text, nullable=False),
    Column("judge", String(64), nullable=False),
    Column("cause", String(12), nullable=False),
    Column("at", String(20), nullable=False),
    Column("rule", String(100), nullable=False),
    Column("place", Text, nullable=False),
    Column("before", String(200), nullable=False),
    Column("until", String(10), nullable=False),
    Column("actor", String(100), nullable=False),
    Column("evidence", Integer, nullable=False),
    Index("ruling_by_name", "mount", "name"),
)

evidence = Table(
    "evidence",
    tables,
    Column("id", Integer, primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("data", LargeBinary, nullable=False),
)

waiver = Table(
    "waiver",
    tables,
    Column("id", Integer, primary_key=True),
    Column("mount", String(32), nullable=False),
    Column("name", String(64), nullable=False),
    Column("version", String(200), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("rule", String(100), nullable=False),
    Column("evidence", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("asked_by", String(100), nullable=False),
    Column("asked_at", String(20), nullable=False),
    Column("expires", String(10), nullable=False),
    Column("state", String(10), nullable=False),
    Column("answered_by", String(100), nullable=False),
    Column("answered_at", String(20), nullable=False),
    Index("waiver_by_name", "mount", "name"),
)

token = Table(
    "token",
    tables,
    Column("id", Integer, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("kind", String(8), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("made_at", String(20), nullable=False),
    Column("ended_at", String(20), nullable=False),
)

audit = Table(
    "audit",
    tables,
    Column("id", Integer, primary_key=True),
    Column("at", String(20), nullable=False),
    Column("actor", String(100), nullable=False),
    Column("action", String(24), nullable=False),
    Column("subject", String(400), nullable=False),
    Column("detail", Text, nullable=False),
    Column("digest", String(64), nullable=False),
)

taken = Table(
    "taken",
    tables,
    Column("id", Integer, primary_key=True),
    Column("at", String(20), nullable=False),
    Column("mount", String(32), nullable=False),
    Column("name", String(64), nullable=False),
    Column("version", String(200), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("client", String(64), nullable=False),
    Column("agent", String(200), nullable=False),
    Column("token", String(100), nullable=False),
    Index("taken_by_name", "mount", "name", "version"),
)

GROWING = ("ruling", "audit", "evidence")
_LOCK = 715_421_009
"""One number for PostgreSQL's advisory lock: gates that start together wait for each other."""


def _first(connection: Connection) -> None:
    tables.create_all(connection)
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


STEPS: tuple[Callable[[Connection], None], ...] = (_first,)
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
