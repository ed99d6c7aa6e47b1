"""Whether the value of one fact arrives at another: the flows that rules ask for.

Asked last and only for ends that some rule names: an honest crate mostly has no source or no sink.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from analyzer.facts.view import CrateView
from analyzer.model import UNKNOWN, Fact, FactKind, Flow, Gap, GapKind, Hop, Span
from analyzer.syntax.flow.steps import Place
from analyzer.syntax.flow.tracer import Step, Tracer

ASKER = "flow"
"""Under this name a trace notes what it could not follow because it was cut out."""
Ends = tuple[frozenset[Fact], frozenset[Fact]]
"""Sources and sinks that some rule joins."""

_OWN_VALUE = ("net.", "file.", "env.", "guard.")
_READERS = frozenset(
    {FactKind.FILE_READ, FactKind.CODE_EMBED, FactKind.PROCESS_SPAWN, FactKind.CODE_LOAD}
)
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
    tracer = Tracer(
        view.code,
        view.calls.callers,
        ends=frozenset(_place(one) for one in table if _is_end(one)),
        written=_written(table, view),
        max_steps=view.limits.flow_steps_per_crate,
        max_steps_per_sink=view.limits.flow_steps_per_sink,
    )
    found: list[Flow] = []
    rows = _by_place(wanted)
    for place, sinks in sorted(rows.items())[:_SINKS]:
        found += _arriving(view, tracer, place, sinks)
    is_cut = tracer.is_exhausted or len(rows) > _SINKS
    reason = "following values ran out of steps; some ways they take are unknown"
    return tuple(found), (Gap(GapKind.BUDGET, reason),) if is_cut else ()


def _is_end(fact: Fact) -> bool:
    """Whether the value of a call is its own: an answer, a file's content. What receives on a
    stream, or reads a file that something else named, hands on.
    """
    if fact.kind is FactKind.NET_RECEIVE:
        return False
    is_found = fact.kind is FactKind.FILE_READ and fact.subject == UNKNOWN
    return fact.kind.startswith(_OWN_VALUE) and not is_found


def _place(fact: Fact) -> Place:
    where = fact.where
    return (where.file, where.start_byte) if isinstance(where, Span) else ("", 0)


def _by_place(wanted: Mapping[Fact, set[Fact]]) -> dict[Place, dict[Fact, set[Fact]]]:
    table: dict[Place, dict[Fact, set[Fact]]] = {}
    for sink, sources in wanted.items():
        if isinstance(sink.where, Span):
            table.setdefault(_place(sink), {})[sink] = sources
    return table


def _arriving(
    view: CrateView, tracer: Tracer, place: Place, sinks: Mapping[Fact, set[Fact]]
) -> list[Flow]:
    sources = {one for several in sinks.values() for one in several}
    trails = tracer.trails(place, frozenset(_place(one) for one in sources))
    rows: list[Flow] = []
    for sink in sorted(sinks, key=repr):
        for source in sorted(sinks[sink], key=repr):
            trail = trails.get(_place(source))
            if trail is not None:
                rows.append(Flow(source, sink, tuple(_hop(view, one) for one in trail)))
    return rows


def _hop(view: CrateView, step: Step) -> Hop:
    line = view.code.line_text(step.file, step.start)[: view.limits.snippet_characters]
    return Hop(view.span(step.file, step.start, step.end), line)


def _written(facts: tuple[Fact, ...], view: CrateView) -> Mapping[Place, tuple[Place, ...]]:
    """Where the text comes from that a place reads: from the file of the same path, or from the
    line that gives a compile-time variable its value. A shell or an interpreter reads its files.
    """
    runners = [view.signatures.indicators[one] for one in ("shells", "interpreters")]
    writers: dict[str, list[Place]] = {}
    for one in facts:
        if one.kind is FactKind.FILE_WRITE and _is_told(one.subject):
            writers.setdefault(_path(one, one.subject), []).append(_place(one))
        elif one.kind is FactKind.ENV_WRITE:
            writers.setdefault(f"env {one.subject}", []).append(_place(one))
        elif one.kind is FactKind.BUILD_DIRECTIVE and one.subject.startswith("rustc-env="):
            name = one.subject.removeprefix("rustc-env=").partition("=")[0]
            writers.setdefault(f"env {name}", []).append(_place(one))
    table: dict[Place, tuple[Place, ...]] = {}
    for one in facts if writers else ():
        reads: list[str] = []
        if one.kind in _READERS:
            is_runner = any(each.match(one.subject) is not None for each in runners)
            named = (one.subject, *(one.data if is_runner else ()))
            reads = [_path(one, text) for text in named if _is_told(text)]
        elif one.kind is FactKind.ENV_READ:
            reads = [f"env {one.subject}"]
        rows = (each for text in reads for each in writers.get(text, ()))
        found = tuple(each for each in rows if each != _place(one))
        if found:
            table[_place(one)] = found
    return table


def _is_told(subject: str) -> bool:
    """Whether a path says enough to mean one file."""
    return subject not in (UNKNOWN, "{}", "") and len(subject.replace("{}", "")) > 3


def _path(fact: Fact, text: str) -> str:
    """A file's name for comparing; one with an open part means the same only in one function."""
    path = text.replace("{env:OUT_DIR}", "{out}")
    return f"{fact.owner} {path}" if "{}" in path else path
