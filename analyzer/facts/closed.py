"""Acts whose subject is made of constants alone and yet was not worked out: somebody hides it.

An address, a command or a place that comes from nowhere but the crate's own constants can be read
off by whoever writes it down plainly. Where folding and the interpreter give up, the way back from
the call still tells that nothing from outside goes into it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzer.facts.flows import ASKER, tracer_of
from analyzer.facts.view import CrateView
from analyzer.model import UNKNOWN, Fact, FactKind, Phase, Span
from analyzer.syntax.flow.steps import Place

HIDDEN = "hidden-constant"
_ACTS = frozenset({FactKind.PROCESS_SHELL, FactKind.NET_CONNECT, FactKind.NET_SEND})
_MOST = 24
"""Acts of one crate that are followed back."""
_LEFT_ALONE = frozenset({Phase.TEST, Phase.BENCH, Phase.EXAMPLE})


def closed(view: CrateView, facts: Sequence[Fact]) -> Iterator[Fact]:
    """A mention beside each act whose subject is a constant in hiding; `api` is what it does."""
    known = {(one.kind, _place(one)) for one in facts if one.kind in _ACTS and not _is_open(one)}
    acts = [
        one
        for one in facts
        if one.kind in _ACTS
        and _is_open(one)
        and _is_told(view, one)
        and (one.kind, _place(one)) not in known  # by some caller
        and not set(one.phases) <= _LEFT_ALONE
    ][:_MOST]
    if not acts:
        return
    view.code.asking = ASKER
    tracer = tracer_of(view, tuple(facts))
    for one in acts:
        if tracer.is_closed(_place(one), with_chain=one.kind is FactKind.PROCESS_SHELL):
            yield replace(one, kind=FactKind.MENTION, subject=HIDDEN, api=str(one.kind), data=())


def _place(fact: Fact) -> Place:
    where = fact.where
    return (where.file, where.start_byte) if isinstance(where, Span) else ("", 0)


def _is_told(view: CrateView, fact: Fact) -> bool:
    """Whether the call says by an argument what it is about; a program's name says what it does."""
    api = view.signatures.apis.get(fact.api.rstrip("?"))
    is_run = fact.kind is FactKind.PROCESS_SHELL
    return is_run or (api is not None and isinstance(api.subject_of(fact.kind), int))


def _is_open(fact: Fact) -> bool:
    return fact.subject == UNKNOWN or not fact.subject.replace("{}", "").strip()
