"""`--policy` of `scan` and `audit`: what decides, what it says, and how the run ends."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import THEFT, MakeFolder, Run, archive

NETWORK = 'fn main() { std::net::TcpStream::connect("x.example.com:443").ok(); }\n'


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "own" / "policy.toml"
    path.parent.mkdir()
    path.write_text("")
    return path


@pytest.fixture
def crate(tmp_path: Path) -> Path:
    """An archive that asks for a REVIEW."""
    path = tmp_path / "reaches-0.1.0.crate"
    path.write_bytes(archive("reaches", NETWORK))
    return path


def decision(run: Run, *arguments: str | Path) -> dict[str, Any]:
    found = json.loads(run("scan", *arguments, "--format", "json").out)
    assert isinstance(found["decision"], dict)
    return found["decision"]


def waivers(run: Run, crate: Path, policy: Path, expires: str = "2099-01-01") -> str:
    """A waiver for each rule that holds or denies a crate, as its report names them."""
    sha256 = hashlib.sha256(crate.read_bytes()).hexdigest()
    return "".join(
        f'[[waiver]]\nrule = "{one["rule"]}"\ncrate = "{crate.name.rpartition("-")[0]}"\n'
        f'version = "0.1.0"\nsha256 = "{sha256}"\nevidence = "{one["evidence"]}"\n'
        f'reason = "read"\nauthor = "ann"\nexpires = {expires}\n'
        for one in decision(run, crate, "--policy", policy)["clauses"]
        if one["evidence"]
    )


def test_without_a_policy_no_decision_is_told(run: Run, crate: Path) -> None:
    done = run("scan", crate, "--format", "json")
    assert (done.code, "decision" in json.loads(done.out)) == (10, False)


def test_the_exit_code_follows_the_decision_and_the_verdict_stays(
    run: Run, crate: Path, policy: Path
) -> None:
    assert run("scan", crate, "--policy", policy).code == 10
    policy.write_text(waivers(run, crate, policy))
    done = run("scan", crate, "--policy", policy, "--format", "json")
    found = json.loads(done.out)
    assert (done.code, found["verdict"], found["decision"]["outcome"]) == (0, "REVIEW", "ALLOW")
    assert found["decision"]["policy"]["sha256"] == hashlib.sha256(policy.read_bytes()).hexdigest()


def test_a_person_reads_what_decided(run: Run, crate: Path, policy: Path) -> None:
    held = run("scan", crate, "--policy", policy).out
    assert " HELD " in held
    assert "  holds   verdict: REVIEW: " in held
    step = f"- A waiver to fill in: cratescope policy explain reaches@0.1.0 {policy}"
    assert step in " ".join(held.split())
    policy.write_text(waivers(run, crate, policy))
    allowed = run("scan", crate, "--policy", policy).out
    assert " ALLOWED " in allowed
    assert "waived by ann" in allowed
    assert "- Nothing to do: the policy lets it in." in allowed


def test_a_block_can_be_waived_by_its_bytes_only(run: Run, tmp_path: Path, policy: Path) -> None:
    path = tmp_path / "thief-0.1.0.crate"
    path.write_bytes(archive("thief", THEFT))
    assert run("scan", path, "--policy", policy).code == 20
    policy.write_text(waivers(run, path, policy))
    assert run("scan", path, "--policy", policy).code == 0
    path.write_bytes(archive("thief", THEFT + "// other bytes\n"))
    done = run("scan", path, "--policy", policy)
    assert done.code == 20
    assert "the bytes are others" in " ".join(done.out.split())


def test_an_expired_waiver_covers_nothing(run: Run, crate: Path, policy: Path) -> None:
    policy.write_text(waivers(run, crate, policy, "2026-11-20"))
    assert run("scan", crate, "--policy", policy, "--as-of", "2026-11-20").code == 0
    done = run("scan", crate, "--policy", policy, "--as-of", "2026-11-21")
    assert done.code == 10
    assert "expired on 2026-11-20" in done.out


def test_a_waiver_of_no_use_fails_a_run_that_would_pass(
    run: Run, tmp_path: Path, crate: Path, policy: Path
) -> None:
    quiet = tmp_path / "quiet-0.1.0.crate"
    quiet.write_bytes(archive("quiet"))
    sha256 = hashlib.sha256(quiet.read_bytes()).hexdigest()
    text = waivers(run, crate, policy).replace('"reaches"', '"quiet"')
    old = hashlib.sha256(crate.read_bytes()).hexdigest()
    policy.write_text(text.replace(old, sha256))
    done = run("scan", quiet, "--policy", policy)
    assert (done.code, "its rule speaks of nothing here" in done.out) == (10, True)
    policy.write_text('policy.stale-waivers = "report"\n' + policy.read_text())
    assert run("scan", quiet, "--policy", policy).code == 0


def test_observing_never_fails_a_run(run: Run, make_folder: MakeFolder, policy: Path) -> None:
    policy.write_text('policy.mode = "observe"\n')
    done = run("scan", make_folder("thief", THEFT), "--policy", policy)
    assert done.code == 0
    assert " BLOCK  thief@0.1.0" in done.out
    assert " WOULD BE DENIED " in done.out


def test_several_crates_show_their_decisions(
    run: Run, crate: Path, make_folder: MakeFolder, policy: Path
) -> None:
    done = run("scan", crate, make_folder("plain"), "--policy", policy)
    rows = [line.split()[:3] for line in done.out.split("\n")[1:3]]
    assert rows == [["HELD", "REVIEW", "reaches@0.1.0"], ["ALLOWED", "CLEAR", "plain@0.1.0"]]


def test_a_policy_inside_the_crate_is_refused_and_one_in_its_archive_only_told(
    run: Run, make_folder: MakeFolder, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """V10: a crate must not configure its own judge."""
    folder = make_folder("thief", THEFT)
    (folder / "cratescope.toml").write_text('policy.mode = "observe"\n')
    refused = run("scan", folder, "--policy", folder / "cratescope.toml")
    assert (refused.code, "which it would judge" in refused.err) == (2, True)
    monkeypatch.chdir(folder)
    assert run("scan", folder).code == 20
    done = run("scan", folder, "--policy", policy)
    assert done.code == 20
    assert "the crate holds cratescope.toml: it was not obeyed" in done.out


def test_the_environment_may_name_the_policy(
    run: Run, crate: Path, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy.write_text('policy.mode = "observe"\n')
    monkeypatch.setenv("CRATESCOPE_POLICY", str(policy))
    assert run("scan", crate).code == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[polcy]", ":1: unknown key `polcy` in the file; did you mean `policy`?"),
        ('[policy]\nmode = "observ"', ":2: `mode`: unknown `observ`; did you mean `observe`?"),
        ("[policy.capabilities]\na = ['netwrk']", ":2: no capability `netwrk`; did you mean"),
    ],
)
def test_an_odd_policy_ends_the_run_with_its_line(
    run: Run, crate: Path, policy: Path, text: str, said: str
) -> None:
    policy.write_text(text)
    done = run("scan", crate, "--policy", policy)
    assert (done.code, done.out) == (2, "")
    assert f"{policy}{said}" in done.err


# audit --------------------------------------------------------------------------------------------

LOCK = """version = 4
[[package]]
name = "app"
version = "0.1.0"
[[package]]
name = "{name}"
version = "{version}"
source = "git+https://x.invalid/r#abc"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Cargo.lock").write_text(LOCK.format(name="ours", version="1.0.0"))
    monkeypatch.chdir(folder)
    monkeypatch.delenv("CI", raising=False)
    return folder


def test_an_audit_obeys_the_policy_of_its_working_directory(run: Run, project: Path) -> None:
    assert run("audit", ".").code == 0
    (project / "cratescope.toml").write_text('policy.git = "deny"\n')
    done = run("audit", ".")
    assert done.code == 20
    assert "CLEAR  2 locked packages" in done.out
    assert "DENIED  by cratescope.toml (sha256 " in done.out
    assert "denies  source: from git, which is denied" in done.out


def test_in_ci_an_audit_obeys_only_a_policy_that_is_named(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    (project / "Cargo.lock").write_text(LOCK.format(name="rustdecimal", version="1.23.1"))
    (project / "cratescope.toml").write_text('policy.mode = "observe"\n')
    done = run("audit", ".")
    assert (done.code, "not obeyed in CI" in done.err) == (20, True)
    assert run("audit", ".", "--policy", "cratescope.toml").code == 0


def test_a_policy_below_the_paths_is_nobodys(run: Run, project: Path) -> None:
    vendored = project / "vendor" / "thief"
    vendored.mkdir(parents=True)
    (project / "Cargo.lock").write_text(LOCK.format(name="rustdecimal", version="1.23.1"))
    (vendored / "cratescope.toml").write_text('policy.mode = "observe"\n')
    done = run("audit", ".", "--format", "json")
    assert (done.code, "decision" in json.loads(done.out)) == (20, False)


def test_an_audit_in_json_holds_the_decision(run: Run, project: Path, policy: Path) -> None:
    found = json.loads(run("audit", ".", "--policy", policy, "--format", "json").out)
    assert found["decision"]["counts"] == {"DENY": 0, "QUARANTINE": 0, "ALLOW": 1}
    lines = run("audit", ".", "--policy", policy, "--format", "jsonl").out.splitlines()
    assert json.loads(lines[-1])["decision"] == found["decision"]
