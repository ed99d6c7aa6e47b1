"""What a hunt could not read is told: builds without a version, closed folders, dead processes."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from analyzer.project.hunt.matching import Matcher
from analyzer.project.hunt.search import search as run_search
from analyzer.project.hunt.walk import Walk
from analyzer.project.incident.load import load_knowledge
from analyzer.project.incident.model import BadCrate, Match
from tests.unit.project.hunt.conftest import Search, lock, write


def test_a_build_in_a_version_that_is_not_told_is_a_gap(tmp_path: Path, search: Search) -> None:
    target = tmp_path / "target/debug"
    write(target / ".fingerprint/arrayref-0123456789abcdef/x")
    write(target / ".fingerprint/serde-0123456789abcdef/x")
    (gap,) = search().gaps
    assert gap.path.endswith(".fingerprint/arrayref-0123456789abcdef")
    assert "in a version that is not told" in gap.reason
    assert not gap.is_blocking
    source = "/home/u/.cargo/registry/src/index-1/arrayref-0.3.9/src/lib.rs"
    write(target / "deps/arrayref-0123456789abcdef.d", f"x.d: {source}\n")
    assert search().gaps == ()


def test_a_folder_that_cannot_be_read_is_a_gap(
    tmp_path: Path, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "closed/Cargo.lock", lock(("chrono_anchor", "0.1.0")))
    write(tmp_path / "open/Cargo.lock", lock(("dnp3times", "0.1.0")))
    real = os.scandir

    def scandir(path: str | Path) -> object:
        if str(path).endswith("/closed"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    result = search()
    assert [one.name for one in result.findings] == ["dnp3times"]
    (gap,) = result.gaps
    assert gap.is_blocking
    assert (gap.path.endswith("/closed"), "Permission denied" in gap.reason) == (True, True)


class DeadlyMatcher(Matcher):
    """Asked for one name, dnp3times, it takes its process with it, as a hostile file might."""

    def match(self, name: str, version: str, source: str | None) -> tuple[Match, BadCrate] | None:
        if name == "dnp3times":
            os.kill(os.getpid(), signal.SIGKILL)
        return super().match(name, version, source)


def test_a_process_that_dies_costs_its_own_piece_of_work_alone(tmp_path: Path) -> None:
    for number in range(9):
        name = "dnp3times" if number in (2, 5) else "chrono_anchor"
        write(tmp_path / f"p{number}/.git/HEAD")
        write(tmp_path / f"p{number}/Cargo.lock", lock((name, "0.1.0")))
    matcher = DeadlyMatcher(load_knowledge(None), frozenset())
    walk = Walk(matcher, has_history=False)
    batch = run_search([tmp_path], walk, jobs=2, on_plan=lambda _: lambda _: None)
    assert len(batch.sightings) == 7
    lost = sorted(one.path for one in batch.gaps)
    assert [one.rpartition("/p")[2] for one in lost] == ["2/Cargo.lock", "5/Cargo.lock"]
    assert {one.reason for one in batch.gaps} == {"the process that read it died"}
