"""A progress bar on standard error, and only where a person watches it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

from analyzer.cli.output import is_terminal

Advance = Callable[[str], None]


@contextlib.contextmanager
def progress(total: int, *, is_quiet: bool) -> Iterator[Advance]:
    """A function to call with a label as each piece ends; it shows nothing off a terminal."""
    if is_quiet or not is_terminal(sys.stderr):
        yield lambda _label: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    from analyzer.report.text import printable

    columns = (
        SpinnerColumn(),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("fetching and reading", total=total)

        def advance(label: str) -> None:
            bar.update(task, advance=1, description=printable(label, max_characters=60))

        yield advance
