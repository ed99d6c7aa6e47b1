"""What a build did in the sandbox: stages, processes, time, and what was sent, byte by byte."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.model import Observation, Payload, Report
from analyzer.report import observation as run
from analyzer.report.html.findings import Scope, chip
from analyzer.report.html.markup import (
    NOTHING,
    Child,
    Markup,
    cell,
    code,
    element,
    facts,
    fold,
    joined,
    left_out,
    row_head,
    table,
    text,
)

EVENTS_SHOWN, PAYLOADS_SHOWN, PROCESSES_SHOWN, LOOKUPS_SHOWN = 300, 60, 200, 200
_DECOYS_SHOWN = 40
_LOUD = {"decoy.sent": "critical", "decoy.left": "high", "run.differs": "medium"}


def ran(report: Report, one: Observation, scope: Scope) -> Iterator[Markup]:
    """The parts of the section, in the order of what a reader asks."""
    seen = run.events(report)
    yield facts((name, code(value, max_characters=300)) for name, value in run.about(one) if value)
    yield _stages(one, scope)
    if not seen:
        yield element("p", run.QUIET, class_="note")
    if one.payloads:
        yield element(f"h{scope.level + 1}", "What was sent")
        loaded = sorted(one.payloads, key=lambda each: not each.decoys)
        yield joined(_payload(each) for each in loaded[:PAYLOADS_SHOWN])
        yield left_out(PAYLOADS_SHOWN, len(loaded), "payloads")
    if one.processes:
        yield element(f"h{scope.level + 1}", "Who did it")
        yield _tree(one)
    if seen:
        yield element(f"h{scope.level + 1}", "In the order of time")
        yield _timeline(seen, scope)
    if one.lookups:
        names = [element("li", code(name)) for name in one.lookups[:LOOKUPS_SHOWN]]
        yield fold("Names that were looked up", element("ul", *names, class_="names"))
        yield left_out(LOOKUPS_SHOWN, len(one.lookups), "names")


def _stages(one: Observation, scope: Scope) -> Markup:
    rows = [
        (
            row_head(text(stage.name)),
            cell(text(stage.mode)),
            cell(text(run.outcome_text(stage))),
            cell(run.took_text(stage)),
        )
        for stage in one.stages
    ]
    heads = ("Stage", "How", "End", "Took")
    return table(scope.anchor("stages"), "What was run, in order", heads, rows, is_wide=False)


def _timeline(seen: tuple[run.Event, ...], scope: Scope) -> Markup:
    rows = [
        (
            row_head(run.time_text(one.where.at_ms) or "some time", class_="when"),
            cell(text(one.where.stage)),
            cell(_kind(one.fact.kind), " ", code(one.fact.subject, max_characters=300)),
            cell(*_details(one.fact.data)),
            cell(code(one.fact.snippet, max_characters=300)),
        )
        for one in seen[:EVENTS_SHOWN]
    ]
    heads = ("Time", "Stage", "What", "With", "By")
    caption = "What was seen; what every build does is left out"
    shown = table(scope.anchor("timeline"), caption, heads, rows)
    return joined((shown, left_out(EVENTS_SHOWN, len(seen), "rows")))


def _kind(kind: str) -> Markup:
    return chip(kind, _LOUD[kind]) if kind in _LOUD else element("span", kind, class_="kind")


def _details(data: tuple[str, ...]) -> Iterator[Child]:
    if data:
        yield code(" ".join(data), max_characters=200)


def _tree(one: Observation) -> Markup:
    rows = []
    nodes = list(run.tree(one))
    for depth, process in nodes[:PROCESSES_SHOWN]:
        when = f"{process.stage} {run.time_text(process.at_ms)} {process.owner}"
        rows.append(
            element(
                "li",
                code(" ".join(process.argv) or "(no words)", max_characters=400),
                " ",
                element("span", text(when), class_="note"),
                class_=f"d{depth}",
            )
        )
    shown = element("ol", *rows, class_="tree")
    return joined((shown, left_out(PROCESSES_SHOWN, len(nodes), "processes")))


def _payload(one: Payload) -> Markup:
    held = joined((chip(f"{len(one.decoys)} planted", "critical"), " ")) if one.decoys else NOTHING
    when = ", ".join(word for word in (one.stage, run.time_text(one.at_ms)) if word)
    heading = element("span", held, text(f"{run.payload_text(one)} · {when}"))
    more = len(one.decoys) - _DECOYS_SHOWN
    planted = ", ".join(one.decoys[:_DECOYS_SHOWN]) + (f" and {more} more" if more > 0 else "")
    parts: list[Child] = [facts((("By", code(one.owner or "nobody who is known")),))]
    if planted:
        words = text(planted, max_characters=4000)
        parts.append(element("p", "Planted secrets in it: ", words, class_="planted"))
    if one.text:
        rows = [element("span", text(row), class_="row") for row in one.text.split("\n")]
        parts += [element("p", "As text", class_="label"), element("pre", *rows, class_="dump")]
    if one.data:
        rows = [
            element("span", element("span", f"{at}  {hexed:<47}  ", class_="hex"), text(plain))
            for at, hexed, plain in run.dump(one.data)
        ]
        lines = [element("span", row, class_="row") for row in rows]
        whole = element("pre", *lines, class_="dump")
        parts.append(fold("Its first bytes", whole))
    return element("article", fold(heading, *parts, class_="payload"), class_="card")
