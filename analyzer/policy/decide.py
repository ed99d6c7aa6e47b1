"""`decide`: Report + Policy + waivers + today -> Decision. Pure: no clock, no file, no network.

A crate's author writes the bytes, and bytes only ever add clauses that hold or deny; what allows
comes from the owner's file and what it names. The same call serves the command and the gate.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date

from analyzer.config import is_default_source
from analyzer.model import Capability, Clause, ClauseKind, Decision, Outcome, Report, Waiver
from analyzer.policy.case import INCOMPLETE, Case, Surroundings, case_of
from analyzer.policy.known import ability_text, live_phases
from analyzer.policy.read import ANY_CRATE
from analyzer.policy.terms import Ability, Git, KnownCrate, Policy
from analyzer.policy.waivers import Hand
from analyzer.policy.weigh import FINAL_RULES, SEVERITIES, Weighed, weigh

PUBLIC = "crates-io"
_ORDER = (Outcome.DENY, Outcome.QUARANTINE, Outcome.ALLOW)
_PINNED = re.compile(r"[?&]rev=[0-9a-f]{7,40}(?:&|#|$)", re.ASCII)
_BY_AUDIT = frozenset({ClauseKind.VERDICT, ClauseKind.AGE})
_BY_BASELINE = _BY_AUDIT | {ClauseKind.THRESHOLD}


def decide(
    report: Report,
    policy: Policy,
    waivers: Iterable[Waiver],
    today: date,
    *,
    around: Surroundings | None = None,
) -> Decision:
    """The decision on one crate; `around` adds what lock file and index say of it."""
    return decide_case(case_of(report, around), policy, waivers, today)


def decide_case(case: Case, policy: Policy, waivers: Iterable[Waiver], today: date) -> Decision:
    """The decision on a case: the worst clause, after what audits and baseline accept."""
    hand = Hand(case, waivers, today)
    weighed = weigh(case, policy, hand)
    clauses = [
        *weighed.clauses,
        *_thresholds(weighed, policy),
        *_age(case, policy, today),
        *_capabilities(case, policy),
        *_source(case, policy),
        *_publisher(case, policy),
        *_checksum(case, policy),
    ]
    clauses = _audited(case, policy, clauses)
    clauses, adopted = _adopted(case, policy, clauses, weighed.evidence, today)
    clauses += [Clause(ClauseKind.NOTE, Outcome.ALLOW, one) for one in case.notes]
    return Decision(
        outcome=worst(one.outcome for one in clauses),
        clauses=tuple(sorted(clauses, key=lambda one: _ORDER.index(one.outcome))),
        is_incomplete=weighed.is_incomplete,
        is_observed=policy.is_observing,
        used=tuple(hand.used),
        stale=tuple(hand.stale()),
        policy=policy.name,
        digest=policy.digest,
        sources=policy.sources,
        adopted=adopted,
    )


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """DENY before QUARANTINE before ALLOW."""
    return min(outcomes, key=_ORDER.index, default=Outcome.ALLOW)


def _held(kind: ClauseKind, text: str) -> Clause:
    return Clause(kind, Outcome.QUARANTINE, text)


# Clauses of the owner -----------------------------------------------------------------------------


def _thresholds(weighed: Weighed, policy: Policy) -> Iterator[Clause]:
    rows: dict[Clause, None] = {}
    for one in weighed.findings:
        rank = SEVERITIES.index(one.severity)
        for limit in policy.thresholds:
            if limit.phase not in one.phases:
                continue
            text = f"{one.severity} in {limit.phase}: {one.title}"
            evidence = "" if one.rule in FINAL_RULES else weighed.evidence[one.rule]
            for outcome, least in (
                (Outcome.DENY, limit.deny),
                (Outcome.QUARANTINE, limit.quarantine),
            ):
                if least and rank >= SEVERITIES.index(least):
                    clause = Clause(ClauseKind.THRESHOLD, outcome, text, one.rule, evidence)
                    rows[clause] = None
                    break
    yield from rows


def _age(case: Case, policy: Policy, today: date) -> Iterator[Clause]:
    if case.is_local:
        return
    for exception in policy.age_exceptions:
        if exception.crate == case.name and exception.versions.covers(case.version):
            if policy.asks_age:
                text = f"its age does not matter: {exception.reason}"
                yield Clause(ClauseKind.AGE, Outcome.ALLOW, text)
            return
    around = case.around
    for least, moment, what in (
        (policy.version_age_days, around.published, "this version"),
        (policy.name_age_days, around.first_published, "the first version of this name"),
    ):
        if not least:
            continue
        day = _day(moment)
        if day is None:
            yield _held(ClauseKind.AGE, f"it is not known when {what} was published")
        elif (age := (today - day).days) < least:
            text = f"{what} is {_days(age)} old, less than the {_days(least)} asked for"
            yield _held(ClauseKind.AGE, text)


def _day(moment: str) -> date | None:
    try:
        return date.fromisoformat(moment[:10])
    except ValueError:
        return None


def _days(number: int) -> str:
    return f"{number} day{'s' * (number != 1)}"


def _capabilities(case: Case, policy: Policy) -> Iterator[Clause]:
    """What the code can do beyond its list; tests, examples and unreached files do not count."""
    own = [one for one in policy.allowances if one.crate == case.name]
    fitting = [one for one in own if one.versions.covers(case.version)]
    if own and not fitting and case.is_read:
        text = f"no entry for {case.name} in capabilities is for version {case.version}"
        yield _held(ClauseKind.CAPABILITY, text)
        return
    allowed: list[Ability] | None = [item for one in fitting for item in one.abilities]
    known = [one for one in policy.known if one.name == case.name and one.adoption is None]
    where = "its list of capabilities"
    if not own and known:
        allowed = [item for one in known for item in one.abilities]
        where = "what was learned of it"
    elif not own:
        others = [one for one in policy.allowances if one.crate == ANY_CRATE]
        allowed = [item for one in others for item in one.abilities] if others else None
    if allowed is not None:
        missing = [ability_text(one) for one in _beyond(case.capabilities, allowed)]
        if missing:
            verb = "is" if len(missing) == 1 else "are"
            yield _held(ClauseKind.CAPABILITY, f"{'; '.join(missing)} {verb} not in {where}")


def _beyond(found: Iterable[Capability], allowed: Iterable[Ability]) -> Iterator[Ability]:
    """What code that gets to a user can do, and was not granted."""
    for one in found:
        live = live_phases(one)
        if one.phases and not live:
            continue
        granted = [item for item in allowed if item.name == one.name]
        if any(not item.phases for item in granted):
            continue
        missing = set(live).difference(*(item.phases for item in granted))
        if missing or not granted:
            yield Ability(one.name, tuple(each for each in live if each in missing or not granted))


def _source(case: Case, policy: Policy) -> Iterator[Clause]:
    source = case.around.source
    if source.startswith("git+"):
        if policy.git is Git.DENY:
            yield Clause(ClauseKind.SOURCE, Outcome.DENY, f"from git, which is denied: {source}")
        elif policy.git is Git.PINNED and not _PINNED.search(source):
            yield _held(ClauseKind.SOURCE, f"from git, with no commit in its manifest: {source}")
    elif source and policy.registries is not None:
        names = [_plain(one) for one in policy.registries]
        is_listed = PUBLIC in names if is_default_source(source) else _plain(source) in names
        if not is_listed:
            text = f"its registry is not in the list: {source}"
            yield Clause(ClauseKind.SOURCE, Outcome.DENY, text)


def _plain(source: str) -> str:
    return source.removeprefix("sparse+").removeprefix("registry+").partition("#")[0].rstrip("/")


def _publisher(case: Case, policy: Policy) -> Iterator[Clause]:
    if not policy.publishers or case.is_local:
        return
    trusted = [one for one in case.publishers if one in policy.publishers]
    if trusted:
        text = f"published by {', '.join(trusted)}, who is trusted; that alone allows nothing"
        yield Clause(ClauseKind.PUBLISHER, Outcome.ALLOW, text)
    elif case.publishers:
        text = f"published by {', '.join(case.publishers)}, not by a trusted publisher"
        yield _held(ClauseKind.PUBLISHER, text)
    else:
        text = "who published it is not known; trusted-publishers says nothing of it"
        yield Clause(ClauseKind.PUBLISHER, Outcome.ALLOW, text)


def _checksum(case: Case, policy: Policy) -> Iterator[Clause]:
    """A version's bytes never change: if they did, something is very wrong somewhere."""
    for one in () if case.is_local else policy.known:
        is_same = (one.name, one.version) == (case.name, case.version)
        if is_same and case.sha256 and one.sha256 != case.sha256:
            text = f"other bytes than were on record: sha256 was {one.sha256[:16]}…"
            yield Clause(ClauseKind.CHECKSUM, Outcome.DENY, text)


# Acceptance ---------------------------------------------------------------------------------------


def _audited(case: Case, policy: Policy, clauses: list[Clause]) -> list[Clause]:
    """Audits of the public registry's crates: a violation denies, an accepted audit allows."""
    if case.is_local:
        return clauses
    violation = policy.audits.violation(case.name, case.version)
    if violation is not None:
        text = f"an audit says that it does not meet: {violation}"
        return [*clauses, Clause(ClauseKind.CARGO_VET, Outcome.DENY, text)]
    rows = [Clause(ClauseKind.CARGO_VET, Outcome.ALLOW, one) for one in _notes(case, policy)]
    for criterion in policy.criteria if case.is_public else ():
        chain = policy.audits.chain(case.name, case.version, criterion)
        if chain:
            why = f"audited as {criterion}: {', '.join(str(one) for one in chain)}"
            return [*(_accepted(one, _BY_AUDIT, why) for one in clauses), *rows]
    return [*clauses, *rows]


def _notes(case: Case, policy: Policy) -> Iterator[str]:
    for one in policy.audits.audits:
        if (one.crate, one.version) == (case.name, case.version) and one.violation is None:
            yield f"audited: {one}"
    yield from policy.audits.notes(case.name, case.version)


def _adopted(
    case: Case, policy: Policy, clauses: list[Clause], evidence: Mapping[str, str], today: date
) -> tuple[list[Clause], int]:
    """What a baseline accepts of the very bytes that it names, below a BLOCK: the findings it lists
    with their evidence, and youth. And how many of the rules that speak here it knew.
    """
    one = None if case.is_local else _baseline(case, policy)
    if one is None or one.adoption is None:
        return clauses, 0
    adoption = one.adoption
    if any(item.outcome is Outcome.DENY for item in clauses):
        what = "BLOCK" if any(item.text.startswith("BLOCK") for item in clauses) else "denied"
        text = f"was accepted on {adoption.created}, is now {what}"
        return [*clauses, Clause(ClauseKind.BASELINE, Outcome.DENY, text)], 0
    if not adoption.created <= today.isoformat() <= adoption.expires:
        text = f"the baseline held from {adoption.created} to {adoption.expires}"
        return [*clauses, Clause(ClauseKind.BASELINE, Outcome.ALLOW, text)], 0
    why = f"in the baseline of {adoption.author} since {adoption.created}: {adoption.reason}"
    known = set(one.findings)
    rows = [
        _accepted(item, _BY_BASELINE, why)
        if item.kind is ClauseKind.AGE or f"{item.rule} {item.evidence}" in known
        else item
        for item in clauses
    ]
    return rows, sum(f"{rule} {seen}" in known for rule, seen in evidence.items())


def _baseline(case: Case, policy: Policy) -> KnownCrate | None:
    key = (case.name, case.version, case.sha256)
    fitting = (one for one in policy.known if (one.name, one.version, one.sha256) == key)
    return next((one for one in fitting if one.adoption is not None), None)


def _accepted(one: Clause, kinds: frozenset[ClauseKind], why: str) -> Clause:
    is_soft = one.kind in kinds and one.outcome is Outcome.QUARANTINE and one.rule != INCOMPLETE
    return replace(one, outcome=Outcome.ALLOW, text=f"{one.text}; {why}") if is_soft else one
