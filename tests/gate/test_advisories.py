"""Advisories that come late: a real database, brought up to date as people do, before a real gate."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from analyzer.config import load_settings
from analyzer.registry.advisory_store import FILE
from analyzer.registry.update import Update
from gate.advisories import Databases
from gate.cli import app
from gate.model import Cause, Outcome, Ruling
from tests.unit.registry.feeds import osv, zipped

if TYPE_CHECKING:
    from tests.gate.conftest import Live

Make = Callable[..., "Live"]
SECONDS = 60.0
"""«Within minutes»; it takes two or three seconds where nothing else runs."""


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the databases, where one advisory about another crate stands."""
    folder = tmp_path / "known"
    monkeypatch.setenv("CRATESCOPE_DATA_DIR", str(folder))
    update(folder)
    return folder


def update(folder: Path, *about: dict[str, object]) -> None:
    """What `cratescope db update --osv FILE` does."""
    folder.mkdir(parents=True, exist_ok=True)
    feed = folder.parent / "osv.zip"
    feed.write_bytes(zipped(osv(), *about))
    (done,) = Update(load_settings({"CRATESCOPE_DATA_DIR": str(folder)}), datetime.now(UTC)).run(
        {"osv": str(feed)}
    )
    assert done.error is None


def malice(
    name: str, version: str, number: int = 1, said: str = "Malicious code"
) -> dict[str, object]:
    where = {"package": {"ecosystem": "crates.io", "name": name}, "versions": [version]}
    return osv(
        id=f"MAL-2026-{number}",
        summary=said,
        affected=[where],
        modified=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def test_what_was_let_in_is_denied_soon_after_an_advisory_names_it(make: Make, known: Path) -> None:
    one = make()
    bad = one.publish("turncoat", "1.0.0")
    good = one.publish("turncoat", "1.0.1", pubtime="2025-02-01T00:00:00Z")
    other = one.publish("bystander", "1.0.0")
    for name, version, sha256 in (
        ("turncoat", "1.0.0", bad),
        ("turncoat", "1.0.1", good),
        ("bystander", "1.0.0", other),
    ):
        assert one.archive(name, version, sha256).status == 200
    wait_for(lambda: len(one.gate.store.who_got("turncoat", "1.0.0")) == 1)
    update(known, malice("turncoat", "1.0.0"))
    wait_for(lambda: last(one, "turncoat", "1.0.0").outcome is Outcome.DENY)
    answer = one.archive("turncoat", "1.0.0", bad)
    assert answer.status == 403
    assert "DENIED turncoat 1.0.0" in answer.text
    assert [row["yanked"] for row in one.index("turncoat")] == [True, False]
    first, second = one.gate.store.rulings("crates-io", "turncoat")[-2:]
    assert (first.outcome, first.cause) == (Outcome.HOLD, Cause.ADVISORY)
    assert (second.outcome, second.cause) == (Outcome.DENY, Cause.ADVISORY)
    late = [row for row in one.gate.store.audit() if row.action == "late-verdict"]
    assert [row.subject.split()[1:3] for row in late] == [["turncoat", "1.0.0"]]
    assert "MAL-2026-1" in late[0].detail
    assert "1 clients got it" in late[0].detail
    # What no advisory names goes on.
    assert one.archive("turncoat", "1.0.1", good).status == 200
    assert one.archive("bystander", "1.0.0", other).status == 200


def test_what_its_registry_deleted_is_denied_too(make: Make, known: Path) -> None:
    one = make()
    sha256 = one.publish("vanished", "1.0.0")
    assert one.archive("vanished", "1.0.0", sha256).status == 200
    del one.upstream.files["/va/ni/vanished"]
    update(known, malice("vanished", "1.0.0"))
    wait_for(lambda: last(one, "vanished", "1.0.0").outcome is Outcome.DENY)
    assert "names it no more" in last(one, "vanished", "1.0.0").why
    assert one.get(f"crates/vanished/1.0.0/{sha256}.crate").status in (403, 404)


def test_a_held_release_that_ends_an_advisory_is_shown_first(
    make: Make, known: Path, tmp_path: Path
) -> None:
    """Else a hold could keep everybody on the version that has the weakness."""
    one = make()
    weak = one.publish("quokka", "1.2.2")
    fetches = 'fn main() { let _ = std::net::TcpStream::connect("203.0.113.9:80"); }'
    mended = one.publish("quokka", "1.2.3", {"build.rs": fetches}, pubtime=days_ago(60))
    other = one.publish("wombat", "1.0.0", {"build.rs": fetches})
    assert one.archive("quokka", "1.2.2", weak).status == 200
    assert one.archive("quokka", "1.2.3", mended).status == 403
    assert one.archive("wombat", "1.0.0", other).status == 403
    page = one.get("holds").text
    head, _, rest = page.partition("Releases that are not served")
    assert "ends GHSA-aaaa-bbbb-cccc" in head
    assert "quokka 1.2.3" in head
    assert "wombat" not in head
    assert "wombat 1.0.0" in rest
    assert "It ends GHSA-aaaa-bbbb-cccc" in one.get("crate/quokka/1.2.3").text
    lock = tmp_path / "Cargo.lock"
    source = "registry+https://github.com/rust-lang/crates.io-index"
    lock.write_text(
        f'version = 4\n[[package]]\nname = "quokka"\nversion = "1.2.3"\nsource = "{source}"\n'
        f'checksum = "{mended}"\n'
    )
    done = CliRunner().invoke(app, ["check", str(lock), "--gate", one.url])
    assert done.exit_code == 10
    assert "HELD quokka 1.2.3 (not yanked): REVIEW" in done.output
    assert "it ends GHSA-aaaa-bbbb-cccc: ask for a waiver" in done.output


def test_while_no_judge_works_what_is_named_is_not_served(make: Make, known: Path) -> None:
    """The first step needs nobody but the clerk: the release is out of force at once."""
    one = make(wait_s=0.0)
    sha256 = one.publish("waits", "1.0.0")
    assert one.archive("waits", "1.0.0", sha256).status == 200
    one.gate.line.close()
    update(known, malice("waits", "1.0.0"))
    wait_for(lambda: last(one, "waits", "1.0.0").cause is Cause.ADVISORY)
    assert one.get(f"crates/waits/1.0.0/{sha256}.crate").status == 503


def test_an_advisory_that_names_every_version_is_no_excuse_for_any(make: Make, known: Path) -> None:
    """Removed with its owner: worth a look, though the version before is no better."""
    one = make()
    one.publish("whole", "1.0.0")
    sha256 = one.publish("whole", "1.0.1", pubtime=days_ago(20))
    assert one.archive("whole", "1.0.1", sha256).status == 200
    said = "`whole` was removed: its owner is affiliated with malicious crates"
    update(known, malice("whole", "1.0.0", 1, said), malice("whole", "1.0.1", 2, said))
    wait_for(lambda: last(one, "whole", "1.0.1").outcome is not Outcome.SERVE)
    wait_for(lambda: last(one, "whole", "1.0.1").until == "")
    assert one.archive("whole", "1.0.1", sha256).status == 403


def test_a_database_that_breaks_later_changes_nothing(known: Path) -> None:
    databases = Databases(known)
    labels = databases("2026-11-01").labels
    assert len(labels) == 1
    (known / FILE).write_bytes(b"no database")
    assert databases("2026-11-01").labels == labels
    (known / FILE).unlink()
    assert databases("2026-11-02").labels == labels
    update(known, malice("quokka", "9.9.9"))
    assert databases("2026-11-02").labels != labels
    assert databases("2026-11-02").advisories("quokka", "9.9.9")


def last(one: Live, name: str, version: str) -> Ruling:
    rows = one.gate.store.rulings("crates-io", name)
    return next(row for row in rows[::-1] if row.release.version == version)


def days_ago(days: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - days * 86_400))


def wait_for(is_so: Callable[[], bool], seconds: float = SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)
