from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

import analyzer.report.sarif.log
from analyzer import __version__
from analyzer.model import (
    CrateInfo,
    Evidence,
    FactKind,
    Finding,
    Hop,
    Member,
    Origin,
    Phase,
    Report,
    Span,
    Verdict,
)
from analyzer.report import sarif
from analyzer.report.sarif.log import Caps
from analyzer.report.sarif.places import Ground, base_uri, quoted

Compare = Callable[[str, str], None]
PATH = (Hop(Span("build.rs", 41), "let key"), Hop(Span("build.rs", 44), "connect"))


def run_of(*reports: Report, **more: Any) -> dict[str, Any]:
    (run,) = json.loads(sarif.render(reports, **more))["runs"]
    assert isinstance(run, dict)
    return run


def place(result: dict[str, Any]) -> dict[str, Any]:
    (found,) = result["locations"]
    assert isinstance(found, dict)
    artifact = found["physicalLocation"]["artifactLocation"]
    assert isinstance(artifact, dict)
    return artifact


def quiet(finding: Finding) -> Finding:
    return replace(finding, phases=(Phase.TEST,))


def moved(report: Report, *, lines: int, version: str) -> Report:
    """The same crate a release later, everything some lines further down."""

    def later(one: Evidence) -> Evidence:
        if isinstance(one.where, Member):
            return replace(one, where=Member(f"x-{version}/link", 1024))
        if not isinstance(one.where, Span):
            return one
        return replace(one, where=replace(one.where, line=one.where.line + lines))

    findings = tuple(
        replace(one, evidence=tuple(map(later, one.evidence))) for one in report.findings
    )
    return replace(report, crate=replace(report.crate, version=version), findings=findings)


def test_the_log_is_golden(compare: Compare, blocked: Report, clear: Report) -> None:
    first, *rest = blocked.findings
    report = replace(blocked, findings=(first, *(replace(one, path=PATH) for one in rest)))
    text = sarif.render((report, clear), failures=("no crate `nothing`",))
    compare("sarif/block.sarif", text.replace(f'"{__version__}"', '"VERSION"'))


def test_a_log_without_reports_is_whole(clear: Report) -> None:
    for run in (run_of(), run_of(clear)):
        assert run["results"] == run["tool"]["driver"]["rules"] == []
        assert run["invocations"][0]["executionSuccessful"] is True
        assert run["properties"]["verdict"] == "CLEAR"


def test_what_is_in_an_archive_has_a_place_relative_to_it(blocked: Report) -> None:
    for result in run_of(blocked)["results"]:
        assert place(result)["uriBaseId"] == "CRATES"
        assert place(result)["uri"].startswith("x@1.2.3/")


def test_what_is_in_a_folder_has_a_place_below_the_current_one(
    blocked: Report, tmp_path: Path
) -> None:
    report = replace(blocked, crate=replace(blocked.crate, origin=Origin.FOLDER))
    here = tmp_path / "here"
    for folder, uri in ((here, ""), (here / "a b", "a%20b/")):
        run = run_of(report, folders=(folder,), here=here)
        assert place(run["results"][0]) == {"uri": f"{uri}build.rs", "uriBaseId": "%SRCROOT%"}
    run = run_of(report, folders=(tmp_path / "other",), here=here)
    assert place(run["results"][0]) == {"uri": (tmp_path / "other/build.rs").as_uri()}


def test_no_location_has_a_scheme_that_services_refuse(blocked: Report) -> None:
    text = sarif.render((replace(blocked, crate=CrateInfo("a:b", "1:2", "", Origin.ARCHIVE)),))
    assert all(":" not in one for one in re.findall(r'"uri": "([^"]*)"', text))


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("src/lib.rs", "src/lib.rs"),
        ("/etc/passwd", "etc/passwd"),
        ("//host/share", "host/share"),
        ("../../up", "__/__/up"),
        ("./here", "_/here"),
        ("file:///etc", "file%3A/etc"),
        ("a?b#c%20\\d", "a%3Fb%23c%2520%5Cd"),
        ("é\udcff", "%C3%A9%FF"),
        ("\ud800", "%5Cu%7Bd800%7D"),
        ("", "_"),
        ("/", "_"),
    ],
)
def test_no_name_leads_elsewhere(path: str, uri: str) -> None:
    assert quoted(path) == uri


def test_a_package_url_keeps_build_metadata_apart() -> None:
    ground = Ground(CrateInfo("a", "1.0.0+b/c", "", Origin.CRATES_IO))
    assert ground.package["fullyQualifiedName"] == "pkg:cargo/a@1.0.0%2Bb%2Fc"


def test_a_member_of_the_archive_loses_the_archives_folder() -> None:
    ground = Ground(CrateInfo("a", "1.0.0", "", Origin.ARCHIVE))
    found = json.dumps(ground.location(Member("a-1.0.0/bin/x")))
    assert '"a@1.0.0/bin/x"' in found


def test_a_folder_reached_by_a_link_is_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "true").mkdir()
    (tmp_path / "link").symlink_to("true")
    assert base_uri(tmp_path / "link", tmp_path) == "true/"


def test_rules_are_named_once_and_found_by_number(blocked: Report) -> None:
    run = run_of(blocked, replace(blocked, crate=replace(blocked.crate, name="z")))
    rules = run["tool"]["driver"]["rules"]
    assert [one["id"] for one in rules] == sorted({one["ruleId"] for one in run["results"]})
    assert all(rules[one["ruleIndex"]]["id"] == one["ruleId"] for one in run["results"])
    kinds = {one["id"] for one in run["tool"]["driver"]["notifications"]}
    told = run["invocations"][0]["toolExecutionNotifications"]
    assert {one["descriptor"]["id"] for one in told} == kinds


def test_a_rule_says_how_bad_and_why(blocked: Report) -> None:
    known = replace(blocked.findings[1], rule="build-uses-network")
    (rule,) = run_of(replace(blocked, findings=(known,)))["tool"]["driver"]["rules"]
    assert rule["properties"]["security-severity"] == "9.5"
    assert rule["properties"]["precision"] == "high"
    assert {"mitre-attack/T1041", "technique/T35"} <= set(rule["properties"]["tags"])
    assert rule["defaultConfiguration"] == {"level": "error"}
    assert "cratescope explain build-uses-network" in rule["help"]["text"]
    assert rule["fullDescription"]["text"] != rule["shortDescription"]["text"]


def test_the_worst_comes_first(blocked: Report) -> None:
    assert [one["level"] for one in run_of(blocked)["results"]] == ["error", "warning"]


def test_what_only_tests_run_is_never_an_error(blocked: Report) -> None:
    report = replace(blocked, findings=tuple(map(quiet, blocked.findings)))
    assert [one["level"] for one in run_of(report)["results"]] == ["warning", "note"]


def test_a_gap_that_blocks_is_an_error_and_the_run_no_success(blocked: Report) -> None:
    (invocation,) = run_of(blocked)["invocations"]
    assert invocation["executionSuccessful"] is False
    levels = [one["level"] for one in invocation["toolExecutionNotifications"]]
    assert levels == ["error", "warning"]
    assert (
        "read this file by hand" in invocation["toolExecutionNotifications"][0]["message"]["text"]
    )


def test_a_failure_is_told(clear: Report) -> None:
    (invocation,) = run_of(clear, failures=("no crate `nothing`",))["invocations"]
    assert invocation["executionSuccessful"] is False
    (told,) = invocation["toolExecutionNotifications"]
    assert (told["level"], told["message"]["text"]) == ("error", "no crate `nothing`")


def test_incomplete_is_a_result_too(blocked: Report) -> None:
    report = replace(blocked, findings=(), verdict=Verdict.INCOMPLETE)
    (result,) = run_of(report)["results"]
    assert (result["ruleId"], place(result)["uri"]) == ("incomplete", "x@1.2.3/build.rs")


def test_a_path_is_a_code_flow(blocked: Report) -> None:
    report = replace(blocked, findings=(replace(blocked.findings[1], path=PATH),))
    (result,) = run_of(report)["results"]
    (flow,) = result["codeFlows"]
    steps = flow["threadFlows"][0]["locations"]
    lines = [one["location"]["physicalLocation"]["region"]["startLine"] for one in steps]
    assert lines == [41, 44]


def fingerprints(report: Report) -> list[dict[str, str]]:
    return [one["partialFingerprints"] for one in run_of(report)["results"]]


def test_fingerprints_survive_other_lines_and_versions(blocked: Report) -> None:
    later = moved(blocked, lines=17, version="1.2.4")
    assert fingerprints(later) == fingerprints(blocked)


def test_fingerprints_survive_a_release_of_the_tool(
    blocked: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fingerprints(blocked)
    monkeypatch.setattr(analyzer.report.sarif.log, "__version__", "99.0.0")
    assert run_of(blocked)["tool"]["driver"]["version"] == "99.0.0"
    assert fingerprints(blocked) == before


def test_fingerprints_tell_rules_crates_files_and_subjects_apart(blocked: Report) -> None:
    one = blocked.findings[1]
    sink = one.evidence[1]
    others = (
        replace(blocked, findings=(replace(one, rule="another"),)),
        replace(blocked, findings=(one,), crate=replace(blocked.crate, name="z")),
        *(
            replace(blocked, findings=(replace(one, evidence=(each,)),))
            for each in (
                replace(sink, where=Span("src/lib.rs", 44)),
                replace(sink, subject="203.0.113.1:80"),
                sink,
            )
        ),
    )
    assert len({fingerprints(each)[0]["cratescope/v1"] for each in others}) == 5


def test_equals_are_counted(blocked: Report) -> None:
    report = replace(blocked, findings=(blocked.findings[1],) * 2)
    hashes = [one["primaryLocationLineHash"] for one in fingerprints(report)]
    assert [one.partition(":")[2] for one in hashes] == ["1", "2"]


def cut(monkeypatch: pytest.MonkeyPatch, caps: Caps, *reports: Report) -> dict[str, Any]:
    whole = analyzer.report.sarif.log.Log

    def log(*args: Any) -> Any:
        return replace(whole(*args), caps=caps)

    monkeypatch.setattr(sarif, "Log", log)
    return run_of(*reports)


def told(run: dict[str, Any]) -> dict[str, str]:
    rows = run["invocations"][0]["toolExecutionNotifications"]
    return {one["descriptor"]["id"]: one["message"]["text"] for one in rows}


def test_limits_are_those_of_services() -> None:
    caps = Caps()
    assert (caps.results, caps.locations, caps.steps, caps.tags) == (25_000, 1_000, 10_000, 20)
    assert caps.packed_size_bytes < 10_000_000


def test_nothing_within_the_limits_is_told_of(blocked: Report) -> None:
    assert not any(one.startswith("cut/") for one in told(run_of(blocked)))


def test_too_many_results_leave_the_worst(monkeypatch: pytest.MonkeyPatch, blocked: Report) -> None:
    run = cut(monkeypatch, Caps(results=1), blocked)
    assert [one["level"] for one in run["results"]] == ["error"]
    assert told(run)["cut/results"].startswith("1 results are left out")


def test_too_large_a_log_loses_results_until_it_fits(
    monkeypatch: pytest.MonkeyPatch, blocked: Report
) -> None:
    many = [
        replace(one, evidence=(replace(one.evidence[-1], subject=f"h{number * 7919:x}"),))
        for number in range(300)
        for one in blocked.findings
    ]
    run = cut(monkeypatch, Caps(packed_size_bytes=4000), replace(blocked, findings=tuple(many)))
    assert 0 < len(run["results"]) < 600
    assert {one["level"] for one in run["results"]} == {"error"}
    assert told(run)["cut/results"].startswith(f"{600 - len(run['results'])} results")


def test_too_many_places_steps_and_tags_are_cut_and_told(
    monkeypatch: pytest.MonkeyPatch, blocked: Report
) -> None:
    many = replace(blocked.findings[0], path=PATH, techniques=tuple("abcdefgh"))
    caps = Caps(locations=2, steps=1, tags=4)
    run = cut(monkeypatch, caps, replace(blocked, findings=(many,)))
    (result,) = run["results"]
    assert len(result["relatedLocations"]) == 1
    assert len(result["codeFlows"][0]["threadFlows"][0]["locations"]) == 1
    assert len(run["tool"]["driver"]["rules"][0]["properties"]["tags"]) == 4
    said = told(run)
    assert [said[f"cut/{one}"][0] for one in ("locations", "steps", "tags")] == ["1", "1", "5"]


def test_too_many_notifications_are_cut_and_told(
    monkeypatch: pytest.MonkeyPatch, blocked: Report
) -> None:
    report = replace(blocked, gaps=tuple(replace(blocked.gaps[0], line=n) for n in range(9)))
    run = cut(monkeypatch, Caps(notices=4), report)
    assert len(run["invocations"][0]["toolExecutionNotifications"]) == 5
    assert told(run)["cut/notifications"].startswith("5 more")


def test_a_message_holds_no_link_and_no_placeholder(blocked: Report) -> None:
    evil = Evidence(FactKind.NET_SEND, "[see](https://a.invalid) {0}", "", Span("a", 1))
    report = replace(blocked, findings=(replace(blocked.findings[1], evidence=(evil,)),))
    (result,) = run_of(report)["results"]
    assert "](" not in result["message"]["text"]
    assert "{0}" not in result["message"]["text"]


def test_a_hostile_name_stays_in_its_archive() -> None:
    ground = Ground(CrateInfo("../../a", "..", "", Origin.ARCHIVE))
    uri = ground.artifact("../../../etc/passwd")["uri"]
    assert ".." not in unquote(str(uri)).split("/")
