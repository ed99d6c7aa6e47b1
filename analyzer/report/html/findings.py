"""Findings with their evidence: what was seen, where, in which line, and how a value got there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from analyzer.model import Evidence, Finding, Moment, Severity, Span
from analyzer.report.html.code import CONTEXT_LINES, Lines, Mark, view, way
from analyzer.report.html.markup import (
    NOTHING,
    Child,
    Markup,
    code,
    element,
    facts,
    fold,
    joined,
    left_out,
    text,
)
from analyzer.report.wording import by_severity, where_text

FINDINGS_SHOWN = 200
EVIDENCE_SHOWN = 24
_OPEN = frozenset({Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM})
_SEEN = {
    "static": "in the source",
    "observed": "in a recorded build",
    "mixed": "in the source and a recorded build together",
    "corroborated": "in the source, and again in a recorded build",
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Where on a page something stands: what its ids begin with, and the level of its headings."""

    prefix: str
    level: int

    def anchor(self, name: str) -> str:
        """The id of something in this part of the page."""
        return f"{self.prefix}{name}"


Numbered = tuple[int, Evidence]


def finding_list(findings: tuple[Finding, ...], lines: Lines, scope: Scope) -> Markup:
    """All findings, the worst first; the minor ones are closed until somebody opens them."""
    ranked = by_severity(findings)[:FINDINGS_SHOWN]
    shown = [_finding(one, f"f{number}", lines, scope) for number, one in enumerate(ranked, 1)]
    return joined((*shown, left_out(FINDINGS_SHOWN, len(findings), "findings")))


def anchors(findings: tuple[Finding, ...], scope: Scope) -> dict[str, str]:
    """For each rule the id of its first finding on the page."""
    found: dict[str, str] = {}
    for number, one in enumerate(by_severity(findings)[:FINDINGS_SHOWN], 1):
        found.setdefault(one.rule, scope.anchor(f"f{number}"))
    return found


def chip(word: str, kind: str) -> Markup:
    """A word in the color of its kind; the word says it without the color, too."""
    return element("span", word, class_=f"chip {kind}")


def _finding(one: Finding, name: str, lines: Lines, scope: Scope) -> Markup:
    anchor = scope.anchor(name)
    heading = element(f"h{scope.level}", chip(one.severity, one.severity), " ", text(one.sentence))
    shown = list(enumerate(one.evidence[:EVIDENCE_SHOWN], 1))
    places = [_group(group, anchor, lines) for group in _groups(shown)]
    parts: list[Child] = [_about(one), *places]
    parts.append(left_out(EVIDENCE_SHOWN, len(one.evidence), "places"))
    if len(one.path) > 1:
        parts += [element("p", "The way of the value", class_="label"), way(one.path)]
    body = fold(heading, *parts, is_open=one.severity in _OPEN, class_="finding")
    return element("article", body, id=anchor, class_=f"card {one.severity}")


def _about(one: Finding) -> Markup:
    asks = element("strong", "asks for BLOCK") if one.is_blocking else NOTHING
    return facts(
        (
            ("Rule", code(one.rule)),
            ("By itself", asks),
            ("Confidence", one.confidence),
            ("Seen", _SEEN[one.support]),
            ("Runs in", ", ".join(one.phases)),
            ("ATT&CK", ", ".join(one.attack)),
            ("Techniques", ", ".join(one.techniques)),
        )
    )


def _groups(evidence: Iterable[Numbered]) -> list[list[Numbered]]:
    """Evidence that one view of a file can show together, in the order it is cited."""
    groups: list[list[Numbered]] = []
    for item in evidence:
        fitting = (one for one in groups if any(_are_near(item[1], other) for _, other in one))
        group = next(fitting, None)
        if group is None:
            groups.append([item])
        else:
            group.append(item)
    return groups


def _are_near(one: Evidence, other: Evidence) -> bool:
    here, there = one.where, other.where
    if not isinstance(here, Span) or not isinstance(there, Span):
        return False
    return here.file == there.file and abs(here.line - there.line) <= 2 * CONTEXT_LINES + 1


def _group(group: list[Numbered], anchor: str, lines: Lines) -> Markup:
    marks = [
        Mark(one.where.line, number, f"{anchor}-e{number}")
        for number, one in group
        if isinstance(one.where, Span)
    ]
    where = group[0][1].where
    known = lines.get(where.file, {}) if isinstance(where, Span) else {}
    has_code = isinstance(where, Span) and any(one.line in known for one in marks)
    shown = view(where.file, known, marks) if isinstance(where, Span) and has_code else NOTHING
    items = element("ul", *(_item(*one, anchor) for one in group), class_="evidence")
    return element("div", shown, items, class_="place-group")


def _item(number: int, one: Evidence, anchor: str) -> Markup:
    role = joined((chip(one.role, "role"), " ")) if one.role else NOTHING
    return element(
        "li",
        element("span", str(number), class_="tag"),
        element(
            "div",
            *(role, element("span", one.kind, class_="kind"), " "),
            *(code(one.subject, max_characters=300, class_="subject"), " "),
            code(where_text(one.where), max_characters=160, class_="place"),
            *_notes(one),
        ),
        id=f"{anchor}-e{number}",
    )


def _notes(one: Evidence) -> Iterator[Markup]:
    if isinstance(one.where, Moment) and one.snippet:
        yield element("p", "By: ", code(one.snippet), class_="note")
    if one.derivation:
        steps = ", ".join(one.derivation)
        yield element("p", "Put together by: ", code(steps), class_="note")
    if one.guards:
        asks = ", ".join(f"{item.kind} {item.subject}" for item in one.guards[:4])
        yield element("p", "Only if: ", code(asks), class_="note")
