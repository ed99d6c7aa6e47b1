"""Decisions: kept before the first byte of a release is served, looked up by its name."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, replace

from sqlalchemy import ColumnElement, Row, Select, TextClause, func, insert, select, text

from gate.model import AuditRow, Cause, Evidence, Outcome, Release, Ruling, Taken
from gate.store import chain
from gate.store.engine import Database
from gate.store.schema import evidence, pin, ruling, taken

_AGENT_CHARACTERS = 200
_DETAIL_CHARACTERS = 400
_IN_FORCE = select(func.max(ruling.c.id)).group_by(
    ruling.c.mount, ruling.c.name, ruling.c.version, ruling.c.sha256
)
Clock = Callable[[], str]


class Store:
    """Rulings, pins, and who got what. Safe to share between threads; all raise StoreUnreachable.

    `clock` gives the time as `YYYY-MM-DDTHH:MM:SSZ`.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database, self.now = database, clock

    # Rulings ---------------------------------------------------------------------------------

    def rulings(self, mount: str, name: str) -> tuple[Ruling, ...]:
        """All rulings about a name, oldest first."""
        query = select(ruling).where(ruling.c.mount == mount, ruling.c.name == name)
        return self._rulings(query.order_by(ruling.c.id))

    def keep(self, one: Ruling, shown: Evidence | None = None) -> Ruling:
        """Write a ruling and its line of the audit log; on disk when this returns."""
        one = replace(one, at=one.at or self.now())
        with self.database.writing() as connection:
            if shown is not None:
                data = zlib.compress(json.dumps(asdict(shown)).encode(), 6)
                values = {"sha256": one.release.sha256, "data": data}
                made = connection.execute(insert(evidence).values(**values)).inserted_primary_key
                one = replace(one, evidence=int(made[0]) if made else 0)
            key = connection.execute(insert(ruling).values(**_columns(one))).inserted_primary_key
            one = replace(one, id=int(key[0]) if key else 0)
            detail = f"{one.cause}: {one.why}"[:_DETAIL_CHARACTERS]
            chain.append(connection, self.line(one.actor, one.outcome, one.release, detail))
        return one

    def line(self, actor: str, action: str, release: Release, detail: str) -> AuditRow:
        """A line of the audit log about a release, not yet written."""
        subject = f"{release.mount} {release.name} {release.version} {release.sha256}"
        return AuditRow(0, self.now(), actor or "gate", action, subject, detail, "")

    def latest(self, *, outcome: Outcome | None = None, most: int = 500) -> tuple[Ruling, ...]:
        """The ruling in force on each release, newest first; only those of an outcome if given."""
        query = select(ruling).where(ruling.c.id.in_(_IN_FORCE)).order_by(ruling.c.id.desc())
        if outcome is not None:
            query = query.where(ruling.c.outcome == outcome)
        return self._rulings(query.limit(most))

    def all_served(self) -> Iterator[Ruling]:
        """The rulings in force that let a release in, however many, oldest first."""
        at = 0
        while rows := self._in_force(at, 1000, ruling.c.outcome == Outcome.SERVE):
            yield from rows
            at = rows[-1].id

    def outdated(
        self, mount: str, judge: str, before: str, after: int = 0, most: int = 200
    ) -> tuple[Ruling, ...]:
        """Rulings in force behind an id, of before a time, that another judge made.

        What people ruled stays.
        """
        is_open = ruling.c.cause.not_in((Cause.REVOKED, Cause.CHECKSUM))
        is_other = (ruling.c.mount == mount, ruling.c.judge != judge, ruling.c.at < before)
        return self._in_force(after, most, *is_other, is_open)

    def due(self, day: str, after: int = 0, most: int = 200) -> tuple[Ruling, ...]:
        """Rulings in force behind an id whose last day is over."""
        return self._in_force(after, most, ruling.c.until != "", ruling.c.until < day)

    def _in_force(self, after: int, most: int, *told: ColumnElement[bool]) -> tuple[Ruling, ...]:
        query = select(ruling).where(ruling.c.id.in_(_IN_FORCE), ruling.c.id > after, *told)
        return self._rulings(query.order_by(ruling.c.id).limit(most))

    def _rulings(self, query: Select[tuple[object, ...]]) -> tuple[Ruling, ...]:
        with self.database.reading() as connection:
            return tuple(map(_ruling, connection.execute(query)))

    def counts(self) -> Mapping[str, int]:
        """How many releases have which outcome now."""
        query = select(ruling.c.outcome, func.count()).where(ruling.c.id.in_(_IN_FORCE))
        with self.database.reading() as connection:
            rows = connection.execute(query.group_by(ruling.c.outcome)).all()
        return {str(outcome): int(number) for outcome, number in rows}

    def evidence(self, number: int) -> Evidence | None:
        """The pages behind a ruling."""
        query = select(evidence.c.data).where(evidence.c.id == number)
        with self.database.reading() as connection:
            data = connection.execute(query).scalar()
        if data is None:
            return None
        plain = json.loads(zlib.decompress(data))
        rows = tuple((str(a), str(b), str(c)) for a, b, c in plain["coverable"])
        return Evidence(plain["html"], plain["diff_html"], rows)

    def ruling(self, number: int) -> Ruling | None:
        """One ruling by its id."""
        with self.database.reading() as connection:
            row = connection.execute(select(ruling).where(ruling.c.id == number)).first()
        return _ruling(row) if row is not None else None

    def names_like(self, text: str, most: int = 50) -> tuple[tuple[str, str], ...]:
        """(mount, name) of crates that were ruled on and hold a text in their name."""
        plain = text.lower().replace("\\", "").replace("%", "").replace("_", "\\_")
        query = select(ruling.c.mount, ruling.c.name).distinct()
        query = query.where(func.lower(ruling.c.name).like(f"%{plain}%", escape="\\"))
        with self.database.reading() as connection:
            rows = connection.execute(query.order_by(ruling.c.name).limit(most)).all()
        return tuple((str(mount), str(name)) for mount, name in rows)

    # Pins: the first checksum of a version, for ever -------------------------------------------

    def pins(self, mount: str, name: str) -> dict[str, str]:
        """Version to checksum as they were first seen."""
        query = select(pin.c.version, pin.c.sha256).where(pin.c.mount == mount, pin.c.name == name)
        with self.database.reading() as connection:
            return {str(one): str(sha256) for one, sha256 in connection.execute(query)}

    def keep_pins(self, releases: Iterable[Release]) -> None:
        """Add first checksums; one that is there already stays as it is."""
        rows = [asdict(one) | {"seen_at": self.now()} for one in releases]
        if not rows:
            return
        with self.database.writing() as connection:
            if connection.dialect.name == "sqlite":
                connection.execute(insert(pin).prefix_with("OR IGNORE"), rows)
            else:
                from sqlalchemy.dialects.postgresql import insert as insert_or

                connection.execute(insert_or(pin).on_conflict_do_nothing(), rows)

    # Who got what ------------------------------------------------------------------------------

    def keep_taken(self, rows: Iterable[Taken]) -> None:
        """Add lines of the download log: in one statement, which the database works through by
        itself. Row by row it would keep answers waiting, a tenth of a second at a time.
        """
        plain = [_taken_columns(one) for one in rows]
        if plain:
            with self.database.writing() as connection:
                statement = _KEEP_TAKEN[connection.dialect.name]
                connection.execute(statement, {"rows": json.dumps(plain)})

    def who_got(self, name: str, version: str = "", most: int = 1000) -> tuple[Taken, ...]:
        """Who got a crate, or one version of it; newest first."""
        query = select(taken).where(func.lower(taken.c.name) == name.lower())
        if version:
            query = query.where(taken.c.version == version)
        with self.database.reading() as connection:
            rows = connection.execute(query.order_by(taken.c.id.desc()).limit(most)).all()
        return tuple(
            Taken(one.at, Release(*_identity(one)), one.client, one.agent, one.token)
            for one in rows
        )

    # Audit log ---------------------------------------------------------------------------------

    def tell(self, actor: str, action: str, subject: str, detail: str = "") -> None:
        """Add a line that is no ruling."""
        row = AuditRow(0, self.now(), actor, action, subject, detail, "")
        with self.database.writing() as connection:
            chain.append(connection, row)

    def epoch(self) -> int:
        """A number that grows with every change of decisions, waivers or tokens."""
        with self.database.reading() as connection:
            return chain.newest_id(connection)

    def audit(self, since: int = 0, most: int = 1000) -> tuple[AuditRow, ...]:
        """Lines of the audit log behind one, oldest first."""
        with self.database.reading() as connection:
            return chain.since(connection, since, most)

    def last_line(self, action: str) -> AuditRow | None:
        """The newest line of the audit log about one action."""
        with self.database.reading() as connection:
            return chain.last(connection, action)

    def broken_at(self) -> int:
        """The first line of the audit log that was tampered with; 0 if none was."""
        at, digest = 0, ""
        while rows := self.audit(at):
            found = chain.broken_at(rows, digest)
            if found:
                return found
            at, digest = rows[-1].id, rows[-1].digest
        return 0


def _identity(row: Row[tuple[object, ...]]) -> tuple[str, str, str, str]:
    return row.mount, row.name, row.version, row.sha256


def _ruling(row: Row[tuple[object, ...]]) -> Ruling:
    return Ruling(
        release=Release(*_identity(row)),
        outcome=Outcome(row.outcome),
        verdict=row.verdict,
        why=row.why,
        judge=row.judge,
        cause=Cause(row.cause),
        at=row.at,
        rule=row.rule,
        place=row.place,
        before=row.before,
        until=row.until,
        actor=row.actor,
        evidence=row.evidence,
        id=row.id,
    )


def _columns(one: Ruling) -> dict[str, object]:
    plain = {key: value for key, value in asdict(one).items() if key not in ("release", "id")}
    return asdict(one.release) | plain


def _taken_columns(one: Taken) -> tuple[str, ...]:
    """As plain as can be: a busy gate writes thousands of these a second."""
    release = one.release
    agent = one.agent[:_AGENT_CHARACTERS].replace("\0", "")
    where = release.mount, release.name, release.version, release.sha256
    return (one.at, *where, one.client[:64], agent, one.token)


def _keep_taken(part: str, rows: str) -> TextClause:
    """Lines of the log from one text of JSON; `part` is how its N-th value is had from `value`."""
    names = [one.name for one in taken.columns if one.name != "id"]
    values = ", ".join(part.format(number) for number in range(len(names)))
    return text(f"INSERT INTO taken ({', '.join(names)}) SELECT {values} FROM {rows}")  # noqa: S608  # our own names


_KEEP_TAKEN = {
    "sqlite": _keep_taken("json_extract(value, '$[{}]')", "json_each(:rows)"),
    "postgresql": _keep_taken("value ->> {}", "json_array_elements(CAST(:rows AS json))"),
}
