"""An audit as one HTML page: the counts first, then what needs a person, then what was not read.

Every text of a lock file or a crate is escaped on its way into the markup.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer import __version__
from analyzer.model import Verdict
from analyzer.project import decided_html
from analyzer.project.audit import ORDER, AuditResult, Place, Reason, Row
from analyzer.project.audit_text import counted, evidence_lines, next_step, reach_lines, summary
from analyzer.project.hygiene.model import HygieneResult, HygieneRow
from analyzer.project.hygiene.show import groups
from analyzer.report.html import sections
from analyzer.report.html.code import known_lines
from analyzer.report.html.findings import Scope, chip, finding_list
from analyzer.report.html.markup import (
    NOTHING,
    Child,
    Markup,
    cell,
    code,
    element,
    facts,
    fold,
    joined,
    left_out,
    row_head,
    section,
    table,
    text,
)
from analyzer.report.html.page import Part, document

ROWS_SHOWN = 300
PLACES_SHOWN = 20
ARCHIVES_SHOWN = 2000
LOCKS_SHOWN = 100
CHAIN_SHOWN = 16
_HABITS_SHOWN = 20


def render(result: AuditResult) -> str:
    """The page."""
    found = list(_sections(result))
    title = f"{result.verdict} audit of {counted(result.packages, 'locked package')}"
    parts = [part for part, _ in found]
    return document(title, "Audit", parts, _strip(result), *(one for _, one in found))


def _strip(result: AuditResult) -> Markup:
    packages = counted(result.packages, "locked package")
    name = f"{packages} in {counted(len(result.lockfiles), 'lock file')}"
    told, method = summary(result)
    how = element("p", method, class_="note")
    stamp = decided_html.stamp(result.decided)
    return sections.strip(result.verdict, 1, name, told, stamp, _glance(result), how)


def _glance(result: AuditResult) -> Markup:
    counts = {one: sum(row.verdict is one for row in result.rows) for one in ORDER}
    tiles = [
        sections.tile(count, one, kind=one.lower())
        for one, count in counts.items()
        if count and one is not Verdict.CLEAR
    ]
    rest = "with nothing to report" if result.is_scanned else "not on record"
    quiet = result.packages - result.unchanged - len(result.rows)
    tiles.append(sections.tile(quiet, rest, kind="clear"))
    return element("ul", *tiles, sections.gap_tile(result.gaps), class_="glance")


def _sections(result: AuditResult) -> Iterator[tuple[Part, Markup]]:
    def part(anchor: str, title: str, note: int, *content: Child) -> tuple[Part, Markup]:
        return Part(anchor, title, f"{note:,}"), section(2, anchor, title, *content)

    if result.decided is not None:
        yield decided_html.decided_part(result.decided)
    if result.rows:
        shown = [_row(one, Scope(f"p{n}-", 3)) for n, one in enumerate(result.rows[:ROWS_SHOWN], 1)]
        more = left_out(ROWS_SHOWN, len(result.rows), "packages")
        yield part("person", "What needs a person", len(result.rows), *shown, more)
    nothing = element("p", "Nothing was left out.", class_="note")
    shown_gaps = sections.gap_list(result.gaps) if result.gaps else nothing
    yield part("gaps", "Not looked at", len(result.gaps), shown_gaps)
    if result.hygiene is not None:
        yield part("hygiene", "Hygiene", len(result.hygiene.rows), *_hygiene(result.hygiene))
    yield part("locks", "Lock files", len(result.lockfiles), _locks(result))
    if result.reports:
        yield part("archives", "Archives read", len(result.reports), _archives(result))
    made = facts((("cratescope", __version__), ("Known-bad list", code(result.known_bad))))
    yield Part("provenance", "Provenance"), section(2, "provenance", "Provenance", made)


# What needs a person -----------------------------------------------------------------------------


def _row(row: Row, scope: Scope) -> Markup:
    name = text(f"{row.package.name} {row.package.version}", max_characters=160)
    heading = element("h3", chip(row.verdict, row.verdict.lower()), " ", name)
    steps = dict.fromkeys(next_step(row, one) for one in row.reasons)
    parts = [
        element("ul", *map(_reason, row.reasons), class_="reasons"),
        sections.risk(row.report.score, row.report.verdict) if row.report is not None else NOTHING,
        sections.advice(steps),
        *(_place(one) for one in row.places[:PLACES_SHOWN]),
        left_out(PLACES_SHOWN, len(row.places), "places"),
        *_contents(row, scope),
    ]
    body = fold(heading, *parts, is_open=True, class_="finding")
    return element("article", body, id=scope.anchor("top"), class_="card")


def _reason(one: Reason) -> Markup:
    about = (
        ("Rule", NOTHING if one.rule == "scan" else code(one.rule)),
        ("On record", text(", ".join(one.advisories))),
        ("Part of", text(one.campaign)),
        *(("At", code(line, max_characters=300)) for line in evidence_lines(one)),
    )
    return element("li", element("p", text(one.text, max_characters=1200)), facts(about))


def _place(place: Place) -> Markup:
    at = f"{place.lockfile}:{place.line}" if place.line else place.lockfile
    label = element("p", "Locked in ", code(at, max_characters=160), class_="note")
    lines = reach_lines(place.reach) if place.reach is not None else ()
    about = tuple((head.capitalize(), text(line, max_characters=1200)) for head, line in lines)
    return joined((label, _chain(place.chain), facts(about)))


def _chain(chain: tuple[str, ...]) -> Markup:
    """The way that a package came in by, from the project to it."""
    if len(chain) < 2:
        return NOTHING
    half = CHAIN_SHOWN // 2
    hidden = len(chain) - CHAIN_SHOWN
    kept = chain if hidden <= 0 else (*chain[:half], f"({hidden} more)", *chain[-half:])
    items = (element("li", code(one, max_characters=120)) for one in kept)
    return element("ol", *items, class_="chain", aria_label="dependency path")


def _contents(row: Row, scope: Scope) -> Iterator[Markup]:
    """What the archive says, folded: its findings, what it can do, what could not be read."""
    report = row.report
    if report is None:
        return
    if report.findings:
        lines = known_lines(report.facts, report.findings)
        shown = finding_list(report.findings, lines, Scope(scope.prefix, 4))
        yield fold(f"{counted(len(report.findings), 'finding')} in its contents", shown)
    if report.capabilities:
        can = sections.capabilities_table(report.capabilities, scope)
        yield fold(f"What it can do ({len(report.capabilities)})", can)
    if report.gaps:
        unread = sections.gap_list(report.gaps)
        yield fold(f"Not looked at in it ({len(report.gaps)})", unread)


# Beside them -------------------------------------------------------------------------------------


def _hygiene(result: HygieneResult) -> Iterator[Markup]:
    for check, rows in groups(result):
        heading = element("h3", chip(rows[0].severity, rows[0].severity), " ", text(check.title))
        places = [_habit(one) for one in rows[:_HABITS_SHOWN]]
        body = (
            element("ul", *places, class_="habits"),
            left_out(_HABITS_SHOWN, len(rows), "places"),
            element("p", text(check.why, max_characters=800)),
            sections.advice((check.remedy,)),
        )
        is_open = len(rows) <= _HABITS_SHOWN
        shown = fold(heading, *body, is_open=is_open, class_="finding")
        yield element("article", shown, class_="card")
    files = f"{counted(len(result.files), 'file')} read."
    yield element("p", files, class_="note")
    if result.gaps:
        yield sections.gap_list(result.gaps)


def _habit(one: HygieneRow) -> Markup:
    at = f"{one.file}:{one.line}" if one.line else one.file
    return element("li", code(at, max_characters=160), " ", text(one.text, max_characters=800))


def _locks(result: AuditResult) -> Markup:
    rows = [
        (
            row_head(code(one.path, max_characters=160)),
            cell(str(one.format_version), class_="number"),
            cell(f"{len(one.packages):,}", class_="number"),
        )
        for one in result.lockfiles[:LOCKS_SHOWN]
    ]
    heads = ("Lock file", "Format", "Packages")
    shown = table("locks-list", "Lock files that were read", heads, rows, is_wide=False)
    return joined((shown, left_out(LOCKS_SHOWN, len(result.lockfiles), "lock files")))


def _archives(result: AuditResult) -> Markup:
    ranked = sorted(result.reports, key=lambda one: (ORDER.index(one.verdict), -one.score))
    rows = [
        (
            cell(chip(one.verdict, one.verdict.lower())),
            row_head(code(f"{one.crate.name} {one.crate.version}", max_characters=160)),
            cell(str(one.score), class_="number"),
            cell(text(one.summary)),
        )
        for one in ranked[:ARCHIVES_SHOWN]
    ]
    shown = table(
        "archives-list", "Archives by verdict", ("Verdict", "Package", "Risk", "Why"), rows
    )
    said = counted(len(ranked), "archive")
    more = left_out(ARCHIVES_SHOWN, len(ranked), "archives")
    return fold(said, shown, more, class_="fold bulk")
