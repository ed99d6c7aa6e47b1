"""What a kept report is kept by: bytes, judge and what is known of the release, not the day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.limits import DEFAULT_LIMITS
from analyzer.model import Advisory, Context, CrateSource, Gap, GapKind, IndexEntry, Report
from analyzer.worker.protocol import seal
from analyzer.worker.report_cache import ReportCache, Wanted
from analyzer.worker.verdicts import unanswered

MakeCrate = Callable[..., CrateSource]
OLD = IndexEntry("small", "0.1.0", "ff", published="2024-01-10T00:00:00Z")
NEWER = IndexEntry("small", "0.2.0", "ee", published="2024-06-10T00:00:00Z")


@pytest.fixture
def cache(tmp_path: Path) -> ReportCache:
    return ReportCache(tmp_path, DEFAULT_LIMITS)


@pytest.fixture
def report(make_crate: MakeCrate) -> Report:
    return unanswered(make_crate("small"), "why", DEFAULT_LIMITS)


def key(cache: ReportCache, crate: CrateSource, context: Context) -> str:
    return cache.key(Wanted.of(crate), context)


def test_a_later_day_and_a_newer_release_change_no_key_of_an_old_one(
    cache: ReportCache, make_crate: MakeCrate
) -> None:
    crate = make_crate("small")
    first = key(cache, crate, Context("2026-11-25", (OLD,)))
    assert key(cache, crate, Context("2026-12-25", (OLD,))) == first
    assert key(cache, crate, Context("2026-12-25", (OLD, NEWER))) == first


@pytest.mark.parametrize(
    "context",
    [
        Context("2024-01-12", (OLD,)),
        Context("2026-11-25", (replace(OLD, is_yanked=True),)),
        Context(
            "2026-11-25", (replace(OLD, version="0.0.9", published="2023-01-01T00:00:00Z"), OLD)
        ),
        Context("2026-11-25", (OLD,), advisories=(Advisory("A-1", "small", "bad"),)),
        Context(),
    ],
)
def test_what_changes_what_is_known_changes_the_key(
    cache: ReportCache, make_crate: MakeCrate, context: Context
) -> None:
    crate = make_crate("small")
    assert key(cache, crate, context) != key(cache, crate, Context("2026-11-25", (OLD,)))


def test_bytes_judge_and_gaps_are_part_of_the_key(tmp_path: Path, make_crate: MakeCrate) -> None:
    crate = make_crate("small")
    cache = ReportCache(tmp_path, DEFAULT_LIMITS)
    own = tmp_path / "rules"
    own.mkdir()
    keys = {
        key(cache, crate, Context()),
        key(cache, make_crate("small", "fn main() { }\n"), Context()),
        key(cache, replace(crate, gaps=(Gap(GapKind.REGISTRY, "why"),)), Context()),
        key(ReportCache(tmp_path, replace(DEFAULT_LIMITS, macro_depth=3)), crate, Context()),
    }
    (own / "x.toml").write_text("id = 1")
    keys.add(key(ReportCache(tmp_path, DEFAULT_LIMITS, (own,)), crate, Context()))
    assert len(keys) == 5


def test_a_report_comes_back_as_of_the_day_that_asks(cache: ReportCache, report: Report) -> None:
    cache.put("ab" * 32, seal(report))
    context = Context(as_of="2026-11-26", sources=("db",))
    found = cache.get("ab" * 32, context)
    made = replace(report.provenance, as_of="2026-11-26", sources=("db",))
    assert found == replace(report, provenance=made)


@pytest.mark.parametrize("place", [0, 70, -1])
def test_a_damaged_report_is_none(
    cache: ReportCache, report: Report, tmp_path: Path, place: int
) -> None:
    cache.put("ab" * 32, seal(report))
    (file,) = (one for one in tmp_path.rglob("ab*") if one.is_file())
    data = bytearray(file.read_bytes())
    data[place] ^= 1
    file.write_bytes(bytes(data))
    assert cache.get("ab" * 32, Context()) is None
