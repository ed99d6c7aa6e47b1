"""The benchmark's fixtures: they are what they say, and detection does not fall behind itself."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.limits import DEFAULT_LIMITS
from analyzer.model import Finding, Report
from analyzer.pipeline import analyze
from analyzer.rules.ruleset import load_ruleset

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from detect import RESULTS, SEVERE, judge  # noqa: E402
from fixtures import Fixture, load  # noqa: E402

FIXTURES = load()
RULESET = load_ruleset()
CUT = replace(DEFAULT_LIMITS, prefilter_from_bytes=0, prefilter_share_percent=100)
WHOLE = replace(DEFAULT_LIMITS, prefilter_from_bytes=1 << 40)


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    return {one.id: analyze(one.source(), ruleset=RULESET, limits=WHOLE) for one in FIXTURES}


GUARDED = {rule.id for rule in RULESET.rules if any(one.guards for one in (*rule.all, *rule.any))}


def unguarded(report: Report) -> list[Finding]:
    """Findings without the conditions that their evidence stands under; of a way that a value takes
    only the ends: of two that lead there, one may pass what was cut out.
    """
    return [
        replace(
            one,
            evidence=tuple(replace(each, guards=()) for each in one.evidence),
            path=(*one.path[:1], *one.path[-1:]),
        )
        for one in report.findings
        if one.rule not in GUARDED
    ]


def named(one: Fixture) -> str:
    return one.id


@pytest.mark.parametrize("one", FIXTURES, ids=named)
def test_fixture_has_what_it_needs(one: Fixture) -> None:
    wanted = ("BLOCK", "REVIEW") if one.is_hostile else ("CLEAR", "REVIEW")
    assert one.expect in wanted
    assert "Cargo.toml" in one.files
    assert bool(one.lines) is one.is_hostile
    assert not any(b"//~" in data or b"#~" in data for data in one.files.values())


@pytest.mark.parametrize("one", [x for x in FIXTURES if not x.is_hostile], ids=named)
def test_no_honest_fixture_is_blocked(one: Fixture, reports: dict[str, Report]) -> None:
    assert reports[one.id].verdict != "BLOCK"


@pytest.mark.parametrize("one", FIXTURES, ids=named)
def test_what_is_cut_out_before_parsing_changes_no_finding(
    one: Fixture, reports: dict[str, Report]
) -> None:
    """Conditions that code without power works out are not asked back: `docs/detection.md`."""
    cut = analyze(one.source(), ruleset=RULESET, limits=CUT)
    assert cut.verdict == reports[one.id].verdict
    assert unguarded(cut) == unguarded(reports[one.id])


@pytest.mark.parametrize("part", sorted({one.part for one in FIXTURES}))
def test_detection_does_not_fall_below_what_was_measured(
    part: str, reports: dict[str, Report]
) -> None:
    floor = json.loads((RESULTS / "detect.json").read_text())[part]
    found = [judge(one, reports[one.id]) for one in FIXTURES if one.is_hostile and one.part == part]
    assert sum(one.verdict in SEVERE for one in found) >= floor["hostile at REVIEW or above"]
    assert sum(one.verdict == "BLOCK" for one in found) >= floor["BLOCK"]
