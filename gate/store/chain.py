"""The audit log: who did what, each line chained to the one before by its digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from sqlalchemy import Connection, func, insert, select

from gate.model import AuditRow
from gate.store.schema import audit, lock


def append(connection: Connection, row: AuditRow) -> AuditRow:
    """Add a line in the caller's transaction; its id and digest are made here."""
    lock(connection)
    newest = select(audit.c.id, audit.c.digest).order_by(audit.c.id.desc()).limit(1)
    before = connection.execute(newest).first()
    number, digest = (before[0] + 1, before[1]) if before is not None else (1, "")
    made = _link(number, digest, row)
    values = {"id": number, "at": row.at, "actor": row.actor, "action": row.action}
    values |= {"subject": row.subject, "detail": row.detail, "digest": made}
    connection.execute(insert(audit).values(**values))
    return AuditRow(number, row.at, row.actor, row.action, row.subject, row.detail, made)


def newest_id(connection: Connection) -> int:
    """The id of the last line, 0 if there is none: the epoch that caches are good for."""
    return connection.execute(select(func.max(audit.c.id))).scalar() or 0


def since(connection: Connection, number: int, most: int = 1000) -> tuple[AuditRow, ...]:
    """The lines behind one, oldest first."""
    query = select(audit).where(audit.c.id > number).order_by(audit.c.id).limit(most)
    return tuple(AuditRow(**one) for one in connection.execute(query).mappings())


def last(connection: Connection, action: str) -> AuditRow | None:
    """The newest line about one action."""
    query = select(audit).where(audit.c.action == action).order_by(audit.c.id.desc()).limit(1)
    row = connection.execute(query).mappings().first()
    return AuditRow(**row) if row is not None else None


def broken_at(rows: Iterable[AuditRow], digest: str = "") -> int:
    """The id of the first line that does not follow from the one before; 0 if all do."""
    for one in rows:
        if _link(one.id, digest, one) != one.digest:
            return one.id
        digest = one.digest
    return 0


def _link(number: int, before: str, row: AuditRow) -> str:
    parts = [before, number, row.at, row.actor, row.action, row.subject, row.detail]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
