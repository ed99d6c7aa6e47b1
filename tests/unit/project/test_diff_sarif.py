from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from analyzer.model import Gap, GapKind, Verdict
from analyzer.project import diff_sarif
from analyzer.project.changes import CrateDiff
from analyzer.project.lock_changes import LockDiff, PackageChange

from .test_changes import FETCHES, SENDS, report, step

THEFT = SENDS.replace("pub fn go", "fn main")


def run_of(found: CrateDiff | LockDiff, **more: Any) -> dict[str, Any]:
    (run,) = json.loads(diff_sarif.render(found, **more))["runs"]
    assert isinstance(run, dict)
    return run


def places(run: dict[str, Any]) -> set[tuple[str, str]]:
    artifacts = [
        one["locations"][0]["physicalLocation"]["artifactLocation"] for one in run["results"]
    ]
    return {(one.get("uriBaseId", ""), one["uri"]) for one in artifacts}


def stolen() -> CrateDiff:
    found = step({"build.rs": FETCHES}, {"build.rs": THEFT})
    assert found.verdict is Verdict.BLOCK
    return found


def lock_diff(**change: Any) -> LockDiff:
    head = ("sample", "changed", "1.0.0", "1.0.1", 12)
    row = PackageChange(*head, Verdict.BLOCK, "It sends.", file="sub/Cargo.lock")
    return LockDiff("old/Cargo.lock", "sub/Cargo.lock", (replace(row, **change),), ())


def test_what_is_new_stands_in_the_new_version() -> None:
    run = run_of(stolen())
    assert places(run) == {("CRATES", "sample@1.0.1/build.rs")}
    assert {one["baselineState"] for one in run["results"]} == {"new"}
    assert run["properties"]["old"]["version"] == "1.0.0"


def test_what_was_there_before_is_no_result() -> None:
    found = step({"build.rs": FETCHES}, {"build.rs": f"// a comment more\n\n{FETCHES}"})
    assert found.same
    assert run_of(found)["results"] == []


def test_what_blocks_stays_though_it_was_there_before() -> None:
    found = step({"build.rs": THEFT}, {"build.rs": f"// a comment more\n\n{THEFT}"})
    states = [one["baselineState"] for one in run_of(found)["results"]]
    assert "unchanged" in states


def test_a_folder_has_its_files_below_the_current_one(tmp_path: Path) -> None:
    run = run_of(stolen(), folder=tmp_path / "new", here=tmp_path)
    assert places(run) == {("%SRCROOT%", "new/build.rs")}


def test_a_changed_package_stands_on_its_line_of_the_lock_file() -> None:
    run = run_of(lock_diff(diff=stolen()))
    assert places(run) == {("%SRCROOT%", "sub/Cargo.lock")}
    result = run["results"][0]
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 12}
    cited = result["relatedLocations"][0]["physicalLocation"]["artifactLocation"]
    assert cited == {"uri": "sample@1.0.1/build.rs", "uriBaseId": "CRATES"}


def test_a_package_of_the_repository_stands_in_its_own_files() -> None:
    for manifest, uri in (("Cargo.toml", "build.rs"), ("a b/Cargo.toml", "a%20b/build.rs")):
        run = run_of(lock_diff(diff=stolen(), file=manifest, line=0))
        assert places(run) == {("%SRCROOT%", uri)}


def test_a_package_that_came_has_all_its_findings() -> None:
    one = report({"build.rs": THEFT}, "1.0.1")
    run = run_of(lock_diff(report=one, change="added", old=""))
    assert {each["ruleId"] for each in run["results"]} == {each.rule for each in one.findings}


def test_a_checksum_that_changed_is_an_error() -> None:
    (result,) = run_of(lock_diff(change="checksum"))["results"]
    assert (result["ruleId"], result["level"]) == ("checksum-changed", "error")


def test_another_change_that_asks_for_a_person_is_a_warning() -> None:
    (result,) = run_of(lock_diff(verdict=Verdict.REVIEW))["results"]
    assert (result["ruleId"], result["level"]) == ("package-change", "warning")


def test_what_was_not_read_is_a_result_and_a_notification() -> None:
    gap = Gap(GapKind.DEPENDENCY, "it comes from git", "sub/Cargo.lock", 12, is_blocking=True)
    found = replace(lock_diff(verdict=Verdict.INCOMPLETE), gaps=(gap,))
    run = run_of(found)
    assert [one["ruleId"] for one in run["results"]] == ["incomplete"]
    assert run["invocations"][0]["executionSuccessful"] is False


def test_a_step_that_could_not_be_read_is_a_result() -> None:
    gap = Gap(GapKind.MACRO, "unread", "build.rs", 7, is_blocking=True)
    found = replace(stolen(), added=(), verdict=Verdict.INCOMPLETE, gaps=(gap,))
    run = run_of(found)
    assert [one["ruleId"] for one in run["results"]] == ["incomplete"]
    assert places(run) == {("CRATES", "sample@1.0.1/build.rs")}


def test_what_is_clear_is_no_result() -> None:
    assert run_of(lock_diff(verdict=Verdict.CLEAR, diff=stolen()))["results"] == []
