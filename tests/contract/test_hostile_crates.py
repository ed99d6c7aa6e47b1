"""The hostile crates that the sandbox is measured on: inert, well formed, and judged fairly."""

from __future__ import annotations

import ipaddress
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from sandbox_recall import FOLDER, judge, load, read, table

from analyzer.limits import DEFAULT_LIMITS
from analyzer.manifest import read_manifest
from analyzer.model import Fact, FactKind, Moment, Phase, Trace
from analyzer.unpack import unpack

PATHS = sorted(FOLDER.glob("*.toml"))
DOCUMENTATION = [
    ipaddress.ip_network(one)
    for one in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
]
LOCAL = {"169.254.169.254", "0.0.0.0"}  # the clouds' metadata; any own address


@pytest.mark.parametrize("path", PATHS, ids=lambda one: one.stem)
def test_a_hostile_crate_names_no_real_host(path: Path) -> None:
    text = path.read_text("utf-8")
    for one in re.findall(r"\b\d{1,3}(?:\.\d{1,3}){3}\b", text):
        is_inert = any(
            ipaddress.ip_address(one) in net for net in DOCUMENTATION if net.version == 4
        )
        assert is_inert or one in LOCAL, one
    for host in re.findall(r"https?://([\w.-]+)", text):
        assert host.endswith(".invalid") or host in LOCAL or host[:1].isdigit(), host
    for one in re.findall(r"\[([0-9a-f:]*:[0-9a-f:]+)\]:\d", text):
        assert one == "::" or ipaddress.ip_address(one) in DOCUMENTATION[3], one


@pytest.mark.parametrize("path", PATHS, ids=lambda one: one.stem)
def test_a_hostile_crate_is_one_that_cargo_would_take(path: Path) -> None:
    hostile = read(path)
    manifest = read_manifest(unpack(hostile.crate, limits=DEFAULT_LIMITS), limits=DEFAULT_LIMITS)
    assert manifest.name == hostile.crate.ref.name
    assert all(hostile.wanted[one] for one in ("acting", "payload"))


def test_there_are_enough_of_both_kinds() -> None:
    names = Counter(one.name[0] for one in load([]))
    assert Counter(b=24, t=12) <= names


def _fact(kind: FactKind, subject: str, owner: str, phase: Phase) -> Fact:
    return Fact(kind, subject, Moment("build", 7, 1, 1), (phase,), owner=f"build: {owner}")


def test_a_trace_counts_only_with_act_bait_and_payload_and_blame_apart() -> None:
    hostile = read(FOLDER / "b01-socket-clear.toml")
    script, owner = Phase.BUILD_SCRIPT, "build script of glyph-rows 0.1.2"
    key = "{home}/.ssh/id_ed25519"
    connect = _fact(FactKind.NET_CONNECT, "198.51.100.7:4444", owner, script)
    whole = (
        connect,
        _fact(FactKind.FILE_READ, key, owner, script),
        _fact(FactKind.DECOY_SENT, key, owner, script),
    )
    seen = judge(hostile, Trace(whole), 1.0)
    assert (seen.is_seen, seen.found["blamed"], seen.missing) == (True, True, ())
    quiet = judge(hostile, Trace(), 1.0)
    assert set(quiet.found.values()) == {False}
    other = judge(hostile, Trace((_fact(connect.kind, connect.subject, "x 1", script),)), 1.0)
    assert other.found == {"seen": True, "bait": False, "payload": False, "blamed": False}
    assert "1/2 = 50%" in table([seen, quiet])
