"""Facts that the API catalogue makes of calls, and of functions named without being called."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace

from analyzer.facts.programs import derived
from analyzer.facts.view import CrateView
from analyzer.model import UNKNOWN, Fact, FactKind
from analyzer.syntax.loops import LOOP_FRAMES
from analyzer.syntax.sites import WORLD_FRAMES, Site
from analyzer.syntax.values import Value, constant

Origin = tuple[str, tuple[int, int]]
Texts = dict[int, list[Value]]
"""What one call adds, by frame."""
_LATER = 8
"""Callers that add to what an own function made, and ways of each, that are told apart."""
_SPELLED = 8
"""Bytes of a list from which on they are told as one text."""


def facts(view: CrateView) -> Iterator[Fact]:
    """One fact per kind that the catalogue lists for each use of an API."""
    added, later = _added(view.sites), _later(view.sites)
    told = {(site.file, site.start, site.frame // WORLD_FRAMES) for site in view.sites}
    for site in view.sites:
        if not site.api.facts:
            continue
        chains = [list(_chained(one, added)) for one in _in_worlds(site, added, told)]
        for origin, *between in later.get((site.file, site.origin), ()):
            given = [one for each in between for one in _plain(added.get(each, ()))]
            rows = _variants(added.get(origin, ()))
            chains += [[*chains[0], *given, *texts] for texts in rows]
        for kind in site.api.facts:
            for texts in chains:
                yield from _facts(view, site, kind, texts)


def _in_worlds(
    site: Site, added: Mapping[Origin, list[Texts]], told: Set[tuple[str, int, int]]
) -> Iterator[Site]:
    """A site as it stands, and as it is in worlds that only differ in what its chain adds."""
    yield site
    if site.frame or site.start < site.origin[0]:
        return
    frames = (one for texts in added.get((site.file, site.origin), ()) for one in texts)
    for world in sorted({one // WORLD_FRAMES for one in frames}):
        if (site.file, site.start, world) not in told:
            yield site._replace(frame=world * WORLD_FRAMES)


def _later(sites: tuple[Site, ...]) -> Mapping[Origin, list[tuple[Origin, ...]]]:
    """Where builders are given more that a call in an own function made, by that call: first the
    last such place, then those between.
    """
    table: dict[Origin, list[tuple[Origin, ...]]] = {}
    for site in sites:
        for made, *between in site.behind:
            rows = table.setdefault(made, [])
            row = ((site.file, site.origin), *between)
            if row not in rows and len(rows) < _LATER:
                rows.append(row)
    return table


def _plain(calls: Iterable[Texts]) -> Iterator[Value]:
    """What these calls add in the first place."""
    for texts in calls:
        yield from texts.get(0) or next(iter(texts.values()))


def _variants(calls: Iterable[Texts]) -> Iterator[list[Value]]:
    """What these calls add, once for each world, caller and item that makes a difference."""
    rows = list(calls)
    for frame in list(dict.fromkeys(one for texts in rows for one in texts))[:_LATER]:
        found = (texts.get(frame) or next(iter(texts.values())) for texts in rows)
        yield [value for several in found for value in several]


def _added(sites: tuple[Site, ...]) -> Mapping[Origin, list[Texts]]:
    """Texts that builder methods add to the call at the bottom of their chain, call by call."""
    table: dict[Origin, dict[int, Texts]] = {}
    for site in sorted(sites, key=lambda one: (one.file, one.start)):
        if not site.api.adds or site.is_mention:
            continue
        calls = table.setdefault((site.file, site.origin), {})
        texts = calls.setdefault(site.start, {}).setdefault(site.frame, [])
        for position in site.api.adds:
            if position < len(site.arguments):
                texts += site.arguments[position].flat()
    return {origin: list(calls.values()) for origin, calls in table.items()}


def _facts(view: CrateView, site: Site, kind: FactKind, added_here: list[Value]) -> Iterator[Fact]:
    value = _subject(site, kind, added_here)
    starts = kind in (FactKind.PROCESS_SPAWN, FactKind.PROCESS_SHELL)
    data: list[Value] = []
    if starts and isinstance(value, Value) and value.items and not value.is_constant:
        value, *data = value.items  # a program and its arguments in one list
    data += [
        one
        for position in site.api.data
        if position < len(site.arguments)
        for one in _told_apart(site.arguments[position])
    ]
    data += added_here
    shown = (value, *data) if starts else (value,)
    steps = [step for one in shown if isinstance(one, Value) for step in one.derivation]
    fact = view.fact(
        kind,
        _text(value),
        site,
        api=site.api.path + ("?" if site.is_guess else ""),
        data=tuple(one.text for one in data),
        derivation=tuple(dict.fromkeys(steps)),
    )
    yield fact
    if starts:
        yield from derived(fact, view.signatures)


def _told_apart(value: Value) -> tuple[Value, ...]:
    """The items of a list; bytes that spell a text are that text."""
    numbers = [one.number for one in value.items or ()]
    raw = bytes(one for one in numbers if one is not None and 0 <= one < 256)
    if len(raw) < _SPELLED or len(raw) != len(numbers):
        return value.flat()
    return (replace(constant(raw.decode("utf-8", "replace")), derivation=value.derivation),)


def _chained(site: Site, added: Mapping[Origin, list[Texts]]) -> Iterator[Value]:
    """What builder methods added, each for this world, caller and item, for as much of it as makes
    a difference there, or else for all items of a loop that the call itself does not name.
    """
    if site.start < site.origin[0]:
        return
    own = site.frame % WORLD_FRAMES
    frames = (site.frame, site.frame - site.frame % LOOP_FRAMES, own, own - own % LOOP_FRAMES, 0)
    for texts in added.get((site.file, site.origin), ()):
        found = next((texts[one] for one in frames if one in texts), None)
        yield from found if found is not None else itertools.chain(*texts.values())


def _subject(site: Site, kind: FactKind, added: list[Value]) -> Value | str:
    subject = site.api.subject_of(kind)
    if site.is_mention or subject is None:
        return UNKNOWN
    if isinstance(subject, int):
        return site.arguments[subject] if subject < len(site.arguments) else UNKNOWN
    if subject == "added":
        return added[0] if added else UNKNOWN
    return site.receiver if subject == "receiver" else subject.strip("'")


def _text(value: Value | str) -> str:
    if isinstance(value, str):
        return value
    return UNKNOWN if value.is_unknown or value.variant else value.text
