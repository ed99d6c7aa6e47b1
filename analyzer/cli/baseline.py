"""`cratescope baseline PATH...`: accept what is found today, in these bytes, until a given day."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli.adopting import judged_now, tell_left_out, write_file
from analyzer.cli.options import AsOf, Jobs, Offline, Quiet, Rules
from analyzer.cli.ownership import day_of
from analyzer.config import load_settings
from analyzer.errors import UsageError
from analyzer.policy.terms import Adoption
from analyzer.project.decisions.adopt import baseline as adopt


def baseline(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Folders, Cargo.lock or Cargo.toml.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write there, not to the screen."),
    ] = None,
    *,
    author: Annotated[
        str, typer.Option("--author", metavar="NAME", help="Who answers for it (needed).")
    ] = "",
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why it is accepted (needed).")
    ] = "",
    expires: Annotated[
        str, typer.Option("--expires", metavar="DATE", help="The last day it holds (needed).")
    ] = "",
    offline: Offline = False,
    rules: Rules = None,
    as_of: AsOf = "",
    jobs: Jobs = None,
    quiet: Quiet = False,
) -> None:
    """Read what lock files hold, and list what is found as accepted until a day."""
    adoption = _adoption(author, reason, expires, day_of(as_of))
    settings = load_settings(os.environ, is_offline=offline or None, jobs=jobs)
    cases = judged_now(paths, settings, tuple(rules or ()), as_of, is_quiet=quiet)
    found = adopt(cases, adoption)
    count = f"{found.findings} findings in {len(found.taken)} crates, until {adoption.expires}"
    write_file(found, output, "baseline", count)
    raise typer.Exit(tell_left_out(found))


def _adoption(author: str, reason: str, expires: str, today: str) -> Adoption:
    """Raises UsageError for anything that is missing or that the reader would refuse."""
    for option, text in (("--author", author), ("--reason", reason), ("--expires", expires)):
        if not text.strip() or not text.isprintable():
            raise UsageError(
                f"baseline needs {option}", remedy="somebody has to answer for what is accepted"
            )
    try:
        last = date.fromisoformat(expires).isoformat()
    except ValueError:
        raise UsageError(f"--expires {expires!r}: no day", remedy="write YYYY-MM-DD") from None
    if last < today:
        raise UsageError(f"--expires {last}: that day is over", remedy="name a later one")
    return Adoption(author, reason, today, last)
