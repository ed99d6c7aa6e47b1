"""Words of a manifest that say what a crate is for: narrow ones only, each once."""

from __future__ import annotations

import pytest

from analyzer.model import FactKind, Verdict

from .conftest import ReportOf

HEAD = '[package]\nname = "thing"\nversion = "0.1.0"\nedition = "2021"\n'
NET = 'pub fn one() { let _ = std::net::TcpStream::connect("198.51.100.7:443"); }\n'


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ('keywords = ["Decimal", "money"]', ["decimal (keywords)"]),
        ('categories = ["date-and-time"]', ["date-and-time (categories)"]),
        (
            'description = "A Logger. Logging, logger!"',
            ["logger (description)", "logging (description)"],
        ),
        ('keywords = ["logging"]\ndescription = "logging"', ["logging (keywords)"]),
        ('description = "An http client that takes its time"', []),
        ('description = "discolored decimality"', []),
    ],
)
def test_narrow_words_are_facts(report_of: ReportOf, fields: str, words: list[str]) -> None:
    report = report_of({"Cargo.toml": f"{HEAD}{fields}\n", "src/lib.rs": NET})
    found = [one for one in report.facts if one.kind is FactKind.MANIFEST_PURPOSE]
    assert [f"{one.subject} ({one.api})" for one in found] == words


def test_network_beside_a_purpose_is_told_and_stays_clear(report_of: ReportOf) -> None:
    files = {"Cargo.toml": f'{HEAD}keywords = ["decimal"]\n', "src/lib.rs": NET}
    report = report_of(files)
    assert "beside-its-purpose" in {one.rule for one in report.findings}
    assert report.verdict is Verdict.CLEAR
