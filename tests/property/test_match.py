"""Matching over arbitrary facts: deterministic, monotone, and never wider than its evidence."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from analyzer.model import CallEdge, Coverage, Fact, FactKind, FactSet, Phase, Span, Verdict
from analyzer.rules.match import match
from analyzer.rules.ruleset import load_ruleset
from analyzer.score import assess

RULESET = load_ruleset()
KINDS = (
    FactKind.FILE_READ,
    FactKind.FILE_WALK,
    FactKind.FILE_WRITE,
    FactKind.ENV_READ,
    FactKind.ENV_READ_ALL,
    FactKind.NET_SEND,
    FactKind.NET_CONNECT,
    FactKind.PROCESS_SPAWN,
    FactKind.PATH_SECRET,
    FactKind.ARCHIVE_ANOMALY,
)
SUBJECTS = (
    "unknown",
    "{home}/.ssh/id_rsa",
    "{}/.env",
    "https://x.invalid/",
    "GITHUB_TOKEN",
    "*",
    "curl",
    "/tmp/x",
    "symlink",
    "\udcff",
)
OWNERS = ("", "f::a", "f::b", "f::c", "f::d")

facts = st.builds(
    lambda kind, subject, line, phases, owner, api: Fact(
        kind, subject, Span("f", line, start_byte=line), tuple(sorted(phases)), owner, api
    ),
    st.sampled_from(KINDS),
    st.sampled_from(SUBJECTS),
    st.integers(1, 30),
    st.sets(st.sampled_from(tuple(Phase)), max_size=2),
    st.sampled_from(OWNERS),
    st.sampled_from(("", "program:curl", "std::fs::read")),
)
edges = st.builds(CallEdge, st.sampled_from(OWNERS[1:]), st.sampled_from(OWNERS[1:]))
factsets = st.builds(
    lambda found, calls: FactSet(tuple(found), tuple(calls)),
    st.lists(facts, max_size=14, unique=True),
    st.lists(edges, max_size=8, unique=True),
)


def rank(factset: FactSet) -> int:
    verdict = assess(match(factset, RULESET), (), Coverage()).verdict
    return (Verdict.CLEAR, Verdict.REVIEW, Verdict.BLOCK).index(verdict)


@given(factsets)
def test_same_facts_give_the_same_findings(factset: FactSet) -> None:
    assert match(factset, RULESET) == match(factset, RULESET)


@given(factsets, st.randoms(use_true_random=False))
def test_order_of_call_edges_does_not_matter(factset: FactSet, source: random.Random) -> None:
    calls = list(factset.calls)
    source.shuffle(calls)

    assert match(FactSet(factset.facts, tuple(calls)), RULESET) == match(factset, RULESET)


@given(factsets)
def test_evidence_cites_facts_of_the_crate_only(factset: FactSet) -> None:
    known = {(one.kind, one.subject, one.where) for one in factset.facts}
    cited = {(e.kind, e.subject, e.where) for one in match(factset, RULESET) for e in one.evidence}

    assert cited <= known


@given(factsets, facts)
def test_one_more_fact_never_lowers_the_verdict(factset: FactSet, more: Fact) -> None:
    """No shipped rule has a `none`: nothing an author adds makes a crate look better (P4)."""
    assert rank(FactSet((*factset.facts, more), factset.calls)) >= rank(factset)


@given(factsets, edges)
def test_one_more_call_never_lowers_the_verdict(factset: FactSet, more: CallEdge) -> None:
    assert rank(FactSet(factset.facts, (*factset.calls, more))) >= rank(factset)


@given(factsets)
def test_quiet_code_alone_gives_only_quiet_findings(factset: FactSet) -> None:
    quiet = tuple(
        Fact(one.kind, one.subject, one.where, (Phase.TEST,), one.owner, one.api)
        for one in factset.facts
    )

    assert all(one.is_quiet for one in match(FactSet(quiet, factset.calls), RULESET))
