"""What a policy makes of a run over many crates, as a part of an HTML page."""

from __future__ import annotations

from analyzer.model import Outcome
from analyzer.project.decisions.model import WORST_FIRST, Decided
from analyzer.report.decisions import WORDS, advice, stale_text
from analyzer.report.html import sections
from analyzer.report.html.decision import clauses, signed, word
from analyzer.report.html.markup import (
    NOTHING,
    Child,
    Markup,
    code,
    element,
    left_out,
    section,
    text,
)
from analyzer.report.html.page import Part

RULINGS_SHOWN = 300


def stamp(found: Decided | None) -> Markup:
    """The decision and whose it is, in one line; nothing if no policy was asked."""
    if found is None:
        return NOTHING
    said = word(found.outcome, is_observed=found.is_observed)
    return signed(said, found.policy, found.digest)


def decided_part(found: Decided) -> tuple[Part, Markup]:
    """Counts, clauses of what is not simply allowed, what nobody could read, unused waivers."""
    counts = [f"{found.count(one)} {WORDS[one].lower()}" for one in WORST_FIRST]
    told = [
        (f"{one.name} {one.version}", one.decision)
        for one in found.rulings
        if one.decision.outcome is not Outcome.ALLOW or one.decision.used
    ]
    parts: list[Child] = [
        element("p", f"Crates: {', '.join(counts)}."),
        clauses("clauses", told[:RULINGS_SHOWN]) if told else NOTHING,
        left_out(RULINGS_SHOWN, len(told), "crates"),
        _listed("Not read, and held for it:", [f"{x.path}: {x.reason}" for x in found.unread]),
        _listed("Waivers of no use:", [stale_text(one) for one in found.stale]),
        sections.advice(advice(one.decision for one in found.rulings)),
    ]
    if found.outcome is not Outcome.ALLOW and found.count(found.outcome):
        command = code(f"cratescope policy explain CRATE@VERSION {found.policy}")
        parts.append(element("p", "Why, and a waiver to fill in: ", command, class_="note"))
    entry = Part("decision", "Decision", f"{len(found.rulings):,}")
    return entry, section(2, "decision", "Decision", *parts)


def _listed(label: str, rows: list[str]) -> Markup:
    if not rows:
        return NOTHING
    items = (element("li", text(one, max_characters=600)) for one in rows)
    return element("div", element("p", label), element("ul", *items), class_="listed")
