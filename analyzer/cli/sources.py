"""From targets to bytes, in the order of the targets; trouble with one does not stop the others."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import groupby

from analyzer.config import RegistryAccess, Settings, find_registry
from analyzer.errors import ChecksumMismatch, CratescopeError
from analyzer.limits import DEFAULT_LIMITS
from analyzer.local import archive_source, folder_source
from analyzer.model import Context, CrateSource, FactKind, Report, Trace
from analyzer.registry.around import around
from analyzer.registry.context import Contexts, published
from analyzer.registry.targets import ArchiveTarget, CrateTarget, FolderTarget, Target
from analyzer.worker.pool import Pool
from analyzer.worker.verdicts import mismatched

_COMMIT = frozenset({FactKind.SOURCE_COMMIT})
Got = CrateSource | Report | CratescopeError
Answer = Report | CratescopeError


class Sources:
    """The bytes behind targets. Raises UsageError at once if one names a registry nobody knows."""

    def __init__(
        self,
        targets: tuple[Target, ...],
        settings: Settings,
        warn: Callable[[str], None],
        contexts: Contexts,
        observe: Callable[[CrateSource], Trace] | None = None,
    ) -> None:
        self._targets, self._settings, self._warn = targets, settings, warn
        self._contexts, self._observe = contexts, observe
        self._known: dict[str, Context] = {}
        self.ages: dict[tuple[str, str], tuple[str, str]] = {}
        """By name and version: when it, and the first one of its name, were published."""
        named = [one for one in targets if isinstance(one, CrateTarget)]
        self._access = {one.registry: self._find(one.registry) for one in named}
        self._fetched = self._fetch(named)

    def _find(self, registry: str) -> RegistryAccess:
        return find_registry(registry, os.environ) if registry else self._settings.registry

    def answers(self, pool: Pool, *, vcs: str = "") -> Iterator[Answer]:
        """A report or an error for each target; archives are fetched while others are read.

        `vcs`: the repository to compare the one target with.
        """
        if vcs:
            yield from self._compared(pool, vcs)
            return
        early: list[Answer | None] = []  # by target: what needs no worker, None where one is at it

        def to_read() -> Iterator[CrateSource]:
            for got in self._all():
                early.append(None if isinstance(got, CrateSource) else got)
                if isinstance(got, CrateSource):
                    yield got

        done = 0
        for report in pool.analyze_many(to_read(), self._context):
            while (answer := early[done]) is not None:
                yield answer
                done += 1
            yield report
            done += 1
        yield from (one for one in early[done:] if one is not None)

    def _compared(self, pool: Pool, place: str) -> Iterator[Answer]:
        """Read once for the commit that the archive names, and again with its files at hand: only
        a confined worker opens an archive.
        """
        from analyzer.registry.vcs import read_commit

        for got in self._all():
            if not isinstance(got, CrateSource):
                yield got
                continue
            context = self._context(got)
            named = [one for one in pool.analyze_one(got, context).facts if one.kind in _COMMIT]
            commit = named[0].subject if named else ""
            folder = named[0].data[0] if named and named[0].data else ""
            try:
                tree = read_commit(place, commit, folder, self._settings)
            except CratescopeError as error:
                yield error
                continue
            yield pool.analyze_one(got, replace(context, vcs=tree))

    def _context(self, crate: CrateSource) -> Context:
        known = self._known.pop(crate.sha256, None) or self._contexts.of(crate.ref)
        return replace(known, trace=self._observe(crate)) if self._observe is not None else known

    def _all(self) -> Iterator[Got]:
        for target in self._targets:
            yield next(self._fetched) if isinstance(target, CrateTarget) else _local(target)
        yield from self._fetched  # nothing is left in it; its end closes clients and warns

    def _fetch(self, targets: list[CrateTarget]) -> Iterator[Got]:
        """Archives of named crates; what talks to registries is imported if a crate is named."""
        for registry, group in groupby(targets, key=lambda one: one.registry):
            from analyzer.registry.fetch import Registry

            settings = replace(self._settings, registry=self._access[registry])
            with Registry(settings, DEFAULT_LIMITS) as source:
                for _, entry, got in source.fetch_all(group):
                    if entry is not None and isinstance(got, ChecksumMismatch):
                        yield mismatched(entry, got, DEFAULT_LIMITS)
                        continue
                    if entry is not None and isinstance(got, CrateSource):
                        self._known[got.sha256] = around(source, self._contexts, got.ref)
                        entries = source.entries(got.ref.name)
                        self.ages[got.ref.name, got.ref.version] = published(
                            entries, got.ref.version
                        )
                    yield got
                for warning in source.warnings:
                    self._warn(warning)


def _local(target: ArchiveTarget | FolderTarget) -> Got:
    read = folder_source if isinstance(target, FolderTarget) else archive_source
    try:
        return read(target.path, limits=DEFAULT_LIMITS)
    except CratescopeError as error:
        return error
