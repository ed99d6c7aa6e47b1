"""Why a policy decides as it does on one crate: what of it applies, waivers to fill in. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from analyzer.model import Clause, CrateInfo, Decision, Outcome, Report
from analyzer.policy.case import Case, case_of
from analyzer.policy.known import abilities_of, ability_text, quoted
from analyzer.policy.read import ANY_CRATE
from analyzer.policy.terms import Policy
from analyzer.policy.waivers import names
from analyzer.project.decisions.judge import Ages
from analyzer.project.decisions.load import Owner

WAIVER_DAYS = 90
_CHAIN_SHOWN = 3


def applying(report: Report, owner: Owner, ages: Ages) -> Iterator[tuple[str, str]]:
    """(part of the policy, what it says of this crate), also where it is content; raw texts."""
    case, policy = case_of(report), owner.policy
    if policy.is_observing:
        yield "mode", "observe: the decision has no effect"
    yield from _age(case, policy, ages, owner.today)
    yield from _weights(report, policy)
    yield from _capabilities(case, policy)
    if policy.publishers:
        who = ", ".join(case.publishers) or "not known here (--online-metadata asks)"
        yield "trusted-publishers", f"{', '.join(policy.publishers)}; published by {who}"
    yield from _records(case, policy)
    for one in owner.waivers:
        if names(one, case):
            yield "waiver", f"{one.place}: {one.rule}, until {one.expires}, by {one.author}"


def _age(case: Case, policy: Policy, ages: Ages, today: date) -> Iterator[tuple[str, str]]:
    if not policy.asks_age or case.is_local:
        return
    published, first = ages.get((case.name, case.version), ("", ""))
    for least, moment, what in (
        (policy.version_age_days, published, "this version"),
        (policy.name_age_days, first, "the name"),
    ):
        if least:
            since = f"published {moment[:10]}" if moment else "day not known"
            yield "minimum-age-days", f"{what}: {since}; {least} days are asked for on {today}"
    for one in policy.age_exceptions:
        if one.crate == case.name and one.versions.covers(case.version):
            yield "minimum-age-days", f"an exception: {one.reason}"


def _weights(report: Report, policy: Policy) -> Iterator[tuple[str, str]]:
    found = {one.rule for one in report.findings}
    phases = {phase for one in report.findings for phase in one.phases}
    for limit in policy.thresholds:
        if limit.phase in phases:
            held = f"held from {limit.quarantine}" if limit.quarantine else ""
            denied = f"denied from {limit.deny}" if limit.deny else ""
            text = ", ".join(one for one in (held, denied) if one)
            yield "thresholds", f"{limit.phase}: {text or 'nothing'}"
    for change in policy.changes:
        if change.rule in found:
            where = f" in {', '.join(change.phases)}" if change.phases else ""
            yield "rules", f"{change.rule}{where}: {change.severity or 'disabled'}: {change.reason}"


def _capabilities(case: Case, policy: Policy) -> Iterator[tuple[str, str]]:
    own = [one for one in policy.allowances if one.crate == case.name]
    learned = [one for one in policy.known if one.name == case.name and one.adoption is None]
    others = [one for one in policy.allowances if one.crate == ANY_CRATE]
    for one in own or ([] if learned else others):
        words = ", ".join(ability_text(item) for item in one.abilities) or "nothing"
        if one.crate == ANY_CRATE or one.versions.covers(case.version):
            yield "capabilities", f"{one.crate}: {words}"
    for known in () if own else learned:
        words = ", ".join(ability_text(item) for item in known.abilities) or "nothing"
        yield "learned", f"{known.version} could: {words}"


def _records(case: Case, policy: Policy) -> Iterator[tuple[str, str]]:
    for one in policy.known:
        if (one.name, one.version) == (case.name, case.version) and one.adoption is not None:
            same = "the same bytes" if one.sha256 == case.sha256 else "other bytes"
            until = one.adoption.expires
            yield "baseline", f"{len(one.findings)} findings accepted until {until}, {same}"
    for criterion in policy.criteria:
        chain = policy.audits.chain(case.name, case.version, criterion)
        shown = ", ".join(str(one) for one in chain[:_CHAIN_SHOWN])
        if len(chain) > _CHAIN_SHOWN:
            shown += f" and {len(chain) - _CHAIN_SHOWN} more"
        yield "accept-cargo-vet", f"{criterion}: {shown or 'no audit of this version'}"


def allowance_text(report: Report) -> str:
    """The line of `[policy.capabilities]` that allows this version what it can do now."""
    words = ", ".join(quoted(ability_text(one)) for one in abilities_of(report.capabilities))
    return f"{quoted(f'{report.crate.name}@={report.crate.version}')} = [{words}]"


def waiver_texts(decision: Decision, crate: CrateInfo, today: date) -> Iterator[str]:
    """A `[[waiver]]` for each clause that one could cover, without reason and author: an empty text
    is refused, so that nobody takes it over unread. Denials first.
    """
    seen: dict[str, Clause] = {}
    for one in decision.clauses:
        if one.evidence and one.outcome is not Outcome.ALLOW:
            seen.setdefault(one.rule, one)
    for one in seen.values():
        yield "\n".join(
            (
                "[[waiver]]",
                f"rule = {quoted(one.rule)}",
                f"crate = {quoted(crate.name)}",
                f"version = {quoted(crate.version)}",
                f"sha256 = {quoted(crate.sha256)}",
                f"evidence = {quoted(one.evidence)}",
                'reason = ""   # what you read, and why it is fine',
                'author = ""   # who answers for it',
                f"created = {today}",
                f"expires = {today + timedelta(days=WAIVER_DAYS)}",
            )
        )
