from __future__ import annotations

from analyzer.model import Gap, GapKind, Severity, Verdict
from analyzer.project import audit_markdown
from analyzer.project.audit import AuditResult
from analyzer.project.hygiene.model import HygieneResult, HygieneRow

from .test_audit_output import found, hostile, row

__all__ = ["found"]


def test_the_summary_comes_first(found: AuditResult) -> None:
    lines = audit_markdown.render(found).split("\n")
    assert lines[:4] == [
        "<!-- cratescope audit -->",
        "### cratescope: BLOCK",
        "",
        "3 locked packages in 1 lock file: 1 BLOCK, 1 not looked at. Names and versions were checked, "
        "contents were not: --scan reads them.",
    ]


def test_a_package_has_its_reason_place_and_way(found: AuditResult) -> None:
    text = audit_markdown.render(found)
    assert "#### bad&#45;name 1.0.0: BLOCK" in text
    assert "on record as malware&#58; It steals. &#40;RUSTSEC&#45;0000&#45;0000&#41;" in text
    assert "- locked at a/Cargo.lock&#58;15\n" in text
    assert "app 0.1.0 → a 1.0.0 → bad&#45;name 1.0.0" in text
    assert "\n> Remove it." in text


def test_gaps_that_count_stand_before_those_that_do_not(found: AuditResult) -> None:
    text = audit_markdown.render(found)
    places = [text.index(one) for one in ("broken", "<details>", "by path, your own code")]
    assert places == sorted(places)


def test_contents_have_their_gaps() -> None:
    text = audit_markdown.render(
        AuditResult((), (row(Verdict.INCOMPLETE),), (), "digest", is_scanned=True)
    )
    assert "- not looked at: died" in text
    assert "Treat it as unread" in text


def test_habits_are_folded() -> None:
    habit = HygieneRow("ci.yml", 9, "build-unlocked", Severity.MEDIUM, "cargo build")
    gap = Gap(GapKind.UNREADABLE, "odd yaml", "x.yml", 3)
    hygiene = HygieneResult((habit,), (gap,), ())
    text = audit_markdown.render(AuditResult((), (), (), "digest", hygiene=hygiene))
    assert "<summary>Hygiene</summary>" in text
    assert "| ci.yml&#58;9 | cargo build |" in text
    assert "odd yaml" in text


def test_hostile_names_stay_names() -> None:
    text = audit_markdown.render(hostile())
    assert "</b>" not in text
    assert "\x1b" not in text
