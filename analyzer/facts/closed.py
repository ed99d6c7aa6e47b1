"""Acts whose subject is made of constants alone and yet was not worked out: somebody hides it.

An address, a command or a place that comes from nowhere but the crate's own constants can be read
off by whoever writes it down plainly. Where folding and the interpreter give up, the way back from
the call still tells that nothing from outside goes into it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzer.facts.flows import ASKER, place_of, tracer_of
from analyzer.facts.view import ASIDE, CrateView
from analyzer.model import HIDDEN_CONSTANT, UNKNOWN, Fact, FactKind

_ACTS = frozenset({FactKind.PROCESS_SHELL, FactKind.NET_CONNECT, FactKind.NET_SEND})
_NET = frozenset({FactKind.NET_CONNECT, FactKind.NET_SEND})
_HOLED = re.compile(r"[a-z]+://[^/?#{]*\{\}[^/?#{]*\.[a-z]{2,}(?:[:/?#]|\Z)")
_MOST = 24
"""Acts of one crate that are followed back."""


def closed(view: CrateView, facts: Sequence[Fact]) -> Iterator[Fact]:
    """A mention beside each act whose subject is a constant in hiding; `api` is what it does."""
    known = {(one.kind, place_of(one)) for one in facts if one.kind in _ACTS and not _is_open(one)}
    acts = [
        one
        for one in facts
        if one.kind in _ACTS
        and _is_open(one)
        and _is_told(view, one)
        and (one.kind, place_of(one)) not in known  # by some caller
        and not set(one.phases) <= ASIDE
    ][:_MOST]
    if not acts:
        return
    view.code.asking = ASKER
    tracer = tracer_of(view, tuple(facts))
    for one in acts:
        if tracer.is_closed(place_of(one), with_chain=one.kind is FactKind.PROCESS_SHELL):
            yield replace(
                one, kind=FactKind.MENTION, subject=HIDDEN_CONSTANT, api=str(one.kind), data=()
            )


def _is_told(view: CrateView, fact: Fact) -> bool:
    """Whether the call says by an argument what it is about; a program's name says what it does."""
    api = view.signatures.apis.get(fact.api.rstrip("?"))
    is_run = fact.kind is FactKind.PROCESS_SHELL
    return is_run or (api is not None and isinstance(api.subject_of(fact.kind), int))


def _is_open(fact: Fact) -> bool:
    """Whether a subject is not known, or the middle of its host."""
    is_unknown = fact.subject == UNKNOWN or not fact.subject.replace("{}", "").strip()
    return is_unknown or (fact.kind in _NET and _HOLED.match(fact.subject) is not None)
