"""One release, judged: bytes, what came before, the policy. What to do with the answer is not here.

A release is judged on what it brings beyond the last accepted one (threat-model rows V4, V7); what
blocks as a whole is denied, whatever it looked like before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from analyzer.errors import InternalError
from analyzer.limits import Limits
from analyzer.model import (
    Clause,
    ClauseKind,
    Context,
    CrateRef,
    CrateSource,
    Decision,
    FactKind,
    Finding,
    GapKind,
    IndexEntry,
    Origin,
    Report,
    Span,
    Verdict,
)
from analyzer.model import Outcome as Allowed
from analyzer.policy.case import Case, Surroundings, case_of
from analyzer.policy.decide import decide_case
from analyzer.policy.terms import Policy
from analyzer.project.changes import CrateDiff
from analyzer.project.compare import Comparison, Pair
from analyzer.project.decisions.load import Owner
from analyzer.registry.around import around
from analyzer.registry.context import Contexts, days_between, published
from analyzer.score import assess
from analyzer.signatures import signature_digest
from analyzer.worker.pool import Ask, Pool
from analyzer.worker.report_cache import engine_digest
from gate import probe
from gate.analysis import Analysis
from gate.baseline import OutcomeOf, accepted_before
from gate.errors import AnalysisDown
from gate.model import Cause, Evidence, Outcome, Release, Ruling
from gate.settings import GateSettings, JudgedOn
from gate.upstream import IndexCopy, Upstream

MINIMUM_AGE = "minimum-age"
"""What a waiver names as its rule to let a young release in."""
_OUTCOMES = {
    Allowed.ALLOW: Outcome.SERVE,
    Allowed.QUARANTINE: Outcome.HOLD,
    Allowed.DENY: Outcome.DENY,
}
OnStep = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Question:
    """A release with its index file; `outcome_of` tells what stands about its siblings."""

    release: Release
    entry: IndexEntry
    copy: IndexCopy
    outcome_of: OutcomeOf
    owner: Owner
    day: str
    cause: Cause = Cause.JUDGED


@dataclass(frozen=True, slots=True)
class _Look:
    """What was read: the new release, the step from an accepted one if there was one."""

    report: Report
    diff: CrateDiff | None = None


class View:
    """An upstream as a registry of releases, for whoever compares versions."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def entries(self, name: str) -> tuple[IndexEntry, ...]:
        """All versions of a crate, from the copy that the gate has."""
        return self._upstream.index(name).file.entries

    def fetch(self, entry: IndexEntry) -> CrateSource:
        """The archive of an index entry, its checksum verified."""
        access = self._upstream.mount.access
        origin = Origin.CRATES_IO if access.is_default else Origin.REGISTRY
        ref = CrateRef(entry.name, entry.version, "" if access.is_default else access.index_url)
        data = probe.archive() if is_probe(entry) else self._upstream.archive(entry)
        return CrateSource(ref, entry.checksum, data, origin)


def is_probe(entry: IndexEntry) -> bool:
    """Whether this is the crate that is always denied."""
    return entry.name == probe.NAME and entry.checksum == probe.checksum()


class Judge:
    """Safe to share between threads. `contexts` gives databases and day, fresh each time."""

    def __init__(
        self,
        pool: Pool,
        settings: GateSettings,
        limits: Limits,
        contexts: Callable[[str], Contexts],
    ) -> None:
        self._pool, self._settings, self._limits = pool, settings, limits
        self._contexts = contexts
        self.analysis = Analysis(pool)
        self._engine = f"{engine_digest()} {signature_digest()} {limits.digest()}"

    def digest(self, policy: Policy, labels: tuple[str, ...]) -> str:
        """What stands for everything a ruling depends on beside the release and the day."""
        told = self._settings
        how = [policy.digest, *policy.sources, told.judged_on, told.name_age_days]
        text = json.dumps([self._engine, how, told.compared_days, labels])
        return hashlib.sha256(text.encode()).hexdigest()

    def rule(self, asked: Question, upstream: Upstream, on_step: OnStep) -> tuple[Ruling, Evidence]:
        """The ruling on a release, not yet kept, with its pages.

        Raises ChecksumMismatch, RegistryUnreachable, and AnalysisDown if not this crate but the
        analysis is broken.
        """
        self.analysis.check()
        try:
            return self._rule(asked, upstream, on_step)
        except InternalError as error:
            self.analysis.failed()
            said = f"the analysis does not work: {error}"
            raise AnalysisDown(said, remedy=error.remedy) from None

    def _rule(
        self, asked: Question, upstream: Upstream, on_step: OnStep
    ) -> tuple[Ruling, Evidence]:
        contexts = self._contexts(asked.day)
        view = View(upstream)
        on_step("fetching")
        source = view.fetch(asked.entry)
        on_step("analysis")
        look = self._look(asked, source, view, contexts)
        is_broken = any(one.kind is GapKind.WORKER for one in look.report.gaps)
        # Tells one crate that no worker could judge from a machine that judges none (P7, G7).
        if is_broken and not self.analysis.prove():
            raise InternalError("no crate can be judged", remedy="see cratescope doctor")
        times = published(asked.copy.file.entries, asked.entry.version)
        case = self._case(look, Surroundings(published=times[0], first_published=times[1]))
        decision = decide_case(case, asked.owner.policy, asked.owner.waivers, asked.owner.today)
        ruling = _ruling(asked, look, case, decision)
        if self._contexts(asked.day).labels != contexts.labels:
            return self._rule(asked, upstream, on_step)  # advisories that came meanwhile count
        ruling = replace(ruling, judge=self.digest(asked.owner.policy, contexts.labels))
        return ruling, _evidence(look, decision)

    def _look(self, asked: Question, source: CrateSource, view: View, contexts: Contexts) -> _Look:
        """A quick look first: what is old and CLEAR by itself needs no comparison."""
        entry = asked.entry
        context = around(view, contexts, source.ref) if not is_probe(entry) else Context()
        (report,) = self._pool.briefs([Ask(source, context)])
        is_old = entry.published and (
            days_between(entry.published, asked.day) > self._settings.compared_days
        )
        if is_probe(entry) or (report.verdict is Verdict.CLEAR and is_old):
            return _Look(report)
        before = accepted_before(
            asked.copy.file.entries, entry, _measure(asked.outcome_of, contexts), asked.day
        )
        if before is None:
            return _Look(self._pool.analyze_one(source, context))
        seen: dict[str, Report] = {}

        def read(crates: Iterable[tuple[CrateSource, Context]]) -> Iterator[Report]:
            rows = list(crates)
            known = iter([one for _, one in rows])
            for one in self._pool.analyze_many((crate for crate, _ in rows), lambda _: next(known)):
                seen[one.crate.sha256] = one
                yield one

        comparison = Comparison(read, contexts, view)
        (diff,) = comparison.all([Pair(view.fetch(before), source)])
        return _Look(seen[source.sha256], diff)

    def _case(self, look: _Look, around: Surroundings) -> Case:
        """What the policy is asked about: the change; all of it if that blocks by itself."""
        diff = look.diff
        is_whole = self._settings.judged_on is JudgedOn.WHOLE or diff is None
        if is_whole or diff is None or look.report.verdict is Verdict.BLOCK:
            return case_of(look.report, around)
        stays = (one for one in diff.same if (one.is_blocking and not one.is_quiet) or _told(one))
        findings = (*diff.added, *stays)
        verdict = assess(findings, diff.gaps, look.report.coverage).verdict
        return replace(diff.case, verdict=verdict, findings=findings, gaps=diff.gaps, around=around)


def _measure(outcome_of: OutcomeOf, contexts: Contexts) -> OutcomeOf:
    """What stands about a release; one that an advisory calls malicious is no measure."""

    def outcome(one: IndexEntry) -> Outcome | None:
        is_bad = any(each.is_malicious for each in contexts.advisories(one.name, one.version))
        return Outcome.DENY if is_bad else outcome_of(one)

    return outcome


# From a decision to a ruling ----------------------------------------------------------------------


def _ruling(asked: Question, look: _Look, case: Case, decision: Decision) -> Ruling:
    worst = next((one for one in decision.clauses if one.outcome is decision.outcome), None)
    outcome = Outcome.SERVE if decision.is_observed else _OUTCOMES[decision.outcome]
    why = decision.why
    if is_probe(asked.entry):
        outcome, why = Outcome.DENY, "this example is denied by every gate"
    elif decision.is_observed and decision.outcome is not Allowed.ALLOW:
        why = f"observed only; else {_OUTCOMES[decision.outcome]}: {why}"
    rule = worst.rule if worst is not None else ""
    if not rule and worst is not None and worst.kind is ClauseKind.AGE:
        rule = MINIMUM_AGE
    is_broken = any(one.kind is GapKind.WORKER for one in look.report.gaps)
    return Ruling(
        release=asked.release,
        outcome=outcome,
        verdict=case.verdict,
        why=why,
        judge="",
        cause=asked.cause,
        at="",
        rule=rule,
        place=_place(case, rule),
        before=look.diff.old.version if look.diff is not None else "",
        until=asked.day if is_broken else _until(asked, case, decision),
    )


def _told(finding: Finding) -> bool:
    """Whether it cites an advisory: one that names both versions is no excuse for either."""
    return any(one.kind is FactKind.REGISTRY_ADVISORY for one in finding.evidence)


def _place(case: Case, rule: str) -> str:
    """Where the finding of a rule stands, as `file:line`."""
    for finding in case.findings:
        for one in finding.evidence if finding.rule == rule else ():
            if isinstance(one.where, Span):
                return f"{one.where.file}:{one.where.line}"
    return ""


def _until(asked: Question, case: Case, decision: Decision) -> str:
    """The last day of a ruling that time will change: youth ends, waivers expire."""
    holding = [one for one in decision.clauses if one.outcome is not Allowed.ALLOW]
    if holding:
        is_young = all(one.kind is ClauseKind.AGE for one in holding)
        return _last_young_day(case, asked.owner.policy) if is_young else ""
    ends = [one.expires for one in decision.used]
    ends += [one.expires for one in asked.owner.waivers if one.rule == MINIMUM_AGE]
    return min(ends, default="")


def _last_young_day(case: Case, policy: Policy) -> str:
    days = (
        (case.around.published, policy.version_age_days),
        (case.around.first_published, policy.name_age_days),
    )
    ends = [
        date.fromisoformat(moment[:10]) + timedelta(days=least - 1)
        for moment, least in days
        if moment and least
    ]
    return max(ends).isoformat() if ends else ""


def _evidence(look: _Look, decision: Decision) -> Evidence:
    """Pages for people; of what is CLEAR and served the short form says enough."""
    from analyzer.project.diff_html import render as render_diff
    from analyzer.report.html import render

    shown = render((replace(look.report, decision=decision),))
    diff = replace(look.diff, decision=decision) if look.diff is not None else None
    rows = dict.fromkeys(
        _coverable(one) for one in decision.clauses if one.outcome is not Allowed.ALLOW
    )
    return Evidence(
        shown, render_diff(diff) if diff is not None else "", tuple(one for one in rows if one[0])
    )


def _coverable(one: Clause) -> tuple[str, str, str]:
    if one.kind is ClauseKind.AGE:
        return MINIMUM_AGE, "", one.text
    return (one.rule, one.evidence, one.text) if one.evidence else ("", "", "")
