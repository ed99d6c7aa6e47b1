"""Ordinary upgrades of real crates are CLEAR: patch, minor and major steps of every sort."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.online, pytest.mark.enable_socket]

COMMAND = str(Path(sys.executable).parent / "cratescope")
UPGRADES = (
    "serde@1.0.210 1.0.228",  # takes up serde_core, days old, with a build script
    "serde_json@1.0.120 1.0.145",
    "tokio@1.40.0 1.48.0",
    "reqwest@0.11.27 0.12.24",
    "openssl-sys@0.9.100 0.9.111",
    "ring@0.17.8 0.17.14",
    "clap@4.4.0 4.5.50",
    "syn@1.0.109 2.0.100",
    "cc@1.0.83 1.2.40",
    "rustls@0.21.10 0.23.31",
    "aws-lc-sys@0.30.0 0.32.0",
    "sqlx-core@0.7.4 0.8.6",
    "windows-sys@0.48.0 0.59.0",
    "libc@0.2.150 0.2.177",
    "time@0.3.36 0.3.44",
    "chrono@0.4.31 0.4.42",
    "rand@0.8.5 0.9.2",
    "bindgen@0.69.4 0.72.1",
    "prost-build@0.12.6 0.14.1",
    "git2@0.18.3 0.20.2",
    "hyper@0.14.32 1.7.0",
    "proc-macro2@1.0.60 1.0.101",
    "anyhow@1.0.75 1.0.100",  # its build script begins to probe the compiler
    "thiserror@1.0.69 2.0.17",
    "zstd-sys@2.0.9+zstd.1.5.5 2.0.16+zstd.1.5.7",
    "getrandom@0.2.15 0.3.3",
    "rustix@0.38.44 1.1.2",
    "log@0.4.20 0.4.28",
    "arrayref@0.3.8 0.3.9",
)


@pytest.mark.parametrize("step", UPGRADES)
def test_an_ordinary_upgrade_is_clear(step: str) -> None:
    command = [COMMAND, "diff", *step.split(), "--quiet", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False)
    found = json.loads(done.stdout)
    told = [(one["rule"], one["evidence"][:2]) for one in found["findings"]["added"]]
    assert (found["verdict"], done.returncode) == ("CLEAR", 0), (found["summary"], told)
