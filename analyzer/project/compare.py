"""Reads pairs of versions, and what the new ones take up, in confined workers: each crate once.

The new version is read with the report of the old one at hand; if it takes up dependencies, those
are fetched and read too, and it is judged again with what they are. `Reader` is the seam for
whoever keeps reports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from analyzer.errors import CratescopeError
from analyzer.facts.changes import YOUNG_DAYS, days_between, edge_of
from analyzer.model import (
    Context,
    CrateSource,
    Dependency,
    DependencyKind,
    Gap,
    GapKind,
    IndexEntry,
    Origin,
    Report,
)
from analyzer.project.changes import CrateDiff, compare
from analyzer.registry.around import Releases
from analyzer.registry.context import Contexts
from analyzer.registry.ranges import Range, parse_requirement
from analyzer.registry.semver import is_prerelease, precedence

BATCH = 16
"""Pairs whose reports are held at once."""
MAX_TAKEN = 40
"""Dependencies, direct and carried along, that one crate's step is followed to."""
_FROM_REGISTRY = frozenset({Origin.CRATES_IO, Origin.REGISTRY})
Read = Callable[[Iterable[tuple[CrateSource, Context]]], Iterator[Report]]
"""Reports in the order of the crates, each with its context."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two versions; the same value for both sides is allowed."""

    old: CrateSource
    new: CrateSource


@dataclass(slots=True)
class Comparison:
    """What one run knows. `registry` may be None: then nothing is asked about dependencies.

    `locked` names versions that a lock file holds of a package, `read` makes reports.
    """

    read: Read
    contexts: Contexts
    registry: Releases | None = None
    locked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    on_done: Callable[[str], None] = lambda _: None
    _known: dict[str, Report] = field(default_factory=dict)
    _sources: dict[tuple[str, str], CrateSource | Gap] = field(default_factory=dict)

    def all(self, pairs: Iterable[Pair]) -> Iterator[CrateDiff]:
        """The way of each pair, in order."""
        rest = iter(pairs)
        while batch := list(islice(rest, BATCH)):
            yield from self._batch(batch)

    def alone(self, crates: Iterable[CrateSource]) -> Iterator[Report]:
        """Reports of crates that no version stands before."""
        rest = iter(crates)
        while batch := list(islice(rest, BATCH)):
            yield from self._read([(one, self._around(one)) for one in batch])

    def _batch(self, batch: Sequence[Pair]) -> Iterator[CrateDiff]:
        distinct = {one.old.sha256: one.old for one in batch}
        olds = self._read([(one, self._around(one)) for one in distinct.values()])
        before = dict(zip(distinct, olds, strict=True))
        contexts = [
            replace(self._around(one.new), previous=before[one.old.sha256]) for one in batch
        ]
        news = self._read([(one.new, known) for one, known in zip(batch, contexts, strict=True)])
        gaps: list[tuple[Gap, ...]] = []
        again: list[int] = []
        for number, report in enumerate(news):
            contexts[number], lost = self._taken(report, contexts[number])
            gaps.append(lost)
            if contexts[number].dependencies or contexts[number].first_published:
                again.append(number)
        retold = self._read([(batch[one].new, contexts[one]) for one in again])
        for number, report in zip(again, retold, strict=True):
            news[number] = report
        for number, one in enumerate(batch):
            found = compare(before[one.old.sha256], news[number], contexts[number])
            self.on_done(f"{found.new.name} {found.verdict}")
            yield replace(found, gaps=(*found.gaps, *gaps[number])) if gaps[number] else found

    def _read(self, crates: Sequence[tuple[CrateSource, Context]]) -> list[Report]:
        return list(self.read(crates)) if crates else []

    def _around(self, crate: CrateSource) -> Context:
        """What registry and databases say of a crate. The registry is never asked about a folder
        or an archive: their names may be nobody else's business.
        """
        is_asked = self.registry is not None and crate.origin in _FROM_REGISTRY
        try:
            entries = self.registry.entries(crate.ref.name) if self.registry and is_asked else ()
        except CratescopeError:
            entries = ()
        found = self.contexts.of(crate.ref, entries, {})
        return replace(found, as_of=self.contexts.as_of)

    # Dependencies --------------------------------------------------------------------------

    def _taken(self, report: Report, context: Context) -> tuple[Context, tuple[Gap, ...]]:
        """The context with reports on what is taken up, and what could not be read of it.

        Below a direct dependency only what is young is followed: who carries a payload through an
        established crate has to change that one, which is a step of its own.
        """
        before = context.previous
        if before is None or self.registry is None or not report.files:
            return context, ()
        had = {edge_of(one) for one in before.package.dependencies}
        pending = [one for one in report.package.dependencies if _counts(one, had)]
        own = next(
            (e.published for e in context.index_entries if e.version == report.crate.version), ""
        )
        reports: dict[str, Report] = {}
        first: dict[str, str] = dict(context.first_published)
        gaps: list[Gap] = []
        while pending:
            one = pending.pop(0)
            if one.package in first or one.package in reports:
                continue
            if len(first) >= MAX_TAKEN:
                reason = f"more than {MAX_TAKEN} dependencies are taken up: not all were read"
                gaps.append(Gap(GapKind.DEPENDENCY, reason))
                break
            got = self._dependency(one)
            if isinstance(got, Gap):
                gaps.append(got)
                continue
            below, first[one.package] = got
            reports[one.package] = below
            age = days_between(first[one.package], own or self.contexts.as_of)
            if age is not None and age <= YOUNG_DAYS:
                pending += [each for each in below.package.dependencies if _counts(each, had)]
        known = replace(
            context,
            dependencies=tuple(reports[one] for one in sorted(reports)),
            first_published=tuple(sorted(first.items())),
        )
        return known, tuple(gaps)

    def _dependency(self, one: Dependency) -> tuple[Report, str] | Gap:
        """The report on the version that would be built, and when its first one was published."""
        assert self.registry is not None
        label = f"{one.package} {one.requirement}".strip()
        if one.git or one.path or one.registry:
            return Gap(GapKind.DEPENDENCY, f"{label} is not from this registry: not read")
        try:
            entries = self.registry.entries(one.package)
            entry = self._chosen(one, entries)
            if entry is None:
                return Gap(GapKind.DEPENDENCY, f"no version of {label} is to be had: not read")
            if entry.checksum not in self._known:
                source = self.registry.fetch(entry)
                (report,) = self._read([(source, self._around(source))])
                self._known[entry.checksum] = report
        except CratescopeError as error:
            return Gap(GapKind.DEPENDENCY, f"{label} was not read: {error}", remedy=error.remedy)
        times = [each.published for each in entries if each.published]
        return self._known[entry.checksum], min(times, default="")

    def _chosen(self, one: Dependency, entries: tuple[IndexEntry, ...]) -> IndexEntry | None:
        """The locked version, else the newest that fits; pre-releases only where nothing else."""
        wanted = _range(one.requirement)
        fitting = [each for each in entries if wanted is None or wanted.covers(each.version)]
        locked = [each for each in fitting if each.version in self.locked.get(one.package, ())]
        open_ones = [each for each in fitting if not each.is_yanked]
        releases = [each for each in open_ones if not is_prerelease(each.version)]
        return max(locked or releases or open_ones or fitting, key=_age, default=None)


def _age(entry: IndexEntry) -> tuple[object, ...]:
    return precedence(entry.version) or ()


def _counts(one: Dependency, had: set[tuple[str, str]]) -> bool:
    return one.kind is not DependencyKind.DEV and edge_of(one) not in had


def _range(requirement: str) -> Range | None:
    """What a requirement allows; None for all versions, also where it cannot be read."""
    text = ", ".join(
        one.strip().replace(".*", "").replace(".x", "") for one in requirement.split(",")
    )
    try:
        return parse_requirement(text)
    except ValueError:
        return None
