"""Small crates of our own, each with the reports it must give; change them with --snapshot-update."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from analyzer.limits import DEFAULT_LIMITS
from analyzer.local import folder_source
from analyzer.model import Report, Verdict
from analyzer.pipeline import analyze
from analyzer.report import human, json_v1
from analyzer.rules.ruleset import load_ruleset

CRATES = Path(__file__).parent / "crates"
VERDICTS = {
    "steady-clock": Verdict.BLOCK,
    "parent-settings": Verdict.BLOCK,
    "build-key": Verdict.BLOCK,
    "plain-directives": Verdict.CLEAR,
    "hostile-text": Verdict.REVIEW,
}


def _report(name: str) -> Report:
    source = folder_source(CRATES / name / "crate", limits=DEFAULT_LIMITS)
    return analyze(source, ruleset=load_ruleset())


def _compare(request: pytest.FixtureRequest, path: Path, text: str) -> None:
    if request.config.getoption("--snapshot-update"):
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


def test_every_crate_has_a_verdict() -> None:
    assert {one.name for one in CRATES.iterdir()} == set(VERDICTS)


@pytest.mark.parametrize("name", VERDICTS)
def test_the_verdict_is_the_right_one(name: str) -> None:
    assert _report(name).verdict is VERDICTS[name]


@pytest.mark.parametrize("name", VERDICTS)
def test_the_terminal_report_is_golden(request: pytest.FixtureRequest, name: str) -> None:
    _compare(request, CRATES / name / "report.txt", human.render((_report(name),)))


@pytest.mark.parametrize("name", VERDICTS)
def test_the_json_report_is_golden(request: pytest.FixtureRequest, name: str) -> None:
    document = json_v1.plain(_report(name))
    del document["provenance"]  # digests of rules and limits change with every release
    _compare(request, CRATES / name / "report.json", json.dumps(document, indent=1) + "\n")
