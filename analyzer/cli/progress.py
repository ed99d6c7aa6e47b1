"""A progress bar on standard error, and only where a person watches it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Protocol

from analyzer.cli.output import is_terminal


class Advance(Protocol):
    """Says what goes on, and that so many pieces more are done."""

    def __call__(self, label: str, *, by: int = 1) -> None: ...  # noqa: D102


@contextlib.contextmanager
def progress(total: int, *, is_quiet: bool) -> Iterator[Advance]:
    """A function to call with a label as each piece ends; it shows nothing off a terminal."""
    if is_quiet or not is_terminal(sys.stderr):
        yield _silent
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        SpinnerColumn,
        Task,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    from analyzer.report.text import printable

    class _Rate(ProgressColumn):
        """Crates a second, as it went so far."""

        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text(f"{speed:.1f}/s" if speed else "", style="progress.data.speed")

    columns = (
        SpinnerColumn(),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        *((_Rate(), TimeRemainingColumn()) if total > 1 else ()),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("fetching and reading", total=total)

        def advance(label: str, *, by: int = 1) -> None:
            bar.update(task, advance=by, description=printable(label, max_characters=60))

        yield advance


def _silent(label: str, *, by: int = 1) -> None:
    """Nobody watches."""
