"""The report as one HTML page for a browser: nothing is loaded, nothing runs.

Every text of the crate is escaped on its way into `markup`; styles stand in `style.css`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from analyzer.model import Report, Verdict
from analyzer.report.decisions import word_of
from analyzer.report.html import sections
from analyzer.report.html.code import known_lines
from analyzer.report.html.decision import said, stamp, word
from analyzer.report.html.findings import Scope, anchors, chip, finding_list
from analyzer.report.html.markup import (
    NOTHING,
    Child,
    Markup,
    cell,
    element,
    row_head,
    section,
    table,
    text,
)
from analyzer.report.html.page import Part, document
from analyzer.report.html.run import ran
from analyzer.report.wording import RANK, asks, next_steps

NAME = "html"
_NAME_CHARACTERS = 120


def render(reports: tuple[Report, ...], *, is_full: bool = False) -> str:
    """One page. Of several crates a table comes first, and those that are CLEAR stand only there,
    unless `is_full`.
    """
    if len(reports) == 1:
        (report,) = reports
        scope = Scope("", 2)
        found = list(report_sections(report, scope))
        parts = [part for part, _ in found]
        title = f"{report.verdict} {_name(report)}"
        body = [_strip(report, 1), *(one for _, one in found)]
        return document(title, "Report on one crate", parts, *body)
    return _several(reports, is_full=is_full)


def _several(reports: tuple[Report, ...], *, is_full: bool) -> str:
    told = {number for number, report in enumerate(reports, 1) if is_full or asks(report)}
    counts = Counter(one.verdict for one in reports)
    words = ", ".join(f"{counts[one]} {one}" for one in RANK if counts[one])
    worst = next((one for one in RANK if counts[one]), Verdict.CLEAR)
    ranked = sorted(enumerate(reports, 1), key=lambda one: RANK.index(one[1].verdict))
    rows = [
        (
            cell(chip(report.verdict, report.verdict.lower()), " ", _outcome(report)),
            row_head(_linked(report, number, is_there=number in told)),
            cell(str(report.score), class_="number"),
            cell(text(report.summary)),
        )
        for number, report in ranked
    ]
    heads = ("Verdict", "Crate", "Risk", "Why")
    overview = table("crates", "The worst first", heads, rows)
    parts = [Part("overview", "All crates", str(len(reports)))]
    body: list[Child] = [
        sections.strip(worst, 1, f"{len(reports)} crates", words),
        section(2, "overview", "All crates", overview),
    ]
    for number, report in ranked:
        if number not in told:
            continue
        scope = Scope(f"c{number}-", 3)
        parts.append(Part(scope.anchor("top"), _name(report), report.verdict))
        inner = [one for _, one in report_sections(report, scope)]
        body.append(
            element("section", _strip(report, 2), *inner, id=scope.anchor("top"), class_="crate")
        )
    return document(f"{worst} {len(reports)} crates", "Report on several crates", parts, *body)


def _outcome(report: Report) -> Markup:
    one = report.decision
    return NOTHING if one is None else word(one.outcome, is_observed=one.is_observed)


def _name(report: Report) -> str:
    return f"{report.crate.name}@{report.crate.version}"[:_NAME_CHARACTERS]


def _linked(report: Report, number: int, *, is_there: bool) -> Markup:
    name = element("code", text(_name(report)))
    return element("a", name, href=f"#c{number}-top") if is_there else name


def _strip(report: Report, level: int) -> Markup:
    return sections.strip(
        report.verdict,
        level,
        text(_name(report)),
        report.summary,
        stamp(report.decision),
        sections.risk(report.score, report.verdict),
        sections.glance(report),
        sections.advice(next_steps(report)),
    )


def report_sections(report: Report, scope: Scope) -> Iterator[tuple[Part, Markup]]:
    """The parts of one report."""
    inner = Scope(scope.prefix, scope.level + 1)
    rules = anchors(report.findings, inner)
    lines = known_lines(report.facts, report.findings)

    def part(name: str, title: str, note: str, *content: Child) -> tuple[Part, Markup]:
        anchor = scope.anchor(name)
        return Part(anchor, title, note), section(scope.level, anchor, title, *content)

    if report.decision is not None:
        one = report.decision
        yield part("decision", "Decision", word_of(one), said(one, scope.anchor("clauses")))
    if report.findings:
        shown = finding_list(report.findings, lines, inner)
        yield part("findings", "Findings", str(len(report.findings)), shown)
    if report.observation is not None:
        shown_ran = ran(report, report.observation, scope)
        yield part("run", "What the build did", "sandbox", *shown_ran)
    if report.points:
        shown = sections.points_table(report.points, rules, scope)
        yield part("score", "Score", str(report.score), shown)
    if report.capabilities:
        shown = sections.capabilities_table(report.capabilities, scope)
        yield part("can", "Capabilities", str(len(report.capabilities)), shown)
    attack = sections.attack_table(report.findings, rules, scope)
    if attack.html:
        yield part("techniques", "ATT&CK", "", attack)
    if report.indicators:
        shown = sections.indicators_table(report.indicators, scope)
        yield part("search", "Indicators", str(len(report.indicators)), shown)
    nothing = element("p", "Nothing was left out.", class_="note")
    shown = sections.gap_list(report.gaps) if report.gaps else nothing
    yield part("gaps", "Not looked at", str(len(report.gaps)), shown)
    looked = sections.coverage_list(report.coverage)
    yield part("coverage", "Looked at", "", looked)
    if report.facts:
        yield part(
            "all-facts", "Facts", str(len(report.facts)), sections.fact_table(report.facts, scope)
        )
    yield part("provenance", "Provenance", "", sections.provenance_list(report))
