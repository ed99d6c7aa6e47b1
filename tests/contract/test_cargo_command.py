"""`cargo cratescope` as installed: a real cargo finds the script and hands on its words."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from analyzer import __version__

pytestmark = pytest.mark.cargo
ROOT = Path(__file__).parents[2]
LOCK = """version = 4

[[package]]
name = "{name}"
version = "{version}"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "{checksum}"
"""
Called = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts that an installation makes, in a folder of their own."""
    prefix = tmp_path_factory.mktemp("prefix")
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "--ignore-installed", "--prefix", str(prefix), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return prefix / "bin"


def _cargo(scripts: Path, *arguments: str | Path) -> Called:
    (packages,) = scripts.parent.glob("lib/*/site-packages")
    environment = os.environ | {
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(packages),
    }
    command = ["cargo", *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_cargo_finds_the_command_and_hands_on_its_words(scripts: Path) -> None:
    done = _cargo(scripts, "cratescope", "--version")
    assert (done.returncode, done.stdout) == (0, f"cratescope {__version__}\n"), done.stderr
    assert "cratescope" in _cargo(scripts, "--list").stdout


def test_cargo_help_shows_the_help(scripts: Path) -> None:
    done = _cargo(scripts, "help", "cratescope")
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: cargo cratescope ")


def test_cargo_ends_with_the_code_of_the_verdict(scripts: Path, tmp_path: Path) -> None:
    lock = tmp_path / "Cargo.lock"
    lock.write_text(LOCK.format(name="rustdecimal", version="1.23.1", checksum="ab" * 32))
    done = _cargo(scripts, "cratescope", "audit", lock)
    assert done.returncode == 20, done.stderr
    assert "rustdecimal" in done.stdout
    lock.write_text(LOCK.format(name="serde", version="1.0.200", checksum="ab" * 32))
    assert _cargo(scripts, "cratescope", "audit", lock).returncode == 0
