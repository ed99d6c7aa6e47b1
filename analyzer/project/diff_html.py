"""A step between versions, or between lock files, as one HTML page: what is new comes first.

Every text of a crate is escaped on its way into the markup.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from analyzer.model import BUILD_TIME, Capability, Finding, Verdict
from analyzer.project import decided_html
from analyzer.project.changes import CrateDiff, DependencyChange, FieldChange, FileChange, Value
from analyzer.project.diff_text import known_of, next_steps
from analyzer.project.lock_changes import LockDiff, PackageChange
from analyzer.report.html import report_sections, sections
from analyzer.report.html.code import known_lines
from analyzer.report.html.decision import said, stamp
from analyzer.report.html.findings import Scope, anchors, chip, finding_list
from analyzer.report.html.markup import (
    NOTHING,
    Child,
    Markup,
    cell,
    code,
    element,
    fold,
    joined,
    left_out,
    row_head,
    section,
    table,
    text,
)
from analyzer.report.html.page import Part, document
from analyzer.report.wording import RANK, where_text

ROWS_SHOWN = 300
_SHORT = 160
_FILES_OPEN = 30
_SIGNS = {"added": "new", "gained": "new", "removed": "gone", "lost": "gone"}

Parts = Iterator[tuple[Part, Markup]]


def render(found: CrateDiff | LockDiff) -> str:
    """The page."""
    if isinstance(found, LockDiff):
        return _locks(found)
    shown = list(_sections(found, Scope("", 2)))
    name = f"{found.new.name} {found.old.version} → {found.new.version}"
    body = [_strip(found, 1), *(one for _, one in shown)]
    return document(
        f"{found.verdict} {name}", "Change between two versions", [part for part, _ in shown], *body
    )


# One crate ---------------------------------------------------------------------------------------


def _strip(found: CrateDiff, level: int) -> Markup:
    name = f"{found.new.name} {found.old.version} → {found.new.version}"
    alone = f"A {found.step} step. The new version by itself: {found.alone}."
    tiles = (
        sections.tile(len(found.added), "new finding", "new findings"),
        sections.tile(len(found.gained), "new capability", "new capabilities"),
        sections.tile(len(found.files), "file differs", "files differ"),
        sections.gap_tile(found.gaps),
    )
    return sections.strip(
        found.verdict,
        level,
        text(name, max_characters=_SHORT),
        found.summary,
        stamp(found.decision),
        sections.risk(found.score, found.verdict, "the change"),
        element("ul", *tiles, class_="glance"),
        element("p", alone, class_="note"),
        sections.advice(next_steps(found)),
    )


def _sections(found: CrateDiff, scope: Scope) -> Parts:
    yield from _judged(found, scope)
    yield from _changed(found, scope)
    nothing = element("p", "Nothing was left out.", class_="note")
    shown = sections.gap_list(found.gaps) if found.gaps else nothing
    yield _part(scope, "gaps", "Not looked at", len(found.gaps), shown)


def _part(scope: Scope, name: str, title: str, note: int, shown: Markup) -> tuple[Part, Markup]:
    anchor = scope.anchor(name)
    return Part(anchor, title, f"{note:,}"), section(scope.level, anchor, title, shown)


def _judged(found: CrateDiff, scope: Scope) -> Parts:
    """What the policy and the rules say of the change."""
    inner = Scope(scope.prefix, scope.level + 1)
    if found.decision is not None:
        shown = said(found.decision, scope.anchor("clauses"))
        yield _part(scope, "decision", "Decision", len(found.decision.clauses), shown)
    if found.added:
        shown = finding_list(found.added, known_lines((), found.added), inner)
        yield _part(scope, "findings", "New findings", len(found.added), shown)
    if found.points:
        shown = sections.points_table(found.points, anchors(found.added, inner), scope)
        yield _part(scope, "score", "Score", found.score, shown)
    if found.same or found.gone:
        shown = joined((_rules("As before: ", found.same), _rules("No longer: ", found.gone)))
        total = len(found.same) + len(found.gone)
        yield _part(scope, "before", "Findings told before", total, shown)


def _changed(found: CrateDiff, scope: Scope) -> Parts:
    """What is not as it was, whoever judges it."""
    if found.gained or found.lost:
        total = len(found.gained) + len(found.lost)
        yield _part(scope, "can", "Capabilities", total, _capabilities(found, scope))
    rows = tuple(one for one in found.dependencies if one.kind != "dev")
    if rows:
        yield _part(scope, "depends", "Dependencies", len(rows), _dependencies(rows, scope))
    if found.values:
        shown = _values(found.values, scope)
        yield _part(scope, "values", "New in the code", len(found.values), shown)
    if found.files:
        yield _part(scope, "files", "Files", len(found.files), _files(found.files, scope))
    if found.fields:
        yield _part(scope, "manifest", "Manifest", len(found.fields), _fields(found.fields, scope))


def _rules(label: str, findings: tuple[Finding, ...]) -> Markup:
    if not findings:
        return NOTHING
    counts = Counter(one.rule for one in findings)
    words = ", ".join(f"{rule} ({count})" if count > 1 else rule for rule, count in counts.items())
    return element("p", label, code(words, max_characters=600))


def _sign(word: str) -> Markup:
    return chip(_SIGNS.get(word, word), "medium" if word in ("added", "gained") else "info")


def _capabilities(found: CrateDiff, scope: Scope) -> Markup:
    rows = [
        (cell(_sign(word)), *_capability(one))
        for word, some in (("gained", found.gained), ("lost", found.lost))
        for one in some
    ]
    heads = ("Step", "It can", "Runs in", "For example")
    return table(scope.anchor("can-list"), "What it could not do, or can no more", heads, rows)


def _capability(one: Capability) -> Iterable[Markup]:
    return (
        row_head(text(one.name)),
        cell(", ".join(one.phases)),
        cell(code(", ".join(one.subjects[:3]), max_characters=_SHORT)),
    )


def _dependencies(rows: tuple[DependencyChange, ...], scope: Scope) -> Markup:
    shown = [
        (
            cell(_sign(one.change)),
            row_head(code(one.package, max_characters=100)),
            cell(one.kind),
            cell(code(_stated(one), max_characters=100)),
            cell(text(known_of(one), max_characters=_SHORT)),
        )
        for one in rows[:ROWS_SHOWN]
    ]
    heads = ("Step", "Depends on", "Kind", "Requires", "Known of it")
    whole = table(scope.anchor("depends-list"), "Dependencies that are not as before", heads, shown)
    return joined((whole, left_out(ROWS_SHOWN, len(rows), "dependencies")))


def _stated(one: DependencyChange) -> str:
    if one.change == "changed":
        return f"{one.before} → {one.requirement}"
    return one.requirement or one.before


def _values(values: tuple[Value, ...], scope: Scope) -> Markup:
    rows = [
        (
            row_head(one.kind),
            cell(code(one.subject, max_characters=300, class_="select")),
            cell(", ".join(one.phases)),
            cell(code(where_text(one.where), max_characters=_SHORT)),
            cell(code(", ".join(one.derivation), max_characters=_SHORT)),
        )
        for one in values[:ROWS_SHOWN]
    ]
    heads = ("Kind", "Value", "Runs in", "At", "Put together by")
    return table(scope.anchor("values-list"), "Values that were not there before", heads, rows)


def _files(files: tuple[FileChange, ...], scope: Scope) -> Markup:
    ranked = sorted(files, key=lambda one: BUILD_TIME.isdisjoint(one.phases))
    rows = [
        (
            cell(_sign(one.change)),
            row_head(code(one.path, max_characters=_SHORT)),
            cell(", ".join(one.phases)),
            cell(f"{one.size_bytes:,}", class_="number"),
            cell(code(one.before, max_characters=_SHORT)),
        )
        for one in ranked[:ROWS_SHOWN]
    ]
    heads = ("Step", "File", "Runs in", "Bytes", "Before")
    shown = table(scope.anchor("files-list"), "What runs at build time comes first", heads, rows)
    more = left_out(ROWS_SHOWN, len(files), "files")
    counts = Counter(one.change for one in files)
    words = ", ".join(f"{counts[one]} {one}" for one in sorted(counts))
    return fold(words, shown, more, is_open=len(files) <= _FILES_OPEN, class_="fold bulk")


def _fields(fields: tuple[FieldChange, ...], scope: Scope) -> Markup:
    rows = [
        (
            row_head(code(one.key, max_characters=100)),
            cell(code(one.before or "(none)", max_characters=300)),
            cell(code(one.after or "(none)", max_characters=300)),
        )
        for one in fields[:ROWS_SHOWN]
    ]
    heads = ("Field", "Before", "Now")
    return table(scope.anchor("manifest-list"), "Fields of the manifest", heads, rows)


# Lock files --------------------------------------------------------------------------------------


def _locks(found: LockDiff) -> str:
    counts = Counter(one.verdict for one in found.packages)
    words = ", ".join(f"{counts[one]} {one}" for one in RANK if counts[one])
    total = len(found.packages)
    name = f"{total} package{'s differ' if total != 1 else ' differs'}"
    between = element("p", code(f"{found.old} → {found.new}", max_characters=300), class_="note")
    tiles = [
        sections.tile(found.count(one), one)
        for one in ("added", "changed", "removed", "checksum")
        if found.count(one)
    ]
    glance = element("ul", *tiles, sections.gap_tile(found.gaps), class_="glance")
    why = f"{words or 'nothing to read'}."
    signature = decided_html.stamp(found.decided)
    body: list[Child] = [sections.strip(found.verdict, 1, name, why, signature, glance, between)]
    parts: list[Part] = []
    if found.decided is not None:
        entry, shown = decided_html.decided_part(found.decided)
        parts.append(entry)
        body.append(shown)
    told = [one for one in found.packages if one.verdict is not Verdict.CLEAR][:ROWS_SHOWN]
    if found.packages:
        parts.append(Part("packages", "Packages", f"{total:,}"))
        body.append(section(2, "packages", "Packages", _packages(found.packages, told)))
    parts.append(Part("gaps", "Not looked at", f"{len(found.gaps):,}"))
    nothing = element("p", "Nothing was left out.", class_="note")
    shown = sections.gap_list(found.gaps) if found.gaps else nothing
    body.append(section(2, "gaps", "Not looked at", shown))
    for number, one in enumerate(told, 1):
        scope = Scope(f"p{number}-", 3)
        inner = [part for _, part in _package_sections(one, scope)]
        head = _strip(one.diff, 2) if one.diff is not None else _came(one)
        top = scope.anchor("top")
        parts.append(Part(top, one.name, one.verdict))
        body.append(element("section", head, *inner, id=top, class_="crate"))
    return document(f"{found.verdict} {name}", "Change between two lock files", parts, *body)


def _came(one: PackageChange) -> Markup:
    name = text(f"{one.name} {_versions(one)}", max_characters=_SHORT)
    report = one.report
    more = (
        (sections.risk(report.score, report.verdict), sections.glance(report))
        if report is not None
        else (NOTHING,)
    )
    return sections.strip(one.verdict, 2, name, one.summary, *more)


def _package_sections(one: PackageChange, scope: Scope) -> Parts:
    if one.diff is not None:
        yield from _sections(one.diff, scope)
    elif one.report is not None:
        yield from report_sections(one.report, scope)


def _versions(one: PackageChange) -> str:
    return f"{one.old} → {one.new}" if one.old and one.new else one.new or one.old


def _packages(packages: tuple[PackageChange, ...], told: list[PackageChange]) -> Markup:
    numbers = {id(one): number for number, one in enumerate(told, 1)}
    rows = []
    for one in packages[:ROWS_SHOWN]:
        name = code(f"{one.name} {_versions(one)}", max_characters=_SHORT)
        number = numbers.get(id(one))
        linked = element("a", name, href=f"#p{number}-top") if number else name
        rows.append(
            (
                cell(chip(one.verdict, one.verdict.lower())),
                cell(_SIGNS.get(one.change, one.change)),
                row_head(linked),
                cell(text(one.summary)),
            )
        )
    heads = ("Verdict", "Step", "Package", "Why")
    shown = table("packages-list", "Packages that are not as before", heads, rows)
    return joined((shown, left_out(ROWS_SHOWN, len(packages), "packages")))
