"""Updates against a server: first state, changes, nothing new, refusals, bundles."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analyzer.config import Settings
from analyzer.registry.advisory_store import FILE, open_store, write_store
from analyzer.registry.update import Update
from tests.unit.registry.feeds import FULL, osv, pack, zipped

if TYPE_CHECKING:
    from tests.unit.registry.conftest import SparseServer

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
SHARED = Path(__file__).parents[4] / "shared"


@pytest.fixture
def own(settings: Settings, tmp_path: Path) -> Settings:
    return replace(settings, data_dir=tmp_path / "data", retries=0)


def numbered(*numbers: int) -> dict[str, str]:
    return {
        f"crates/quokka/RUSTSEC-2026-000{one}.md": FULL.replace("-0001", f"-000{one}")
        for one in numbers
    }


def ids(settings: Settings) -> list[str]:
    store = open_store(settings.data_dir)
    assert store is not None
    with store:
        return [one.id for one in store.lookup("quokka", "1.0.0")]


def test_feeds_are_fetched_and_found_again(server: SparseServer, own: Settings) -> None:
    server.files |= {"/r.tgz": pack(numbered(1)), "/o.zip": zipped(osv(aliases=["X-1"]))}
    places = {"rustsec": f"{server.url}r.tgz", "osv": f"{server.url}o.zip"}
    first, second = Update(own, NOW).run(places)
    assert (first.error, second.error) == (None, None)
    assert first.now is not None
    assert (first.now.url, first.now.advisories, first.now.fetched) == (
        places["rustsec"],
        1,
        "2026-11-26T12:00:00Z",
    )
    assert ids(own) == ["GHSA-aaaa-bbbb-cccc", "RUSTSEC-2026-0001"]


def test_an_unchanged_feed_is_not_sent_again(server: SparseServer, own: Settings) -> None:
    server.files["/r.tgz"] = pack(numbered(1))
    places = {"rustsec": f"{server.url}r.tgz"}
    Update(own, NOW).run(places)
    (again,) = Update(own, NOW + timedelta(days=1)).run(places)
    assert "if-none-match" in server.asked[-1][1]
    assert not again.is_new
    assert again.now is not None
    assert again.now.fetched == "2026-11-27T12:00:00Z"
    assert ids(own) == ["RUSTSEC-2026-0001"]


@pytest.mark.parametrize(
    ("files", "mtime", "reason"),
    [
        ({}, 1_790_000_000, "no advisory"),
        (numbered(2, 3), 1_790_000_000, "gone"),
        (numbered(1, 2, 3), 1_700_000_000, "older"),
        (numbered(1, 2, 3), 1_990_000_000, "future"),
    ],
)
def test_yesterdays_list_and_a_list_with_holes_are_refused(
    server: SparseServer, own: Settings, files: dict[str, str], mtime: int, reason: str
) -> None:
    places = {"rustsec": f"{server.url}r.tgz"}
    server.files["/r.tgz"] = pack(numbered(1, 2))
    Update(own, NOW).run(places)
    server.files["/r.tgz"] = pack(files, mtime=mtime)
    (outcome,) = Update(own, NOW).run(places)
    assert outcome.error is not None
    assert reason in str(outcome.error)
    assert ids(own) == ["RUSTSEC-2026-0001", "RUSTSEC-2026-0002"]


def test_a_person_may_go_backwards(server: SparseServer, own: Settings) -> None:
    places = {"rustsec": f"{server.url}r.tgz"}
    for numbers in ((1, 2), (1,)):
        server.files["/r.tgz"] = pack(numbered(*numbers))
        Update(own, NOW, allows_older=True).run(places)
    assert ids(own) == ["RUSTSEC-2026-0001"]


def test_one_feed_out_of_reach_leaves_its_state_and_hinders_no_other(
    server: SparseServer, own: Settings
) -> None:
    server.files |= {"/r.tgz": pack(numbered(1)), "/o.zip": zipped(osv())}
    places = {"rustsec": f"{server.url}r.tgz", "osv": f"{server.url}o.zip"}
    Update(own, NOW).run(places)
    server.files["/o.zip"] = zipped(osv(), osv(id="MAL-2026-1"))
    del server.files["/r.tgz"]
    first, second = Update(own, NOW).run(places)
    assert "404" in str(first.error)
    assert second.error is None
    assert set(ids(own)) == {"MAL-2026-1", "GHSA-aaaa-bbbb-cccc", "RUSTSEC-2026-0001"}


def test_offline_takes_files_only(server: SparseServer, own: Settings, tmp_path: Path) -> None:
    (tmp_path / "r.tgz").write_bytes(pack(numbered(1)))
    offline = replace(own, is_offline=True)
    places = {"osv": f"{server.url}o.zip", "rustsec": str(tmp_path / "r.tgz")}
    first, second = Update(offline, NOW).run(places)
    assert "offline" in str(first.error)
    assert second.error is None
    assert server.asked == []


def test_a_redirect_to_another_host_is_refused(server: SparseServer, own: Settings) -> None:
    server.say("/r.tgz", 302, Location="http://169.254.169.254/latest/meta-data")
    (outcome,) = Update(own, NOW).run({"rustsec": f"{server.url}r.tgz"})
    assert "169.254.169.254, where nothing should be" in str(outcome.error)


def test_a_bundle_is_taken_in_under_the_same_conditions(own: Settings, tmp_path: Path) -> None:
    (tmp_path / "r.tgz").write_bytes(pack(numbered(1, 2)))
    Update(own, NOW).run({"rustsec": str(tmp_path / "r.tgz")})
    assert own.data_dir is not None
    bundle = own.data_dir / FILE
    other = replace(own, data_dir=tmp_path / "other")
    (outcome,) = Update(other, NOW).take_in(bundle)
    assert outcome.is_new
    assert ids(other) == ["RUSTSEC-2026-0001", "RUSTSEC-2026-0002"]
    store = open_store(own.data_dir)
    assert store is not None
    with store:
        part = store.part(store.sources[0])
    write_store(tmp_path / "holes", [replace(part, records=part.records[:1])])
    (outcome,) = Update(other, NOW).take_in(tmp_path / "holes")
    assert "gone" in str(outcome.error)
    assert ids(other) == ["RUSTSEC-2026-0001", "RUSTSEC-2026-0002"]


@pytest.mark.shared
def test_the_real_archive_comes_through_a_server(server: SparseServer, own: Settings) -> None:
    server.files["/r.tgz"] = (SHARED / "data/advisory-db-2026-08-22.tar.gz").read_bytes()
    (outcome,) = Update(own, NOW).run({"rustsec": f"{server.url}r.tgz"})
    assert outcome.now is not None
    assert (outcome.now.advisories, outcome.now.problems) == (1205, ())
    store = open_store(own.data_dir)
    assert store is not None
    with store:
        assert [one.id for one in store.lookup("arrayref", "0.3.9")] == []
        assert [one.kind for one in store.lookup("arrayref", "0.3.10")] == ["malicious"]
        assert [one.kind for one in store.lookup("RUSTDECIMAL", "1.0.0")] == ["malicious"]
        assert "RUSTSEC-2020-0071" in [one.id for one in store.lookup("time", "0.1.43")]
        assert "RUSTSEC-2020-0071" not in [one.id for one in store.lookup("time", "0.2.23")]
