"""`cratescope diff OLD NEW`: what a new version can do that the old one could not."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.exits import CODES, decision_code, exit_code
from analyzer.cli.options import Jobs, Offline, Output, PolicyFile, Quiet, Rules, formats_option
from analyzer.cli.output import plan, publish, write
from analyzer.cli.ownership import base_for, decided, folders_of, owner_for
from analyzer.cli.progress import progress
from analyzer.cli.surroundings import surroundings
from analyzer.config import Settings, load_settings
from analyzer.errors import UsageError
from analyzer.limits import DEFAULT_LIMITS
from analyzer.model import Context, CrateSource, Lockfile, Report, Verdict
from analyzer.project import diff as work
from analyzer.project.changes import CrateDiff
from analyzer.project.compare import Read
from analyzer.project.formats import formats
from analyzer.project.git_range import read_range
from analyzer.project.lock_changes import LockDiff
from analyzer.project.locks import read_lock
from analyzer.registry.context import Contexts
from analyzer.registry.targets import FolderTarget
from analyzer.worker.pool import Pool

if TYPE_CHECKING:
    from analyzer.project.decisions.load import Owner


def diff(
    old: Annotated[
        str, typer.Argument(metavar="OLD", help="A version, archive, folder or Cargo.lock.")
    ] = "",
    new: Annotated[
        str, typer.Argument(metavar="[NEW]", help="The same, or a bare version of OLD's crate.")
    ] = "",
    format_: Annotated[list[str] | None, formats_option(formats("diff"))] = None,
    output: Output = None,
    *,
    since: Annotated[
        str,
        typer.Option(
            "--since", metavar="VERSION", help="The last version you approved, instead of OLD."
        ),
    ] = "",
    git: Annotated[
        str,
        typer.Option(
            "--git", metavar="BASE..HEAD", help="Two commits of the repository at OLD (or here)."
        ),
    ] = "",
    offline: Offline = False,
    registry: Annotated[
        str, typer.Option("--registry", metavar="URL", help="A sparse registry, by URL or name.")
    ] = "",
    rules: Rules = None,
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="DATE", help="The day ages are counted to.")
    ] = "",
    policy: PolicyFile = None,
    jobs: Jobs = None,
    quiet: Quiet = False,
) -> None:
    """Compare two versions of a crate, or two lock files, and judge what is new."""
    pairs = plan(format_ or [], output or [], formats("diff"))
    settings = load_settings(os.environ, registry=registry, is_offline=offline or None, jobs=jobs)
    contexts = surroundings(settings, as_of).contexts
    run = _Run(settings, contexts, tuple(rules or ()), quiet)
    folder: Path | None = None
    if git:
        if new or since:
            raise UsageError("--git compares two commits", remedy="name the repository only")
        owner = owner_for(policy, contexts.as_of) or base_for(Path(old or "."), git, contexts.as_of)
        found: CrateDiff | LockDiff | Report = _range(Path(old or "."), git, run)
    else:
        names = _named(old, new, since)
        owner = owner_for(policy, contexts.as_of, _folders(*names))
        found, folder = _found(*names, run), _folder(*names)
        settings = settings if owner is None else _registry(names, settings)
    if owner is not None:
        found = decided(found, owner, settings)
    _deliver(found, pairs, folder)
    raise typer.Exit(_code(found, owner))


def _folders(old: str, new: str) -> tuple[Path, ...]:
    return () if _is_lock(old) and _is_lock(new) else folders_of(work.sides(old, new))


def _registry(names: tuple[str, str], settings: Settings) -> Settings:
    """The settings with the registry that the two sides name, so that ages are asked there."""
    is_both = all(_is_lock(one) for one in names)
    return settings if is_both else work.registry_of(work.sides(*names), settings)


def _code(found: CrateDiff | LockDiff | Report, owner: Owner | None) -> int:
    """The code of the decision, else of the verdict; waivers of no use fail a run that passes."""
    if owner is None:
        return CODES[found.verdict]
    answer = found.decided if isinstance(found, LockDiff) else found.decision
    assert answer is not None
    fails = owner.policy.fails_on_stale and not owner.policy.is_observing and bool(answer.stale)
    return exit_code([decision_code(answer), CODES[Verdict.REVIEW] if fails else 0])


def _folder(old: str, new: str) -> Path | None:
    """Where the files of the new side lie, if it is a folder."""
    if _is_lock(old) and _is_lock(new):
        return None
    _, target = work.sides(old, new)
    return target.path if isinstance(target, FolderTarget) else None


def _deliver(
    found: CrateDiff | LockDiff | Report, pairs: list[tuple[str, str]], folder: Path | None
) -> None:
    if isinstance(found, Report):  # the bytes were not the ones that were promised
        write((found,), pairs)
        return
    publish("diff", found, pairs, folder=folder, here=Path())


def _named(old: str, new: str, since: str) -> tuple[str, str]:
    if since:
        if new:
            raise UsageError("--since stands for OLD", remedy="name the new version only")
        old, new = since, old
    if not old or not new:
        raise UsageError("diff compares two things", remedy="name OLD and NEW, or use --since")
    return old, new


@dataclass(frozen=True, slots=True)
class _Run:
    settings: Settings
    contexts: Contexts
    rules: tuple[Path, ...]
    is_quiet: bool

    @contextmanager
    def means(self, total: int) -> Iterator[work.Means]:
        """Workers for so many packages, with a progress bar."""
        jobs, place = min(self.settings.jobs, total), self.settings.cache_dir
        with (
            Pool(jobs, rules=self.rules, cache_dir=place) as pool,
            progress(total, is_quiet=self.is_quiet) as advance,
        ):
            read = _reading(pool)
            yield work.Means(self.settings, self.contexts, read, DEFAULT_LIMITS, advance)


def _found(old: str, new: str, run: _Run) -> CrateDiff | LockDiff | Report:
    if _is_lock(old) and _is_lock(new):
        before, after = (_lock(Path(one)) for one in (old, new))
        with run.means(work.changed_packages(before, after)) as means:
            return work.diff_locks(before, after, means)
    targets = work.sides(old, new)
    run = replace(run, settings=work.registry_of(targets, run.settings))
    with run.means(1) as means:
        return work.diff_targets(targets, means)


def _range(path: Path, text: str, run: _Run) -> LockDiff:
    found = read_range(path, text, DEFAULT_LIMITS)
    total = len(found.packages) + sum(work.changed_packages(*one) for one in found.locks)
    with run.means(total) as means:
        return work.diff_range(found, means)


def _is_lock(text: str) -> bool:
    return text.endswith(".lock")


def _reading(pool: Pool) -> Read:
    """Reports of a pool, each crate with its own context."""

    def read(crates: Iterable[tuple[CrateSource, Context]]) -> Iterator[Report]:
        rows = list(crates)
        contexts = iter([context for _, context in rows])
        return pool.analyze_many((crate for crate, _ in rows), lambda _: next(contexts))

    return read


def _lock(path: Path) -> Lockfile:
    """Raises UsageError for a file that is no lock file: without a side nothing is compared."""
    found = read_lock(path, DEFAULT_LIMITS)
    if not isinstance(found, Lockfile):
        raise UsageError(f"{found.path}: {found.reason}", remedy=found.remedy)
    return found
