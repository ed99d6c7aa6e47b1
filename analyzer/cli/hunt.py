"""`cratescope hunt PATH...`: are known-bad crates here, or were they: files, history, caches."""

from __future__ import annotations

import os
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.options import Jobs, Output, Quiet, formats_option
from analyzer.cli.output import plan, publish, warn
from analyzer.cli.progress import Advance, progress
from analyzer.config import load_settings
from analyzer.errors import UsageError
from analyzer.project.formats import formats

if TYPE_CHECKING:
    from analyzer.project.hunt.result import Wanted

_FOUND, _UNREAD = 20, 30


def hunt(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Folders, cargo homes, archives.")
    ],
    format_: Annotated[list[str] | None, formats_option(formats("hunt"))] = None,
    output: Output = None,
    *,
    campaign: Annotated[
        str, typer.Option("--campaign", metavar="NAME|FILE", help="Only this campaign's names.")
    ] = "",
    crates_file: Annotated[
        list[Path] | None,
        typer.Option("--crates-file", metavar="FILE", help="Names of your own, one a line, too."),
    ] = None,
    since: Annotated[
        str, typer.Option("--since", metavar="DATE", help="Leave out what was over before.")
    ] = "",
    home: Annotated[
        Path | None,
        typer.Option("--home", metavar="DIR", help="Where secrets would lie; yours if left out."),
    ] = None,
    no_history: Annotated[
        bool, typer.Option("--no-history", help="Leave git histories out.")
    ] = False,
    no_archives: Annotated[
        bool, typer.Option("--no-archives", help="Do not look into archives.")
    ] = False,
    jobs: Jobs = None,
    quiet: Quiet = False,
) -> None:
    """Look for known-bad crates, and what they could have taken. Exit 20 if there are any."""
    pairs = plan(format_ or [], output or [], formats("hunt"))
    settings = load_settings(os.environ, jobs=jobs)
    from analyzer.project.hunt.result import Wanted
    from analyzer.project.incident.load import chosen, load_knowledge
    from analyzer.signatures import load_signatures

    own = [*(crates_file or ()), *((Path(campaign),) if campaign.endswith(".toml") else ())]
    knowledge = load_knowledge(settings.data_dir, own=own)
    wanted = Wanted(
        knowledge=knowledge,
        signatures=load_signatures(),
        now=datetime.now(UTC),
        campaign=chosen(knowledge, campaign) if campaign else "",
        since=_day(since),
        home=home or Path.home(),
        environ=os.environ,
        has_history=not no_history,
        has_archives=not no_archives,
        jobs=settings.jobs,
    )
    raise typer.Exit(_search(paths, wanted, pairs, is_quiet=quiet))


def _search(
    paths: list[Path], wanted: Wanted, pairs: list[tuple[str, str]], *, is_quiet: bool
) -> int:
    """Hunt, tell, and the exit code."""
    from analyzer.project.hunt.result import hunt as search
    from analyzer.project.response.plan import plan as respond

    with ExitStack() as stack:

        def on_plan(total: int) -> Advance:
            return stack.enter_context(progress(total, is_quiet=is_quiet))

        result = search(paths, wanted, on_plan)
    if not is_quiet:
        warn(result.stale)
    publish("hunt", result, pairs, steps=respond(result, wanted.knowledge))
    unread = any(one.is_blocking for one in result.gaps)
    return _FOUND if result.findings else _UNREAD if unread else 0


def _day(text: str) -> str:
    """A day as `YYYY-MM-DD`. Raises UsageError."""
    if not text:
        return ""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise UsageError(f"--since {text!r}: no day", remedy="write YYYY-MM-DD") from None
