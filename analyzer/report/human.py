"""The terminal report: what a person understands in a minute.

Every text of the crate goes through `printable` and reaches rich as `Text`, never as markup.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from analyzer.model import (
    Capability,
    Decision,
    Evidence,
    Finding,
    Gap,
    Hop,
    Outcome,
    Point,
    Report,
    Severity,
    Verdict,
    Where,
)
from analyzer.report import decisions
from analyzer.report.human_run import Wrapped, ran
from analyzer.report.text import log_lines, printable
from analyzer.report.wording import RANK, asks, by_severity, by_weight, next_steps, where_text

NAME = "human"
_STYLES = {
    Verdict.CLEAR: "bold black on green",
    Verdict.REVIEW: "bold black on yellow",
    Verdict.BLOCK: "bold white on red",
    Verdict.INCOMPLETE: "bold white on magenta",
}
_OUTCOME_STYLES = {
    Outcome.ALLOW: _STYLES[Verdict.CLEAR],
    Outcome.QUARANTINE: _STYLES[Verdict.REVIEW],
    Outcome.DENY: _STYLES[Verdict.BLOCK],
}
_SEVERITY_STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "dim",
}
EVIDENCE_SHOWN = 6
GAPS_SHOWN = 8


def render(
    reports: tuple[Report, ...], *, width: int = 100, color: bool = False, is_full: bool = False
) -> str:
    """The reports as text of at most `width` columns, with color codes if asked for.

    Of several crates a summary comes first, and those that are CLEAR stand only there, unless
    `is_full`.
    """
    shown = [one for one in reports if len(reports) == 1 or is_full or asks(one)]
    head = [_overview(reports)] if len(reports) > 1 else []
    return printed([*head, *map(_report, shown)], width=width, color=color)


def printed(parts: Iterable[RenderableType], *, width: int, color: bool) -> str:
    """Parts of a report as text of at most `width` columns."""
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        force_terminal=color,
        color_system="truecolor" if color else None,
        no_color=not color,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    for one in parts:
        console.print(one)
    lines = (line.rstrip() for line in stream.getvalue().split("\n"))
    return log_lines("\n".join(lines))


def _overview(reports: tuple[Report, ...]) -> RenderableType:
    counts = Counter(one.verdict for one in reports)
    worst_first = sorted(counts, key=RANK.index)
    words = ", ".join(f"{counts[one]} {one}" for one in worst_first)
    table = Table(box=None, pad_edge=False, show_header=False)
    is_decided = any(one.decision is not None for one in reports)
    for _ in range(1 + is_decided):
        table.add_column(no_wrap=True)
    table.add_column(max_width=48, overflow="fold")
    table.add_column()
    for report in reports:
        row = [word(report.verdict), _name(report), Text(printable(report.summary))]
        if is_decided:
            one = report.decision
            row.insert(0, decision_word(one) if one is not None else Text(""))
        table.add_row(*row)
    return Group(Text(f"{len(reports)} crates: {words}", style="bold"), table, Text(""))


def word(verdict: Verdict) -> Text:
    """A verdict in its color."""
    return Text(f" {verdict} ", style=_STYLES[verdict])


def _name(report: Report) -> Text:
    return Text(printable(f"{report.crate.name}@{report.crate.version}", max_characters=120))


def _report(report: Report) -> RenderableType:
    head = Text.assemble(
        word(report.verdict),
        " ",
        (_name(report).plain, "bold"),
        (f"  risk {report.score}/100", ""),
        (f"  {report.crate.origin} sha256 {printable(report.crate.sha256[:16])}", "dim"),
    )
    parts: list[RenderableType] = [head, Text(printable(report.summary), style="bold"), Text("")]
    parts += findings(report.findings)
    parts += score(report.points)
    parts += ran(report)
    parts += _capabilities(report.capabilities)
    parts += gaps(report.gaps)
    parts += decision(report.decision)
    parts += [_coverage(report), Text("Next", style="bold")]
    parts += (
        Wrapped(Text(printable(one, max_characters=2500)), first="- ", rest="  ")
        for one in next_steps(report)
    )
    return Group(*parts, Rule(style="dim"))


def decision(one: Decision | None) -> Iterable[RenderableType]:
    """What a policy makes of the crate, clause by clause; nothing if none was asked."""
    if one is None:
        return
    yield Text.assemble(
        decision_word(one), f" {printable(decisions.by_whom(one.policy, one.digest))}"
    )
    for label, text in decisions.rows_of(one):
        line = Text(printable(text, max_characters=1000))
        yield Wrapped(line, first=f"  {label:<7} ", rest=" " * 10)
    yield Text("")


def decision_word(one: Decision) -> Text:
    """A decision in its color."""
    return Text(f" {decisions.word_of(one)} ", style=_OUTCOME_STYLES[one.outcome])


def score(points: tuple[Point, ...]) -> Iterable[RenderableType]:
    """Every part of the score with its rule."""
    if points:
        parts = "; ".join(f"{one.points} {one.rule} ({one.reason})" for one in points)
        yield Text(f"Risk: {printable(parts, max_characters=1000)}", style="dim")
        yield Text("")


def findings(found: tuple[Finding, ...]) -> Iterable[RenderableType]:
    """Findings by severity, with places, conditions and the way of a value."""
    for one in by_severity(found):
        yield Text.assemble(
            (f"{one.severity} ", _SEVERITY_STYLES[one.severity]),
            (printable(one.title), "bold"),
        )
        about = [f"rule {printable(one.rule)}", f"confidence {one.confidence}"]
        about += [f"runs in {', '.join(one.phases)}"] if one.phases else []
        about += [printable(" ".join((*one.techniques, *one.attack)))]
        yield Padding(Text("  ".join(about), style="dim"), (0, 0, 0, 2))
        for item in one.evidence[:EVIDENCE_SHOWN]:
            yield Padding(_evidence(item), (0, 0, 0, 2))
        if len(one.evidence) > EVIDENCE_SHOWN:
            more = len(one.evidence) - EVIDENCE_SHOWN
            yield Padding(
                Text(f"and {more} more places (see --format json)", style="dim"), (0, 0, 0, 2)
            )
        if len(one.path) > 1:
            yield Padding(_path(one.path), (0, 0, 0, 2))
        yield Text("")


def _path(path: tuple[Hop, ...]) -> RenderableType:
    """The way of a value, hop by hop, from what reads it to what hands it out."""
    rows: list[RenderableType] = [Text("the value goes", style="italic")]
    for number, one in enumerate(path):
        mark = "└> " if number == len(path) - 1 else "├> " if number else "┌  "
        head = Text.assemble((place(one.where), "cyan"), "  ", printable(one.snippet))
        rest = "   " if number == len(path) - 1 else "│  "
        rows.append(Wrapped(head, first=mark, rest=rest))
    return Group(*rows)


def _evidence(one: Evidence) -> RenderableType:
    role = f" ({one.role})" if one.role else ""
    head = Text.assemble(
        (place(one.where), "cyan"),
        f"  {one.kind} ",
        (printable(one.subject, max_characters=300), "bold"),
        (printable(role), "dim"),
    )
    rows: list[RenderableType] = [Wrapped(head, rest="    ")]
    if one.snippet:
        source = Text(printable(one.snippet, max_characters=200))
        rows.append(Padding(Wrapped(source, first="| ", rest="| "), (0, 0, 0, 4)))
    if one.derivation:
        rows.append(_note(f"put together by: {', '.join(one.derivation)}"))
    if one.guards:
        asks = ", ".join(f"{item.kind} {item.subject}" for item in one.guards[:4])
        rows.append(_note(f"only if: {asks}"))
    return Group(*rows)


def _note(text: str) -> RenderableType:
    return Padding(Text(printable(text), style="italic"), (0, 0, 0, 4))


def place(where: Where) -> str:
    """A place as `file:line`, ready for a terminal."""
    return printable(where_text(where), max_characters=160)


def _capabilities(capabilities: tuple[Capability, ...]) -> Iterable[RenderableType]:
    if not capabilities:
        return
    table = Table(box=None, pad_edge=False, title_justify="left", header_style="dim")
    for title in ("can", "when", "places", "for example"):
        table.add_column(title, no_wrap=title == "places")
    for one in capabilities:
        table.add_row(
            Text(printable(one.name)),
            Text(", ".join(one.phases)),
            Text(str(one.count)),
            Text(printable(", ".join(one.subjects[:3]), max_characters=120)),
        )
    yield table
    yield Text("")


def gaps(missed: tuple[Gap, ...]) -> Iterable[RenderableType]:
    """What was not looked at, the worst first."""
    if not missed:
        return
    yield Text("Not looked at", style="bold")
    for one in by_weight(missed)[:GAPS_SHOWN]:
        line = f":{one.line}" if one.line else ""
        at = f"  {one.path}{line}" if one.path else ""
        mark = "! " if one.is_blocking else "- "
        text = printable(f"{mark}{one.reason}{at}")
        yield Wrapped(Text(text, style="magenta" if one.is_blocking else ""), rest="    ")
        if one.remedy:
            yield Padding(Text(printable(one.remedy), style="dim"), (0, 0, 0, 4))
    if len(missed) > GAPS_SHOWN:
        yield Text(f"and {len(missed) - GAPS_SHOWN} more (see --format json)", style="dim")
    yield Text("")


def _coverage(report: Report) -> Text:
    coverage = report.coverage
    phases = ", ".join(f"{count} {phase}" for phase, count in coverage.phases)
    skipped = (
        f", {coverage.prefiltered_files} without anything to look for"
        if coverage.prefiltered_files
        else ""
    )
    return Text(
        f"Read {coverage.files} files ({coverage.size_bytes:,} bytes), "
        f"{coverage.rust_files} of Rust ({phases or 'none'}){skipped}.",
        style="dim",
    )
