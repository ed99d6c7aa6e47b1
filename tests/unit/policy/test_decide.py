from __future__ import annotations

import datetime
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from analyzer.model import (
    Finding,
    Gap,
    Origin,
    Outcome,
    Phase,
    Report,
    Severity,
    Verdict,
)
from analyzer.policy.audits import Audit, Audits
from analyzer.policy.case import Claim, claim_print, findings_print, gaps_print
from analyzer.policy.known import abilities_of
from analyzer.policy.terms import Adoption, KnownCrate
from analyzer.policy.weigh import FINAL_RULES
from analyzer.registry.ranges import parse_requirement
from analyzer.worker.verdicts import MISMATCH

from .conftest import BLOCK, GAP, REVIEW, SHA, TODAY, Ask, capability, finding, report, waiver

MINOR = finding("writes-a-file", Severity.LOW)
ALLOW, QUARANTINE, DENY = Outcome.ALLOW, Outcome.QUARANTINE, Outcome.DENY


def test_without_a_policy_the_decision_follows_the_verdict(owner: Ask) -> None:
    ask = owner()
    cases = [report(), report(REVIEW), report(BLOCK), report(gaps=(GAP,))]
    assert [(ask.on(one).outcome, ask.on(one).is_incomplete) for one in cases] == [
        (ALLOW, False),
        (QUARANTINE, False),
        (DENY, False),
        (QUARANTINE, True),
    ]


@pytest.mark.parametrize(
    ("findings", "gaps"),
    [*product([(), (MINOR,), (REVIEW,), (BLOCK,), (REVIEW, BLOCK)], [(), (GAP,)])],
)
def test_block_before_incomplete_before_review(
    owner: Ask, findings: tuple[Finding, ...], gaps: tuple[Gap, ...]
) -> None:
    """V1: every pair."""
    one = report(*findings, gaps=gaps)
    decision = owner().on(one)
    wanted = {Verdict.BLOCK: DENY, Verdict.CLEAR: ALLOW}.get(one.verdict, QUARANTINE)
    assert decision.outcome is wanted
    assert decision.is_incomplete is bool(gaps)


def test_observing_changes_nothing_but_the_mark(owner: Ask) -> None:
    decision = owner('policy.mode = "observe"').on(report(BLOCK))
    assert (decision.outcome, decision.is_observed) == (DENY, True)


# Waivers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("one", [report(REVIEW), report(BLOCK), report(gaps=(GAP,))])
def test_an_exact_waiver_allows(owner: Ask, one: Report) -> None:
    rule = one.findings[0].rule if one.findings else ""
    decision = owner("", waiver(one, rule)).on(one)
    assert (decision.outcome, decision.is_incomplete, decision.stale) == (ALLOW, False, ())
    assert [used.author for used in decision.used] == ["ann@example.invalid"]
    assert "read by hand" in decision.clauses[0].text


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"rule": "another-rule"}, "its rule speaks of nothing here"),
        ({"sha256": "cd" * 32}, "the bytes are others"),
        ({"evidence": "0" * 32}, "the evidence has changed"),
        ({"expires": "2026-11-25"}, "expired on 2026-11-25"),
        ({"created": "2026-11-27"}, "begins on 2026-11-27"),
        ({"version": "1.0.1"}, None),
        ({"crate": "others"}, None),
    ],
)
@pytest.mark.parametrize("one", [report(REVIEW), report(BLOCK)], ids=["review", "block"])
def test_a_waiver_binds_to_everything_it_names(
    owner: Ask, one: Report, changed: dict[str, str], why: str | None
) -> None:
    exact = waiver(one, one.findings[0].rule)
    decision = owner("", replace(exact, **changed)).on(one)
    assert decision.outcome is owner().on(one).outcome
    assert decision.used == ()
    assert [item.why.partition(":")[0].startswith(why or "-") for item in decision.stale] == (
        [True] if why else []
    )


@pytest.mark.parametrize("expires", ["2026-11-26", "2026-11-27"])
def test_the_last_day_counts(owner: Ask, expires: str) -> None:
    one = report(BLOCK)
    assert owner("", waiver(one, BLOCK.rule, expires=expires)).on(one).outcome is ALLOW


@pytest.mark.parametrize(
    "new",
    [
        report(replace(BLOCK, evidence=(finding(line=4).evidence))),
        report(BLOCK, replace(BLOCK, evidence=(finding(line=90).evidence))),
        report(replace(BLOCK, phases=(Phase.LIBRARY,))),
    ],
    ids=["another line", "one place more", "another phase"],
)
def test_new_evidence_for_the_same_rule_reopens(owner: Ask, new: Report) -> None:
    """G10, with the same bytes: a later release of the engine sees more."""
    accepted = waiver(report(BLOCK), BLOCK.rule)
    decision = owner("", accepted).on(new)
    assert decision.outcome is DENY
    assert decision.stale[0].why.startswith("the evidence has changed; it is ")
    mended = replace(accepted, evidence=decision.stale[0].why.split()[6])
    assert owner("", mended).on(new).outcome is ALLOW


def test_a_waiver_covers_its_rule_alone(owner: Ask) -> None:
    one = report(REVIEW, BLOCK)
    assert owner("", waiver(one, REVIEW.rule)).on(one).outcome is DENY
    assert owner("", waiver(one, BLOCK.rule)).on(one).outcome is QUARANTINE
    both = (waiver(one, REVIEW.rule), waiver(one, BLOCK.rule))
    assert owner("", *both).on(one).outcome is ALLOW


def test_a_waiver_for_what_is_unread_covers_these_gaps_only(owner: Ask) -> None:
    more = replace(GAP, path="src/macros.rs")
    one, other = report(gaps=(GAP,)), report(gaps=(GAP, more))
    decision = owner("", waiver(one)).on(other)
    assert (decision.outcome, decision.is_incomplete) == (QUARANTINE, True)
    assert owner("", waiver(one)).on(report(BLOCK, gaps=(GAP,))).outcome is DENY


RANGE = {"version": "", "sha256": "", "evidence": "", "versions": "1"}


def test_a_range_covers_a_review_and_never_a_block(owner: Ask) -> None:
    one, block = report(REVIEW), report(BLOCK)
    assert owner("", waiver(one, REVIEW.rule, **RANGE)).on(one).outcome is ALLOW
    later = report(REVIEW, version="1.9.0", sha256="cd" * 32)
    assert owner("", waiver(one, REVIEW.rule, **RANGE)).on(later).outcome is ALLOW
    decision = owner("", waiver(block, BLOCK.rule, **RANGE)).on(block)
    assert (decision.outcome, decision.stale[0].why) == (
        DENY,
        "a waiver for a range covers no BLOCK",
    )
    assert owner("", waiver(one, REVIEW.rule, **RANGE)).on(report(REVIEW, BLOCK)).outcome is DENY
    outside = report(REVIEW, version="2.0.0")
    assert owner("", waiver(one, REVIEW.rule, **RANGE)).on(outside).outcome is QUARANTINE


def test_a_range_covers_nothing_unread(owner: Ask) -> None:
    one = report(gaps=(GAP,))
    assert owner("", waiver(one, **RANGE)).on(one).is_incomplete


def test_other_bytes_than_promised_are_beyond_any_waiver(owner: Ask) -> None:
    assert MISMATCH in FINAL_RULES
    one = report(finding(MISMATCH, Severity.CRITICAL, is_blocking=True))
    assert owner("", waiver(one, MISMATCH)).on(one).outcome is DENY
    claim = Claim(MISMATCH, Verdict.BLOCK, "differs", is_final=True)
    assert owner().on(report(), claims=(claim,)).outcome is DENY


def test_what_is_on_record_as_hostile_is_beyond_any_waiver(owner: Ask) -> None:
    rule = "known-malicious"
    found = report(finding(rule, Severity.CRITICAL, is_blocking=True))
    decision = owner("", waiver(found, rule)).on(found)
    assert decision.outcome is DENY
    assert decision.stale[0].why == "no waiver covers this rule"
    assert all(one.evidence == "" for one in decision.clauses)
    claim = Claim(rule, Verdict.BLOCK, "on record")
    ready = waiver(report(), rule, evidence=claim_print(claim))
    assert owner("", ready).on(report(), claims=(claim,)).outcome is DENY


def test_a_verdict_that_nothing_accounts_for_stays(owner: Ask) -> None:
    one = replace(report(REVIEW), verdict=Verdict.BLOCK)
    assert owner("", waiver(one, REVIEW.rule)).on(one).outcome is DENY
    unread = replace(report(), verdict=Verdict.INCOMPLETE)
    assert owner("", waiver(unread)).on(unread).is_incomplete


def test_claims_are_waived_like_findings(owner: Ask) -> None:
    claim = Claim("two-checksums", Verdict.BLOCK, "on record")
    decision = owner().on(report(), claims=(claim,))
    assert (decision.outcome, decision.why) == (DENY, "BLOCK: on record")
    evidence = next(one.evidence for one in decision.clauses if one.rule == claim.rule)
    ready = waiver(report(), claim.rule, evidence=evidence)
    assert owner("", ready).on(report(), claims=(claim,)).outcome is ALLOW


# Thresholds and rules -----------------------------------------------------------------------------


def change(rule: str, text: str) -> str:
    return f'[policy.rules.{rule}]\nreason = "ours"\n{text}'


def test_a_rule_can_be_lowered_or_switched_off_below_block(owner: Ask) -> None:
    for text in ("disabled = true", 'severity = "low"', 'severity = "info"'):
        ask = owner(change(REVIEW.rule, text))
        assert ask.on(report(REVIEW)).outcome is ALLOW
        assert "ours" in str(ask.on(report(REVIEW)).clauses)
        assert ask.on(report(REVIEW, BLOCK)).outcome is DENY


@pytest.mark.parametrize("text", ["disabled = true", 'severity = "info"'])
@pytest.mark.parametrize("phase", [Phase.BUILD_SCRIPT, Phase.TEST])
def test_a_rule_that_blocks_is_not_lowered(owner: Ask, text: str, phase: Phase) -> None:
    one = report(replace(BLOCK, phases=(phase,)))
    assert owner(change(BLOCK.rule, text)).on(one).outcome is owner().on(one).outcome
    assert owner().on(one).outcome is not ALLOW


def test_a_severity_is_raised_even_to_a_denial(owner: Ask) -> None:
    assert owner(change(MINOR.rule, 'severity = "medium"')).on(report(MINOR)).outcome is QUARANTINE
    assert owner(change(MINOR.rule, 'severity = "critical"')).on(report(MINOR)).outcome is DENY


def test_lowering_in_a_phase_spares_code_that_runs_elsewhere_too(owner: Ask) -> None:
    text = change(REVIEW.rule, 'disabled = true\nphases = ["library"]')
    library = replace(REVIEW, phases=(Phase.LIBRARY,))
    both = replace(REVIEW, phases=(Phase.LIBRARY, Phase.BUILD_SCRIPT))
    outcomes = [owner(text).on(report(one)).outcome for one in (library, both, REVIEW)]
    assert outcomes == [ALLOW, QUARANTINE, QUARANTINE]
    nowhere = replace(REVIEW, phases=())
    assert owner(text).on(report(nowhere)).outcome is QUARANTINE


def test_thresholds_hold_and_deny_by_phase(owner: Ask) -> None:
    text = '[policy.thresholds.build-script]\nquarantine = "low"\ndeny = "high"\n'
    library = replace(MINOR, phases=(Phase.LIBRARY,))
    outcomes = [owner(text).on(report(one)).outcome for one in (MINOR, REVIEW, library)]
    assert outcomes == [QUARANTINE, DENY, ALLOW]


# Age, source, publishers --------------------------------------------------------------------------

AGES = "[policy.minimum-age-days]\nversion = 7\nname = 30\n"
OLD: dict[str, Any] = {
    "published": "2026-01-01T00:00:00Z",
    "first_published": "2020-01-01T00:00:00Z",
}


def test_what_is_young_waits(owner: Ask) -> None:
    ask = owner(AGES)
    assert ask.on(report(), **OLD).outcome is ALLOW
    young = ask.on(report(), **OLD | {"published": "2026-11-20T00:00:00Z"})
    assert (young.outcome, young.why) == (
        QUARANTINE,
        "this version is 6 days old, less than the 7 days asked for",
    )
    assert ask.on(report(), **OLD | {"published": "2026-11-19T23:00:00Z"}).outcome is ALLOW
    assert ask.on(report(), **OLD | {"published": "2027-01-01T00:00:00Z"}).outcome is QUARANTINE
    assert ask.on(report(), **OLD | {"first_published": "2026-11-20"}).outcome is QUARANTINE


def test_an_unknown_age_is_no_age(owner: Ask) -> None:
    assert owner(AGES).on(report()).outcome is QUARANTINE
    assert owner(AGES).on(report(origin=Origin.FOLDER)).outcome is ALLOW


def test_an_exception_from_age_is_for_its_versions(owner: Ask) -> None:
    row = '{ crate = "some", versions = "1", reason = "ours" }'
    ask = owner(f"{AGES}exceptions = [{row}]")
    assert ask.on(report()).outcome is ALLOW
    assert ask.on(report(version="2.0.0")).outcome is QUARANTINE
    assert ask.on(report(name="other")).outcome is QUARANTINE


@pytest.mark.parametrize(
    ("text", "source", "outcome"),
    [
        ("", "git+https://x.invalid/r#abc", ALLOW),
        ('git = "deny"', "git+https://x.invalid/r?rev=abcdef0#abc", DENY),
        ('git = "pinned"', "git+https://x.invalid/r?branch=main#abcdef0123", QUARANTINE),
        ('git = "pinned"', "git+https://x.invalid/r?rev=v1#abcdef0123", QUARANTINE),
        ('git = "pinned"', "git+https://x.invalid/r?rev=abcdef0#abcdef0123", ALLOW),
        ('registries = ["crates-io"]', "registry+https://x.invalid/r", DENY),
        ('registries = ["https://x.invalid/r/"]', "sparse+https://x.invalid/r", ALLOW),
        ('registries = ["https://x.invalid/r/"]', "sparse+https://x.invalid/rr", DENY),
        ('registries = ["https://x.invalid/r"]', "registry+https://crates.io", DENY),
        ('registries = ["crates-io"]', "registry+https://crates.io", ALLOW),
        ("registries = []", "registry+https://crates.io", DENY),
        ("registries = []", "", ALLOW),
    ],
)
def test_where_a_crate_comes_from(owner: Ask, text: str, source: str, outcome: Outcome) -> None:
    assert owner(f"[policy]\n{text}").on(report(), source=source).outcome is outcome


# Capabilities -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("", ALLOW),
        ('some = ["network"]', ALLOW),
        ('some = ["network: build-script"]', ALLOW),
        ('some = ["network: library"]', QUARANTINE),
        ("some = []", QUARANTINE),
        ('"some@1" = ["network"]', ALLOW),
        ('"some@2" = ["network"]', QUARANTINE),
        ('"some@2" = []\n"some@1" = ["network"]', ALLOW),
        ('"*" = ["environment"]', QUARANTINE),
        ('"*" = ["network"]', ALLOW),
        ('"*" = ["network"]\nsome = []', QUARANTINE),
        ("other = []", ALLOW),
    ],
)
def test_a_capability_outside_the_list_is_held(owner: Ask, text: str, outcome: Outcome) -> None:
    one = report(capabilities=(capability("network", Phase.BUILD_SCRIPT, Phase.TEST),))
    assert owner(f"[policy.capabilities]\n{text}").on(one).outcome is outcome


def test_all_that_is_beyond_a_list_stands_in_one_clause(owner: Ask) -> None:
    one = report(
        capabilities=(
            capability("network", Phase.BUILD_SCRIPT, Phase.LIBRARY),
            capability("programs", Phase.BUILD_SCRIPT),
            capability("environment", Phase.LIBRARY),
        )
    )
    decision = owner('[policy.capabilities]\nsome = ["network: library", "environment"]').on(one)
    held = [clause.text for clause in decision.clauses if clause.outcome is QUARANTINE]
    assert held == [
        "network: build-script; programs: build-script are not in its list of capabilities"
    ]


def test_tests_may_do_anything(owner: Ask) -> None:
    one = report(capabilities=(capability("network", Phase.TEST, Phase.UNREACHED),))
    assert owner("[policy.capabilities]\nsome = []").on(one).outcome is ALLOW


def test_what_was_learned_binds_the_next_version(owner: Ask) -> None:
    """The shape of a taken-over crate: the same power, now in a build script."""
    before = abilities_of((capability("network", Phase.LIBRARY),))
    ask = owner(known=(KnownCrate("some", "0.9.0", "cd" * 32, before),))
    same = report(capabilities=(capability("network", Phase.LIBRARY, Phase.TEST),))
    armed = report(capabilities=(capability("network", Phase.LIBRARY, Phase.BUILD_SCRIPT),))
    assert ask.on(same).outcome is ALLOW
    decision = ask.on(armed)
    assert decision.outcome is QUARANTINE
    assert decision.why == "network: build-script is not in what was learned of it"


def test_other_bytes_for_a_known_version_are_denied(owner: Ask) -> None:
    ask = owner(known=(KnownCrate("some", "1.0.0", "cd" * 32, ()),))
    assert ask.on(report()).outcome is DENY
    assert ask.on(report(sha256="cd" * 32)).outcome is ALLOW


# Acceptance ---------------------------------------------------------------------------------------

ADOPTION = Adoption("Ann", "in use", "2026-01-02", "2026-12-31")
LOW = finding("new-rule", Severity.HIGH)


def adopted(*findings: Finding, **changed: Any) -> KnownCrate:
    """A crate of a baseline that took in these findings, each of a rule of its own."""
    known = tuple(f"{one.rule} {findings_print([one])}" for one in findings)
    return replace(KnownCrate("some", "1.0.0", SHA, (), known, ADOPTION), **changed)


def test_a_baseline_takes_what_it_lists_and_youth_in_the_very_bytes(owner: Ask) -> None:
    ask = owner(AGES, known=(adopted(REVIEW),))
    decision = ask.on(report(REVIEW))
    assert (decision.outcome, decision.adopted) == (ALLOW, 1)
    assert "in the baseline of Ann since 2026-01-02: in use" in str(decision.clauses)
    assert ask.on(report(REVIEW, version="1.0.1")).outcome is QUARANTINE
    assert ask.on(report(REVIEW, sha256="cd" * 32)).outcome is DENY
    assert ask.on(report(REVIEW, origin=Origin.FOLDER)).outcome is QUARANTINE


@pytest.mark.parametrize("name", ["s\u043eme", "Some", "some-", "so_me"])
def test_a_name_that_only_looks_alike_is_another(owner: Ask, name: str) -> None:
    taken = adopted(REVIEW, name=name)
    assert owner(known=(taken,)).on(report(REVIEW)).outcome is QUARANTINE
    one = report(REVIEW)
    assert owner("", waiver(one, REVIEW.rule, crate=name)).on(one).outcome is QUARANTINE


def test_what_a_baseline_did_not_see_is_shown(owner: Ask) -> None:
    ask = owner(known=(adopted(REVIEW),))
    decision = ask.on(report(REVIEW, LOW))
    assert (decision.outcome, decision.adopted) == (QUARANTINE, 1)
    assert [one.rule for one in decision.clauses if one.outcome is QUARANTINE] == [LOW.rule]
    moved = replace(REVIEW, evidence=finding(line=9).evidence)
    assert ask.on(report(moved)).outcome is QUARANTINE


def test_a_baseline_takes_what_a_threshold_holds_and_nothing_it_denies(owner: Ask) -> None:
    text = '[policy.thresholds.build-script]\nquarantine = "low"\n'
    assert owner(text, known=(adopted(MINOR),)).on(report(MINOR)).outcome is ALLOW
    assert owner(text, known=(adopted(),)).on(report(MINOR)).outcome is QUARANTINE
    text = '[policy.thresholds.build-script]\ndeny = "low"\n'
    assert owner(text, known=(adopted(MINOR),)).on(report(MINOR)).outcome is DENY


@pytest.mark.parametrize("day", ["2026-01-01", "2027-01-01"])
def test_a_baseline_has_its_days(owner: Ask, day: str) -> None:
    today = datetime.date.fromisoformat(day)
    decision = owner(known=(adopted(REVIEW),)).on(report(REVIEW), today)
    assert decision.outcome is QUARANTINE
    assert "the baseline held from 2026-01-02 to 2026-12-31" in str(decision.clauses)


def test_a_baseline_hides_no_block_and_nothing_unread(owner: Ask) -> None:
    decision = owner(known=(adopted(BLOCK),)).on(report(BLOCK))
    assert decision.outcome is DENY
    assert "was accepted on 2026-01-02, is now BLOCK" in [one.text for one in decision.clauses]
    assert owner(known=(adopted(),)).on(report(gaps=(GAP,))).is_incomplete
    unread = adopted(findings=(f"incomplete {gaps_print([GAP])}",))
    assert owner(known=(unread,)).on(report(gaps=(GAP,))).is_incomplete
    claim = Claim("known-malicious", Verdict.BLOCK, "on record")
    assert owner(known=(adopted(),)).on(report(), claims=(claim,)).outcome is DENY


AUDITS = Audits(
    (
        Audit("some", "Ann", ("safe-to-deploy", "safe-to-run"), "0.9.0"),
        Audit("some", "Bob", ("safe-to-deploy", "safe-to-run"), "1.0.0", "0.9.0"),
        Audit("some", "Eve", ("safe-to-deploy",), violation=parse_requirement("<0.5")),
    )
)


def test_an_accepted_audit_allows_reviews_and_youth_of_its_version(owner: Ask) -> None:
    ask = owner('policy.accept-cargo-vet = ["safe-to-deploy"]\n' + AGES, audits=AUDITS)
    decision = ask.on(report(REVIEW))
    assert decision.outcome is ALLOW
    assert "0.9.0 by Ann as safe-to-deploy, safe-to-run, 0.9.0 -> 1.0.0 by Bob" in str(decision)
    assert ask.on(report(REVIEW, version="1.0.1")).outcome is QUARANTINE
    assert ask.on(report(BLOCK)).outcome is DENY
    assert ask.on(report(gaps=(GAP,))).is_incomplete
    for origin in (Origin.FOLDER, Origin.ARCHIVE, Origin.REGISTRY):
        assert ask.on(report(REVIEW, origin=origin)).outcome is QUARANTINE


def test_an_audit_is_shown_and_accepts_nothing_unasked(owner: Ask) -> None:
    decision = owner(audits=AUDITS).on(report(REVIEW))
    assert decision.outcome is QUARANTINE
    assert "audited: 0.9.0 -> 1.0.0 by Bob as safe-to-deploy, safe-to-run" in str(decision)


def test_a_violation_denies(owner: Ask) -> None:
    assert owner(audits=AUDITS).on(report(version="0.4.9")).outcome is DENY


def test_the_date_is_the_callers(owner: Ask) -> None:
    later = TODAY + datetime.timedelta(days=60)
    one = report(BLOCK)
    assert owner("", waiver(one, BLOCK.rule)).on(one, later).outcome is DENY
