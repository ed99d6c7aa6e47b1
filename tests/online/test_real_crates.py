"""Pinned real crates through the whole way, from the registry to the report."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.online, pytest.mark.enable_socket]

COMMAND = str(Path(sys.executable).parent / "cratescope")
PINNED = {
    "serde@1.0.229": "CLEAR",
    "tokio@1.48.0": "CLEAR",
    "openssl-sys@0.9.111": "CLEAR",
    "sqlx-macros-core@0.8.6": "CLEAR",
    "ring@0.17.14": "CLEAR",
    "v8@140.2.0": "REVIEW",
    "torch-sys@0.26.0": "REVIEW",
}


def _scan(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [COMMAND, "scan", "--quiet", *arguments]
    environment = {**os.environ, "NO_COLOR": "1"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_pinned_crates_have_the_verdicts_that_people_gave_them() -> None:
    done = _scan(*PINNED, "--format", "json")
    document = json.loads(done.stdout)
    found = {
        f"{one['crate']['name']}@{one['crate']['version']}": one for one in document["reports"]
    }
    assert {name: one["verdict"] for name, one in found.items()} == PINNED
    assert done.returncode == 10
    v8 = found["v8@140.2.0"]
    medium = [one["rule"] for one in v8["findings"] if one["severity"] == "medium"]
    assert medium == [
        "build-uses-network",
        "carries-unused-renamed-crate",  # temporal_capi: linked, named by no code
        "gated-by-ci",
        "gated-by-person",
    ]


def test_the_largest_crate_stays_under_700_megabytes() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    done = _scan("windows@0.62.2", "--format", "json")
    report = json.loads(done.stdout)
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    assert report["verdict"] == "CLEAR"
    assert report["coverage"]["rust_size_bytes"] > 110_000_000
    assert peak_mb < 700 or peak_mb * 1024 == before  # a larger child of an earlier test


def test_the_same_crate_gives_the_same_bytes_twice() -> None:
    first, second = (_scan("ring@0.17.14", "--format", "json").stdout for _ in range(2))
    assert first == second


def test_an_unknown_crate_is_one_line_and_exit_2() -> None:
    done = _scan("no-such-crate-of-ours-9")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1


def test_the_page_of_a_small_crate_is_small(tmp_path: Path) -> None:
    target = tmp_path / "serde.html"
    assert _scan("serde@1.0.229", "--output", str(target)).returncode == 0
    assert target.stat().st_size < 200_000
