"""Source lines as a report holds them, and the way of a value, drawn hop by hop.

A report keeps no files, only the lines that facts stand on: a view shows the cited lines and those
of their neighbours that it has, and says where lines are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from analyzer.model import Fact, Finding, Hop, Span, Where
from analyzer.report.html.markup import Child, Markup, code, element, text
from analyzer.report.wording import where_text

CONTEXT_LINES = 3
_SNIPPET_CHARACTERS = 240
_WIDE = 40
"""A line of more characters may scroll on a small screen, so that a key must reach it."""

Lines = Mapping[str, Mapping[int, str]]
"""File to line number to the text of that line."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Evidence number `number` stands on `line`; its explanation has the id `anchor`."""

    line: int
    number: int
    anchor: str


def known_lines(facts: Iterable[Fact], findings: Iterable[Finding]) -> Lines:
    """Every source line that a report holds. Of two texts for one line the longer one counts."""
    found: dict[str, dict[int, str]] = {}

    def add(where: Where, snippet: str) -> None:
        if isinstance(where, Span) and snippet:
            lines = found.setdefault(where.file, {})
            if len(snippet) > len(lines.get(where.line, "")):
                lines[where.line] = snippet

    for fact in facts:
        add(fact.where, fact.snippet)
    for finding in findings:
        for item in finding.evidence:
            add(item.where, item.snippet)
        for hop in finding.path:
            add(hop.where, hop.snippet)
    return found


def view(file: str, lines: Mapping[int, str], marks: Iterable[Mark]) -> Markup:
    """The marked lines of a file with what is known of the lines around them."""
    by_line: dict[int, list[Mark]] = {}
    for one in marks:
        by_line.setdefault(one.line, []).append(one)
    near = {line + step for line in by_line for step in range(-CONTEXT_LINES, CONTEXT_LINES + 1)}
    shown = sorted(number for number in near if number in lines)
    rows: list[Child] = []
    for number, before in zip(shown, (None, *shown), strict=False):
        if before is not None and number > before + 1:
            rows.append(element("span", "⋯", class_="cut"))
        rows.append(_line(number, lines[number], by_line.get(number, ())))
    is_wide = any(len(lines[number]) > _WIDE for number in shown)
    block = element(
        "pre",
        *rows,
        tabindex=0 if is_wide else None,
        role="group" if is_wide else None,
        aria_label="source lines" if is_wide else None,
    )
    caption = element("figcaption", code(file, max_characters=160))
    return element("figure", caption, block, class_="code")


def _line(number: int, snippet: str, marks: Iterable[Mark]) -> Markup:
    tags = [
        element(
            "a",
            str(one.number),
            href=f"#{one.anchor}",
            class_="tag",
            aria_label=f"evidence {one.number}",
        )
        for one in marks
    ]
    source = text(snippet, max_characters=_SNIPPET_CHARACTERS)
    return element(
        "span",
        element("span", str(number), class_="number"),
        element("span", *tags, class_="tags"),
        element("mark", source) if tags else element("span", source, class_="source"),
        class_="line hit" if tags else "line",
    )


def way(hops: tuple[Hop, ...]) -> Markup:
    """The places that a value passes, from the one that reads it to the one that hands it out."""
    last = len(hops) - 1
    rows = []
    for number, one in enumerate(hops):
        word = "read here" if not number else "arrives here" if number == last else "passes"
        kind = "source" if not number else "sink" if number == last else None
        rows.append(
            element(
                "li",
                element("span", word, class_="step"),
                code(where_text(one.where), max_characters=160, class_="place"),
                element("pre", text(one.snippet, max_characters=_SNIPPET_CHARACTERS))
                if one.snippet
                else "",
                class_=kind,
            )
        )
    return element("ol", *rows, class_="way")
