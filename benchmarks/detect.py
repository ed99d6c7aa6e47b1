"""How often we are right on the fixtures: `python benchmarks/detect.py [--show-held-out] [--save]`.

Tuned two thirds, held-out third and those that others wrote apart; misses of the held-out third are
only counted, so that nobody tunes on them, unless asked for.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from fixtures import Fixture, load
from shares import share

from analyzer.model import Report, Span
from analyzer.pipeline import analyze
from analyzer.rules.ruleset import load_ruleset

RESULTS = Path(__file__).parent / "results"
SEVERE = ("REVIEW", "BLOCK")
NEAR = 2
"""A cited line counts as right within this many lines of a true one."""


@dataclass(frozen=True)
class Outcome:
    """One fixture and what was said of it."""

    fixture: Fixture
    verdict: str
    rules: tuple[str, ...]
    has_right_line: bool


def judge(fixture: Fixture, report: Report) -> Outcome:
    """Compare a report with the truth."""
    cited = [
        (each.where.file, each.where.line)
        for one in report.findings
        for each in one.evidence
        if isinstance(each.where, Span)
    ]
    is_right = any(
        abs(line - true) <= NEAR for file, line in cited for true in fixture.lines.get(file, ())
    )
    rules = tuple(sorted({one.rule for one in report.findings}))
    return Outcome(fixture, str(report.verdict), rules, is_right)


def outcomes() -> list[Outcome]:
    """All fixtures, analyzed."""
    ruleset = load_ruleset()
    return [judge(one, analyze(one.source(), ruleset=ruleset)) for one in load()]


def figures(found: list[Outcome]) -> dict[str, str]:
    """The figures of one part of the fixtures."""
    hostile = [one for one in found if one.fixture.is_hostile]
    honest = [one for one in found if not one.fixture.is_hostile]
    plain = [one for one in hostile if one.fixture.needs in ("plain", "folding")]
    named = [one for one in hostile if one.verdict in SEVERE and one.fixture.lines]
    to_block = [one for one in hostile if one.fixture.expect == "BLOCK"]
    severe = [one for one in found if one.verdict in SEVERE]
    return {
        "hostile at REVIEW or above": _share(hostile, lambda one: one.verdict in SEVERE),
        "of those that need no deep flow": _share(plain, lambda one: one.verdict in SEVERE),
        "BLOCK where the evidence is complete": _share(
            to_block, lambda one: one.verdict == "BLOCK"
        ),
        "right lines, where found": _share(named, lambda one: one.has_right_line),
        "honest without BLOCK": _share(honest, lambda one: one.verdict != "BLOCK"),
        "honest as expected or better": _share(honest, _is_fair),
        "precision at REVIEW or above": _share(severe, lambda one: one.fixture.is_hostile),
    }


def _by_technique(found: list[Outcome]) -> str:
    """`T01 12/13` for each technique that some hostile fixture uses."""
    parts = []
    for technique in sorted({one for row in found for one in row.fixture.techniques}):
        rows = [x for x in found if x.fixture.is_hostile and technique in x.fixture.techniques]
        parts.append(f"{technique} {sum(x.verdict in SEVERE for x in rows)}/{len(rows)}")
    return "\n".join("  " + "  ".join(parts[at : at + 8]) for at in range(0, len(parts), 8))


def _share(found: list[Outcome], holds: Callable[[Outcome], bool]) -> str:
    return share(sum(map(holds, found)), len(found))


def _is_fair(one: Outcome) -> bool:
    return one.verdict in ("CLEAR", one.fixture.expect)


def is_miss(one: Outcome) -> bool:
    """Whether a person would call the verdict wrong."""
    if one.fixture.is_hostile:
        return one.verdict not in SEVERE or (one.fixture.expect == "BLOCK" != one.verdict)
    return not _is_fair(one)


def main() -> None:
    """Print the figures, and the misses of the tuned part."""
    found = outcomes()
    names = dict.fromkeys(one.fixture.part for one in found)
    parts = {name: [one for one in found if one.fixture.part == name] for name in names}
    lines = [f"{len(found)} fixtures"]
    for name, part in parts.items():
        lines += [f"\n{name}: {len(part)}"]
        lines += [f"  {what:38} {figure}" for what, figure in figures(part).items()]
    lines += ["\nby technique, hostile at REVIEW or above:", _by_technique(found)]
    print("\n".join(lines))
    shows_all = "--show-held-out" in sys.argv
    shown = [one for one in found if shows_all or not one.fixture.is_held_out]
    print("\nmisses of the part that may be looked at:")
    for one in filter(is_miss, shown):
        kind = "hostile" if one.fixture.is_hostile else "honest"
        wanted = f"{one.fixture.expect} ({one.fixture.needs})"
        print(f"  {kind} {one.fixture.id}: {one.verdict}, expected {wanted} {list(one.rules)}")
    print("\nright verdict, wrong lines:")
    for one in shown:
        if one.fixture.is_hostile and one.verdict in SEVERE and not one.has_right_line:
            print(f"  {one.fixture.id}: {list(one.rules)}")
    if "--save" in sys.argv:
        save(parts, "\n".join(lines))


def save(parts: dict[str, list[Outcome]], text: str) -> None:
    """Keep the figures, and the counts below which a test fails."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "detect.md").write_text(f"# Detection on the fixtures\n\n```\n{text}\n```\n")
    floor = {
        name: {
            "hostile at REVIEW or above": _count(part, lambda one: one.verdict in SEVERE),
            "BLOCK": _count(part, lambda one: one.verdict == "BLOCK"),
        }
        for name, part in parts.items()
    }
    (RESULTS / "detect.json").write_text(json.dumps(floor, indent=1) + "\n")


def _count(found: Iterable[Outcome], holds: Callable[[Outcome], bool]) -> int:
    return sum(one.fixture.is_hostile and holds(one) for one in found)


if __name__ == "__main__":
    main()
