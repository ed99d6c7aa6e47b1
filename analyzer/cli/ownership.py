"""The policy of a run, for every command that has `--policy`; nothing is imported without one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from analyzer.errors import UsageError
from analyzer.project.decisions.choose import choose, refuse_inside
from analyzer.registry.targets import FolderTarget, Target
from analyzer.report.text import one_line

if TYPE_CHECKING:
    from analyzer.config import Settings
    from analyzer.model import Report
    from analyzer.project.changes import CrateDiff
    from analyzer.project.decisions.load import Owner
    from analyzer.project.lock_changes import LockDiff


def owner_for(
    named: Path | None,
    as_of: str,
    judged: Iterable[Path] = (),
    *,
    looks_here: bool = False,
    is_quiet: bool = False,
) -> Owner | None:
    """The owner behind `--policy`, the environment, or with `looks_here` the working directory.

    `as_of`: the day waivers are asked for, `YYYY-MM-DD`. None: no policy decides. Raises UsageError
    for a policy that lies in a folder that is `judged`, and as `load_owner` does.
    """
    choice = choose(named, os.environ, looks_here=looks_here)
    for warning in () if is_quiet else choice.warnings:
        typer.echo(f"cratescope: warning: {one_line(warning)}", err=True)
    if choice.path is None:
        return None
    refuse_inside(choice.path, judged)
    from analyzer.project.decisions.load import load_owner

    return load_owner(choice.path, date.fromisoformat(as_of))


def base_for(repository: Path, text: str, as_of: str) -> Owner | None:
    """The owner behind the policy of the base commit of `BASE..HEAD`; None if there is none."""
    from analyzer.limits import DEFAULT_LIMITS
    from analyzer.project.decisions.base import base_owner

    return base_owner(repository, text, DEFAULT_LIMITS, date.fromisoformat(as_of))


def decided(
    found: CrateDiff | LockDiff | Report, owner: Owner, settings: Settings
) -> CrateDiff | LockDiff | Report:
    """A step or change with what the policy makes of it; the index is asked if ages matter."""
    from analyzer.limits import DEFAULT_LIMITS
    from analyzer.model import Origin, Report
    from analyzer.project.changes import CrateDiff
    from analyzer.project.decisions.ages import ages_of
    from analyzer.project.decisions.judge import decided_locks, decided_report, decided_step

    fetched = (Origin.CRATES_IO, Origin.REGISTRY)
    if isinstance(found, Report):
        crates = [found.crate]
    elif isinstance(found, CrateDiff):
        crates = [found.new]
    else:
        infos = [
            one.diff.new if one.diff else one.report and one.report.crate for one in found.packages
        ]
        crates = [one for one in infos if one]
    names = [(one.name, one.version) for one in crates if one.origin in fetched]
    ages = ages_of(names if owner.policy.asks_age else (), settings, DEFAULT_LIMITS)
    if isinstance(found, Report):
        return decided_report(found, owner, ages)
    if isinstance(found, CrateDiff):
        return decided_step(found, owner, ages)
    return decided_locks(found, owner, ages)


def day_of(as_of: str) -> str:
    """The day of `--as-of` as `YYYY-MM-DD`, today if it is empty. Raises UsageError."""
    if not as_of:
        return datetime.now(UTC).strftime("%Y-%m-%d")
    from analyzer.registry.context import parse_day

    try:
        return parse_day(as_of)
    except ValueError:
        raise UsageError(f"--as-of {as_of!r}: no day", remedy="write YYYY-MM-DD") from None


def folders_of(targets: Iterable[Target]) -> tuple[Path, ...]:
    """The local folders among targets."""
    return tuple(one.path for one in targets if isinstance(one, FolderTarget))
