"""What a policy makes of lock files: packages by name, by content, and what nobody read."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from analyzer.config import DEFAULT_INDEX
from analyzer.limits import DEFAULT_LIMITS
from analyzer.lockfile import read_lockfile
from analyzer.model import (
    Confidence,
    CrateInfo,
    CrateRef,
    CrateSource,
    Evidence,
    Fact,
    FactKind,
    Field,
    Finding,
    Gap,
    GapKind,
    KnownBad,
    Origin,
    Outcome,
    Phase,
    Report,
    Severity,
    Span,
    Support,
    Verdict,
    Waiver,
)
from analyzer.policy.case import findings_print
from analyzer.policy.read import read_policy
from analyzer.project import audit_json, audit_text
from analyzer.project.audit import AuditResult, audit_names
from analyzer.project.decisions import show
from analyzer.project.decisions.judge import decided_audit, decided_report
from analyzer.project.decisions.load import Owner
from analyzer.project.decisions.model import Decided
from analyzer.project.locks import Locks
from analyzer.report import decisions
from analyzer.worker.verdicts import unanswered

LockText = Callable[..., str]
TODAY = datetime.date(2026, 11, 26)
ROOT = Path(__file__).parents[4]
SCHEMA = json.loads((ROOT / "analyzer/report/schemas/decision-v1.json").read_text())
BAD = KnownBad("bad-name", ("*",), "malware", (), "", "It steals.")
SHA = "ab" * 32
CITED = Evidence(FactKind.NET_CONNECT, "x.invalid", "sink", Span("build.rs", 3), "connect()")
REACHES = Finding(
    "build-uses-network", "build-time code reaches the network", Severity.MEDIUM, Confidence.HIGH,
    Support.STATIC, (Phase.BUILD_SCRIPT,), (), (), (CITED,),
)  # fmt: skip


def owner(text: str = "", *waivers: Waiver) -> Owner:
    policy, own = read_policy(text.encode(), name="p.toml")
    return Owner(policy, (*own, *waivers), TODAY)


def report(*findings: Finding, name: str = "a", sha256: str = SHA) -> Report:
    source = CrateSource(CrateRef(name, "1.0.0"), sha256, b"", Origin.CRATES_IO)
    verdict = Verdict.REVIEW if findings else Verdict.CLEAR
    empty = unanswered(source, "", DEFAULT_LIMITS)
    return replace(empty, findings=findings, gaps=(), verdict=verdict)


WAIVER = Waiver(
    "build-uses-network", "a", "read", "ann@example.invalid", "2026-12-31", "1.0.0", SHA,
    findings_print([REACHES]), place="p.toml:7",
)  # fmt: skip


@pytest.fixture
def audit(lock_text: LockText) -> Callable[..., AuditResult]:
    def make(*packages: str, reports: tuple[Report, ...] = (), scan: bool = False) -> AuditResult:
        lock = read_lockfile(lock_text(*packages).encode(), path="Cargo.lock")
        found = audit_names(Locks((lock,), ()), {"bad-name": BAD}, "", is_scanned=scan)
        return replace(found, reports=reports)

    return make


Audit = Callable[..., AuditResult]


def outcomes(found: Decided) -> dict[str, Outcome]:
    return {one.name: one.decision.outcome for one in found.rulings}


def test_own_packages_are_not_asked_about_and_all_others_are(audit: Audit) -> None:
    found = decided_audit(audit("a 1.0.0", "b 2.0.0"), owner(), {})
    assert outcomes(found) == {"a": Outcome.ALLOW, "b": Outcome.ALLOW}
    assert found.outcome is Outcome.ALLOW


def test_a_name_on_record_is_denied_whatever_is_waived(audit: Audit) -> None:
    found = audit("bad-name 1.0.0")
    waived = replace(WAIVER, crate="bad-name", rule="known-malicious")
    decided = decided_audit(found, owner("", waived), {})
    assert decided.outcome is Outcome.DENY
    assert decided.stale[0].why == "no waiver covers this rule"


def test_findings_of_a_report_hold_and_a_waiver_for_them_allows(audit: Audit) -> None:
    found = audit("a 1.0.0", reports=(report(REACHES),), scan=True)
    assert decided_audit(found, owner(), {}).outcome is Outcome.QUARANTINE
    decided = decided_audit(found, owner("", WAIVER), {})
    assert (decided.outcome, decided.stale) == (Outcome.ALLOW, ())
    assert decided.rulings[0].decision.used == (WAIVER,)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"sha256": "cd" * 32}, "the bytes are others"),
        ({"version": "1.0.1"}, "a 1.0.1 is not here"),
        ({"crate": "\u0430"}, "\u0430 1.0.0 is not here"),  # a Cyrillic letter that looks like it
        ({"crate": "A"}, "A 1.0.0 is not here"),
        ({"expires": "2026-11-25"}, "expired on 2026-11-25"),
        ({"created": "2026-11-27"}, "begins on 2026-11-27"),
        ({"evidence": "0" * 32}, "the evidence has changed"),
        ({"rule": "another"}, "its rule speaks of nothing here"),
    ],
)
def test_a_waiver_that_does_not_fit_does_nothing_and_is_told(
    audit: Audit, changed: dict[str, str], why: str
) -> None:
    found = audit("a 1.0.0", reports=(report(REACHES),), scan=True)
    decided = decided_audit(found, owner("", replace(WAIVER, **changed)), {})
    assert decided.rulings[0].decision.outcome is Outcome.QUARANTINE
    assert [one.why.startswith(why) for one in decided.stale] == [True]


@pytest.mark.parametrize(("text", "outcome"), [("", "QUARANTINE"), ("report", "ALLOW")])
def test_a_waiver_of_no_use_fails_the_run_unless_it_is_only_reported(
    audit: Audit, text: str, outcome: str
) -> None:
    found = audit("a 1.0.0", reports=(report(),), scan=True)
    setting = f'policy.stale-waivers = "{text}"' if text else ""
    decided = decided_audit(found, owner(setting, WAIVER), {})
    assert (decided.outcome, len(decided.stale)) == (outcome, 1)
    assert decided.rulings[0].decision.outcome is Outcome.ALLOW


def test_a_waiver_is_not_called_stale_where_contents_were_not_read(audit: Audit) -> None:
    assert decided_audit(audit("a 1.0.0"), owner("", WAIVER), {}).stale == ()


def test_what_was_to_be_read_and_was_not_is_held(audit: Audit) -> None:
    decided = decided_audit(audit("a 1.0.0", scan=True), owner(), {})
    assert (decided.outcome, decided.is_incomplete) == (Outcome.QUARANTINE, True)
    git = audit("a 1.0.0 git+https://x.invalid/r#abc -", scan=True)
    assert decided_audit(git, owner(), {}).is_incomplete


def test_own_packages_that_were_read_are_decided_on(audit: Audit) -> None:
    """A pull request that puts a payload into a member of the workspace."""
    own = replace(
        report(REACHES, name="app"), crate=CrateInfo("app", "0.1.0", "ef" * 32, Origin.FOLDER)
    )
    decided = decided_audit(audit("a 1.0.0", reports=(own, report()), scan=True), owner(), {})
    assert outcomes(decided) == {"app": Outcome.QUARANTINE, "a": Outcome.ALLOW}


def test_an_own_package_that_could_not_be_read_is_held(audit: Audit) -> None:
    found = audit("a 1.0.0", reports=(report(),), scan=True)
    line = next(one.line for one in found.lockfiles[0].packages if not one.source)
    gap = Gap(GapKind.REGISTRY, "app 0.1.0 was not read: gone", "Cargo.lock", line, (), True)
    decided = decided_audit(replace(found, gaps=(gap,)), owner(), {})
    assert (decided.outcome, decided.is_incomplete) == (Outcome.QUARANTINE, True)
    assert "app 0.1.0 was not read: gone" in str(decided.rulings)


def test_a_vendored_copy_counts_as_the_version_that_is_locked(audit: Audit) -> None:
    copy = replace(report(REACHES), crate=CrateInfo("a", "1.0.0", "ef" * 32, Origin.FOLDER))
    found = audit("a 1.0.0", reports=(copy,), scan=True)
    assert decided_audit(found, owner("", WAIVER), {}).outcome is Outcome.ALLOW
    text = "[policy.minimum-age-days]\nversion = 7\n"
    assert decided_audit(found, owner(text, WAIVER), {}).outcome is Outcome.QUARANTINE
    line = next(one.line for one in found.lockfiles[0].packages if one.source)
    gap = Gap(GapKind.REGISTRY, "could not be compared", "Cargo.lock", line, (), True)
    unread = decided_audit(replace(found, gaps=(gap,)), owner("", WAIVER), {})
    assert (unread.outcome, unread.is_incomplete) == (Outcome.QUARANTINE, True)


def test_of_several_reports_on_a_name_the_worst_counts(audit: Audit) -> None:
    git = "a 1.0.0 git+https://x.invalid/r#abc -"
    clear, worse = (
        replace(one, crate=CrateInfo("a", "1.0.0", sha256, Origin.FOLDER))
        for one, sha256 in ((report(), "ef" * 32), (report(REACHES), "fe" * 32))
    )
    for reports in ((clear, worse), (worse, clear)):
        found = decided_audit(audit(git, reports=reports, scan=True), owner(), {})
        assert found.outcome is Outcome.QUARANTINE
    assert (
        decided_audit(audit(git, reports=(clear,), scan=True), owner(), {}).outcome is Outcome.ALLOW
    )


def test_half_a_lock_file_is_no_crates_and_holds_all_the_same(audit: Audit) -> None:
    gap = Gap(GapKind.UNREADABLE, "broken", "b/Cargo.lock", 7, (), True)
    decided = decided_audit(replace(audit("a 1.0.0"), gaps=(gap,)), owner(), {})
    assert (decided.outcome, decided.is_incomplete, decided.unread) == (
        Outcome.QUARANTINE, True, (gap,),
    )  # fmt: skip


def test_the_source_in_the_lock_file_counts(audit: Audit) -> None:
    text = 'policy.git = "deny"\npolicy.registries = ["crates-io"]'
    found = audit(
        "a 1.0.0", "g 1.0.0 git+https://x.invalid/r#abc -", "o 1.0.0 sparse+https://x.invalid/"
    )
    assert outcomes(decided_audit(found, owner(text), {})) == {
        "a": Outcome.ALLOW, "g": Outcome.DENY, "o": Outcome.DENY,
    }  # fmt: skip


def test_ages_are_those_of_the_index(audit: Audit) -> None:
    text = "[policy.minimum-age-days]\nversion = 7\nname = 30\n"
    ages = {
        ("a", "1.0.0"): ("2026-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
        ("b", "1.0.0"): ("2026-11-25T00:00:00Z", "2020-01-01T00:00:00Z"),
    }
    found = decided_audit(audit("a 1.0.0", "b 1.0.0", "c 1.0.0"), owner(text), ages)
    assert outcomes(found) == {
        "a": Outcome.ALLOW, "b": Outcome.QUARANTINE, "c": Outcome.QUARANTINE,
    }  # fmt: skip


def test_who_published_is_asked_of_the_dump_where_reports_do_not_tell(audit: Audit) -> None:
    text = 'policy.trusted-publishers = ["ann"]'
    people = {("a", "1.0.0"): "ann", ("b", "1.0.0"): "eve"}
    found = audit("a 1.0.0", "b 1.0.0", "c 1.0.0", "b 1.0.0 git+https://x.invalid/r#abc -")
    decided = decided_audit(found, owner(text), {}, people)
    assert [(one.name, one.decision.outcome) for one in decided.rulings] == [
        ("a", Outcome.ALLOW), ("b", Outcome.ALLOW), ("b", Outcome.QUARANTINE), ("c", Outcome.ALLOW),
    ]  # fmt: skip


def test_an_owner_of_the_name_is_not_who_published_the_version() -> None:
    """The shape of a taken-over crate: the trusted owner is still on the list."""
    people = tuple(
        Fact(FactKind.REGISTRY_OWNER, who, Field("dump", key), api="user")
        for key, who in (("owners", "ann"), ("owners", "eve"), ("published_by", "eve"))
    )
    asked = owner('policy.trusted-publishers = ["ann"]')
    found = decided_report(replace(report(), facts=people), asked, {})
    assert found.decision is not None
    assert found.decision.why == "published by eve, not by a trusted publisher"


# How it is told -----------------------------------------------------------------------------------

HOSTILE = "\x1b[2Jx\u202e[bold]</b>\r\n\ud800::error::x"


def test_text_says_who_decided_what_and_what_to_do(audit: Audit) -> None:
    found = audit(
        "a 1.0.0",
        f"b 1.0.0 sparse+{DEFAULT_INDEX} {'cd' * 32}",
        reports=(report(REACHES), report(name="b", sha256="cd" * 32)),
    )
    stale = replace(WAIVER, version="9.0.0")
    decided = decided_audit(found, owner("", stale), {})
    shown = audit_text.render(replace(found, decided=decided)).split("\n")
    start = shown.index(f"HELD  by p.toml (sha256 {decided.digest[:16]})")
    assert shown[start + 1 : start + 9] == [
        "  crates  1 held, 1 allowed",
        "HELD  a 1.0.0",
        "  holds   verdict: REVIEW: build-time code reaches the network (build-uses-network)",
        "  unused  waiver at p.toml:7 for build-uses-network in a 9.0.0: a 9.0.0 is not here",
        "  next    Read the evidence; then waive it, or choose another version.",
        "  next    Why one is not let in, and a waiver to fill in: cratescope policy explain CRATE@VERSION",
        "          p.toml",
        "  next    Take out or renew the unused waivers: they fail this run.",
    ]


def test_waivers_that_were_used_are_shown_with_their_author(audit: Audit) -> None:
    found = audit("a 1.0.0", reports=(report(REACHES),), scan=True)
    lines = list(show.lines(decided_audit(found, owner("", WAIVER), {}), 200, color=False))
    assert lines[2:] == [
        "ALLOWED  a 1.0.0",
        "  allows  waiver: build-time code reaches the network: waived by ann@example.invalid until "
        "2026-12-31 (p.toml:7): read",
    ]


def test_observing_says_what_would_be(audit: Audit) -> None:
    found = audit("bad-name 1.0.0")
    lines = list(
        show.lines(decided_audit(found, owner('policy.mode = "observe"'), {}), 99, color=True)
    )
    assert "WOULD BE DENIED" in lines[0]


def test_a_decision_changes_nothing_else_of_a_report() -> None:
    one = report(REACHES)
    found = decided_report(one, owner("", WAIVER), {})
    assert replace(found, decision=None) == one
    assert found.decision is not None
    assert found.decision.outcome is Outcome.ALLOW


def test_json_fits_its_schema(audit: Audit) -> None:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    found = audit("a 1.0.0", "bad-name 1.0.0", reports=(report(REACHES),), scan=True)
    for waiver in (WAIVER, replace(WAIVER, version="", sha256="", evidence="", versions="9")):
        ask = owner("", waiver)
        decided = decided_audit(found, ask, {})
        document = json.loads(audit_json.render(replace(found, decided=decided)))
        validator.validate(document["decision"])
        one = decided_report(report(REACHES), ask, {}).decision
        assert one is not None
        validator.validate(json.loads(json.dumps(decisions.plain(one))))


def test_no_text_reaches_a_terminal_raw(audit: Audit) -> None:
    gap = Gap(GapKind.UNREADABLE, HOSTILE, HOSTILE, is_blocking=True)
    hostile = replace(REACHES, title=HOSTILE, rule=HOSTILE)
    found = replace(audit("a 1.0.0", reports=(report(hostile),), scan=True), gaps=(gap,))
    waiver = replace(WAIVER, reason=HOSTILE, version="9.0.0")
    text = "\n".join(show.lines(decided_audit(found, owner("", waiver), {}), 80, color=False))
    assert text.isprintable() or set(text) - {"\n"} == {one for one in text if one.isprintable()}
    assert "\u202e" not in text
