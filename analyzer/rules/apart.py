"""Halves of a deed that only meet in a large program: a look, no BLOCK, unless a value joins them.

A program of hundreds of functions with facts does nearly everything somewhere, and some function of
it calls both halves. Where the value itself was followed, or one function does it all, size is no
excuse; neither is it for what runs while building.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from analyzer.model import BUILD_TIME, Confidence, FactSet, Finding
from analyzer.rules.ruleset import RuleSet
from analyzer.rules.schema import Scope

LARGE = 100
"""Functions with facts from which on a program is large."""
_MEETING = (Scope.FUNCTION, Scope.FILE)


def weighed(findings: Iterable[Finding], factset: FactSet, ruleset: RuleSet) -> Iterator[Finding]:
    """The findings; those whose evidence lies apart in a large program with little confidence."""
    owners = {one.owner for one in factset.facts if one.owner}
    if len(owners) < LARGE:
        yield from findings
        return
    where = {(one.kind, one.where): one.owner for one in factset.facts}
    meeting = {one.id for one in ruleset.rules if one.scope in _MEETING}
    for one in findings:
        places = {where.get((each.kind, each.where), "") for each in one.evidence}
        is_sure = one.path or len(places) < 2 or BUILD_TIME & set(one.phases)
        if one.rule in meeting and not is_sure:
            yield replace(one, is_blocking=False, confidence=Confidence.LOW)
        else:
            yield one
