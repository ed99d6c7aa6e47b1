"""`cratescope audit PATH...`: judge what Cargo.lock files hold, by name and with --scan by content."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli.exits import CODES
from analyzer.cli.output import STDOUT, replace_file
from analyzer.errors import UsageError
from analyzer.limits import DEFAULT_LIMITS
from analyzer.project.audit import Audit, by_name, read_lockfiles
from analyzer.project.audit_text import FORMATS, as_lines, as_text, plain
from analyzer.signatures import load_known_bad


def audit(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Folders or lock files.")],
    *,
    scan: Annotated[
        bool, typer.Option("--scan", help="Fetch and read every locked crate as well.")
    ] = False,
    format_: Annotated[
        str, typer.Option("--format", metavar="NAME", help="human (default), json or jsonl.")
    ] = "human",
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Write there.")
    ] = STDOUT,
    offline: Annotated[bool, typer.Option("--offline", help="Use the cache only.")] = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", metavar="N", help="Worker processes.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")] = False,
) -> None:
    """Judge what Cargo.lock files hold: by name at once, by content with --scan."""
    if format_ not in FORMATS:
        raise UsageError(f"no format `{format_}`", remedy=f"formats: {', '.join(FORMATS)}")
    locks, gaps = read_lockfiles(paths, limits=DEFAULT_LIMITS)
    found = by_name(locks, load_known_bad())
    found = Audit(found.lockfiles, found.rows, gaps + found.gaps)
    if scan:
        found = _scanned(found, offline=offline, jobs=jobs, quiet=quiet)
    text = _rendered(found, format_)
    if output == STDOUT:
        typer.echo(text, nl=False)
    else:
        replace_file(Path(output), text)
    raise typer.Exit(CODES[found.verdict])


def _rendered(found: Audit, name: str) -> str:
    if name == "json":
        return json.dumps(plain(found), indent=1) + "\n"
    return as_lines(found) if name == "jsonl" else as_text(found)


def _scanned(found: Audit, *, offline: bool, jobs: int | None, quiet: bool) -> Audit:
    from analyzer.cli.progress import progress
    from analyzer.config import load_settings
    from analyzer.project.scan_lock import scan_locked
    from analyzer.worker.pool import Pool

    settings = load_settings(os.environ, is_offline=offline or None, jobs=jobs)
    total = len({(one.name, one.version) for lock in found.lockfiles for one in lock.packages})
    with Pool(jobs=settings.jobs) as pool, progress(total, is_quiet=quiet) as advance:
        return scan_locked(found, pool, settings, limits=DEFAULT_LIMITS, on_done=advance)
