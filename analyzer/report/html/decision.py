"""What a policy makes of a crate, or of all crates of an audit, as tables of a page."""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.model import Decision, Outcome
from analyzer.report import decisions
from analyzer.report.html.findings import chip
from analyzer.report.html.markup import NOTHING, Markup, cell, element, row_head, table, text

_KINDS = {Outcome.ALLOW: "clear", Outcome.QUARANTINE: "review", Outcome.DENY: "block"}
Row = tuple[str, Decision]
"""A crate and the decision on it."""


def word(outcome: Outcome, *, is_observed: bool) -> Markup:
    """ALLOWED, HELD or DENIED, in its color."""
    said = decisions.WORDS[outcome]
    return chip(f"WOULD BE {said}" if is_observed else said, _KINDS[outcome])


def stamp(one: Decision | None) -> Markup:
    """The decision and whose it is, in one line; nothing if no policy was asked."""
    if one is None:
        return NOTHING
    return signed(word(one.outcome, is_observed=one.is_observed), one.policy, one.digest)


def signed(said: Markup, policy: str, digest: str) -> Markup:
    """An outcome with the policy that gave it."""
    return element("p", said, " ", text(decisions.by_whom(policy, digest)), class_="stamp")


def said(one: Decision, anchor: str) -> Markup:
    """What the decision on one crate rests on."""
    return clauses(anchor, (("", one),))


def clauses(anchor: str, rows: Iterable[Row]) -> Markup:
    """Every clause of the decisions, the crate's name first where there is one."""
    named = [(name, *row) for name, one in rows for row in decisions.rows_of(one)]
    is_named = any(name for name, _, _ in named)
    heads = ("Crate", "Clause", "Says") if is_named else ("Clause", "Says")
    cells = [
        (
            *((row_head(text(name)),) if is_named else ()),
            (cell if is_named else row_head)(label),
            cell(text(told, max_characters=1000)),
        )
        for name, label, told in named
    ]
    return table(anchor, "What the decision rests on", heads, cells)
