"""Files that other services read: they fit their schemas, and the shell in them is sound."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
SHELL = ["cratescope", "setup-env", "run-tests", ".ci/run", ".ci/lock"]


@pytest.mark.parametrize(
    ("schema", "file"),
    [
        ("vendor.github-actions", "action.yml"),
        ("vendor.gitlab-ci", "integrations/gitlab/cratescope.yml"),
    ],
)
def test_files_fit_the_schema_of_their_service(schema: str, file: str) -> None:
    command = [str(BIN / "check-jsonschema"), "--builtin-schema", schema, str(ROOT / file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def _checked(text: str, shell: str) -> str:
    command = [str(BIN / "shellcheck"), "--shell", shell, "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    return done.stdout


@pytest.mark.parametrize("path", SHELL)
def test_scripts_are_sound(path: str) -> None:
    text = (ROOT / path).read_text()
    assert _checked(text, "bash" if "bash" in text.partition("\n")[0] else "sh") == ""


def test_shell_in_pipelines_is_sound() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    for step in action["runs"]["steps"]:
        assert _checked(step.get("run", ""), "bash") == ""
    job = yaml.safe_load((ROOT / "integrations/gitlab/cratescope.yml").read_text())["cratescope"]
    assert _checked("\n".join([*job["before_script"], *job["script"]]), "sh") == ""
