"""Halves of what is only whole with another crate: a value that leaves here, or arrives from there.

What leaves a crate has a name that both sides must use (a joint): cargo's metadata, a variable of
the environment, a file. Whoever knows the graph puts halves together (scope `graph`).
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from analyzer.model import Fact, FactKind, FactSet, Flow, Half
from analyzer.rules.clauses import FactIndex
from analyzer.rules.joining import Ends
from analyzer.rules.match import finding_of, shortest
from analyzer.rules.ruleset import RuleSet
from analyzer.rules.schema import Joint, Rule, Scope

HALVES_PER_CRATE = 60
_OWN_KEYS = ("rustc-", "rerun-if-", "warning", "error")
_STARTING = frozenset({FactKind.PROCESS_SPAWN, FactKind.PROCESS_SHELL, FactKind.CODE_LOAD})
_SHARED = ("{temp}", "{home}", "{env:", "../", "/", "~")
_NOT_SHARED = ("{env:OUT_DIR}", "{env:CARGO_MANIFEST_DIR}", "/dev/", "/proc/", "/sys/")
_TEMPORARY = ("/tmp/", "/var/tmp/", "{env:TMPDIR}/", "{env:TEMP}/", "{env:TMP}/")  # noqa: S108  # spellings of one folder, nothing is opened

Named = Mapping[Fact, tuple[str, ...]]
"""Facts to the joints that their value leaves by, or arrives by."""
Naming = Callable[[Fact], str]


@dataclass(frozen=True)
class _Crossing:
    """The facts of a rule on one side of the border and on the other."""

    rule: Rule
    sources: frozenset[Fact]
    sinks: frozenset[Fact]
    leaving: Named
    arriving: Named

    def ends(self) -> Iterator[Ends]:
        """What must flow where, in this crate, to make a half."""
        leaving, arriving = frozenset(self.leaving), frozenset(self.arriving)
        pairs = ((self.sources, leaving), (arriving, self.sinks), (arriving, leaving))
        return (one for one in pairs if all(one))


def half_ends(factset: FactSet, ruleset: RuleSet, links: str) -> tuple[Ends, ...]:
    """Sources and sinks of flows that would be halves for some rule in scope `graph`."""
    crossings = _crossings(factset, ruleset, links)
    return tuple(pair for one in crossings for pair in one.ends())


def halves(factset: FactSet, ruleset: RuleSet, links: str) -> tuple[Half, ...]:
    """The halves that the crate holds, after its flows were followed. `links`: the manifest's."""
    found: dict[tuple[str, str, str], Half] = {}
    for crossing in _crossings(factset, ruleset, links):
        for one in _halves(crossing, factset.flows):
            found.setdefault((one.finding.rule, one.takes, one.gives), one)
    return tuple(found[key] for key in sorted(found))[:HALVES_PER_CRATE]


def export_ends(factset: FactSet, ruleset: RuleSet) -> Ends:
    """Facts that a rule would follow from, or to, if the other end stood in another crate."""
    index = FactIndex(factset.facts, ruleset.signatures)
    ends: tuple[set[Fact], set[Fact]] = (set(), set())
    for rule in ruleset.rules:
        if Joint.CALL in rule.joints:
            for clause, facts in zip(rule.flow, ends, strict=True):
                facts.update(index.fulfilling(clause, ()))
    return frozenset(ends[0]), frozenset(ends[1])


def _halves(crossing: _Crossing, flows: tuple[Flow, ...]) -> Iterator[Half]:
    for flow in sorted(flows, key=lambda one: (len(one.hops), repr(one))):
        is_source, is_sink = flow.source in crossing.sources, flow.sink in crossing.sinks
        taken = ("",) if is_source else crossing.arriving.get(flow.source, ())
        given = ("",) if is_sink else crossing.leaving.get(flow.sink, ())
        if is_source and is_sink:
            given = crossing.leaving.get(flow.sink, ())
        finding = finding_of(crossing.rule, [[flow.source], [flow.sink]], shortest([flow]))
        yield from (Half(take, give, finding) for take in taken for give in given if take or give)
    starting = (one for one in crossing.sinks if one.kind in _STARTING)
    for fact in sorted(starting, key=repr):  # of two that start one file, always the same is cited
        yield from _started(crossing.rule, fact)


def _started(rule: Rule, fact: Fact) -> Iterator[Half]:
    """What starts a file needs nothing to flow."""
    if Joint.FILE in rule.joints:
        for text in (fact.subject, *fact.data):
            path = _file(text)
            if path:
                yield Half(path, "", finding_of(rule, [[], [fact]], ()))


def _crossings(factset: FactSet, ruleset: RuleSet, links: str) -> Iterator[_Crossing]:
    rules = [one for one in ruleset.rules if one.scope is Scope.GRAPH]
    if not rules:
        return
    index = FactIndex(factset.facts, ruleset.signatures)
    for rule in rules:
        facts = [one for one in factset.facts if _runs(one, rule)]
        source, sink = rule.flow
        yield _Crossing(
            rule,
            frozenset(index.fulfilling(source, rule.phases)),
            frozenset(index.fulfilling(sink, rule.phases)),
            _named(facts, rule.joints, lambda one: _leaving(one, links)),
            _named(facts, rule.joints, _arriving),
        )


def _runs(fact: Fact, rule: Rule) -> bool:
    return not rule.phases or not set(rule.phases).isdisjoint(fact.phases)


def _named(facts: Iterable[Fact], joints: tuple[Joint, ...], name: Naming) -> Named:
    table: dict[Fact, tuple[str, ...]] = {}
    for fact in facts:
        found = name(fact)
        if found and Joint(found.partition(" ")[0]) in joints:
            table[fact] = (found,)
    return table


def _leaving(fact: Fact, links: str) -> str:
    """The joint that a value leaves by; empty for none."""
    if fact.kind is FactKind.BUILD_DIRECTIVE and links:
        key = fact.subject.removeprefix("metadata=").partition("=")[0]
        is_own = key.startswith(_OWN_KEYS) and not fact.subject.startswith("metadata=")
        return "" if is_own else f"{Joint.METADATA} {variable(links, key)}"
    if fact.kind is FactKind.ENV_WRITE:
        return _environment(fact.subject)
    return _file(fact.subject) if fact.kind is FactKind.FILE_WRITE else ""


def _arriving(fact: Fact) -> str:
    """The joint that a value arrives by; empty for none."""
    if fact.kind is FactKind.ENV_READ:
        is_metadata = fact.subject.startswith("DEP_")
        return f"{Joint.METADATA} {fact.subject}" if is_metadata else _environment(fact.subject)
    is_read = fact.kind in (FactKind.FILE_READ, FactKind.CODE_EMBED)
    return _file(fact.subject) if is_read else ""


def variable(links: str, key: str) -> str:
    """How a build script's metadata is called in those of its dependents.

    Source: the cargo book, build scripts, "the links manifest key"; `envify` in cargo's sources.
    """
    return f"DEP_{links}_{key}".upper().replace("-", "_")


def _environment(name: str) -> str:
    is_told = name and "{" not in name and name != "unknown" and not name.startswith("CARGO")
    return f"{Joint.ENVIRONMENT} {name}" if is_told else ""


def _file(path: str) -> str:
    """A file that packages share, by one spelling; empty for what is a package's own or unknown."""
    for one in _TEMPORARY:
        path = f"{{temp}}/{path.removeprefix(one)}" if path.startswith(one) else path
    is_shared = path.startswith(_SHARED) and not path.startswith(_NOT_SHARED) and "{}" not in path
    return f"{Joint.FILE} {posixpath.normpath(path)}" if is_shared and len(path) > 4 else ""
