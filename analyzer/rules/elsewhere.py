"""What a library's code would be if some other crate's build script or macro ran it.

Who runs it there is known only to whoever knows the graph; the answer is kept until then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from analyzer.model import Fact, FactSet, Finding, Phase
from analyzer.rules.joining import Ends, flow_ends
from analyzer.rules.match import match
from analyzer.rules.ruleset import RuleSet
from analyzer.rules.schema import Scope

Follow = Callable[[FactSet, tuple[Ends, ...]], FactSet]
"""The facts with the flows between some ends."""


def in_builds(factset: FactSet, ruleset: RuleSet, follow: Follow) -> tuple[Finding, ...]:
    """Findings of the rules for build-time code on code of a library, as `build-helper`.

    None where the code shows by itself that it is made for build scripts: then it was judged so.
    """
    if any(Phase.BUILD_HELPER in one.phases for one in factset.facts):
        return ()
    rules = tuple(
        one
        for one in ruleset.of_one_version.rules
        if Phase.BUILD_HELPER in one.phases and Phase.LIBRARY not in one.phases
        if one.scope is not Scope.GRAPH
    )
    helpers = RuleSet(rules, ruleset.signatures)
    facts = tuple(_helping(one) for one in factset.facts if Phase.LIBRARY in one.phases)
    if not facts:
        return ()
    moved = replace(factset, facts=facts, flows=())
    return match(follow(moved, flow_ends(moved, helpers)), helpers)


def _helping(fact: Fact) -> Fact:
    return replace(fact, phases=(Phase.BUILD_HELPER,))
