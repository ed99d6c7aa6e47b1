"""What a policy makes of a run, for people and as JSON: crates held or denied, waivers, stale ones.

Plain text without a rich console; every text goes through `printable`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from analyzer.model import ClauseKind, Outcome
from analyzer.project.decisions.model import WORST_FIRST, Decided, Ruling
from analyzer.report import decisions
from analyzer.report.text import printable

Json = dict[str, object]
_COLORS = {
    Outcome.DENY: "1;37;41",
    Outcome.QUARANTINE: "1;30;43",
    Outcome.ALLOW: "1;30;42",
}
_TOLD = frozenset({ClauseKind.WAIVER, ClauseKind.BASELINE})
"""What is shown of a crate even where it holds nothing."""
RULINGS_SHOWN = 60
CLAUSES_SHOWN = 6


def lines(found: Decided, width: int, *, color: bool) -> Iterator[str]:
    """The decision as lines of at most about `width` columns: what is allowed is only counted,
    unless a waiver allows it.
    """
    yield from _head(found, width, color=color)
    shown = [one for one in _ordered(found.rulings) if _is_worth_a_line(one)]
    for one in shown[:RULINGS_SHOWN]:
        yield from _ruling(one, width, color=color)
    if len(shown) > RULINGS_SHOWN:
        yield f"and {len(shown) - RULINGS_SHOWN} more (see --format json)"
    for stale in found.stale:
        yield from _entry("unused", decisions.stale_text(stale), width)
    yield from _next(found, width)


def _head(found: Decided, width: int, *, color: bool) -> Iterator[str]:
    word = decisions.WORDS[found.outcome]
    word = f"WOULD BE {word}" if found.is_observed else word
    shown = f"\x1b[{_COLORS[found.outcome]}m {word} \x1b[0m" if color else word
    counts = ", ".join(
        f"{found.count(one)} {decisions.WORDS[one].lower()}"
        for one in WORST_FIRST
        if found.count(one)
    )
    yield f"{shown}  {printable(decisions.by_whom(found.policy, found.digest))}"
    yield from _entry("crates", counts or "none that the policy is asked about", width)
    for gap in found.unread:
        yield from _entry("holds", f"not read: {gap.path}: {gap.reason}", width)
    adopted = sum(one.decision.adopted for one in found.rulings)
    if adopted:
        yield from _entry("adopted", f"{adopted} known findings of the baseline, as before", width)


def _ordered(rulings: Iterable[Ruling]) -> list[Ruling]:
    return sorted(rulings, key=lambda one: WORST_FIRST.index(one.decision.outcome))


def _is_worth_a_line(one: Ruling) -> bool:
    return one.decision.outcome is not Outcome.ALLOW or bool(one.decision.used)


def _ruling(one: Ruling, width: int, *, color: bool) -> Iterator[str]:
    word = decisions.word_of(one.decision)
    shown = f"\x1b[{_COLORS[one.decision.outcome]}m {word} \x1b[0m" if color else word
    yield f"{shown}  {printable(f'{one.name} {one.version}', max_characters=160)}"
    rows = [
        item
        for item in one.decision.clauses
        if item.outcome is not Outcome.ALLOW or item.kind in _TOLD
    ]
    for item in rows[:CLAUSES_SHOWN]:
        is_held = item.outcome is not Outcome.ALLOW
        rule = f" ({item.rule})" if item.rule and is_held else ""
        label = decisions.LABELS[item.outcome]
        yield from _entry(label, f"{item.kind}: {item.text}{rule}", width)
    if len(rows) > CLAUSES_SHOWN:
        yield from _entry("", f"and {len(rows) - CLAUSES_SHOWN} more (see --format json)", width)


def _next(found: Decided, width: int) -> Iterator[str]:
    """What to do about all of them; what each crate needs is told by `policy explain`."""
    for step in decisions.advice(one.decision for one in found.rulings):
        yield from _entry("next", step, width)
    if found.outcome is not Outcome.ALLOW and found.count(found.outcome):
        text = f"cratescope policy explain CRATE@VERSION {found.policy}"
        yield from _entry("next", f"Why one is not let in, and a waiver to fill in: {text}", width)
    if found.stale:
        fails = "they fail this run" if found.fails_on_stale else "they are only reported"
        yield f"  next    Take out or renew the unused waivers: {fails}."


def _entry(label: str, text: str, width: int) -> Iterable[str]:
    return textwrap.wrap(
        printable(text, max_characters=1200),
        width=max(width, 40),
        initial_indent=f"  {label:<8}",
        subsequent_indent=" " * 10,
        break_long_words=False,
        break_on_hyphens=False,
    )


def plain(found: Decided) -> Json:
    """The decision in its public shape, `decision` of an audit."""
    return {
        "outcome": found.outcome,
        "incomplete": found.is_incomplete,
        "observed": found.is_observed,
        "counts": {one: found.count(one) for one in WORST_FIRST},
        "crates": [
            {"name": one.name, "version": one.version, **_without_policy(one)}
            for one in found.rulings
        ],
        "stale_waivers": [decisions.plain_stale(one) for one in found.stale],
        "stale_waivers_fail": found.fails_on_stale,
        "unread": [{"path": one.path, "reason": one.reason} for one in found.unread],
        "policy": decisions.plain_policy(found.policy, found.digest, found.sources),
    }


def _without_policy(one: Ruling) -> Json:
    return {key: value for key, value in decisions.plain(one.decision).items() if key != "policy"}
