"""What a policy makes of a run, in a comment: whose decision it is, and what it holds or denies."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model import Outcome
from analyzer.project.decisions.model import Decided
from analyzer.report.comment import ROWS_SHOWN, TOLD, cell, policy_line, ruling
from analyzer.report.decisions import WORDS, stale_text


def lines(found: Decided) -> Iterator[str]:
    """Lines of a comment; what is allowed is not told."""
    word = ("would be " if found.is_observed else "") + WORDS[found.outcome]
    yield from policy_line(word, found.policy, found.digest)
    held = [one for one in found.rulings if one.decision.outcome is not Outcome.ALLOW]
    for one in held[:ROWS_SHOWN]:
        yield from ruling(f"{one.name} {one.version}", one.decision)
    if len(held) > ROWS_SHOWN:
        yield f"- and {len(held) - ROWS_SHOWN} crates more"
    for gap in found.unread[:TOLD]:
        yield f"- holds: not read: {cell(gap.path)}: {cell(gap.reason, max_characters=400)}"
    for stale in found.stale[:TOLD]:
        yield f"- unused: {cell(stale_text(stale), max_characters=400)}"
    if len(found.stale) > TOLD:
        yield f"- and {len(found.stale) - TOLD} unused waivers more"
    yield ""
