from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from analyzer.model import (
    Confidence,
    CrateInfo,
    Evidence,
    FactKind,
    Finding,
    Gap,
    GapKind,
    Hop,
    Lockfile,
    Origin,
    Phase,
    Report,
    Severity,
    Span,
    Support,
    Verdict,
)
from analyzer.project import audit_sarif
from analyzer.project.audit import AuditResult, Key, Place, Reason, Row
from analyzer.project.hygiene.model import HygieneResult, HygieneRow

from .test_audit_output import found, hostile, row

__all__ = ["found"]
PLACES = (
    Place("a/Cargo.lock", 15, ("app 0.1.0", "mid 1.0.0", "x 1.0.0")),
    Place("b/Cargo.lock", 7, ("x 1.0.0",)),
)
SENT = Evidence(FactKind.NET_SEND, "203.0.113.9:80", "sink", Span("build.rs", 9), "send(key)")
READ = Evidence(FactKind.FILE_READ, "{home}/.netrc", "source", Span("build.rs", 4), "read(netrc)")
STEAL = Finding(
    rule="build-reads-credentials-and-connects",
    title="build-time code reads a secret file and reaches the network",
    severity=Severity.CRITICAL,
    confidence=Confidence.HIGH,
    support=Support.STATIC,
    phases=(Phase.BUILD_SCRIPT,),
    attack=("T1041",),
    techniques=("T35",),
    evidence=(READ, SENT),
    path=(Hop(Span("build.rs", 4), "read(netrc)"), Hop(Span("build.rs", 9), "send(key)")),
)


def scanned(*findings: Finding, verdict: Verdict = Verdict.BLOCK) -> AuditResult:
    one = row(verdict)
    assert isinstance(one.report, Report)
    report = replace(
        one.report,
        crate=CrateInfo("x", "1.0.0", "ab" * 32, Origin.CRATES_IO),
        findings=findings,
        verdict=verdict,
    )
    rows = (replace(one, places=PLACES, report=report),)
    return AuditResult((), rows, (), "digest", is_scanned=True, reports=(report,))


def run_of(result: AuditResult, here: Path | None = None) -> dict[str, Any]:
    (run,) = json.loads(audit_sarif.render(result, here=here))["runs"]
    assert isinstance(run, dict)
    return run


def spot(result: dict[str, Any]) -> tuple[str, int]:
    physical = result["locations"][0]["physicalLocation"]
    return physical["artifactLocation"]["uri"], physical["region"]["startLine"]


def test_a_name_on_record_stands_on_the_line_that_locks_it(found: AuditResult) -> None:
    (result,) = run_of(found)["results"]
    assert (result["ruleId"], result["level"]) == ("known-malicious", "error")
    assert spot(result) == ("a/Cargo.lock", 15)
    assert "RUSTSEC-0000-0000" in result["message"]["text"]
    assert "app 0.1.0 → a 1.0.0 → bad-name 1.0.0" in result["message"]["text"]


def test_a_gap_is_a_notification_at_its_line(found: AuditResult) -> None:
    run = run_of(found)
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    first = invocation["toolExecutionNotifications"][0]
    assert (first["level"], spot(first)) == ("error", ("b/Cargo.lock", 7))


def test_a_finding_stands_on_every_line_that_locks_it_and_cites_the_crate() -> None:
    results = run_of(scanned(STEAL))["results"]
    assert [spot(one) for one in results] == [("a/Cargo.lock", 15), ("b/Cargo.lock", 7)]
    for one in results:
        cited = [each["physicalLocation"]["artifactLocation"] for each in one["relatedLocations"]]
        assert cited == [{"uri": "x@1.0.0/build.rs", "uriBaseId": "CRATES"}] * 2
        steps = one["codeFlows"][0]["threadFlows"][0]["locations"]
        assert [each["location"]["physicalLocation"]["region"]["startLine"] for each in steps] == [
            4,
            9,
        ]
    assert "by way of app 0.1.0 → mid 1.0.0 → x 1.0.0" in results[0]["message"]["text"]
    assert "by way of" not in results[1]["message"]["text"]


def test_a_finding_in_a_member_stands_in_its_own_file_once(tmp_path: Path) -> None:
    for folder, expected in (
        (tmp_path / "member", [("member/build.rs", 9)]),
        (tmp_path.parent / "checkout", [("a/Cargo.lock", 15), ("b/Cargo.lock", 7)]),
    ):
        result = replace(scanned(STEAL), folders=(("ab" * 32, folder),))
        assert [spot(one) for one in run_of(result, tmp_path)["results"]] == expected


def test_one_finding_in_two_lock_files_has_two_fingerprints() -> None:
    marks = [
        one["partialFingerprints"]["cratescope/v1"] for one in run_of(scanned(STEAL))["results"]
    ]
    assert len(set(marks)) == 2


def test_what_could_not_be_read_is_a_result(found: AuditResult) -> None:
    result = run_of(scanned(verdict=Verdict.INCOMPLETE))["results"][0]
    assert (result["ruleId"], spot(result)) == ("incomplete", ("a/Cargo.lock", 15))


def test_a_verdict_without_a_finding_is_a_result_all_the_same() -> None:
    result = run_of(scanned(verdict=Verdict.REVIEW))["results"][0]
    assert (result["ruleId"], result["level"]) == ("scan", "warning")


def test_what_the_name_said_is_not_said_again_by_the_contents() -> None:
    one = scanned(replace(STEAL, rule="known-malicious"), STEAL).rows[0]
    both = replace(
        one, reasons=(Reason("known-malicious", Verdict.BLOCK, "on record"), *one.reasons)
    )
    run = run_of(AuditResult((), (both,), (), "digest", is_scanned=True))
    assert [one["ruleId"] for one in run["results"]].count("known-malicious") == len(PLACES)


def test_a_checksum_that_differs_is_an_error() -> None:
    reason = Reason("checksum-mismatch", Verdict.BLOCK, "other bytes")
    rows = (Row(Key("x", "1.0.0", "", ""), (reason,), PLACES[:1]),)
    run = run_of(AuditResult((), rows, (), "digest"))
    assert (run["results"][0]["ruleId"], run["results"][0]["level"]) == (
        "checksum-mismatch",
        "error",
    )
    assert "promised" in run["tool"]["driver"]["rules"][0]["shortDescription"]["text"]


def test_habits_stand_where_they_are() -> None:
    habit = HygieneRow(".github/workflows/ci.yml", 9, "build-unlocked", Severity.MEDIUM, "a", "j")
    gap = Gap(GapKind.UNREADABLE, "broken", "ci.yml", 3)
    result = AuditResult((), (), (), "digest", hygiene=HygieneResult((habit,), (gap,), ()))
    run = run_of(result)
    assert spot(run["results"][0]) == (".github/workflows/ci.yml", 9)
    assert run["tool"]["driver"]["rules"][0]["properties"]["tags"] == ["security", "hygiene"]
    assert len(run["invocations"][0]["toolExecutionNotifications"]) == 1


def test_habits_of_a_project_below_are_named_from_the_current_folder(tmp_path: Path) -> None:
    habit = HygieneRow("ci.yml", 9, "build-unlocked", Severity.MEDIUM, "a", "j")
    gap = Gap(GapKind.UNREADABLE, "broken", "ci.yml", 3)
    roots = (("", tmp_path / "sub"),)
    hygiene = HygieneResult((habit,), (gap,), (), "", roots)
    run = run_of(AuditResult((), (), (), "digest", hygiene=hygiene), tmp_path)
    assert spot(run["results"][0]) == ("sub/ci.yml", 9)
    assert spot(run["invocations"][0]["toolExecutionNotifications"][0]) == ("sub/ci.yml", 3)


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("Cargo.lock", "Cargo.lock"),
        ("./a b/Cargo.lock", "a%20b/Cargo.lock"),
        ("{here}/sub/Cargo.lock", "sub/Cargo.lock"),
        ("sub/../Cargo.lock", "Cargo.lock"),
    ],
)
def test_a_lock_file_is_named_from_the_current_folder(tmp_path: Path, path: str, uri: str) -> None:
    (tmp_path / "sub").mkdir()
    place = Place(path.format(here=tmp_path), 3, ())
    rows = (replace(row(Verdict.BLOCK), places=(place,)),)
    run = run_of(AuditResult((), rows, (), "digest"), tmp_path)
    assert spot(run["results"][0]) == (uri, 3)


def test_a_lock_file_elsewhere_has_a_file_uri(tmp_path: Path) -> None:
    place = Place("../other/Cargo.lock", 3, ())
    rows = (replace(row(Verdict.BLOCK), places=(place,)),)
    run = run_of(AuditResult((), rows, (), "digest"), tmp_path / "here")
    assert spot(run["results"][0])[0] == (tmp_path / "other/Cargo.lock").as_uri()


def test_hostile_names_stay_harmless() -> None:
    text = audit_sarif.render(hostile())
    assert text.isascii()
    (run,) = json.loads(text)["runs"]
    assert run["results"]


def test_the_sum_stands_in_the_properties(found: AuditResult) -> None:
    about = run_of(found)["properties"]
    assert (about["verdict"], about["packages"], about["scanned"]) == ("BLOCK", 3, False)
    assert "score" not in about
    assert run_of(AuditResult((Lockfile("a", 4, ()),), (), (), "d"))["results"] == []
