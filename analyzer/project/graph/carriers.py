"""Packages that take another one along without using it (T10): clean themselves, they carry it in.

Only what is carried decides: a blocked package blocks its carrier; a young one that acts while
something is built asks for a look at both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from analyzer.model import Lockfile, Report, Verdict
from analyzer.project.audit import Key, Reason
from analyzer.project.graph.reach import Reach

CARRIES = "takes-along-unused-package"
_YOUNG = frozenset({"hour", "day", "week", "month"})
_MAX_DEPTH = 6


def carried(
    lock: Lockfile,
    keys: Sequence[Key],
    reports: Mapping[Key, Report],
    found: Sequence[Reach],
    known: Mapping[Key, Verdict],
) -> Iterator[tuple[Key, Reason]]:
    """A reason for each carrier. `known`: verdicts that packages have without their contents."""
    for number, key in enumerate(keys):
        best: Reason | None = None
        for way in _ways(number, found):
            payload = way[-1]
            verdict = _worst(keys[payload], reports, known)
            report = reports.get(keys[payload])
            is_young = report is not None and report.package.age in _YOUNG
            is_acting = is_young and bool(found[payload].runs or verdict is Verdict.REVIEW)
            if verdict is not Verdict.BLOCK and not is_acting:
                continue
            chain = [f"{lock.packages[one].name} {lock.packages[one].version}" for one in way]
            reason = _reason(chain, is_blocked=verdict is Verdict.BLOCK)
            if best is None or (reason.verdict, best.verdict) == (Verdict.BLOCK, Verdict.REVIEW):
                best = reason
        if best is not None:
            yield key, best


def _ways(start: int, found: Sequence[Reach]) -> Iterator[tuple[int, ...]]:
    """Ways along dependencies that nobody on them uses."""
    pending: list[tuple[int, ...]] = [(start,)]
    seen = {start}
    while pending:
        way = pending.pop(0)
        for one in found[way[-1]].idle:
            if one not in seen:
                seen.add(one)
                yield (*way, one)
                if len(way) < _MAX_DEPTH:
                    pending.append((*way, one))


def _worst(key: Key, reports: Mapping[Key, Report], known: Mapping[Key, Verdict]) -> Verdict:
    read = reports[key].verdict if key in reports else Verdict.CLEAR
    return Verdict.BLOCK if Verdict.BLOCK in (read, known.get(key)) else read


def _reason(chain: Sequence[str], *, is_blocked: bool) -> Reason:
    way = " → ".join(chain)
    if is_blocked:
        text = f"none of its code uses {chain[1]}, which brings in {chain[-1]}, a blocked package"
        text = text if len(chain) > 2 else f"none of its code uses {chain[1]}, a blocked package"
        return Reason(CARRIES, Verdict.BLOCK, f"{text}: {way}")
    text = f"none of its code uses {chain[1]}; {chain[-1]} is young and acts while it is built"
    return Reason(CARRIES, Verdict.REVIEW, f"{text}: {way}")
