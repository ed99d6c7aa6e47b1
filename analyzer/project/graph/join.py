"""Halves of several crates put together to findings: what one begins, another one ends.

A value may pass crates in the middle. Metadata goes to direct dependents alone, as cargo does it;
variables and files meet by name anywhere in one lock file.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from analyzer.model import Finding, Half, Member, Span, Where

FINDINGS_PER_RULE = 20
_MAX_CRATES = 6
_METADATA = "metadata "
_HOLE = "{}"


@dataclass(frozen=True, slots=True)
class Part:
    """A package of the graph: the name that its files stand under in evidence, the positions of
    what it depends on, its halves.
    """

    label: str
    needs: frozenset[int]
    halves: tuple[Half, ...]


@dataclass(frozen=True, slots=True)
class Joined:
    """A finding over several packages; `way`: their positions, from the first to the last."""

    finding: Finding
    way: tuple[int, ...]
    names: tuple[str, ...]


_Step = tuple[int, Half]


def joined(parts: Sequence[Part]) -> tuple[Joined, ...]:
    """Whatever is whole, the shortest way between each two ends, by rule and place."""
    taking: dict[str, list[_Step]] = {}
    starts: list[_Step] = []
    for number, part in enumerate(parts):
        for half in part.halves:
            row = taking.setdefault(half.finding.rule, []) if half.takes else starts
            row.append((number, half))
    found: dict[str, list[Joined]] = {}
    for start in starts:
        rule = start[1].finding.rule
        for way in _ways(start, taking.get(rule, []), parts):
            rows = found.setdefault(rule, [])
            if len(rows) < FINDINGS_PER_RULE:
                rows.append(_joined(way, parts))
    return tuple(one for rule in sorted(found) for one in found[rule])


def _ways(start: _Step, taking: list[_Step], parts: Sequence[Part]) -> Iterator[tuple[_Step, ...]]:
    """The shortest way from a start to each end in another package."""
    seen: set[_Step] = {start}
    pending: deque[tuple[_Step, ...]] = deque([(start,)])
    while pending:
        way = pending.popleft()
        here, half = way[-1]
        for step in taking:
            there, taker = step
            if there == here or step in seen or not _meets(half.gives, taker.takes):
                continue
            if half.gives.startswith(_METADATA) and here not in parts[there].needs:
                continue
            seen.add(step)
            if not taker.gives:
                yield (*way, step)
            elif len(way) < _MAX_CRATES:
                pending.append((*way, step))


def _meets(given: str, taken: str) -> bool:
    """Whether two names of a joint may be the same; what was not worked out may be anything."""
    if _HOLE not in given + taken:
        return given == taken
    return _covers(given, taken) or _covers(taken, given)


def _covers(pattern: str, name: str) -> bool:
    parts = pattern.split(_HOLE)
    is_telling = len("".join(parts).partition(" ")[2]) > len("DEP_")
    return is_telling and re.fullmatch("[^/]*".join(map(re.escape, parts)), name) is not None


def _joined(way: tuple[_Step, ...], parts: Sequence[Part]) -> Joined:
    findings = [_placed(half.finding, parts[number].label) for number, half in way]
    quiet = [one for one in findings if one.is_quiet]
    finding = replace(
        findings[-1],
        phases=(quiet or findings)[-1].phases,
        evidence=tuple(each for one in findings for each in one.evidence),
        path=tuple(hop for one in findings for hop in one.path),
    )
    names = tuple(half.gives.partition(" ")[2] for _, half in way[:-1])
    return Joined(finding, tuple(number for number, _ in way), names)


def _placed(finding: Finding, label: str) -> Finding:
    """The finding with its files below the package's name."""
    evidence = (replace(one, where=placed(one.where, label)) for one in finding.evidence)
    spans = ((one, replace(one.where, file=f"{label}/{one.where.file}")) for one in finding.path)
    path = (replace(one, where=where) for one, where in spans)
    return replace(finding, evidence=tuple(evidence), path=tuple(path))


def placed(where: Where, label: str) -> Where:
    """A place below a package's name."""
    if isinstance(where, Span):
        return replace(where, file=f"{label}/{where.file}")
    return replace(where, member=f"{label}/{where.member}") if isinstance(where, Member) else where
