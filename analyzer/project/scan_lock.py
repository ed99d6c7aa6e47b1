"""Reads what lock files hold, each distinct content once, in confined workers.

From registries by checksum; members, path dependencies, vendored copies and git checkouts from
their folders. What cannot be read is a stated gap at its line of the lock file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from analyzer.config import Settings, find_registry, is_configured
from analyzer.errors import ChecksumMismatch, CratescopeError
from analyzer.limits import Limits
from analyzer.local import folder_source
from analyzer.model import (
    Context,
    CrateSource,
    Gap,
    GapKind,
    IndexEntry,
    Lockfile,
    Report,
    Verdict,
)
from analyzer.project.audit import (
    KNOWN_AFFILIATED,
    KNOWN_MALICIOUS,
    ORDER,
    AuditResult,
    Key,
    Reason,
    by_path,
    is_from_registry,
    judged_places,
    key_of,
    ordered,
    rows_of,
    worst,
)
from analyzer.project.copies import Copies
from analyzer.project.graph.judge import judge
from analyzer.project.graph.reach import Choice
from analyzer.project.graph.second import Given, Second
from analyzer.project.supply import Place, Supply, cargo_home
from analyzer.registry.around import around
from analyzer.registry.context import Contexts
from analyzer.registry.fetch import Registry, agree, ahead
from analyzer.registry.targets import CrateTarget
from analyzer.worker.pool import Ask, Pool
from analyzer.worker.report_cache import Wanted
from analyzer.worker.verdicts import MISMATCH

SCAN = "scan"
_BY_NAME = frozenset({KNOWN_AFFILIATED, KNOWN_MALICIOUS})
_DEFAULT = "the default registry"
_NO_GIT = "let cargo fetch it (`cargo fetch --locked`), then audit again"
_NO_REGISTRY = (
    "name the registry in your own cargo configuration, or read it with `cratescope scan`"
)
_APART = "what passes between a package that changed and one that did not was not followed"


@dataclass(frozen=True, slots=True)
class Means:
    """What a run works with; `on_done` hears a label for each package; `choice`: what is built."""

    settings: Settings
    contexts: Contexts
    pool: Pool
    limits: Limits
    on_done: Callable[[str], None]
    choice: Choice = field(default_factory=Choice)


@dataclass(frozen=True, slots=True)
class _Got:
    """What there is of a package: a report that was kept, or bytes to be judged, or trouble."""

    key: Key
    answer: Report | Ask | CratescopeError


def scan_locked(result: AuditResult, means: Means) -> AuditResult:
    """The result with what the contents say."""
    with ExitStack() as stack:
        scan = _Scan(result, judged_places(result), means, stack)
        for report in means.pool.briefs(scan.asked()):
            scan.judged(report)
        second = Second(result.lockfiles, scan.keys, scan.reports)
        second.read(scan.again)
        for key, reason in second.reasons():
            scan.reasons.setdefault(key, []).append(reason)
        return scan.finished()


@dataclass(frozen=True, slots=True)
class _Home:
    """Where bytes came from: a folder, or a registry as the settings say."""

    key: Key
    settings: Settings
    place: Place | None = None


@dataclass(slots=True)
class _Scan:
    """What is known so far; the same bytes may stand for several packages."""

    result: AuditResult
    places: Mapping[Key, list[tuple[Lockfile, int]]]
    means: Means
    stack: ExitStack
    registries: dict[str, Registry] = field(default_factory=dict)
    keys: dict[str, list[Key]] = field(default_factory=dict)
    reports: dict[str, Report] = field(default_factory=dict)
    reasons: dict[Key, list[Reason]] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    copies: Copies = field(default_factory=Copies)
    folders: dict[str, Path] = field(default_factory=dict)
    homes: dict[str, _Home] = field(default_factory=dict)

    # Asking ----------------------------------------------------------------------------------

    def asked(self) -> Iterator[Ask]:
        """What a worker has to read, each content once; trouble becomes gaps on the way."""
        folders = self._folders()
        rest = [key for key in sorted(self.places, key=repr) if key not in folders]
        for source, keys in _by_source(rest).items():
            yield from self._registry(source, keys)
        for key, places in folders.items():
            yield from self._folder(key, places)

    def _folders(self) -> dict[Key, list[Place]]:
        """Packages whose sources are on this machine, or must be."""
        found: dict[Key, list[Place]] = {}
        home = cargo_home(os.environ)
        for lock in self.result.lockfiles:
            supply = Supply(lock, self.means.limits, home)
            unread: list[str] = []
            for package in lock.packages:
                key = key_of(package)
                if key not in self.places:
                    continue
                places = supply.of(package)
                if places or not package.source or package.source.startswith("git+"):
                    held = found.setdefault(key, [])
                    held += [one for one in places if one not in held]
                if not places and not package.source:
                    unread.append(f"{package.name} {package.version}")
            if unread:
                self.gaps.append(by_path(lock, unread, "audit the folder that holds them"))
        return found

    def _registry(self, source: str, keys: Sequence[Key]) -> Iterator[Ask]:
        settings = self.means.settings
        if source is not _DEFAULT:
            if not is_configured(source, os.environ):
                for key in keys:
                    self._unread(key, f"another registry ({source})", _NO_REGISTRY)
                return
            access = find_registry(source.removeprefix("registry+"), os.environ)
            settings = replace(settings, registry=access)
        registry = self._opened(settings)

        def take(key: Key) -> _Got:
            return self._take(registry, key)

        for got in ahead(keys, take, _size):
            yield from self._taken(got, _Home(got.key, settings))

    def _opened(self, settings: Settings) -> Registry:
        """The registry of these settings, opened once for the whole run."""
        place = settings.registry.index_url
        if place not in self.registries:
            registry = Registry(settings, self.means.limits)
            self.registries[place] = self.stack.enter_context(registry)
        return self.registries[place]

    def _take(self, registry: Registry, key: Key) -> _Got:
        """Called in other threads: reads and fetches, changes nothing here."""
        try:
            return _Got(key, self._known(registry, key) or self._fetched(registry, key))
        except CratescopeError as error:
            return _Got(key, error)

    def _known(self, registry: Registry, key: Key) -> Report | None:
        """The report that was kept for just these index lines on just this day."""
        cache, contexts = self.means.pool.cache, self.means.contexts
        if cache is None or contexts.knows_people:
            return None
        kept = cache.shortened(self._shortcut(registry, key))
        if kept is None:
            return None
        context = Context(as_of=contexts.as_of, sources=contexts.labels)
        return cache.get(kept, context, is_brief=True)

    def _shortcut(self, registry: Registry, key: Key) -> str:
        contexts, cache = self.means.contexts, self.means.pool.cache
        assert cache is not None
        digest = registry.index_digest(key.name)
        advisories = repr(contexts.advisories(key.name, key.version))
        return cache.shortcut(*_words(key), digest, contexts.as_of, advisories)

    def _fetched(self, registry: Registry, key: Key) -> Report | Ask:
        contexts, cache = self.means.contexts, self.means.pool.cache
        entry = _entry(registry, key)
        wanted = Wanted(*registry.identity(entry))
        context = around(registry, contexts, wanted.ref)
        if cache is not None:
            kept = cache.key(wanted, context)
            if not context.first_published and not contexts.knows_people:
                cache.shorten(self._shortcut(registry, key), kept)
            report = cache.get(kept, context, is_brief=True)
            if report is not None:
                return report
        return Ask(registry.fetch(entry), context)

    def _folder(self, key: Key, places: Sequence[Place]) -> Iterator[Ask]:
        if not places and key.source:
            self._unread(key, f"git ({key.source})", _NO_GIT)
        elif not places:
            self.means.on_done(key.name)
        for place in places:
            try:
                source = folder_source(place.folder, limits=self.means.limits, apart=place.apart)
            except CratescopeError as error:
                self._failed(key, error)
                continue
            self.folders.setdefault(source.sha256, place.folder)
            context = self.means.contexts.of(source.ref)
            is_copy = place.kind == "vendored"
            home = _Home(key, self.means.settings, place)
            yield from self._taken(_Got(key, Ask(source, context, is_whole=is_copy)), home)
            if is_copy:
                yield from self._original(key, source)

    def _original(self, key: Key, copy: CrateSource) -> Iterator[Ask]:
        """The archive that a vendored folder is said to be a copy of."""
        registry = self._opened(self.means.settings)
        try:
            source = registry.fetch(_entry(registry, key))
        except CratescopeError as error:
            self.copies.lost.append((key, str(error)))
            return
        self.copies.expect(key, copy.sha256, source.sha256)
        if source.sha256 not in self.keys:
            self.keys[source.sha256] = []
            yield Ask(source, self.means.contexts.of(source.ref), is_whole=True)

    # Answers ---------------------------------------------------------------------------------

    def _taken(self, got: _Got, home: _Home) -> Iterator[Ask]:
        answer = got.answer
        if isinstance(answer, CratescopeError):
            self._failed(got.key, answer)
            return
        sha256 = answer.crate.sha256
        if sha256 in self.keys:
            self.keys[sha256].append(got.key)
            self.means.on_done(got.key.name)
            return
        self.keys[sha256] = [got.key]
        self.homes[sha256] = home
        if isinstance(answer, Report):
            self.judged(answer)
        else:
            yield answer

    def _unread(self, key: Key, kind: str, remedy: str) -> None:
        self.means.on_done(key.name)
        reason = f"{key.name} {key.version} comes from {kind}: not read"
        self._gap(key, GapKind.DEPENDENCY, reason, remedy)

    def _failed(self, key: Key, error: CratescopeError) -> None:
        self.means.on_done(key.name)
        if isinstance(error, ChecksumMismatch):
            text = f"{error} ({error.expected[:16]}… against {error.actual[:16]}…)"
            self.reasons.setdefault(key, []).append(Reason(MISMATCH, Verdict.BLOCK, text))
            return
        reason = f"{key.name} {key.version} was not read: {error}"
        self._gap(key, GapKind.REGISTRY, reason, error.remedy)

    def _gap(self, key: Key, kind: GapKind, reason: str, remedy: str) -> None:
        for lock, number in self.places[key]:
            line = lock.packages[number].line
            self.gaps.append(Gap(kind, reason, lock.path, line, (), True, remedy))

    def again(self, wanted: Given) -> Iterator[Report]:
        """Reports of second readings. What cannot be had any more is a gap."""
        return self.means.pool.briefs(self._asked_again(wanted))

    def _asked_again(self, wanted: Given) -> Iterator[Ask]:
        for sha256, exports in wanted.items():
            home = self.homes.get(sha256)
            if home is None:
                continue
            try:
                ask = self._had(home)
            except CratescopeError as error:
                self._failed(home.key, error)
                continue
            if ask.crate.sha256 == sha256:
                yield Ask(ask.crate, replace(ask.context, exports=exports))
            else:
                changed = CratescopeError("it changed while it was read", remedy="audit again")
                self._failed(home.key, changed)

    def _had(self, home: _Home) -> Ask:
        contexts, limits = self.means.contexts, self.means.limits
        if home.place is not None:
            source = folder_source(home.place.folder, limits=limits, apart=home.place.apart)
            return Ask(source, contexts.of(source.ref))
        registry = self._opened(home.settings)
        source = registry.fetch(_entry(registry, home.key))
        return Ask(source, around(registry, contexts, source.ref))

    def judged(self, report: Report) -> None:
        """Take in a report."""
        self.means.on_done(f"{report.crate.name} {report.verdict}")
        self.copies.read(report)
        if report.verdict is Verdict.CLEAR:
            report = replace(report, facts=(), indicators=(), files=())
        self.reports[report.crate.sha256] = report

    def finished(self) -> AuditResult:
        """Everything put together; a report that only repeats what names said is no reason."""
        reasons = {row.package: row.reasons for row in self.result.rows}
        for key, more in self.reasons.items():
            reasons[key] = (*reasons.get(key, ()), *more)
        reports: dict[Key, Report] = {}
        for sha256, keys in self.keys.items():
            report = self.reports[sha256]
            adds = any(one.rule not in _BY_NAME for one in report.findings)
            adds = adds or report.verdict is Verdict.INCOMPLETE
            for key in keys:
                if report.verdict is not Verdict.CLEAR and (adds or key not in reasons):
                    why = Reason(SCAN, report.verdict, report.summary)
                    reasons[key] = (*reasons.get(key, ()), why)
                reports[key] = _worse(reports.get(key), report)
        for key, reason in self.copies.reasons():
            reasons[key] = (*reasons.get(key, ()), reason)
        for key, error in self.copies.lost:
            text = f"{key.name} {key.version}: the vendored copy could not be compared: {error}"
            self._gap(key, GapKind.REGISTRY, text, "audit again with the registry in reach")
        known = {key: worst(one.verdict for one in rows) for key, rows in reasons.items()}
        self.gaps += [
            Gap(GapKind.REGISTRY, text)
            for registry in self.registries.values()
            for text in registry.warnings
        ]
        told = judge(self.result.lockfiles, reports, self.means.choice, known)
        for key, added in told.reasons.items():
            reasons[key] = (*reasons.get(key, ()), *(added if key in self.places else ()))
        open_ends = [Gap(GapKind.DEPENDENCY, _APART)] if self.result.unchanged else told.gaps
        return replace(
            self.result,
            rows=rows_of(self.result.lockfiles, reasons, reports, told.reaches),
            gaps=ordered((*self.result.gaps, *self.gaps, *open_ends)),
            reaches=tuple(told.reaches.items()),
            is_chosen=self.means.choice.is_made,
            reports=tuple(self.reports[one] for one in sorted(self.reports) if self.keys[one]),
            folders=tuple(sorted(self.folders.items())),
        )


def _by_source(keys: Iterable[Key]) -> dict[str, list[Key]]:
    """Packages by registry; all spellings of the default one are one."""
    found: dict[str, list[Key]] = {}
    for key in keys:
        source = _DEFAULT if is_from_registry(key.source) else key.source
        found.setdefault(source, []).append(key)
    return found


def _entry(registry: Registry, key: Key) -> IndexEntry:
    """The index line of just this package. Raises CratescopeError."""
    target = CrateTarget(key.name, key.version, checksum=key.checksum)
    entry = registry.locked(target)
    agree(target, entry)
    if entry.version.partition("+")[0] != key.version.partition("+")[0]:
        raise CratescopeError("no exact version", remedy="mend the lock file")
    return entry


def _worse(one: Report | None, other: Report) -> Report:
    if one is None:
        return other
    return min((one, other), key=lambda report: ORDER.index(report.verdict))


def _words(key: Key) -> tuple[str, ...]:
    return key.name, key.version, key.source, key.checksum


def _size(got: _Got) -> int:
    return len(got.answer.crate.data) if isinstance(got.answer, Ask) else 0
