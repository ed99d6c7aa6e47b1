"""What is committed stays: rulings and the audit log only grow."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy.exc import IntegrityError

from analyzer.errors import UsageError
from gate.errors import GateError, NotPermitted, StoreUnreachable
from gate.model import Cause, Evidence, Outcome, Release, Ruling, Taken, WaiverRow, WaiverState
from gate.store.engine import Database, sqlite_url
from gate.store.people import People
from gate.store.schema import STEPS, session
from gate.store.store import Store

RELEASE = Release("crates-io", "Foo", "1.0.0", "ab" * 32)
NOW = "2026-11-01T00:00:00Z"
LATER = "2026-11-01T00:00:01Z"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    database = Database(sqlite_url(tmp_path))
    yield Store(database, lambda: NOW)
    database.close()


def ruling(outcome: Outcome = Outcome.SERVE, **fields: object) -> Ruling:
    plain = Ruling(RELEASE, outcome, "CLEAR", "why", "judge", Cause.JUDGED, "")
    from dataclasses import replace

    return replace(plain, **fields)  # type: ignore[arg-type]  # fields of a test


def waiver(**fields: object) -> WaiverRow:
    from dataclasses import replace

    plain = WaiverRow(
        0, RELEASE, "some-rule", "0" * 32, "we read all of it", "ann", "", "2026-12-01"
    )
    return replace(plain, **fields)  # type: ignore[arg-type]  # fields of a test


def test_a_ruling_comes_back_as_it_was_kept(store: Store) -> None:
    kept = store.keep(ruling(Outcome.HOLD, rule="r", place="build.rs:4", before="0.9.0"))
    assert kept.id
    assert store.rulings("crates-io", "Foo") == (kept,)
    assert store.ruling(kept.id) == kept


def test_the_last_ruling_is_in_force(store: Store) -> None:
    store.keep(ruling())
    last = store.keep(ruling(Outcome.DENY))
    assert store.latest() == (last,)
    assert store.counts() == {"deny": 1}


def test_pages_come_back(store: Store) -> None:
    shown = Evidence("<p>", "<b>", (("rule", "print", "text"),))
    kept = store.keep(ruling(), shown)
    assert store.evidence(kept.evidence) == shown


@pytest.mark.parametrize("table", ["ruling", "audit", "evidence"])
@pytest.mark.parametrize("what", ["DELETE FROM {}", "UPDATE {} SET id = 9"])
def test_what_was_ruled_cannot_be_changed(store: Store, table: str, what: str) -> None:
    store.keep(ruling(), Evidence(""))
    with pytest.raises(IntegrityError, match="only grows"), store.database.writing() as connection:
        connection.execute(sqlalchemy.text(what.format(table)))


def test_tampering_below_the_triggers_shows_in_the_chain(store: Store, tmp_path: Path) -> None:
    for _ in range(3):
        store.keep(ruling())
    assert store.broken_at() == 0
    raw = sqlite3.connect(tmp_path / "gate.sqlite3")
    raw.executescript("DROP TRIGGER audit_update; UPDATE audit SET actor = 'x' WHERE id = 2;")
    raw.close()
    assert store.broken_at() == 2


def test_the_first_checksum_stays(store: Store) -> None:
    store.keep_pins([RELEASE])
    store.keep_pins([Release("crates-io", "Foo", "1.0.0", "cd" * 32)])
    assert store.pins("crates-io", "Foo") == {"1.0.0": "ab" * 32}


def test_who_got_it_is_found_by_name_and_version(store: Store) -> None:
    row = Taken(NOW, RELEASE, "192.0.2.7", "cargo/1.95.0", "ci")
    store.keep_taken([row])
    assert store.who_got("foo", "1.0.0") == (row,)
    assert store.who_got("foo", "2.0.0") == ()


def test_rulings_of_another_judge_are_outdated_unless_a_person_made_them(store: Store) -> None:
    store.keep(ruling(judge="old"))
    assert len(store.outdated("crates-io", "new", LATER)) == 1
    assert store.outdated("crates-io", "new", NOW) == ()
    store.keep(ruling(Outcome.DENY, judge="", cause=Cause.REVOKED))
    assert store.outdated("crates-io", "new", LATER) == ()


def test_a_ruling_is_due_after_its_last_day(store: Store) -> None:
    store.keep(ruling(Outcome.HOLD, until="2026-11-03"))
    assert store.due("2026-11-03") == ()
    assert len(store.due("2026-11-04")) == 1


def test_what_can_never_be_read_again_keeps_nobody_from_being_read(store: Store) -> None:
    """Releases that their index names no more stay outdated for ever: one has to get past them."""
    for number in range(5):
        one = Release("crates-io", "Foo", f"1.0.{number}", f"{number:064x}")
        store.keep(ruling(release=one, judge="old"))
    first = store.outdated("crates-io", "new", LATER, 0, 2)
    rest = store.outdated("crates-io", "new", LATER, first[-1].id, 9)
    assert [row.release.version for row in (*first, *rest)] == [f"1.0.{n}" for n in range(5)]
    assert [row.id for row in store.all_served()] == [row.id for row in (*first, *rest)]


def test_opening_again_takes_no_step(tmp_path: Path) -> None:
    first = Database(sqlite_url(tmp_path))
    first.close()
    again = Database(sqlite_url(tmp_path))
    assert (first.steps, again.steps) == (len(STEPS), 0)
    again.close()


def test_a_database_of_the_first_version_gets_what_is_new(tmp_path: Path, store: Store) -> None:
    with store.database.writing() as connection:
        session.drop(connection)
        connection.execute(sqlalchemy.text("UPDATE schema_version SET version = 1"))
    again = Database(sqlite_url(tmp_path))
    assert again.steps == 1
    people = People(Store(again, lambda: NOW))
    people.make_token("ann", "read", "root")
    assert people.session(people.begin_session("ann", 100), 99) == ("read", "ann")
    again.close()


def test_a_newer_database_is_refused(tmp_path: Path, store: Store) -> None:
    with store.database.writing() as connection:
        connection.execute(sqlalchemy.text("UPDATE schema_version SET version = 99"))
    with pytest.raises(GateError, match="99"):
        Database(sqlite_url(tmp_path))


def test_a_database_out_of_reach_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreUnreachable):
        Database(sqlite_url(tmp_path / "no" / "such"))
    with pytest.raises(UsageError):
        Database("mysql://x/y")


# People -----------------------------------------------------------------------------------------


def test_nobody_approves_their_own_waiver(store: Store) -> None:
    people = People(store)
    one = people.ask(waiver())
    with pytest.raises(NotPermitted, match="Ann asked for"):
        people.answer(one.id, WaiverState.APPROVED, "Ann")
    done = people.answer(one.id, WaiverState.APPROVED, "bob")
    assert done.state is WaiverState.APPROVED
    assert [row.action for row in store.audit()] == ["waiver-requested", "waiver-approved"]


def test_a_waiver_is_answered_once_and_may_be_withdrawn(store: Store) -> None:
    people = People(store)
    one = people.ask(waiver())
    people.answer(one.id, WaiverState.REJECTED, "bob")
    with pytest.raises(NotPermitted, match="rejected already"):
        people.answer(one.id, WaiverState.APPROVED, "bob")
    other = people.ask(waiver())
    people.answer(other.id, WaiverState.APPROVED, "bob")
    assert people.answer(other.id, WaiverState.WITHDRAWN, "ann").state is WaiverState.WITHDRAWN


@pytest.mark.parametrize(
    "fields", [{"reason": "short"}, {"expires": "2026-10-31"}, {"reason": "x" * 3000}]
)
def test_a_waiver_needs_a_reason_and_a_day_to_come(store: Store, fields: dict[str, object]) -> None:
    with pytest.raises(NotPermitted):
        People(store).ask(waiver(**fields))


def test_a_token_is_kept_as_a_digest_only(store: Store, tmp_path: Path) -> None:
    people = People(store)
    text = people.make_token("ci", "read", "ann")
    assert ("read", "ci") in people.digests().values()
    files = [one.read_bytes() for one in tmp_path.iterdir()]
    assert not any(text.encode() in one for one in files)
    people.end_token("ci", "ann")
    assert people.digests() == {}
    with pytest.raises(NotPermitted):
        people.end_token("ci", "ann")
