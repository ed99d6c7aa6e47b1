"""The action and the job with their own installation, by hash, from the package index."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.contract.conftest import Runner

pytestmark = pytest.mark.online
ROOT = Path(__file__).parents[2]
ITOA = "49f1f14873335454500d59611f1cf4a4b0f786f9ac11f4312a78e4cf2566695b"
LOCK = f"""version = 4

[[package]]
name = "itoa"
version = "1.0.11"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "{ITOA}"
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of this checkout, as its files are now."""
    folder = tmp_path_factory.mktemp("repository")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    for name in listed:
        if name and not name.startswith(("tests/", "benchmarks/")) and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    own = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    for words in (["init", "-q"], ["add", "-A"], [*own, "commit", "-q", "-m", "all"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return folder


@pytest.fixture(autouse=True)
def _installed_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of this checkout is imported in place of what a pipeline installs."""
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setenv("CRATESCOPE_DATA_DIR", str(tmp_path / "data"))


def test_the_action_installs_itself_and_reads_a_locked_crate(
    repository: Path, tmp_path: Path
) -> None:
    workspace, temp = tmp_path / "workspace", tmp_path / "temp"
    workspace.mkdir()
    temp.mkdir()
    (workspace / "Cargo.lock").write_text(LOCK)
    runner = Runner(repository, workspace, temp)
    assert runner.run() == 0, runner.log
    found = json.loads(Path(runner.outputs["reports"], "cratescope.json").read_text())
    assert found["verdict"] == "CLEAR"
    assert found["scanned"] is True
    assert len(list((temp / "cratescope-cache/v1/archives").rglob(ITOA))) == 1


def _job(repository: Path, project: Path, commit: str) -> subprocess.CompletedProcess[str]:
    """The job's commands in one shell that ends with the first failure, as GitLab runs them."""
    job = yaml.safe_load((ROOT / "integrations/gitlab/cratescope.yml").read_text())["cratescope"]
    variables = {name: str(value) for name, value in job["variables"].items()}
    variables["CRATESCOPE_CACHE_DIR"] = str(project / ".cratescope/cache")
    environment = os.environ | {
        "CI_PROJECT_DIR": str(project),
        "CRATESCOPE_REPOSITORY": repository.as_uri(),
        "CRATESCOPE_COMMIT": commit,
        **variables,
    }
    script = "\n".join(["set -eo pipefail", *job["before_script"], *job["script"]])
    return subprocess.run(
        ["bash", "-c", script],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_gitlab_job_installs_the_commit_and_audits(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "Cargo.lock").write_text(LOCK)
    shown = ["git", "rev-parse", "HEAD"]
    commit = subprocess.run(
        shown, cwd=repository, capture_output=True, text=True, check=True
    ).stdout.strip()
    done = _job(repository, tmp_path, "HEAD")
    assert done.returncode != 0  # a name that moves is no commit
    shutil.rmtree(tmp_path / ".cratescope")
    done = _job(repository, tmp_path, commit)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "cratescope-reports/cratescope.json").read_text())
    assert (found["verdict"], found["packages"]) == ("CLEAR", 1)
    written = {one.name for one in (tmp_path / "cratescope-reports").iterdir()}
    assert written == {f"cratescope.{one}" for one in ("json", "md", "sarif")}
