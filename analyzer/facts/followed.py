"""Files and variables that are read by a name which only following tells: `read(file)` of a list.

Asked where some text names a secret place or variable and some read is of an unknown one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from analyzer.facts.flows import ASKER, place_of, tracer_of
from analyzer.facts.view import CrateView
from analyzer.model import UNKNOWN, Fact, FactKind, Span
from analyzer.syntax.flow.steps import Place
from analyzer.syntax.texts import written
from analyzer.syntax.vocabulary import compiled

_READS = 24
"""Reads of unknown places of one crate that are followed."""
_NAMES = 8
_VARIABLE = compiled(rb"(?m:^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$)")
_WHOLE = ("/", "~", "{")


def followed(view: CrateView, facts: Sequence[Fact]) -> Iterator[Fact]:
    """Reads again, with the secret places and variables that their arguments may be made of."""
    reads = [one for one in facts if one.kind is FactKind.FILE_READ and _is_open(one.subject)]
    named = _places(view, facts) if reads else {}
    for one, name in _behind(view, facts, reads if named else [], named):
        if not one.subject.endswith(name):
            yield replace(one, subject=name if name.startswith(_WHOLE) else f"{{}}/{name}")
    asked = [one for one in facts if one.kind is FactKind.ENV_READ and _is_open(one.subject)]
    variables = _variables(view) if asked else {}
    for one, name in _behind(view, facts, asked if variables else [], variables):
        yield replace(one, subject=name)


def _behind(
    view: CrateView, facts: Sequence[Fact], reads: list[Fact], named: Mapping[Place, str]
) -> Iterator[tuple[Fact, str]]:
    if not reads:
        return
    view.code.asking = ASKER
    tracer = tracer_of(view, tuple(facts))
    for one in reads[:_READS]:
        for place in sorted(tracer.texts_behind(place_of(one), frozenset(named)))[:_NAMES]:
            yield one, named[place]


def _places(view: CrateView, facts: Sequence[Fact]) -> dict[Place, str]:
    return {
        (one.where.file, one.where.start_byte): one.subject
        for one in facts
        if one.kind is FactKind.PATH_SECRET
        and isinstance(one.where, Span)
        and not _is_folder(view, one.subject)
    }


def _variables(view: CrateView) -> dict[Place, str]:
    """Texts that name a secret variable, as they stand."""
    secrets = view.signatures.indicators["secret-variables"]
    return {
        (one.file, view.code.outlines[one.file].origin(one.start)): one.value.text
        for one in written(view.code, _VARIABLE)
        if one.value.is_constant and secrets.match(one.value.text) is not None
    }


def _is_folder(view: CrateView, name: str) -> bool:
    """Whether a name is only that of a folder in which secrets lie among settings."""
    folder = name.rstrip("/").rpartition("/")[2] + "/"
    listed = view.signatures.indicators["credential-paths"].entries
    return any(one.value.lstrip("~/").startswith(folder) for one in listed)


def _is_open(subject: str) -> bool:
    return subject == UNKNOWN or "{}" in subject
