from __future__ import annotations

from itertools import product

import pytest

from analyzer.model import (
    Confidence,
    Coverage,
    Fact,
    FactKind,
    Finding,
    Gap,
    GapKind,
    Phase,
    Severity,
    Span,
    Support,
    Verdict,
)
from analyzer.score import (
    BLOCK_FROM,
    INDICATOR_MAX,
    REVIEW_FROM,
    SUBJECTS_PER_CAPABILITY,
    assess,
    capabilities,
    indicators,
)

BUILD = (Phase.BUILD_SCRIPT,)
HIDDEN = Gap(GapKind.BUDGET, "too deep", "build.rs", is_blocking=True)
NOTED = Gap(GapKind.BUDGET, "too deep", "src/lib.rs")


def finding(
    rule: str = "r",
    severity: Severity = Severity.HIGH,
    confidence: Confidence = Confidence.HIGH,
    *,
    phases: tuple[Phase, ...] = BUILD,
    is_blocking: bool = False,
    techniques: tuple[str, ...] = (),
) -> Finding:
    return Finding(
        rule,
        f"title of {rule}",
        severity,
        confidence,
        Support.STATIC,
        phases,
        (),
        techniques or (f"T-{rule}",),
        (),
        is_blocking,
    )


def verdict(*findings: Finding, gaps: tuple[Gap, ...] = ()) -> Verdict:
    return assess(findings, gaps, Coverage()).verdict


def score(*findings: Finding) -> int:
    return assess(findings, (), Coverage()).score


BLOCKING = finding("b", Severity.CRITICAL, is_blocking=True)


@pytest.mark.parametrize(
    ("findings", "gaps", "expected"),
    [
        ((), (), Verdict.CLEAR),
        ((), (NOTED,), Verdict.CLEAR),
        ((), (HIDDEN,), Verdict.INCOMPLETE),
        ((finding(),), (), Verdict.REVIEW),
        ((finding(),), (HIDDEN,), Verdict.INCOMPLETE),
        ((BLOCKING,), (), Verdict.BLOCK),
        ((BLOCKING,), (HIDDEN,), Verdict.BLOCK),
        ((finding(severity=Severity.LOW),), (), Verdict.CLEAR),
        ((finding(severity=Severity.INFO),), (), Verdict.CLEAR),
        ((finding(severity=Severity.MEDIUM),), (), Verdict.REVIEW),
    ],
)
def test_block_before_incomplete_before_review_before_clear(
    findings: tuple[Finding, ...], gaps: tuple[Gap, ...], expected: Verdict
) -> None:
    assert verdict(*findings, gaps=gaps) is expected


def test_rule_blocks_only_with_high_confidence() -> None:
    doubtful = finding("b", Severity.HIGH, Confidence.MEDIUM, is_blocking=True)

    assert verdict(doubtful) is Verdict.REVIEW


@pytest.mark.parametrize("phase", [Phase.TEST, Phase.EXAMPLE, Phase.BENCH, Phase.UNREACHED])
def test_quiet_code_never_blocks_but_a_whole_chain_there_is_reviewed(phase: Phase) -> None:
    assert verdict(finding("b", Severity.CRITICAL, phases=(phase,), is_blocking=True)) is (
        Verdict.REVIEW
    )


def test_any_number_of_quiet_findings_stays_clear() -> None:
    many = [finding(f"r{number}", phases=(Phase.TEST,)) for number in range(30)]

    assert verdict(*many) is Verdict.CLEAR


def test_any_number_of_findings_that_do_not_ask_for_it_never_blocks() -> None:
    many = [finding(f"r{number}") for number in range(30)]

    assert verdict(*many) is Verdict.REVIEW


def test_findings_of_other_phases_are_not_added() -> None:
    test = finding("t", phases=(Phase.LIBRARY,))

    assert score(finding("b"), test) == score(finding("b"))


def test_finding_of_the_same_phase_raises_the_score() -> None:
    assert score(finding("b"), finding("c")) > score(finding("b"))


def test_same_technique_counts_once() -> None:
    one, two = (finding(rule, techniques=("T01",)) for rule in "ab")

    assert score(one, two) == score(one)


def test_rule_that_holds_ten_times_counts_once() -> None:
    assert score(*[finding() for _ in range(10)]) == score(finding())


def test_every_point_has_an_owner_and_the_points_make_the_score() -> None:
    judged = assess((finding("a"), finding("b"), finding("c")), (), Coverage())

    assert sum(one.points for one in judged.points) == judged.score
    assert all(one.rule and one.reason for one in judged.points)


def test_order_of_findings_does_not_matter() -> None:
    findings = (finding("a"), finding("b", Severity.MEDIUM), BLOCKING)

    assert assess(findings, (), Coverage()) == assess(findings[::-1], (), Coverage())


def test_score_never_contradicts_the_verdict() -> None:
    for severity, confidence, is_blocking in product(Severity, Confidence, (True, False)):
        judged = assess(
            (finding("r", severity, confidence, is_blocking=is_blocking),), (), Coverage()
        )
        expected = (
            Verdict.BLOCK
            if judged.score >= BLOCK_FROM
            else Verdict.REVIEW
            if judged.score >= REVIEW_FROM
            else Verdict.CLEAR
        )
        assert judged.verdict is expected


def test_summary_names_the_finding_that_blocks_first() -> None:
    judged = assess((finding("a"), BLOCKING), (), Coverage())

    assert judged.summary == "Title of b (and 1 more)."


def test_summary_of_a_clear_crate_says_what_was_read() -> None:
    judged = assess((), (), Coverage(rust_files=1))

    assert "1 Rust file" in judged.summary


def test_summary_of_an_incomplete_one_says_what_was_not_read() -> None:
    assert "build.rs" in assess((), (HIDDEN,), Coverage()).summary


# Capabilities and indicators -----------------------------------------------------------------------


def fact(
    kind: FactKind,
    subject: str,
    line: int = 1,
    phases: tuple[Phase, ...] = (Phase.LIBRARY,),
    derivation: tuple[str, ...] = (),
) -> Fact:
    return Fact(kind, subject, Span("src/lib.rs", line), phases, derivation=derivation)


def test_capability_counts_places_and_shows_build_time_first() -> None:
    facts = (
        fact(FactKind.NET_CONNECT, "a.invalid:1"),
        fact(FactKind.NET_SEND, "unknown", 2),
        fact(FactKind.NET_SEND, "b.invalid:1", 3, BUILD),
    )

    (network,) = capabilities(facts)

    assert (network.name, network.count) == ("network", 3)
    assert network.phases == (Phase.BUILD_SCRIPT, Phase.LIBRARY)
    assert network.first == Span("src/lib.rs", 3)
    assert network.subjects == ("b.invalid:1", "a.invalid:1")


def test_subjects_of_a_capability_are_capped() -> None:
    facts = tuple(fact(FactKind.FILE_READ, f"f{number}") for number in range(100))

    assert len(capabilities(facts)[0].subjects) == SUBJECTS_PER_CAPABILITY


def test_crate_without_facts_can_do_nothing() -> None:
    assert capabilities(()) == ()


def test_indicators_are_distinct_sorted_and_capped() -> None:
    urls = [fact(FactKind.VALUE_URL, f"https://x{n}.invalid/") for n in range(INDICATOR_MAX + 50)]
    found = indicators(tuple(urls + urls))

    assert len(found) == INDICATOR_MAX
    assert list(found) == sorted(set(found), key=lambda one: (one.kind, one.value))


def test_hidden_indicator_survives_the_cap() -> None:
    urls = [fact(FactKind.VALUE_URL, f"https://x{n}.invalid/") for n in range(INDICATOR_MAX + 50)]
    hidden = fact(FactKind.VALUE_ADDRESS, "192.0.2.7", derivation=("base64",))

    assert "192.0.2.7" in {one.value for one in indicators((*urls, hidden))}
