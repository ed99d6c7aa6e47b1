"""The hook of `.pre-commit-hooks.yaml`, run by pre-commit in a repository that asks for it.

pre-commit makes an environment of its own and takes our packages from the package index.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.online
ROOT = Path(__file__).parents[2]
CLEAN, BAD = ("serde", "1.0.200"), ("rustdecimal", "1.23.1")


@dataclass(frozen=True)
class Project:
    """A repository that asks for the hook."""

    folder: Path
    environment: dict[str, str]

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(one) for one in command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def lock(self, path: str, package: tuple[str, str]) -> None:
        """A lock file, staged."""
        name, version = package
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(
            f'version = 4\n\n[[package]]\nname = "{name}"\nversion = "{version}"\n'
            'source = "registry+https://github.com/rust-lang/crates.io-index"\n'
            f'checksum = "{"ab" * 32}"\n'
        )
        assert self.run("git", "add", path).returncode == 0

    def hook(self) -> subprocess.CompletedProcess[str]:
        """What pre-commit says of the staged files."""
        return self.run(sys.executable, "-m", "pre_commit", "run", "--color", "never")


def _repository(folder: Path, environment: dict[str, str]) -> str:
    """Make a repository of what is in a folder; the commit's name."""
    for command in ("init -q -b main", "add -A", "commit -q -m all"):
        subprocess.run(["git", *command.split()], cwd=folder, env=environment, check=True)
    shown = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, check=True
    )
    return shown.stdout.strip()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project whose configuration points at this checkout, as its files are now."""
    base = tmp_path_factory.mktemp("pre-commit")
    environment = {one: os.environ[one] for one in os.environ if one != "PYTHONPATH"}
    environment |= {
        "PRE_COMMIT_HOME": str(base / "home"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        **{f"GIT_{who}_NAME": "test" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "test@example.com" for who in ("AUTHOR", "COMMITTER")},
    }
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    checkout, folder = base / "checkout", base / "project"
    for name in tracked:
        if name and not name.startswith(("tests/", "benchmarks/")) and (ROOT / name).is_file():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, checkout / name)
    commit = _repository(checkout, environment)
    wanted = {"repo": checkout.as_uri(), "rev": commit, "hooks": [{"id": "cratescope-audit"}]}
    folder.mkdir()
    (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [wanted]}))
    _repository(folder, environment)
    return Project(folder, environment)


def test_the_hook_lets_a_clean_lock_pass_and_stops_a_known_bad_one(project: Project) -> None:
    project.lock("Cargo.lock", CLEAN)
    done = project.hook()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Passed" in done.stdout

    project.lock("tools/Cargo.lock", BAD)
    done = project.hook()
    assert done.returncode == 1
    assert "exit code: 20" in done.stdout
    assert "rustdecimal" in done.stdout
    assert "tools/Cargo.lock:3" in done.stdout

    project.lock("tools/Cargo.lock", CLEAN)
    project.run("git", "commit", "-q", "-m", "clean")
    (project.folder / "notes.txt").write_text("nothing to judge\n")
    project.run("git", "add", "notes.txt")
    done = project.hook()
    assert done.returncode == 0
    assert "Skipped" in done.stdout
