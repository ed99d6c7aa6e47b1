"""Whole runs: hostile crates are seen in each kind of stage, and an honest build shows what it runs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from sandbox_recall import judge, load

from analyzer.model import FactKind, Moment
from sandbox.observe import Setting, observe
from sandbox.settings import SandboxOptions
from tests.docker.conftest import ROOM, Build

pytestmark = pytest.mark.docker
HOSTILE = (
    *("b05-tar-gzip-pipe", "b07-assembly", "b16-dns-labels", "b23-only-at-a-desk"),
    *("b38-only-in-a-release", "b39-after-a-day", "b40-only-with-a-feature"),
    *("b41-macro-of-one-form", "t03-documentation-test", "t12-benchmark"),
)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_crate_is_seen_with_bait_payload_and_owner(name: str, setting: Setting) -> None:
    (hostile,) = load([name])
    trace = observe(hostile.crate, setting, SandboxOptions(room=ROOM), lambda _: None)
    outcome = judge(hostile, trace, 0)
    assert all(outcome.found.values()), outcome.missing


def test_of_an_honest_build_only_its_python_is_seen_whatever_the_stage(build: Build) -> None:
    act = "import os; open(os.environ['OUT_DIR'] + '/made.rs', 'w').write('pub fn made() {}')"
    seen = build(act, code=0, more="\n[features]\nfast = []\n")
    told = [one for one in seen.trace.facts if isinstance(one.where, Moment)]
    assert {(one.kind, one.subject) for one in told} == {(FactKind.PROCESS_SPAWN, "python3")}
    assert seen.gaps == ""
    assert seen.trace.observation is not None
    stages = [one.name for one in seen.trace.observation.stages]
    assert stages == ["build", "load", "unwatched", "at a desk", "next year, with every feature"]


def test_what_another_clock_shows_is_told_at_the_real_time(build: Build) -> None:
    seen = build("import time; open('/tmp/' + time.strftime('%Y%m%d'), 'w').write('')")
    told = {
        (one.subject, one.where.stage): one.where.at_ms
        for one in seen.trace.facts
        if isinstance(one.where, Moment) and one.kind is FactKind.PROCESS_SPAWN
    }
    days = [one for one in told.values() if one > 86_400_000]
    assert (bool(told), days) == (True, [])
    assert "next-year" in seen.logs, seen.gaps


_FOR_ONE_PROJECT = """
import os, pathlib, socket
for folder in pathlib.Path(os.environ["OUT_DIR"]).parents:
    manifest = folder / "Cargo.toml"
    if manifest.exists() and "acme-wallet" in manifest.read_text():
        socket.create_connection(("192.0.2.77", 99), timeout=3)
"""


def test_what_acts_in_one_project_only_acts_in_a_project_of_that_name(build: Build) -> None:
    apart, inside = (build(_FOR_ONE_PROJECT, project=one) for one in ("", "acme-wallet"))
    assert "192.0.2.77:99" not in apart.subjects(FactKind.NET_CONNECT)
    assert "192.0.2.77:99" in inside.subjects(FactKind.NET_CONNECT)
    assert {"Cargo.toml"} <= apart.subjects(FactKind.FILE_READ)
