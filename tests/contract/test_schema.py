"""The public JSON: valid against the shipped schema, byte-identical, harmless."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

import analyzer.report
from analyzer.limits import DEFAULT_LIMITS
from analyzer.local import folder_source
from analyzer.model import Report
from analyzer.pipeline import analyze
from analyzer.report import json_v1, jsonl
from analyzer.rules.ruleset import load_ruleset

CRATES = sorted((Path(__file__).parents[1] / "crates").iterdir())
SCHEMA = json.loads((Path(analyzer.report.__path__[0]) / "schemas/report-v1.json").read_text())


def _report(crate: Path) -> Report:
    return analyze(folder_source(crate / "crate", limits=DEFAULT_LIMITS), ruleset=load_ruleset())


@pytest.mark.parametrize("crate", CRATES, ids=lambda one: one.name)
def test_reports_fit_the_schema(crate: Path) -> None:
    report = _report(crate)
    validator = jsonschema.Draft202012Validator(SCHEMA)
    validator.validate(json.loads(json_v1.render((report,))))
    validator.validate(json.loads(json_v1.render((report, report))))
    for line in jsonl.render((report, report)).splitlines():
        validator.validate(json.loads(line))


@pytest.mark.parametrize("crate", CRATES, ids=lambda one: one.name)
def test_the_same_input_gives_the_same_bytes(crate: Path) -> None:
    assert json_v1.render((_report(crate),)) == json_v1.render((_report(crate),))


def test_json_is_ascii_whatever_the_crate_says() -> None:
    for crate in CRATES:
        assert json_v1.render((_report(crate),)).isascii()
