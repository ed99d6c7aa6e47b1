"""Whether the value of one fact arrives at another: the flows that rules ask for.

Asked last and only for ends that some rule names: an honest crate mostly has no source or no sink.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from analyzer.facts.view import CrateView
from analyzer.model import UNKNOWN, Fact, FactKind, Flow, Gap, GapKind, Hop, Span
from analyzer.syntax.flow.hops import Step
from analyzer.syntax.flow.steps import Place
from analyzer.syntax.flow.tracer import Tracer

ASKER = "flow"
"""Under this name a trace notes what it could not follow because it was cut out."""
Ends = tuple[frozenset[Fact], frozenset[Fact]]
"""Sources and sinks that some rule joins."""

_OWN_VALUE = ("net.", "file.", "env.", "guard.")
_STARTING = frozenset({FactKind.PROCESS_SPAWN, FactKind.CODE_LOAD})
_NAMED = frozenset({FactKind.FILE_READ, FactKind.NET_CONNECT})
_READERS = _STARTING | {FactKind.FILE_READ, FactKind.CODE_EMBED}
_VARIABLE = re.compile(r"\{env:(\w+)\}")
_SINKS = 400
"""Sinks of one crate beyond which no more are followed; a gap says so."""


def flows(
    view: CrateView, facts: Iterable[Fact], asked: Iterable[Ends]
) -> tuple[tuple[Flow, ...], tuple[Gap, ...]]:
    """All flows between the ends that are asked for, and a gap if following ran out of steps."""
    wanted: dict[Fact, set[Fact]] = {}
    for sources, its_sinks in asked:
        for sink in its_sinks:
            wanted.setdefault(sink, set()).update(sources)
    if not wanted:
        return (), ()
    view.code.asking = ASKER
    table = tuple(facts)
    written = _Written(table, view)
    tracer = _tracer(view, table, written)
    found: list[Flow] = []
    rows = _by_place(wanted)
    for place, sinks in sorted(rows.items())[:_SINKS]:
        started = {one for sink in sinks for one in written.started(sink)}
        found += _arriving(view, tracer, (place, *sorted(started)), sinks)
    is_cut = tracer.is_exhausted or len(rows) > _SINKS
    reason = "following values ran out of steps; some ways they take are unknown"
    return tuple(found), (Gap(GapKind.BUDGET, reason),) if is_cut else ()


def tracer_of(view: CrateView, facts: tuple[Fact, ...]) -> Tracer:
    """Follows values of a crate with a budget of its own."""
    return _tracer(view, facts, _Written(facts, view))


def _tracer(view: CrateView, facts: tuple[Fact, ...], written: _Written) -> Tracer:
    return Tracer(
        view.tables,
        view.calls.callers,
        ends=frozenset(place_of(one) for one in facts if _is_end(one)),
        written=written.by_place,
        max_steps=view.limits.flow_steps_per_crate,
        max_steps_per_sink=view.limits.flow_steps_per_sink,
    )


def _is_end(fact: Fact) -> bool:
    """Whether the value of a call is its own: an answer, a file's content. What receives on a
    stream, or reads a file or asks a host that something else named, hands on.
    """
    if fact.kind is FactKind.NET_RECEIVE:
        return False
    is_handing_on = fact.kind in _NAMED and fact.subject in (UNKNOWN, "{}")
    return fact.kind.startswith(_OWN_VALUE) and not is_handing_on


def place_of(fact: Fact) -> Place:
    """Where a fact stands, as a walk names it."""
    where = fact.where
    return (where.file, where.start_byte) if isinstance(where, Span) else ("", 0)


def _by_place(wanted: Mapping[Fact, set[Fact]]) -> dict[Place, dict[Fact, set[Fact]]]:
    table: dict[Place, dict[Fact, set[Fact]]] = {}
    for sink, sources in wanted.items():
        if isinstance(sink.where, Span):
            table.setdefault(place_of(sink), {})[sink] = sources
    return table


def _arriving(
    view: CrateView, tracer: Tracer, places: tuple[Place, ...], sinks: Mapping[Fact, set[Fact]]
) -> list[Flow]:
    sources = {one for several in sinks.values() for one in several}
    has_texts = any(one.kind.startswith("value.") for one in sources)
    wanted = frozenset(map(place_of, sources))
    trails = tracer.trails(places[0], wanted, places[1:], has_texts=has_texts)
    rows: list[Flow] = []
    for sink in sorted(sinks, key=repr):
        for source in sorted(sinks[sink], key=repr):
            trail = trails.get(place_of(source))
            if trail is not None:
                rows.append(Flow(source, sink, tuple(_hop(view, one) for one in trail)))
    return rows


def _hop(view: CrateView, step: Step) -> Hop:
    line = view.code.line_text(step.file, step.start)[: view.limits.snippet_characters]
    return Hop(view.span(step.file, step.start, step.end), line)


class _Written:
    """Where the text comes from that a place reads: from the file of the same path, or from the
    line that gives a compile-time variable its value.
    """

    def __init__(self, facts: tuple[Fact, ...], view: CrateView) -> None:
        self._writers: dict[str, list[Place]] = {}
        self._variables: dict[str, set[str]] = {}
        self._runners = [view.signatures.indicators[one] for one in ("shells", "interpreters")]
        for one in facts:
            if one.kind is FactKind.FILE_WRITE and _is_told(one.subject):
                self._writers.setdefault(_path(one, one.subject), []).append(place_of(one))
            elif one.kind is FactKind.ENV_WRITE:
                self._writers.setdefault(f"env {one.subject}", []).append(place_of(one))
                self._variables.setdefault(one.subject, set()).update(one.data[:1])
            elif one.kind is FactKind.BUILD_DIRECTIVE and one.subject.startswith("rustc-env="):
                name, _, value = one.subject.removeprefix("rustc-env=").partition("=")
                self._writers.setdefault(f"env {name}", []).append(place_of(one))
                self._variables.setdefault(name, set()).add(value)
        self.by_place: dict[Place, tuple[Place, ...]] = {}
        for one in facts if self._writers else ():
            found = self._behind(one) if one.kind not in _STARTING else ()
            if found:
                self.by_place[place_of(one)] = found

    def started(self, fact: Fact) -> tuple[Place, ...]:
        """What was written to the program or library that a fact starts; a shell or interpreter
        starts the files it is given.
        """
        return self._behind(fact) if fact.kind in _STARTING else ()

    def _behind(self, fact: Fact) -> tuple[Place, ...]:
        reads: list[str] = []
        if fact.kind in _READERS:
            is_runner = any(one.match(fact.subject) is not None for one in self._runners)
            named = (fact.subject, *(fact.data if is_runner else ()))
            known = [each for text in named for each in self._spelled(text)]
            reads = [_path(fact, text) for text in known if _is_told(text)]
        elif fact.kind is FactKind.ENV_READ:
            reads = [f"env {fact.subject}"]
        rows = (one for text in reads for one in self._writers.get(text, ()))
        return tuple(one for one in rows if one != place_of(fact))

    def _spelled(self, text: str) -> Iterator[str]:
        """A path as it is written, and with the values of variables that are set in the crate."""
        yield text
        for name in _VARIABLE.findall(text):
            for value in sorted(self._variables.get(name, ())):
                yield text.replace(f"{{env:{name}}}", value)


def _is_told(subject: str) -> bool:
    """Whether a path says enough to mean one file."""
    return subject not in (UNKNOWN, "{}", "") and len(subject.replace("{}", "")) > 3


def _path(fact: Fact, text: str) -> str:
    """A file's name for comparing; one with an open part means the same only in one function."""
    path = text.replace("{env:OUT_DIR}", "{out}")
    is_own = "{}" in path and not path.startswith("{out}/")  # there only the build script writes
    return f"{fact.owner} {path}" if is_own else path
