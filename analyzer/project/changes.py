"""What one version of a crate can do that another could not: two reports to a `CrateDiff`.

Pure. The report of the new version was made with the old one as its `Context.previous`, so the
rules in scope `versions` have spoken already. What the old version did as well is told and does not
count, with one exception: nothing that blocks becomes harmless by having been there before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from analyzer.facts.changes import days_between, edge_of, step_between
from analyzer.model import (
    QUIET,
    Capability,
    Context,
    CrateInfo,
    Decision,
    Dependency,
    Evidence,
    Fact,
    FactKind,
    FileInfo,
    Finding,
    Gap,
    GapKind,
    Phase,
    Point,
    Report,
    Span,
    Verdict,
    Where,
)
from analyzer.policy.case import Case, case_of
from analyzer.rules.match import EVIDENCE_PER_CLAUSE, FINDINGS_PER_RULE
from analyzer.rules.versions import Key, New, folded, groups_of, new_facts, phase_groups
from analyzer.score import assess, capabilities
from analyzer.signatures import fold_name

VALUES_KEPT = 200
_VALUES = frozenset(
    {
        *(FactKind.VALUE_URL, FactKind.VALUE_ADDRESS, FactKind.VALUE_ENCODED),
        *(FactKind.VALUE_SECRET_PATTERN, FactKind.VALUE_COMMAND, FactKind.PATH_SECRET),
        *(FactKind.NET_CONNECT, FactKind.NET_SEND, FactKind.NET_RESOLVE, FactKind.NET_LISTEN),
        *(FactKind.PROCESS_SPAWN, FactKind.PROCESS_SHELL, FactKind.CODE_LOAD),
        *(FactKind.ARCHIVE_BINARY, FactKind.ARCHIVE_AUTORUN, FactKind.ARCHIVE_UNICODE),
        *(FactKind.ENV_READ_ALL, FactKind.CODE_DECODE, FactKind.CODE_EXECUTE_MEMORY),
    }
)


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that is not as it was: `change` is added, removed, changed or moved (`before` says
    where from). `phases` are those of the new file, of a removed one its last.
    """

    path: str
    change: str
    phases: tuple[Phase, ...]
    size_bytes: int
    before: str = ""


@dataclass(frozen=True, slots=True)
class DependencyChange:
    """An edge that is not as it was: `change` is added, removed or changed.

    `words` are those of the fact `registry.dependency`; `age_days` counts from its first version to
    the publication of this one, None if not known.
    """

    package: str
    kind: str
    change: str
    requirement: str
    before: str = ""
    words: tuple[str, ...] = ()
    age_days: int | None = None
    version: str = ""
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """A host, program, secret place, encoded value or binary that the old version did not have."""

    kind: FactKind
    subject: str
    phases: tuple[Phase, ...]
    where: Where
    derivation: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of the manifest; empty texts where there is none."""

    key: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class CrateDiff:
    """The way from one version to another. `verdict` and `score` speak of the change alone;
    `alone` is the verdict on the new version by itself, `case` what a policy is asked about it, and
    `decision` its answer.
    """

    old: CrateInfo
    new: CrateInfo
    step: str
    verdict: Verdict
    score: int
    summary: str
    points: tuple[Point, ...]
    alone: Verdict
    added: tuple[Finding, ...]
    gone: tuple[Finding, ...]
    same: tuple[Finding, ...]
    gained: tuple[Capability, ...]
    lost: tuple[Capability, ...]
    dependencies: tuple[DependencyChange, ...]
    values: tuple[Value, ...]
    files: tuple[FileChange, ...]
    fields: tuple[FieldChange, ...]
    gaps: tuple[Gap, ...]
    case: Case
    decision: Decision | None = None


def compare(old: Report, new: Report, context: Context | None = None) -> CrateDiff:
    """What `new` brings; `context` is the one it was analyzed with (ages, reports on others)."""
    known = context or Context()
    gained_facts = new_facts(new.facts, old.facts)
    lost_facts = new_facts(old.facts, new.facts)
    added, same = _split(new.findings, old.findings, gained_facts)
    gone, _ = _split(old.findings, new.findings, lost_facts)
    stays = tuple(one for one in same if one.is_blocking and not one.is_quiet)
    gaps = (*new.gaps, *_unread(old))
    judged = assess((*added, *stays), gaps, new.coverage)
    summary = judged.summary
    if judged.verdict is Verdict.CLEAR:
        notes = f"; {len(added)} notes" if len(added) > 1 else "; 1 note" if added else ""
        summary = f"Nothing that is new asks for a person's attention{notes}."
    return CrateDiff(
        old=old.crate,
        new=new.crate,
        step=step_between(old.crate.version, new.crate.version),
        verdict=judged.verdict,
        score=judged.score,
        summary=summary,
        points=judged.points,
        alone=new.verdict,
        added=added,
        gone=gone,
        same=same,
        gained=_gained(gained_facts),
        lost=_gained(lost_facts),
        dependencies=tuple(_dependencies(old, new, known)),
        values=tuple(_values(gained_facts))[:VALUES_KEPT],
        files=tuple(sorted(_files(old, new), key=lambda one: (_when(one.phases), one.path))),
        fields=tuple(_fields(old, new)),
        gaps=gaps,
        case=case_of(new),
    )


def _unread(old: Report) -> Iterator[Gap]:
    """What could not be read of the old version: it makes things look new, never old."""
    if not old.files:
        reason = f"{old.crate.version} could not be read: everything counts as new"
        yield Gap(GapKind.UNREADABLE, reason, remedy="compare with a version that can be read")
    elif old.verdict is Verdict.INCOMPLETE:
        reason = f"parts of {old.crate.version} could not be read: what they hold counts as new"
        yield Gap(GapKind.UNREADABLE, reason)


# Findings ----------------------------------------------------------------------------------------


def _split(
    findings: tuple[Finding, ...], others: Iterable[Finding], gained: New
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Findings that say more than the others do, and the rest.

    A finding is the same if the same rule cited as much before, in code that runs as early; lines
    and files do not count. What a finding cites is bounded, so one that cites a line with a new
    fact on it, or is full and has new facts to choose from, is not the same: honest evidence must
    not crowd out what was put beside it.
    """
    crowded = Counter(one.rule for one in findings)
    beside = {(one.kind, *_line(one.where)) for one in gained}
    cited: dict[tuple[str, frozenset[str]], set[Key]] = {}
    for one in others:
        cited.setdefault(_kind(one), set()).update(map(_key, one.evidence))
    more: list[Finding] = []
    rest: list[Finding] = []
    for one in findings:
        known = cited.get(_kind(one), set())
        is_same = known.issuperset(map(_key, one.evidence)) and _kind(one) in cited
        is_same = is_same and all((e.kind, *_line(e.where)) not in beside for e in one.evidence)
        if is_same and (crowded[one.rule] >= FINDINGS_PER_RULE or _is_full(one)):
            is_same = not any(_may_cite(one, fact, groups) for fact, groups in gained.items())
        (rest if is_same else more).append(one)
    return tuple(more), tuple(rest)


def _is_full(finding: Finding) -> bool:
    return len(finding.evidence) >= EVIDENCE_PER_CLAUSE


def _may_cite(finding: Finding, fact: Fact, groups: frozenset[str]) -> bool:
    is_kind = any(one.kind is fact.kind for one in finding.evidence)
    return is_kind and not phase_groups(finding.phases).isdisjoint(groups)


def _line(where: Where) -> tuple[str, int]:
    return (where.file, where.line) if isinstance(where, Span) else (repr(where), 0)


def _kind(finding: Finding) -> tuple[str, frozenset[str]]:
    return finding.rule, phase_groups(finding.phases)


def _key(one: Evidence) -> Key:
    subject = folded(one.subject)
    is_open = subject == "unknown" or "{}" in subject
    hidden = "hidden" if one.derivation else ""
    return (one.kind, subject, hidden, "".join(one.snippet.split()) if is_open else "")


# Capabilities and values --------------------------------------------------------------------------


def _gained(found: Iterable[Fact]) -> tuple[Capability, ...]:
    """Capabilities of facts that the other version lacks; what only tests do is left out."""
    return capabilities(tuple(one for one in found if not _is_quiet(one.phases)))


def _is_quiet(phases: tuple[Phase, ...]) -> bool:
    return bool(phases) and QUIET.issuperset(phases)


def _values(found: Iterable[Fact]) -> Iterator[Value]:
    seen: set[tuple[str, str, frozenset[str]]] = set()
    for one in sorted(found, key=lambda each: (_when(each.phases), each.kind, each.subject)):
        key = (one.kind, one.subject, groups_of(one))
        if one.kind in _VALUES and not _is_quiet(one.phases) and key not in seen:
            seen.add(key)
            yield Value(one.kind, one.subject, one.phases, one.where, one.derivation)


def _when(phases: tuple[Phase, ...]) -> int:
    """Build-time code first, then what ships, what only tests run, and all that is no code."""
    order = list(Phase)
    return min((order.index(one) for one in phases), default=len(order))


# Dependencies ------------------------------------------------------------------------------------


def _dependencies(old: Report, new: Report, known: Context) -> Iterator[DependencyChange]:
    before = {edge_of(one): one for one in old.package.dependencies}
    after = {edge_of(one): one for one in new.package.dependencies}
    told = {
        (fold_name(one.subject), one.api.partition(" ")[0]): one.api.split(" ")[1:]
        for one in new.facts
        if one.kind is FactKind.REGISTRY_DEPENDENCY
    }
    for edge, one in sorted(after.items()):
        if edge not in before:
            yield _taken(one, told.get((fold_name(one.package), str(one.kind)), []), new, known)
        elif _stated(before[edge]) != _stated(one):
            yield DependencyChange(
                one.package, one.kind, "changed", _stated(one), _stated(before[edge])
            )
    for edge, one in sorted(before.items()):
        if edge not in after:
            yield DependencyChange(one.package, one.kind, "removed", "", _stated(one))


def _taken(one: Dependency, words: list[str], new: Report, known: Context) -> DependencyChange:
    report = next(
        (r for r in known.dependencies if fold_name(r.crate.name) == fold_name(one.package)), None
    )
    first = dict(known.first_published).get(one.package, "")
    own = next(
        (e.published for e in known.index_entries if e.version == new.crate.version), known.as_of
    )
    return DependencyChange(
        one.package,
        one.kind,
        "added",
        _stated(one),
        words=tuple(words),
        age_days=days_between(first, own),
        version=report.crate.version if report is not None else "",
        verdict=report.verdict if report is not None else None,
    )


def _stated(one: Dependency) -> str:
    elsewhere = next((text for text in (one.git, one.path, one.registry) if text), "")
    return " ".join(filter(None, (one.requirement, elsewhere)))


# Files and fields ---------------------------------------------------------------------------------


def _files(old: Report, new: Report) -> Iterator[FileChange]:
    before = {one.path: one for one in old.files}
    after = {one.path: one for one in new.files}
    left = {one.sha256: one for path, one in before.items() if path not in after}
    moved: set[str] = set()
    for path, one in after.items():
        was = before.get(path)
        if was is None and one.size_bytes and one.sha256 in left:
            origin = left[one.sha256].path
            moved.add(origin)
            yield _change(one, "moved", origin)
        elif was is None:
            yield _change(one, "added")
        elif was.sha256 != one.sha256:
            yield _change(one, "changed")
        elif was.phases != one.phases:  # the same bytes, run at another time
            yield _change(one, "moved", f"{path} ({', '.join(was.phases) or 'no code'})")
    for path, one in before.items():
        if path not in after and path not in moved:
            yield _change(one, "removed")


def _change(one: FileInfo, change: str, before: str = "") -> FileChange:
    return FileChange(one.path, change, one.phases, one.size_bytes, before)


def _fields(old: Report, new: Report) -> Iterator[FieldChange]:
    before = {"name": old.crate.name, **dict(old.package.fields)}
    after = {"name": new.crate.name, **dict(new.package.fields)}
    for key in sorted({*before, *after}):
        if before.get(key, "") != after.get(key, ""):
            yield FieldChange(key, before.get(key, ""), after.get(key, ""))
