"""Texts that a started shell or interpreter is handed on its input: they run as its commands do.

Only inputs that folding knows whole; what else arrives there, flows tell.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.facts.flows import ASKER
from analyzer.facts.programs import fed
from analyzer.facts.view import CrateView
from analyzer.model import Fact, FactKind
from analyzer.syntax.flow.sinks import handed_out
from analyzer.syntax.loops import Frame
from analyzer.syntax.outline import Node, Outline
from analyzer.syntax.query import called_function
from analyzer.syntax.sites import Site
from analyzer.syntax.texts import TextSite
from analyzer.syntax.values import Value

_GIVING = frozenset(
    "write_all write write_str write_fmt stdin_bytes stdin communicate communicate_bytes send"
    " write_all_buf write_buf".split()
)
_TEXTS = 16
"""Texts of one started program beyond which no more are looked at."""


def facts(view: CrateView) -> Iterator[Fact]:
    """What the texts do that a started program is handed."""
    seen: set[tuple[str, int, str]] = set()
    for site in view.sites:
        if FactKind.PROCESS_SPAWN not in site.api.facts or site.is_mention:
            continue
        program = _program(site)
        if fed(program, "", view.signatures) is None:
            continue
        asker, view.code.asking = view.code.asking, ASKER  # no fact tells yet of a missing text
        given = list(_given(view, site))
        view.code.asking = asker
        for outline, node, value in given:
            key = (outline.path, node.start_byte, value.text)
            if key in seen or len(seen) >= view.limits.facts_per_crate:
                continue
            seen.add(key)
            place = TextSite(value, outline.path, site.owner, node.start_byte, node.end_byte)
            base = view.fact(FactKind.PROCESS_SHELL, value.text, place, derivation=value.derivation)
            yield from fed(program, value.text, view.signatures, base) or ()


def _program(site: Site) -> str:
    subject = site.api.subject_of(FactKind.PROCESS_SPAWN)
    at = subject if isinstance(subject, int) else 0
    return site.arguments[at].text if at < len(site.arguments) else ""


def _given(view: CrateView, site: Site) -> Iterator[tuple[Outline, Node, Value]]:
    """Known texts that are written to what a call started, for each caller that says more."""
    outline = view.code.outlines[site.file]
    calls = (one for one in outline.calls if one.node.end_byte == site.end)
    call = next((one for one in calls if one.node.start_byte <= site.start), None)
    if call is None:
        return
    nodes = [one for one in handed_out(outline, call.node, view.code) if _is_given(*one)]
    frames: list[Frame] = [{}]
    function = call.scope.function
    if nodes and function >= 0:
        frames += view.calls.frames((outline.path, function))
    for other, node in nodes[:_TEXTS]:
        scope = other.scope_at(node.start_byte, node.end_byte)
        for frame in frames:
            value = view.code.evaluator.value(other, node, scope, frame)
            if value.is_constant and value.text.strip():
                yield other, node, value
                break


def _is_given(outline: Outline, node: Node) -> bool:
    """Whether an argument is what a method puts into an input; `write!` gives what it says."""
    if node.type == "macro_invocation":
        return True
    around = node.parent.parent if node.parent is not None else None
    function = called_function(around) if around is not None else None
    field = function.child_by_field_name("field") if function is not None else None
    return field is not None and outline.text(field) in _GIVING
