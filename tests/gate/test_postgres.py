"""The store on Debian's real PostgreSQL, started here in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy
from sqlalchemy.exc import DBAPIError

from gate.errors import StoreUnreachable
from gate.model import Cause, Evidence, Outcome, Release, Ruling, Taken
from gate.store.engine import Database
from gate.store.schema import STEPS, session
from gate.store.store import Store
from tests.gate.test_advisories import malice, update
from tests.gate.test_pages import Browser

if TYPE_CHECKING:
    from tests.gate.conftest import Live

pytestmark = pytest.mark.postgres

RELEASE = Release("crates-io", "Foo", "1.0.0", "ab" * 32)
NOW = "2026-11-01T00:00:00Z"
Make = Callable[..., "Live"]


def programs() -> Path:
    """The newest folder of Debian's server programs."""
    return max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: int(one.parent.name))


@dataclass
class Postgres:
    """A cluster in a folder, served on the loopback address by the user postgres."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        listen = f"-c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        command = [
            str(programs() / "postgres"),
            "-D",
            str(self.folder / "data"),
            "-p",
            str(self.port),
        ]
        self.process = subprocess.Popen(
            as_postgres([*command, *listen.split()]), stderr=subprocess.DEVNULL
        )
        ready = [str(programs() / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        deadline = time.monotonic() + 60
        while subprocess.run(ready, check=False).returncode:
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def kill(self) -> None:
        """End it as a power failure would: the server and all that it started."""
        pid = int((self.folder / "data/postmaster.pid").read_text().split("\n")[0])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for one in (pid, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        assert self.process is not None
        self.process.wait()
        (self.folder / "data/postmaster.pid").unlink(missing_ok=True)

    def stop(self) -> None:
        """End it in order."""
        if self.process is not None and self.process.poll() is None:
            pid = int((self.folder / "data/postmaster.pid").read_text().split("\n")[0])
            os.kill(pid, signal.SIGINT)
            self.process.wait(30)


def as_postgres(command: list[str]) -> list[str]:
    """The server refuses to run as root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


def cluster() -> Postgres:
    """A fresh cluster that answers; `stop` it, and remove its folder."""
    import socket
    import tempfile

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    folder = Path(tempfile.mkdtemp(prefix="gate-postgres-"))  # pytest's own folders are root's
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    command = [
        str(programs() / "initdb"),
        "-D",
        str(folder / "data"),
        "-A",
        "trust",
        "-U",
        "postgres",
    ]
    subprocess.run(
        as_postgres([*command, "--no-locale", "-E", "UTF8"]), check=True, capture_output=True
    )
    one = Postgres(folder, port)
    one.start()
    return one


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A fresh cluster for a module."""
    if not Path("/usr/lib/postgresql").exists():
        pytest.skip("needs Debian's postgresql")
    one = cluster()
    yield one
    one.stop()
    shutil.rmtree(one.folder)


@pytest.fixture
def store(postgres: Postgres) -> Iterator[Store]:
    """A store whose tables are new."""
    engine = sqlalchemy.create_engine(postgres.url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("DROP SCHEMA public CASCADE"))
        connection.execute(sqlalchemy.text("CREATE SCHEMA public"))
    engine.dispose()
    database = Database(postgres.url)
    yield Store(database, lambda: NOW)
    database.close()


def ruling(outcome: Outcome = Outcome.SERVE) -> Ruling:
    return Ruling(RELEASE, outcome, "CLEAR", "why", "judge", Cause.JUDGED, "")


def test_rulings_pages_pins_and_logs_come_back(store: Store) -> None:
    kept = store.keep(ruling(), Evidence("<p>", "", (("a", "b", "c"),)))
    assert store.rulings("crates-io", "Foo") == (kept,)
    assert store.evidence(kept.evidence) == Evidence("<p>", "", (("a", "b", "c"),))
    store.keep_pins([RELEASE, RELEASE])
    store.keep_pins([Release("crates-io", "Foo", "1.0.0", "cd" * 32)])
    assert store.pins("crates-io", "Foo") == {"1.0.0": "ab" * 32}
    store.keep_taken([Taken(NOW, RELEASE, "192.0.2.1")])
    assert len(store.who_got("foo")) == 1
    assert store.counts() == {"serve": 1}
    assert store.names_like("fo") == (("crates-io", "Foo"),)


@pytest.mark.parametrize(
    "what", ["DELETE FROM audit", "UPDATE ruling SET why = ''", "TRUNCATE evidence"]
)
def test_what_was_ruled_cannot_be_changed(store: Store, what: str) -> None:
    store.keep(ruling(), Evidence(""))
    with pytest.raises(DBAPIError, match="only grows"), store.database.writing() as connection:
        connection.execute(sqlalchemy.text(what))


def test_several_gates_that_start_together_take_the_steps_once(
    store: Store, postgres: Postgres
) -> None:
    with store.database.writing() as connection:
        connection.execute(sqlalchemy.text("DROP SCHEMA public CASCADE; CREATE SCHEMA public"))
    opened: list[Database] = []
    threads = [
        threading.Thread(target=lambda: opened.append(Database(postgres.url))) for _ in range(6)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(one.steps for one in opened) == [0, 0, 0, 0, 0, len(STEPS)]
    for each in opened:
        each.close()


def test_lines_of_many_writers_make_one_chain(store: Store) -> None:
    threads = [
        threading.Thread(target=lambda: [store.keep(ruling()) for _ in range(20)]) for _ in range(8)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(store.audit()) == 160
    assert store.broken_at() == 0


def test_a_killed_server_loses_no_ruling(store: Store, postgres: Postgres) -> None:
    kept: list[int] = []
    failed = threading.Event()

    def write() -> None:
        while not failed.is_set():
            try:
                kept.append(store.keep(ruling()).id)
            except StoreUnreachable:
                failed.set()

    thread = threading.Thread(target=write)
    thread.start()
    wait_for(lambda: len(kept) > 20 or failed.is_set())
    postgres.kill()
    thread.join(60)
    postgres.start()
    assert len(kept) > 20
    found = {one.id for one in store.rulings("crates-io", "Foo")}
    assert set(kept) <= found
    assert store.broken_at() == 0


def test_two_gates_share_decisions_and_go_on_without_their_database(
    make: Make, store: Store, postgres: Postgres
) -> None:
    first = make(database_url=postgres.url)
    second = make(database_url=postgres.url)
    sha256 = first.publish("shared", "1.0.0")
    mine = second.upstream.files["/config.json"]
    second.upstream.files.update(first.upstream.files | {"/config.json": mine})
    assert first.archive("shared", "1.0.0", sha256).status == 200
    assert second.archive("shared", "1.0.0", sha256).status == 200
    assert len(store.rulings("crates-io", "shared")) == 1
    release = Release("crates-io", "shared", "1.0.0", sha256)
    from gate.actions import Actions

    Actions(first.gate.desk, first.gate.people).revoke(release, "late advisory", "ann")
    wait_for(lambda: second.archive("shared", "1.0.0", sha256).status == 403)
    good = second.publish("goes-on", "1.0.0")
    assert second.archive("goes-on", "1.0.0", good).status == 200
    new = second.publish("too-new", "1.0.0")
    postgres.kill()
    try:
        wait_for(lambda: not second.gate.desk.is_store_up)
        assert second.archive("goes-on", "1.0.0", good).status == 200
        assert second.archive("shared", "1.0.0", sha256).status == 403
        assert second.get(f"crates/too-new/1.0.0/{new}.crate").status == 503
        assert second.get("readyz").status == 503
    finally:
        postgres.start()
    wait_for(lambda: second.get("readyz").status == 200)
    assert second.archive("too-new", "1.0.0", new).status == 200
    wait_for(lambda: len(store.who_got("goes-on")) == 2)


def test_a_session_of_one_gate_is_good_at_the_other(
    make: Make, store: Store, postgres: Postgres
) -> None:
    url = "http://gates.example.invalid/"  # the front that people see
    first = make(database_url=postgres.url, base_url=url)
    second = make(database_url=postgres.url, base_url=url)
    here = Browser(first).sign_in("ann", "admin")
    there = Browser(second)
    assert there.ask("/audit")[0] == 403
    there.cookie = here.cookie
    assert there.ask("/audit")[0] == 200
    # A form of a page of one gate may be sent to the other.
    tried = {"proof": here.proof("/policy"), "text": ""}
    assert there.ask("/policy", tried)[0] == 200
    assert there.ask("/policy", tried | {"proof": "0" * 64})[0] == 403
    # Signed out at one is signed out at both; so is whose token ended.
    assert there.ask("/sign-out", {"proof": here.proof("/")})[0] == 303
    assert here.ask("/audit")[0] == 403
    here.sign_in("bob", "admin")
    there.cookie = here.cookie
    assert there.ask("/audit")[0] == 200
    first.gate.people.end_token("bob", "root")
    assert [one.ask("/audit")[0] for one in (here, there)] == [403, 403]
    # What is kept opens nothing.
    with store.database.reading() as connection:
        for row in connection.execute(sqlalchemy.select(session)):
            assert str(row.digest) not in here.cookie
            there.cookie = f"{here.cookie.partition('=')[0]}={row.digest}"
            assert there.ask("/audit")[0] == 403


def test_a_gate_with_older_advisories_lets_nothing_back_in(
    make: Make, store: Store, postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("new", "old"):
        update(tmp_path / name / "known")
    monkeypatch.setenv("CRATESCOPE_DATA_DIR", str(tmp_path / "old/known"))
    old = make(database_url=postgres.url)
    monkeypatch.setenv("CRATESCOPE_DATA_DIR", str(tmp_path / "new/known"))
    new = make(database_url=postgres.url)
    first = old.publish("split", "1.0.0")
    second = old.publish("split", "1.0.1", pubtime="2025-02-01T00:00:00Z")
    mine = new.upstream.files["/config.json"]
    new.upstream.files.update(old.upstream.files | {"/config.json": mine})
    assert old.archive("split", "1.0.0", first).status == 200
    update(tmp_path / "new/known", malice("split", "1.0.0"), malice("split", "1.0.1", 2))
    wait_for(lambda: store.rulings("crates-io", "split")[-1].outcome is Outcome.DENY)
    wait_for(lambda: old.gate.desk.is_behind)
    assert not new.gate.desk.is_behind
    wait_for(lambda: old.archive("split", "1.0.0", first).status == 403)
    old.gate.clerk._again_at = 0
    # What the old one lets in, the new one takes out again.
    old.get(f"crates/split/1.0.1/{second}.crate")
    wait_for(lambda: new.archive("split", "1.0.1", second).status == 403)
    wait_for(lambda: old.archive("split", "1.0.1", second).status == 403)
    rows = store.rulings("crates-io", "split")
    time.sleep(2)
    assert store.rulings("crates-io", "split") == rows, "they overrule each other"
    assert [one.outcome for one in rows if one.release.version == "1.0.0"][-1] is Outcome.DENY
    assert "newer" in old.get("readyz").text
    update(tmp_path / "old/known", malice("split", "1.0.0"), malice("split", "1.0.1", 2))
    wait_for(lambda: not old.gate.desk.is_behind)


def wait_for(is_so: Callable[[], bool], seconds: float = 40.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)
