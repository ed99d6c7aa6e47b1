"""The command where no engine answers: a gap and its exit code, or an error when it is required."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
_COMMAND = "from analyzer.cli.main import main; main()"
_PACKAGE = '[package]\nname = "quiet"\nversion = "0.1.0"\nedition = "2021"\n'


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "DOCKER_HOST": f"unix://{folder}/nothing.sock",
        "CRATESCOPE_CACHE_DIR": str(folder / "cache"),
        "TMPDIR": str(folder / "temporary"),
    }
    (folder / "temporary").mkdir()
    done = subprocess.run(
        [sys.executable, "-P", "-c", _COMMAND, *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert not list((folder / "temporary").iterdir())
    return done


@pytest.fixture
def crate(tmp_path: Path) -> Path:
    (tmp_path / "quiet/src").mkdir(parents=True)
    (tmp_path / "quiet/Cargo.toml").write_text(_PACKAGE)
    (tmp_path / "quiet/src/lib.rs").write_text("pub fn one() -> u8 {\n    1\n}\n")
    return tmp_path / "quiet"


def test_without_an_engine_the_report_is_incomplete_and_says_why(
    tmp_path: Path, crate: Path
) -> None:
    done = run(tmp_path, "scan", str(crate), "--sandbox", "--offline", "--format", "json")
    assert done.returncode == 30, done.stderr
    gaps = [one for one in json.loads(done.stdout)["gaps"] if one["kind"] == "sandbox"]
    assert [one["blocking"] for one in gaps] == [True]
    assert "no container engine answers" in gaps[0]["reason"]


def test_without_sandbox_nothing_is_missing(tmp_path: Path, crate: Path) -> None:
    assert run(tmp_path, "scan", str(crate), "--offline").returncode == 0


def test_required_and_without_an_engine_is_an_error(tmp_path: Path, crate: Path) -> None:
    done = run(tmp_path, "scan", str(crate), "--sandbox=require", "--offline")
    assert done.returncode == 1
    assert "no container engine answers" in done.stderr
    assert "Traceback" not in done.stderr


def test_doctor_says_what_is_missing_and_how_to_get_it(tmp_path: Path) -> None:
    done = run(tmp_path, "sandbox", "doctor")
    assert done.returncode == 1
    (line,) = [one for one in done.stdout.splitlines() if " engine " in one]
    assert line.startswith("MISSING")
    assert "start Docker" in line


def test_an_image_cannot_be_built_and_that_is_one_line(tmp_path: Path) -> None:
    done = run(tmp_path, "sandbox", "build-image")
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
