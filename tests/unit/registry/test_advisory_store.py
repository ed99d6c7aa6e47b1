"""The local database: lookups, what follows what, torn and foreign files."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from analyzer.errors import InternalError, UsageError
from analyzer.registry.advisories import AdvisoryKind, AdvisoryRecord
from analyzer.registry.advisory_store import (
    AdvisoryStore,
    Part,
    SourceInfo,
    open_store,
    set_back,
    write_store,
)
from analyzer.registry.ranges import Range

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
INFO = SourceInfo(
    "rustsec",
    "https://feed.invalid",
    "2026-11-26T00:00:00Z",
    "2026-11-25T00:00:00Z",
    "ab",
    1,
    1,
    0,
    0,
)
WEAK = AdvisoryRecord(
    "RUSTSEC-2026-0001",
    "quokka_hop",
    AdvisoryKind.VULNERABILITY,
    "hops",
    aliases=("CVE-2026-1",),
    safe=(Range("1.2.3"),),
    functions=(("quokka_hop::hop", ("< 1.0.0",)), ("quokka_hop::run", ())),
    description="long",
)
BAD = replace(WEAK, id="MAL-2026-1", kind=AdvisoryKind.MALICIOUS, aliases=("CVE-2026-1",), safe=())


def store(path: Path, *parts: Part) -> AdvisoryStore:
    write_store(path, parts or [Part(INFO, (WEAK,))])
    return AdvisoryStore(path)


def test_a_lookup_folds_names_and_tells_only_what_is_meant(tmp_path: Path) -> None:
    with store(tmp_path / "d") as found:
        assert [one.id for one in found.lookup("Quokka-Hop", "1.0.0")] == ["RUSTSEC-2026-0001"]
        assert found.lookup("quokka_hop", "1.2.3") == ()
        assert found.lookup("quokka", "1.0.0") == ()


def test_functions_are_told_where_their_ranges_hold(tmp_path: Path) -> None:
    with store(tmp_path / "d") as found:
        (old,), (new,) = found.lookup("quokka-hop", "0.9.0"), found.lookup("quokka-hop", "1.1.0")
    assert old.functions == ("quokka_hop::hop", "quokka_hop::run")
    assert new.functions == ("quokka_hop::run",)


def test_what_is_withdrawn_is_not_told_but_kept(tmp_path: Path) -> None:
    with store(tmp_path / "d", Part(INFO, (replace(WEAK, withdrawn="2026-11-01"),))) as found:
        assert found.lookup("quokka-hop", "1.0.0") == ()
        assert len(found.records("quokka-hop")) == 1


def test_entries_that_share_an_alias_are_one_and_malice_comes_first(tmp_path: Path) -> None:
    other = replace(INFO, name="osv")
    more = replace(WEAK, id="RUSTSEC-2026-0009", aliases=())
    with store(tmp_path / "d", Part(INFO, (more, WEAK)), Part(other, (BAD,))) as found:
        first, second = found.lookup("quokka-hop", "1.0.0")
    assert (first.id, first.kind, first.is_malicious) == ("RUSTSEC-2026-0001", "malicious", True)
    assert first.aliases == ("CVE-2026-1", "MAL-2026-1")
    assert first.witnesses == ("MAL-2026-1",)
    assert second.id == "RUSTSEC-2026-0009"


def test_a_part_comes_back_whole(tmp_path: Path) -> None:
    with store(tmp_path / "d") as found:
        assert found.part(INFO) == Part(INFO, (WEAK,))
    whole = Part(replace(INFO, documents=2), (WEAK,), (("a/b.toml", "1"), ("c", "2")))
    with store(tmp_path / "e", Part(replace(INFO, name="osv"), ()), whole) as found:
        assert found.part(whole.info) == whole


def test_an_open_database_survives_its_replacement(tmp_path: Path) -> None:
    with store(tmp_path / "d") as found:
        write_store(tmp_path / "d", [Part(INFO, ())])
        assert len(found.records("quokka-hop")) == 1
    assert [one.name for one in tmp_path.iterdir()] == ["d"]


@pytest.mark.parametrize("data", [b"", b"no database", b"SQLite format 3\0" + b"x" * 4000])
def test_a_damaged_file_is_said_with_a_remedy(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "d").write_bytes(data)
    with pytest.raises(UsageError, match="no database") as caught:
        AdvisoryStore(tmp_path / "d").records("x")
    assert "db update" in caught.value.remedy


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InternalError, match="cannot be written"):
        write_store(tmp_path / "file/d", [])


def test_nothing_is_opened_where_nothing_is(tmp_path: Path) -> None:
    assert open_store(None) is None
    assert open_store(tmp_path) is None


@pytest.mark.parametrize(
    ("info", "records", "reason"),
    [
        (INFO, (WEAK, BAD), ""),
        (replace(INFO, as_of="2026-11-26T00:00:00Z"), (WEAK,), ""),
        (INFO, (replace(WEAK, withdrawn="2026-11-26"),), ""),
        (replace(INFO, as_of="2026-11-24T00:00:00Z"), (WEAK,), "older"),
        (replace(INFO, as_of="2027-11-24T00:00:00Z"), (WEAK,), "future"),
        (INFO, (BAD,), "gone: RUSTSEC-2026-0001"),
    ],
)
def test_a_state_never_goes_backwards(
    info: SourceInfo, records: tuple[AdvisoryRecord, ...], reason: str
) -> None:
    found = set_back(Part(INFO, (WEAK,)), Part(info, records), NOW)
    assert (reason in found) if reason else not found


def test_after_a_week_a_state_is_stale() -> None:
    assert not INFO.is_stale(NOW)
    assert INFO.is_stale(NOW + timedelta(days=8))
