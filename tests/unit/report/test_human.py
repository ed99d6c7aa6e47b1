from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from analyzer.model import FactKind, Gap, GapKind, Report, Severity, Span, Verdict
from analyzer.report.human import EVIDENCE_SHOWN, GAPS_SHOWN, place, render

Compare = Callable[[str, str], None]


@pytest.mark.parametrize("width", [60, 100])
def test_the_report_is_golden(compare: Compare, blocked: Report, width: int) -> None:
    compare(f"human/block-{width}.txt", render((blocked,), width=width))


def test_several_crates_are_golden(compare: Compare, blocked: Report, clear: Report) -> None:
    compare("human/several.txt", render((clear, blocked)))


def test_the_worst_finding_comes_first(blocked: Report) -> None:
    text = render((blocked,))
    assert text.index("critical build-time") < text.index("medium the archive")


def test_clear_crate_among_others_stands_in_the_summary_only(
    blocked: Report, clear: Report
) -> None:
    assert render((clear, blocked)).count("y@0.1.0") == 1
    assert render((clear, blocked), is_full=True).count("y@0.1.0") == 2
    assert "Nothing to do." in render((clear,))


@pytest.mark.parametrize("width", [1, 2, 7, 20, 79, 200])
def test_every_line_fits(blocked: Report, width: int) -> None:
    lines = render((blocked, blocked), width=width).split("\n")
    assert max(len(line) for line in lines) <= max(width, 12)


def test_a_wrapped_source_line_cannot_pose_as_report(blocked: Report) -> None:
    finding = blocked.findings[1]
    hostile = replace(finding.evidence[0], snippet="x " * 40 + "Next:nothing-to-do")
    text = render((replace(blocked, findings=(replace(finding, evidence=(hostile,)),)),), width=60)
    (line,) = (one for one in text.split("\n") if "nothing-to-do" in one)
    assert line.startswith("      | ")


def test_what_is_left_out_is_counted(blocked: Report) -> None:
    finding = replace(blocked.findings[1], evidence=blocked.findings[1].evidence[:1] * 9)
    gaps = tuple(Gap(GapKind.MACRO, f"macro {number}") for number in range(11))
    text = render((replace(blocked, findings=(finding,), gaps=gaps),))
    assert f"and {9 - EVIDENCE_SHOWN} more places" in text
    assert f"and {11 - GAPS_SHOWN} more" in text


def test_gaps_that_block_come_first(blocked: Report) -> None:
    text = render((blocked,))
    assert text.index("! an identifier was lost") < text.index("- a macro that cannot be read")


def test_secrets_of_a_blocked_crate_are_named_for_rotation(blocked: Report) -> None:
    assert "change what it could read there: {home}/.ssh/id_rsa" in render((blocked,))


def test_many_secrets_are_cut_and_said(blocked: Report) -> None:
    finding = blocked.findings[1]
    read = [replace(finding.evidence[0], subject=f"secret-{number}") for number in range(9)]
    text = render((replace(blocked, findings=(replace(finding, evidence=tuple(read)),)),))
    assert "secret-4, and more" in text


def test_a_finding_without_a_rule_is_not_explained(blocked: Report) -> None:
    provenance = replace(blocked.provenance, ruleset="")
    assert "cratescope explain" in render((blocked,))
    assert "cratescope explain" not in render((replace(blocked, provenance=provenance),))


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_has_a_next_step(blocked: Report, verdict: Verdict) -> None:
    text = render((replace(blocked, verdict=verdict, findings=()),))
    assert text.split("\nNext\n")[1].startswith("- ")


@pytest.mark.parametrize("severity", Severity)
def test_every_severity_is_rendered(blocked: Report, severity: Severity) -> None:
    finding = replace(blocked.findings[0], severity=severity)
    assert f"\n{severity} the archive" in render((replace(blocked, findings=(finding,)),))


def test_color_is_only_there_when_asked_for(blocked: Report) -> None:
    assert "\x1b" not in render((blocked,))
    assert "\x1b[" in render((blocked,), color=True)


def test_markup_and_escapes_of_a_crate_are_text(blocked: Report) -> None:
    evil = replace(
        blocked.findings[1].evidence[0],
        subject="[bold red]x[/b]",
        where=Span("\x1b[2J[/].rs", 1),
        snippet="\u202e[link=file:///]",
    )
    finding = replace(blocked.findings[1], evidence=(evil,))
    text = render((replace(blocked, findings=(finding,)),), color=True)
    assert "[bold red]x[/b]" in text
    assert "\\u{1b}[2J[/].rs:1" in text
    assert "| \\u{202e}[link=file:///]" in text


def test_places_of_every_kind_are_said(blocked: Report) -> None:
    places = {one.kind: place(one.where) for one in blocked.findings[0].evidence}
    assert places == {
        FactKind.ARCHIVE_ANOMALY: "x-1.2.3/link",
        FactKind.PROCESS_SPAWN: "build, +0.2 s",
        FactKind.REGISTRY_YANK: "registry yanked",
    }
