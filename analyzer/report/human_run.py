"""The terminal report's section on what a build did in the sandbox."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Console, ConsoleOptions, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from analyzer.model import Observation, Report
from analyzer.report import observation as run
from analyzer.report.text import printable

PAYLOADS_SHOWN, EVENTS_SHOWN, PROCESSES_SHOWN, LOOKUPS_SHOWN = 8, 12, 16, 8
_TEXT_LINES = 3
Row = Text | Table | Padding


class Wrapped:
    """Text whose every line begins with a mark of ours: its wrapped part cannot pose as report."""

    def __init__(self, text: Text, *, first: str = "", rest: str) -> None:
        self._text, self._first, self._rest = text, first, rest

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = max(1, options.max_width - len(self._rest))
        for number, line in enumerate(self._text.wrap(console, width)):
            yield Text(self._rest if number else self._first) + line


def ran(report: Report) -> Iterator[Row]:
    """Stages, what was sent, who did it; nothing where no build was watched."""
    one = report.observation
    if one is None:
        return
    yield Text("What the build did", style="bold")
    yield _stages(one)
    if one.altered:
        yield _line(f"Changed by us: {', '.join(one.altered)}", "dim")
    seen = run.events(report)
    if not seen:
        yield _line(run.QUIET)
    yield from _events(seen)
    yield from _payloads(one)
    yield from _processes(one)
    if one.lookups:
        names = ", ".join(one.lookups[:LOOKUPS_SHOWN])
        more = len(one.lookups) - LOOKUPS_SHOWN
        yield _line(f"Names looked up: {names}" + (f" and {more} more" if more > 0 else ""))
    yield Text("")


def _line(text: str, style: str = "", depth: int = 1, mark: str = "") -> Padding:
    """A line whose further lines, once wrapped, begin with the same mark."""
    shown = Text(printable(text, max_characters=400), style=style)
    return Padding(Wrapped(shown, first=mark, rest=mark or "  "), (0, 0, 0, 2 * depth))


def _stages(one: Observation) -> Padding:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("stage", "how", "end", "took"):
        table.add_column(title)
    for stage in one.stages:
        words = (stage.name, stage.mode, run.outcome_text(stage), run.took_text(stage))
        table.add_row(*(Text(printable(word, max_characters=120)) for word in words))
    return Padding(table, (0, 0, 0, 2))


def _events(seen: tuple[run.Event, ...]) -> Iterator[Row]:
    """The first of each kind of deed in each stage: the rest stands in the JSON."""
    shown: dict[tuple[str, str], run.Event] = {}
    for one in seen:
        shown.setdefault((one.where.stage, one.fact.kind), one)
    for one in list(shown.values())[:EVENTS_SHOWN]:
        when = run.moment_text(one.where)
        head = Text.assemble(
            (printable(when, max_characters=80), "cyan"),
            f"  {one.fact.kind} ",
            (printable(one.fact.subject, max_characters=200), "bold"),
        )
        yield Padding(Wrapped(head, rest="    "), (0, 0, 0, 2))
        if one.fact.snippet:
            yield _line(f"by {one.fact.snippet}", "dim", 3)
    yield from _more(len(seen) - min(len(shown), EVENTS_SHOWN), "things that were seen")


def _payloads(one: Observation) -> Iterator[Row]:
    loaded = sorted(one.payloads, key=lambda each: not each.decoys)
    for each in loaded[:PAYLOADS_SHOWN]:
        when = ", ".join(word for word in (each.stage, run.time_text(each.at_ms)) if word)
        head = Text.assemble(
            (printable(when, max_characters=80), "cyan"),
            "  sent to ",
            printable(run.payload_text(each), max_characters=300),
        )
        yield Padding(Wrapped(head, rest="    "), (0, 0, 0, 2))
        if each.decoys:
            yield _line(f"planted secrets in it: {', '.join(each.decoys)}", "bold red", 3)
        for text in [row for row in each.text.split("\n") if row.strip()][:_TEXT_LINES]:
            yield _line(text, "", 3, "| ")
    yield from _more(len(one.payloads) - PAYLOADS_SHOWN, "payloads")


def _processes(one: Observation) -> Iterator[Row]:
    rows = list(run.tree(one))
    if rows:
        yield _line("Processes that did it")
    for depth, process in rows[:PROCESSES_SHOWN]:
        argv = " ".join(process.argv)
        text = f"{process.stage} {run.time_text(process.at_ms)} {process.owner}: {argv}"
        yield _line(text if depth == 0 else f"└ {argv}", "", 2 + depth)
    yield from _more(len(rows) - PROCESSES_SHOWN, "processes")


def _more(count: int, what: str) -> Iterable[Row]:
    if count > 0:
        yield _line(f"and {count} more {what} (see --format json)", "dim")
