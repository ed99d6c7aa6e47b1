"""What recorded builds make of the rules: alone, and beside what the source says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.model import (
    CallEdge,
    Coverage,
    Fact,
    FactKind,
    FactSet,
    Finding,
    Moment,
    Phase,
    Span,
    Support,
    Verdict,
)
from analyzer.rules.match import match
from analyzer.rules.ruleset import load_ruleset
from analyzer.score import assess

RULESET = load_ruleset()
BUILD = (Phase.BUILD_SCRIPT,)
OWNER = "build: build script of x 1.0.0"
RULE = "build-reads-credentials-and-connects"


def seen(
    kind: FactKind, subject: str, *data: str, phase: Phase = Phase.BUILD_SCRIPT, owner: str = OWNER
) -> Fact:
    return Fact(kind, subject, Moment("build", 7, 1, 10), (phase,), owner, data=data)


def said(kind: FactKind, subject: str) -> Fact:
    return Fact(kind, subject, Span("build.rs", 3), BUILD, "build.rs::main")


READ, SENT = (
    (FactKind.FILE_READ, "{home}/.aws/credentials"),
    (FactKind.NET_CONNECT, "192.0.2.7:443"),
)


def found(*facts: Fact) -> dict[str, Finding]:
    return {one.rule: one for one in match(FactSet(facts), RULESET)}


def verdict(*facts: Fact) -> Verdict:
    findings = match(FactSet(facts), RULESET)
    return assess(findings, (), Coverage(1, 1, 1, 1, 1, 0, ())).verdict


@pytest.mark.parametrize(
    ("facts", "support"),
    [
        ((said(*READ), said(*SENT)), Support.STATIC),
        ((seen(*READ), seen(*SENT)), Support.OBSERVED),
        ((said(*READ), seen(*SENT)), Support.MIXED),
        ((seen(*READ), said(*SENT)), Support.MIXED),
        ((said(*READ), said(*SENT), seen(*READ), seen(*SENT)), Support.CORROBORATED),
        ((said(*READ), said(*SENT), seen(*SENT)), Support.STATIC),
        ((seen(*READ), seen(*SENT), said(*READ)), Support.OBSERVED),
    ],
)  # fmt: skip
def test_support_says_what_each_half_rests_on(facts: tuple[Fact, ...], support: Support) -> None:
    assert found(*facts)[RULE].support is support


IN_FUNCTION = "secret-file-and-constant-host"
POSTED = (FactKind.NET_SEND, "https://collect.invalid/x")


def running(fact: Fact) -> Fact:
    return replace(fact, phases=(Phase.BINARY,))


def supports(*facts: Fact) -> list[Support]:
    findings = match(FactSet(tuple(map(running, facts))), RULESET)
    return [one.support for one in findings if one.rule == IN_FUNCTION]


def test_a_chain_in_functions_that_was_seen_again_is_one_finding() -> None:
    """Functions and processes are no common meeting place, but the deed is the same."""
    static, observed = (said(*READ), said(*POSTED)), (seen(*READ), seen(*POSTED))
    assert supports(*static) == [Support.STATIC]
    assert supports(*observed) == [Support.OBSERVED]
    assert supports(*static, *observed) == [Support.CORROBORATED]


def test_another_deed_in_the_build_is_another_finding() -> None:
    other = (
        seen(FactKind.FILE_READ, "{home}/.ssh/id_rsa"),
        seen(FactKind.NET_SEND, "https://other.invalid/"),
    )
    found_ = supports(said(*READ), said(*POSTED), *other)
    assert sorted(found_) == [Support.OBSERVED, Support.STATIC]


def test_what_was_seen_as_well_weighs_more() -> None:
    def score(*facts: Fact) -> int:
        findings = tuple(one for one in match(FactSet(facts), RULESET) if one.rule == RULE)
        return assess(findings, (), Coverage(1, 1, 1, 1, 1, 0, ())).points[0].points

    static = (said(*READ), said(*SENT))
    observed = (seen(*READ), seen(*SENT))
    assert score(*static) < score(*observed) < score(*static, *observed)


def test_one_part_of_a_build_is_one_meeting_place() -> None:
    """A question about tracers in one package and a download in another are no chain."""
    asks = seen(FactKind.GUARD_DEBUGGER, "/.dockerenv")
    dials = seen(*SENT)
    other = replace(dials, owner="build: build script of other 2.0.0")
    assert "asks-who-watches-and-acts" in found(asks, dials)
    assert "asks-who-watches-and-acts" not in found(asks, other)
    joined = FactSet((asks, other), (CallEdge("a", "b"),))
    assert "asks-who-watches-and-acts" not in {one.rule for one in match(joined, RULESET)}


@pytest.mark.parametrize(
    "fact",
    [
        seen(FactKind.FILE_READ, ".env", phase=Phase.PROC_MACRO),
        seen(FactKind.DECOY_LEFT, ".env", "{target}/debug/deps/libx.rlib", "clear"),
        seen(FactKind.PROCESS_SPAWN, "git", "describe"),
        seen(FactKind.PROCESS_SPAWN, "python3", "gen.py"),
        seen(FactKind.FILE_WRITE, "{manifest}/src/bindings.rs"),
        seen(FactKind.FILE_WRITE, "{target}/debug/libz.so"),
        seen(FactKind.FILE_WRITE, "{cwd}/Makefile"),
        seen(FactKind.FILE_WRITE, "{home}/.cache/ccache/1/2"),
        seen(FactKind.FILE_WRITE, "/usr/lib/python3/__pycache__/x.pyc", "refused"),
        seen(FactKind.FILE_READ, "{home}/.gitconfig"),
        seen(FactKind.NET_LISTEN, "127.0.0.1:0"),
        seen(FactKind.NET_LISTEN, "127.0.0.1:4100", phase=Phase.TEST),
        seen(FactKind.FILE_WRITE, "{home}/notes", phase=Phase.TEST),
        seen(FactKind.PROCESS_DETACH, "server", phase=Phase.TEST),
        seen(FactKind.DECOY_SENT, "GITHUB_TOKEN", "https://api.example.com, clear", phase=Phase.TEST),
        seen(FactKind.NET_SEND, "https://api.example.com", phase=Phase.TEST),
        seen(FactKind.CODE_HIDDEN, "programs: std::process::Command::new"),
        seen(FactKind.GUARD_DEBUGGER, "/proc/1/cgroup"),
    ],
    ids=lambda one: f"{one.kind} {one.subject}",
)  # fmt: skip
def test_what_honest_builds_do_now_and_then_is_no_review(fact: Fact) -> None:
    assert verdict(fact) is Verdict.CLEAR


@pytest.mark.parametrize(
    ("fact", "wanted"),
    [
        (seen(FactKind.DECOY_SENT, "GITHUB_TOKEN", "192.0.2.7:443, clear"), Verdict.BLOCK),
        (seen(FactKind.DECOY_SENT, "NPM_TOKEN", "names asked for, hex"), Verdict.BLOCK),
        (seen(FactKind.DECOY_LEFT, "GITHUB_TOKEN", "the build's log", "clear"), Verdict.REVIEW),
        (seen(FactKind.FILE_WRITE, "{home}/.bashrc"), Verdict.REVIEW),
        (seen(FactKind.FILE_WRITE, "{home}/.cargo/config.toml"), Verdict.BLOCK),
        (
            seen(FactKind.FILE_WRITE, "{home}/.cargo/registry/src/i-1/serde-1.0.0/src/lib.rs"),
            Verdict.BLOCK,
        ),
        (seen(FactKind.FILE_WRITE, "{target}/debug/deps/libserde-1.rlib"), Verdict.REVIEW),
        (seen(FactKind.FILE_WRITE, "src/main.rs"), Verdict.REVIEW),
        (seen(FactKind.NET_LISTEN, "0.0.0.0:4444"), Verdict.REVIEW),
        (seen(FactKind.PROCESS_DETACH, "sleep 600"), Verdict.REVIEW),
        (
            seen(FactKind.RUN_DIFFERS, "net.connect 192.0.2.7:1", "when nobody traces it"),
            Verdict.REVIEW,
        ),
        (
            seen(FactKind.DECOY_SENT, "{home}/.ssh/id_rsa", "192.0.2.7:1, xor", phase=Phase.TEST),
            Verdict.REVIEW,
        ),
    ],
    ids=lambda one: f"{one.kind} {one.subject}" if isinstance(one, Fact) else str(one),
)
def test_what_no_honest_build_does_asks_for_a_person(fact: Fact, wanted: Verdict) -> None:
    assert verdict(fact) is wanted
