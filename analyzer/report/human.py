"""The terminal report: what a person understands in a minute.

Every text of the crate goes through `printable` and reaches rich as `Text`, never as markup.
"""

from __future__ import annotations

import io
from collections.abc import Iterable

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from analyzer.model import (
    Capability,
    Evidence,
    Finding,
    Gap,
    Member,
    Moment,
    Report,
    Severity,
    Span,
    Verdict,
    Where,
)
from analyzer.report.text import printable

NAME = "human"
_STYLES = {
    Verdict.CLEAR: "bold black on green",
    Verdict.REVIEW: "bold black on yellow",
    Verdict.BLOCK: "bold white on red",
    Verdict.INCOMPLETE: "bold white on magenta",
}
_SEVERITY_STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "dim",
}
_ORDER = list(reversed(Severity))
_NEXT = {
    Verdict.BLOCK: (
        "Do not build this crate. Pin the last version you trust, and if it was built anywhere, "
        "rotate the secrets its findings name."
    ),
    Verdict.REVIEW: "A person should read the lines above before this crate enters a build.",
    Verdict.INCOMPLETE: "Treat it as unread: see the gaps for what would help.",
    Verdict.CLEAR: "Nothing to do.",
}
EVIDENCE_SHOWN = 6
GAPS_SHOWN = 8


def render(reports: tuple[Report, ...], *, width: int = 100, color: bool = False) -> str:
    """The reports as text of at most `width` columns, with colour codes if asked for."""
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
    if len(reports) > 1:
        console.print(_overview(reports))
    for report in reports:
        console.print(_report(report))
    return "\n".join(line.rstrip() for line in stream.getvalue().split("\n"))


def _overview(reports: tuple[Report, ...]) -> RenderableType:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    for report in reports:
        table.add_row(_word(report.verdict), _name(report), Text(printable(report.summary)))
    return Group(table, Text(""))


def _word(verdict: Verdict) -> Text:
    return Text(f" {verdict} ", style=_STYLES[verdict])


def _name(report: Report) -> Text:
    return Text(printable(f"{report.crate.name}@{report.crate.version}", max_characters=120))


def _report(report: Report) -> RenderableType:
    head = Text.assemble(
        _word(report.verdict),
        " ",
        (_name(report).plain, "bold"),
        (f"  risk {report.score}/100", ""),
        (f"  {report.crate.origin} sha256 {report.crate.sha256[:16]}", "dim"),
    )
    parts: list[RenderableType] = [head, Text(printable(report.summary), style="bold"), Text("")]
    parts += _findings(report.findings)
    parts += _capabilities(report.capabilities)
    parts += _gaps(report.gaps)
    parts += [_coverage(report), Text(f"Next: {_NEXT[report.verdict]}"), Rule(style="dim")]
    return Group(*parts)


def _findings(findings: tuple[Finding, ...]) -> Iterable[RenderableType]:
    for one in sorted(findings, key=lambda item: (_ORDER.index(item.severity), item.rule)):
        yield Text.assemble(
            (f"{one.severity} ", _SEVERITY_STYLES[one.severity]),
            (printable(one.title), "bold"),
        )
        about = [f"rule {one.rule}", f"confidence {one.confidence}"]
        about += [f"runs in {', '.join(one.phases)}"] if one.phases else []
        about += [" ".join((*one.techniques, *one.attack))]
        yield Padding(Text("  ".join(about), style="dim"), (0, 0, 0, 2))
        for item in one.evidence[:EVIDENCE_SHOWN]:
            yield Padding(_evidence(item), (0, 0, 0, 2))
        if len(one.evidence) > EVIDENCE_SHOWN:
            more = len(one.evidence) - EVIDENCE_SHOWN
            yield Padding(
                Text(f"and {more} more places (see --format json)", style="dim"), (0, 0, 0, 2)
            )
        yield Padding(Text(f"why: cratescope explain {one.rule}", style="dim"), (0, 0, 0, 2))
        yield Text("")


def _evidence(one: Evidence) -> RenderableType:
    head = Text.assemble(
        (place(one.where), "cyan"), "  ", (f"{one.kind} ", ""), (printable(one.subject), "bold")
    )
    rows: list[RenderableType] = [head]
    if one.snippet:
        rows.append(Padding(Text(f"| {printable(one.snippet, max_characters=200)}"), (0, 0, 0, 4)))
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
    if isinstance(where, Span):
        return printable(f"{where.file}:{where.line}", max_characters=160)
    if isinstance(where, Member):
        return printable(where.member or "archive", max_characters=160)
    if isinstance(where, Moment):
        return printable(f"{where.stage} pid {where.pid} at {where.at_ms} ms")
    line = f":{where.line}" if where.line else ""
    return printable(f"{where.document}{line} {where.key}", max_characters=160)


def _capabilities(capabilities: tuple[Capability, ...]) -> Iterable[RenderableType]:
    if not capabilities:
        return
    table = Table(box=None, pad_edge=False, title_justify="left", header_style="dim")
    for title in ("can", "when", "places", "for example"):
        table.add_column(title, no_wrap=title == "places")
    for one in capabilities:
        table.add_row(
            Text(one.name),
            Text(", ".join(one.phases)),
            Text(str(one.count)),
            Text(printable(", ".join(one.subjects[:3]), max_characters=120)),
        )
    yield table
    yield Text("")


def _gaps(gaps: tuple[Gap, ...]) -> Iterable[RenderableType]:
    if not gaps:
        return
    yield Text("Not looked at", style="bold")
    for one in sorted(gaps, key=lambda item: not item.is_blocking)[:GAPS_SHOWN]:
        line = f":{one.line}" if one.line else ""
        at = f"  {one.path}{line}" if one.path else ""
        mark = "! " if one.is_blocking else "- "
        yield Text(printable(f"{mark}{one.reason}{at}"), style="magenta" if one.is_blocking else "")
        if one.remedy:
            yield Padding(Text(printable(one.remedy), style="dim"), (0, 0, 0, 4))
    if len(gaps) > GAPS_SHOWN:
        yield Text(f"and {len(gaps) - GAPS_SHOWN} more (see --format json)", style="dim")
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
