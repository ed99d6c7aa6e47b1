from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer.model import (
    CallEdge,
    Fact,
    FactKind,
    FactSet,
    Finding,
    Guard,
    Member,
    Moment,
    Phase,
    Span,
    Support,
)
from analyzer.rules.match import FINDINGS_PER_RULE, match
from analyzer.rules.ruleset import RuleSet, load_ruleset
from analyzer.rules.schema import Clause, Rule, Scope

SIGNATURES = load_ruleset().signatures
ANY_RULE = load_ruleset().rules[0]
READ = Clause((FactKind.FILE_READ,), role="source")
SEND = Clause((FactKind.NET_SEND,), role="sink")


def rule(*clauses: Clause, scope: Scope = Scope.FUNCTION, **changes: object) -> Rule:
    base = replace(ANY_RULE, id="r", scope=scope, phases=(), all=clauses, any=(), none=())
    return replace(base, **changes)  # type: ignore[arg-type]  # test sugar


def fact(
    kind: FactKind,
    line: int = 1,
    *,
    owner: str = "",
    file: str = "src/lib.rs",
    phases: tuple[Phase, ...] = (Phase.LIBRARY,),
    subject: str = "x",
) -> Fact:
    return Fact(kind, subject, Span(file, line, start_byte=line * 10), phases, owner=owner)


def read(line: int, owner: str = "", phases: tuple[Phase, ...] = (Phase.LIBRARY,)) -> Fact:
    return fact(FactKind.FILE_READ, line, owner=owner, phases=phases)


def send(line: int, owner: str = "", phases: tuple[Phase, ...] = (Phase.LIBRARY,)) -> Fact:
    return fact(FactKind.NET_SEND, line, owner=owner, phases=phases)


def run(one: Rule, *facts: Fact, calls: tuple[tuple[str, str], ...] = ()) -> tuple[Finding, ...]:
    edges = tuple(CallEdge(*pair) for pair in calls)
    return match(FactSet(facts, edges), RuleSet((one,), SIGNATURES))


def lines(findings: tuple[Finding, ...]) -> list[list[int]]:
    return [[e.where.line for e in one.evidence if isinstance(e.where, Span)] for one in findings]


def test_clauses_must_meet_in_one_function() -> None:
    assert run(rule(READ, SEND), read(1, "a"), send(2, "b")) == ()


def test_facts_of_callees_count_for_their_caller() -> None:
    found = run(
        rule(READ, SEND), read(1, "a"), send(2, "b"), calls=(("m", "a"), ("m", "n"), ("n", "b"))
    )

    assert lines(found) == [[1, 2]]


def test_smallest_enclosing_function_speaks_once_for_all_its_callers() -> None:
    calls = (("leak", "a"), ("leak", "b"), ("mid", "leak"), ("main", "mid"), ("other", "leak"))

    assert lines(run(rule(READ, SEND), read(1, "a"), send(2, "b"), calls=calls)) == [[1, 2]]


def test_functions_that_call_each_other_in_a_ring_are_one_place() -> None:
    calls = (("a", "b"), ("b", "c"), ("c", "a"))

    assert lines(run(rule(READ, SEND), read(1, "a"), send(2, "c"), calls=calls)) == [[1, 2]]


def test_long_chain_of_calls_needs_no_deep_stack() -> None:
    calls = tuple((f"f{number}", f"f{number + 1}") for number in range(20_000))

    assert lines(run(rule(READ, SEND), read(1, "f0"), send(2, "f20000"), calls=calls)) == [[1, 2]]


def test_two_functions_with_evidence_of_their_own_are_two_findings() -> None:
    found = run(rule(READ, SEND), read(5, "b"), send(6, "b"), read(1, "a"), send(2, "a"))

    assert lines(found) == [[1, 2], [5, 6]]


def test_top_level_code_of_a_file_is_one_place() -> None:
    assert len(run(rule(READ, SEND), read(1), send(2))) == 1


def test_file_scope_keeps_files_apart() -> None:
    other = fact(FactKind.NET_SEND, 2, file="src/b.rs")

    assert run(rule(READ, SEND, scope=Scope.FILE), read(1), other) == ()
    assert len(run(rule(READ, SEND, scope=Scope.CRATE), read(1), other)) == 1


def test_phase_scope_keeps_build_script_and_library_apart() -> None:
    build = send(2, phases=(Phase.BUILD_SCRIPT,))

    assert run(rule(READ, SEND, scope=Scope.PHASE), read(1), build) == ()


def test_fact_without_phases_meets_every_phase() -> None:
    anomaly = Fact(FactKind.ARCHIVE_ANOMALY, "symlink", Member("a"))
    clauses = (Clause((FactKind.ARCHIVE_ANOMALY,)), SEND)

    assert len(run(rule(*clauses, scope=Scope.PHASE), anomaly, send(1))) == 1


def test_phase_of_a_clause_is_not_met_by_a_fact_without_phases() -> None:
    anomaly = Fact(FactKind.ARCHIVE_ANOMALY, "symlink", Member("a"))
    clause = Clause((FactKind.ARCHIVE_ANOMALY,), phases=(Phase.LIBRARY,))

    assert run(rule(clause, scope=Scope.CRATE), anomaly) == ()


def test_phases_of_a_rule_bar_other_code() -> None:
    one = rule(SEND, scope=Scope.CRATE, phases=(Phase.BUILD_SCRIPT,))

    assert run(one, send(1)) == ()


def test_finding_runs_where_its_whole_chain_runs() -> None:
    both = read(1, phases=(Phase.BUILD_SCRIPT, Phase.LIBRARY))
    found = run(rule(READ, SEND, scope=Scope.CRATE), both, send(2))

    assert found[0].phases == (Phase.LIBRARY,)


def test_chain_that_needs_a_test_is_quiet() -> None:
    found = run(
        rule(READ, SEND),
        read(1, "test", (Phase.TEST,)),
        send(2, "client"),
        calls=(("test", "client"),),
    )

    assert found[0].phases == (Phase.TEST,)
    assert found[0].is_quiet


def test_loud_chain_stays_loud_beside_a_test() -> None:
    facts = (read(1, "a"), send(2, "a"), read(3, "t", (Phase.TEST,)))
    found = run(rule(READ, SEND, scope=Scope.CRATE), *facts)

    assert [one.phases for one in found] == [(Phase.LIBRARY,)]


def test_none_clause_bars_the_group_it_stands_in() -> None:
    one = rule(READ, SEND, none=(Clause((FactKind.REGISTRY_OWNER,)),), scope=Scope.CRATE)
    owner = Fact(FactKind.REGISTRY_OWNER, "team", Member("a"))

    assert run(one, read(1), send(2), owner) == ()
    assert len(run(one, read(1), send(2))) == 1


def test_none_clause_in_a_callee_bars_the_caller() -> None:
    one = rule(READ, none=(SEND,))

    assert run(one, read(1, "a"), send(2, "b"), calls=(("a", "b"),)) == ()
    assert len(run(one, read(1, "a"), send(2, "b"))) == 1


def test_one_of_the_any_clauses_is_enough() -> None:
    one = rule(READ, any=(SEND, Clause((FactKind.PROCESS_SHELL,))))

    assert len(run(one, read(1, "a"), fact(FactKind.PROCESS_SHELL, 2, owner="a"))) == 1
    assert run(one, read(1, "a")) == ()


def test_minimum_counts_distinct_facts_and_a_caller_may_reach_it() -> None:
    one = rule(Clause((FactKind.FILE_READ,), minimum=2))

    assert run(one, read(1, "a")) == ()
    assert len(run(one, read(1, "a"), read(2, "b"), calls=(("m", "a"), ("m", "b")))) == 1


def test_findings_of_one_rule_are_capped() -> None:
    facts = [one for n in range(100) for one in (read(2 * n, f"f{n}"), send(2 * n + 1, f"f{n}"))]

    assert len(run(rule(READ, SEND), *facts)) == FINDINGS_PER_RULE


def test_evidence_is_in_source_order_with_roles() -> None:
    found = run(rule(READ, SEND), send(2, "a"), read(9, "a"))

    assert [(one.kind, one.role) for one in found[0].evidence] == [
        (FactKind.NET_SEND, "sink"),
        (FactKind.FILE_READ, "source"),
    ]


def test_constant_is_cited_only_when_no_call_says_it_better() -> None:
    clause = Clause((FactKind.FILE_READ, FactKind.PATH_SECRET))
    text = fact(FactKind.PATH_SECRET, 1, owner="a")

    assert lines(run(rule(clause), text, read(2, "a"))) == [[2]]
    assert lines(run(rule(clause), text)) == [[1]]


@pytest.mark.parametrize(
    ("kinds", "support"),
    [
        ("ss", Support.STATIC),
        ("oo", Support.OBSERVED),
        ("so", Support.MIXED),
        ("ssoo", Support.CORROBORATED),
    ],
)
def test_support_says_which_witness_speaks(kinds: str, support: Support) -> None:
    facts = []
    for number, witness in enumerate(kinds):
        kind = FactKind.NET_SEND if number % 2 else FactKind.FILE_READ
        seen = Fact(kind, "x", Moment("build", 1, number, 0), (Phase.LIBRARY,))
        facts.append(fact(kind, number) if witness == "s" else seen)

    assert run(rule(READ, SEND, scope=Scope.CRATE), *facts)[0].support is support


@pytest.mark.parametrize(
    ("clause", "subject", "holds"),
    [
        (Clause((FactKind.FILE_READ,)), "unknown", True),
        (Clause((FactKind.FILE_READ,), subject_unknown=False), "unknown", False),
        (Clause((FactKind.FILE_READ,), subject_unknown=True), "unknown", True),
        (Clause((FactKind.FILE_READ,), subjects=("a", "b")), "b", True),
        (Clause((FactKind.FILE_READ,), subjects=("a", "b")), "c", False),
        (Clause((FactKind.FILE_READ,), subject_glob=("*.env",)), "{home}/x/.env", True),
        (Clause((FactKind.FILE_READ,), subject_glob=("*.env",)), ".envrc", False),
        (Clause((FactKind.FILE_READ,), subject_glob=("a?c",)), "a\nc", True),
        (Clause((FactKind.FILE_READ,), subject_glob=("a.c",)), "abc", False),
        (Clause((FactKind.FILE_READ,), subject_pattern="^k[0-9]$"), "k7", True),
        (Clause((FactKind.FILE_READ,), subject_pattern="^k[0-9]$"), "k77", False),
        (Clause((FactKind.FILE_READ,), subject_in=("credential-paths",)), "/r/.ssh/id_rsa", True),
        (Clause((FactKind.FILE_READ,), subject_in=("credential-paths",)), "data/table", False),
        (Clause((FactKind.FILE_READ,), subject_not_in=("credential-paths",)), "data/x", True),
        (Clause((FactKind.FILE_READ,), subject_not_in=("credential-paths",)), ".env", False),
    ],
)
def test_condition_on_the_subject(clause: Clause, subject: str, holds: bool) -> None:
    one = fact(FactKind.FILE_READ, subject=subject)

    assert bool(run(rule(clause), one)) is holds


@pytest.mark.parametrize(
    ("clause", "holds"),
    [
        (Clause((FactKind.NET_SEND,), api=("program:*",)), True),
        (Clause((FactKind.NET_SEND,), api=("std::*",)), False),
        (Clause((FactKind.NET_SEND,), api_not=("program:*",)), False),
        (Clause((FactKind.NET_SEND,), api_not=("std::*",)), True),
        (Clause((FactKind.NET_SEND,), data_pattern="^-k$"), True),
        (Clause((FactKind.NET_SEND,), data_pattern="^-x$"), False),
        (Clause((FactKind.NET_SEND,), data_in=("url-texts",)), True),
        (Clause((FactKind.NET_SEND,), guards=(FactKind.GUARD_CI,)), True),
        (Clause((FactKind.NET_SEND,), guards=(FactKind.GUARD_DATE,)), False),
        (Clause((FactKind.NET_SEND,), decoded=True), True),
        (Clause((FactKind.NET_SEND,), decoded=False), False),
    ],
)
def test_condition_on_the_rest_of_a_fact(clause: Clause, holds: bool) -> None:
    one = replace(
        send(1),
        api="program:curl",
        data=("-k", "https://x.invalid/"),
        guards=(Guard(FactKind.GUARD_CI, "GITLAB_CI"),),
        derivation=("concat", "base64"),
    )

    assert bool(run(rule(clause), one)) is holds


def test_everyday_text_building_is_not_decoding() -> None:
    one = replace(send(1), derivation=("format", "env!(CARGO_PKG_VERSION)", "concat"))

    assert run(rule(Clause((FactKind.NET_SEND,), decoded=True)), one) == ()


def test_lone_surrogate_in_a_subject_does_not_raise() -> None:
    one = fact(FactKind.FILE_READ, subject="\udc80.env")

    assert run(rule(Clause((FactKind.FILE_READ,), subject_pattern=r"\.env$")), one)


def test_lesser_finding_on_the_same_places_is_not_told_again() -> None:
    blocking = replace(rule(READ, SEND), id="a", is_blocking=True)
    lesser = replace(rule(SEND), id="b", is_blocking=False)
    rules = RuleSet((blocking, lesser), SIGNATURES)

    both = match(FactSet((read(1, "a"), send(2, "a"))), rules)
    other = match(FactSet((read(1, "a"), send(2, "a"), send(3, "b"))), rules)

    assert [one.rule for one in both] == ["a"]
    assert [one.rule for one in other] == ["a", "b"]
    assert lines(other[1:]) == [[3]]
