"""What the graph adds to the judgement of single packages: reasons, with the chains behind them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from analyzer.model import Coverage, Finding, Gap, GapKind, Lockfile, Phase, Report, Span, Verdict
from analyzer.project.audit import ORDER, Key, Reason, key_of, some
from analyzer.project.graph.carriers import carried
from analyzer.project.graph.join import Part, joined
from analyzer.project.graph.reach import LIBRARY, Choice, Reach, reaches
from analyzer.score import assess

RUNS_AT_BUILD = "library-runs-at-build"
_NAMED = 4
_OPEN = "kinds of dependencies not known, so all are kept as ordinary ones with all features: {}"


@dataclass(slots=True)
class Told:
    """`reaches` by path of the lock file, in the order of its packages."""

    reaches: dict[str, tuple[Reach, ...]] = field(default_factory=dict)
    reasons: dict[Key, tuple[Reason, ...]] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)

    def add(self, key: Key, reason: Reason) -> None:
        """Note a reason; of several that one rule gives for a package, the first."""
        rows = self.reasons.get(key, ())
        if reason.rule not in {one.rule for one in rows}:
            self.reasons[key] = (*rows, reason)


def judge(
    lockfiles: Sequence[Lockfile],
    reports: Mapping[Key, Report],
    choice: Choice,
    known: Mapping[Key, Verdict],
) -> Told:
    """Everything that the graphs of some lock files say about packages that were read.

    `known`: what is said of packages beside their contents.
    """
    told = Told()
    for lock in lockfiles:
        keys = [key_of(one) for one in lock.packages]
        infos = {
            number: reports[key].package
            for number, key in enumerate(keys)
            if key in reports and reports[key].package.kinds
        }
        found, unread = reaches(lock, infos, choice)
        told.reaches[lock.path] = found
        told.gaps += _open(lock, unread)
        for key, reason in _handed_over(lock, keys, reports):
            told.add(key, reason)
        for key, reason in carried(lock, keys, reports, found, known):
            told.add(key, reason)
        for key, reach in zip(keys, found, strict=True):
            for reason in _reasons(reports.get(key), reach):
                told.add(key, reason)
    return told


def _open(lock: Lockfile, unread: Sequence[int]) -> Iterator[Gap]:
    packages = [lock.packages[one] for one in unread if lock.packages[one].dependencies]
    if packages:
        named = some([f"{one.name} {one.version}" for one in packages], _NAMED)
        remedy = "audit the folder that holds them, with --scan"
        yield Gap(GapKind.DEPENDENCY, _OPEN.format(named), lock.path, remedy=remedy)


def _reasons(report: Report | None, reach: Reach) -> Iterator[Reason]:
    if report is not None and LIBRARY in reach.runs:
        yield from _at_build(report, reach)


# Hand-overs --------------------------------------------------------------------------------------


def _handed_over(
    lock: Lockfile, keys: Sequence[Key], reports: Mapping[Key, Report]
) -> Iterator[tuple[Key, Reason]]:
    """What is whole only over several packages, told at each of them."""
    parts = [
        Part(
            f"{package.name}-{package.version}",
            frozenset(package.dependencies),
            reports[key].halves if key in reports else (),
        )
        for package, key in zip(lock.packages, keys, strict=True)
    ]
    if not any(one.halves for one in parts):
        return
    for one in joined(parts):
        verdict = assess((one.finding,), (), Coverage()).verdict
        if verdict is Verdict.CLEAR:
            continue
        steps = [f"{keys[place].name} {keys[place].version}" for place in one.way]
        text = steps[0] + "".join(
            f" → {name} → {step}" for name, step in zip(one.names, steps[1:], strict=True)
        )
        evidence = one.finding.evidence
        for place in one.way:
            yield (
                keys[place],
                Reason(
                    one.finding.rule,
                    verdict,
                    f"{one.finding.sentence}: {text}",
                    evidence=evidence,
                ),
            )


# Build time --------------------------------------------------------------------------------------


def _at_build(report: Report, reach: Reach) -> Iterator[Reason]:
    """The library judged as the build-time code that it is here.

    A much-used library does more than its caller asks for: it is never blocked by that alone.
    """
    moved = tuple(map(_running, (*report.findings, *report.in_builds)))
    if moved == report.findings:
        return
    judged = assess(moved, report.gaps, report.coverage)
    verdict = judged.verdict
    if verdict is Verdict.BLOCK and report.package.is_popular:
        verdict = Verdict.REVIEW
    if ORDER.index(verdict) < ORDER.index(report.verdict):
        text = f"{judged.summary} {_cited(moved, report)}It runs on the build machine: {way(reach)}"
        yield Reason(RUNS_AT_BUILD, verdict, text)


def _running(finding: Finding) -> Finding:
    is_waiting = finding.is_quiet and Phase.BUILD_HELPER in finding.phases
    return replace(finding, phases=(Phase.BUILD_SCRIPT,)) if is_waiting else finding


def _cited(moved: Sequence[Finding], report: Report) -> str:
    """The places of what holds only because of where it runs."""
    new = [one for one in moved if one not in report.findings]
    new.sort(key=lambda one: (not one.is_blocking, one.rule))
    places = [
        f"{one.rule}, {each.where.file}:{each.where.line}"
        for one in new
        for each in one.evidence[:1]
        if isinstance(each.where, Span)
    ]
    return f"({'; '.join(places[:_NAMED])}) " if places else ""


def way(reach: Reach) -> str:
    """How a library comes to run while something is built, in words."""
    if len(reach.chain) < 2:
        return ""
    head = reach.chain[0]
    word = f"build-dependency of {head}" if reach.through != "proc-macro" else f"macro {head}"
    return f"{word} ({' → '.join(reach.chain)})"
