"""Files that are read by a name which only following tells: `read(file)` of a list of `.env` files.

Asked where some text names a secret place and some read is of an unknown one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzer.facts.flows import ASKER, tracer_of
from analyzer.facts.view import CrateView
from analyzer.model import UNKNOWN, Fact, FactKind, Span
from analyzer.syntax.flow.steps import Place

_READS = 24
"""Reads of unknown places of one crate that are followed."""
_NAMES = 8
_WHOLE = ("/", "~", "{")


def followed(view: CrateView, facts: Sequence[Fact]) -> Iterator[Fact]:
    """Reads again, with the secret places that their arguments may be made of."""
    named = {
        (one.where.file, one.where.start_byte): one.subject
        for one in facts
        if one.kind is FactKind.PATH_SECRET
        and isinstance(one.where, Span)
        and not _is_folder(view, one.subject)
    }
    reads = [one for one in facts if one.kind is FactKind.FILE_READ and _is_open(one.subject)]
    if not named or not reads:
        return
    view.code.asking = ASKER
    tracer = tracer_of(view, tuple(facts))
    for one in reads[:_READS]:
        for place in sorted(tracer.texts_behind(_place(one), frozenset(named)))[:_NAMES]:
            name = named[place]
            if not one.subject.endswith(name):
                yield replace(one, subject=name if name.startswith(_WHOLE) else f"{{}}/{name}")


def _is_folder(view: CrateView, name: str) -> bool:
    """Whether a name is only that of a folder in which secrets lie among settings."""
    folder = name.rstrip("/").rpartition("/")[2] + "/"
    listed = view.signatures.indicators["credential-paths"].entries
    return any(one.value.lstrip("~/").startswith(folder) for one in listed)


def _is_open(subject: str) -> bool:
    return subject == UNKNOWN or "{}" in subject


def _place(fact: Fact) -> Place:
    where = fact.where
    return (where.file, where.start_byte) if isinstance(where, Span) else ("", 0)
