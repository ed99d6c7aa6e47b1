"""`cratescope scan TARGET...`: read crates and report what they can do, with evidence."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli.exits import exit_code, of_reports
from analyzer.cli.output import plan, write
from analyzer.cli.progress import progress
from analyzer.config import Settings, load_settings
from analyzer.errors import ChecksumMismatch, CratescopeError, UsageError
from analyzer.limits import DEFAULT_LIMITS
from analyzer.local import archive_source, folder_source
from analyzer.model import Context, CrateSource, IndexEntry, Report
from analyzer.registry.targets import (
    ArchiveTarget,
    CrateTarget,
    FolderTarget,
    Target,
    parse_target,
    read_targets,
)
from analyzer.report.text import one_line
from analyzer.worker.pool import Pool
from analyzer.worker.verdicts import mismatched

Got = CrateSource | CratescopeError


def scan(
    targets: Annotated[
        list[str],
        typer.Argument(
            metavar="TARGET...",
            help="name, name@version, pkg:cargo/name@version, file.crate, folder, or - for a list.",
        ),
    ],
    format_: Annotated[
        list[str] | None,
        typer.Option(
            "--format", metavar="NAME", help="human (default), json or jsonl; may repeat."
        ),
    ] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write there; pairs with --format."),
    ] = None,
    *,
    offline: Annotated[bool, typer.Option("--offline", help="Use the cache only.")] = False,
    registry: Annotated[
        str, typer.Option("--registry", metavar="URL", help="A sparse registry, by URL or name.")
    ] = "",
    rules: Annotated[
        list[Path] | None,
        typer.Option("--rules", metavar="DIR", help="A folder of rules of your own; may repeat."),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", metavar="N", help="Worker processes.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
) -> None:
    """Read crates and report what they can do, with evidence."""
    pairs = plan(format_ or [], output or [])
    settings = load_settings(os.environ, registry=registry, is_offline=offline or None, jobs=jobs)
    wanted = _targets(targets)
    if not wanted:
        raise UsageError("no target", remedy="name a crate, an archive or a folder")
    own_rules = tuple(rules or ())
    count = min(settings.jobs, len(wanted))
    reports: list[Report] = []
    failures: list[CratescopeError] = []
    with (
        Pool(jobs=count, rules=own_rules) as pool,
        progress(len(wanted), is_quiet=quiet) as advance,
    ):
        for answer in _answers(pool, wanted, settings):
            if isinstance(answer, Report):
                reports.append(answer)
                advance(f"{answer.crate.name} {answer.verdict}")
            else:
                failures.append(answer)
                advance(str(answer))
    if len(wanted) == 1 and failures:
        raise failures[0]
    for error in failures:
        remedy = f"; {error.remedy}" if error.remedy else ""
        typer.echo(f"cratescope: error: {one_line(f'{error}{remedy}')}", err=True)
    write(tuple(reports), pairs)
    codes = [of_reports(reports), *(one.exit_code for one in failures)]
    raise typer.Exit(exit_code(codes))


def _targets(texts: list[str]) -> tuple[Target, ...]:
    found: list[Target] = []
    for text in texts:
        found += read_targets(sys.stdin) if text == "-" else [parse_target(text)]
    return tuple(found)


def _answers(
    pool: Pool, targets: tuple[Target, ...], settings: Settings
) -> Iterator[Report | CratescopeError]:
    """A report or an error for each target, in order; archives are fetched while others are read."""
    entries: dict[str, IndexEntry] = {}
    order: list[CratescopeError | Report | None] = []

    def sources() -> Iterator[CrateSource]:
        for got in _sources(targets, settings, entries):
            if isinstance(got, CrateSource):
                order.append(None)
                yield got
            else:
                order.append(got)

    def context_for(crate: CrateSource) -> Context:
        entry = entries.get(crate.sha256)
        return Context(index_entries=(entry,) if entry is not None else ())

    done = 0
    for report in pool.analyze_many(sources(), context_for):
        while order[done] is not None:
            yield order[done]  # type: ignore[misc]  # not None by the line above
            done += 1
        yield report
        done += 1
    yield from (one for one in order[done:] if one is not None)


def _sources(
    targets: tuple[Target, ...], settings: Settings, entries: dict[str, IndexEntry]
) -> Iterator[Got | Report]:
    named = [one for one in targets if isinstance(one, CrateTarget)]
    fetched = _fetched(named, settings, entries)
    for target in targets:
        if isinstance(target, CrateTarget):
            yield next(fetched)
            continue
        try:
            yield _read_local(target)
        except CratescopeError as error:
            yield error


def _read_local(target: ArchiveTarget | FolderTarget) -> CrateSource:
    if isinstance(target, FolderTarget):
        return folder_source(target.path, limits=DEFAULT_LIMITS)
    return archive_source(target.path, limits=DEFAULT_LIMITS)


def _fetched(
    targets: list[CrateTarget], settings: Settings, entries: dict[str, IndexEntry]
) -> Iterator[Got | Report]:
    """Archives of named crates; one client per registry, imported only when a crate is named."""
    if not targets:
        return
    from dataclasses import replace

    from analyzer.config import find_registry
    from analyzer.registry.fetch import Registry

    for registry, group in _by_registry(targets):
        access = find_registry(registry, os.environ) if registry else settings.registry
        with Registry(replace(settings, registry=access), DEFAULT_LIMITS) as source:
            for _, entry, got in source.fetch_all(group):
                if isinstance(got, CrateSource) and entry is not None:
                    entries[got.sha256] = entry
                if isinstance(got, ChecksumMismatch) and entry is not None:
                    yield mismatched(entry, got, DEFAULT_LIMITS)
                else:
                    yield got


def _by_registry(targets: list[CrateTarget]) -> Iterator[tuple[str, list[CrateTarget]]]:
    """Runs of neighbours that name the same registry: the order of targets stays."""
    group: list[CrateTarget] = []
    for one in targets:
        if group and group[-1].registry != one.registry:
            yield group[0].registry, group
            group = []
        group.append(one)
    if group:
        yield group[0].registry, group
