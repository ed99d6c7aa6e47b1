"""Which facts a version has that the one before lacks.

What makes two facts the same is what they say and when it runs, never where it stands: lines move,
files are renamed. A fact must not be made «old» cheaply: one whose subject is not wholly known is
compared with its source line, and a second use of a secret, a shell or a hidden value counts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from analyzer.limits import DEFAULT_LIMITS
from analyzer.model import QUIET, UNKNOWN, Fact, FactKind, Phase, Span
from analyzer.rules.clauses import IsNew, is_decoded

ARCHIVE = "archive"
"""The group of facts that no code states: manifest, archive, registry."""
_QUIET, _SHIPPED = "quiet", "shipped"
_SHIPS = frozenset({Phase.LIBRARY, Phase.BINARY, Phase.CONSUMER})
_GROUP_OF: Mapping[Phase, str] = {
    one: _QUIET if one in QUIET else _SHIPPED if one in _SHIPS else str(one) for one in Phase
}
_COUNTED = frozenset(
    {
        FactKind.PATH_SECRET,
        FactKind.ENV_READ_ALL,
        FactKind.PROCESS_SHELL,
        FactKind.CODE_DECODE,
        FactKind.CODE_EXECUTE_MEMORY,
        FactKind.VALUE_ENCODED,
    }
)
_WITH_DATA = frozenset({FactKind.PROCESS_SPAWN, FactKind.PROCESS_SHELL, FactKind.BUILD_DIRECTIVE})
"""Kinds whose data is half of what is done: `curl` is one thing, what it is told another."""
_ONCE = frozenset({FactKind.MANIFEST_BUILD_SCRIPT})
"""Kinds that a crate has or has not, whatever the file is called."""
_OF_A_STEP = frozenset({FactKind.VERSION_STEP, FactKind.VERSION_POWER, FactKind.VERSION_BYTES})
"""Said of one step between versions: another step before it makes none of them old."""
_BLANK = re.compile(r"\s+")
_VERSION = re.compile(r"(?<![\d.])\d+(?:\.\d+){1,2}(?!\.?\d)")
_URL = re.compile(r"^[a-z][a-z0-9+]*://[^/]*", re.IGNORECASE)

Key = tuple[str, ...]
New = Mapping[Fact, frozenset[str]]
"""New facts with the groups of phases in which they are."""


def group_of(phase: Phase) -> str:
    """Phases that count as one: what ships, what only tests run; those of a build stand alone."""
    return _GROUP_OF[phase]


def phase_groups(phases: Iterable[Phase]) -> frozenset[str]:
    """The groups of several phases; `archive` for none."""
    return frozenset(_GROUP_OF[one] for one in phases) or frozenset({ARCHIVE})


def groups_of(fact: Fact) -> frozenset[str]:
    """The groups in which a fact holds."""
    return phase_groups(fact.phases)


def folded(text: str) -> str:
    """A subject without what every release changes: blanks, and version numbers behind a host."""
    text = _BLANK.sub(" ", text).strip()
    host = _URL.match(text)
    start = host.end() if host else 0
    return text[:start] + _VERSION.sub("#", text[start:])


def key_of(fact: Fact) -> Key:
    """What a fact says, in a form that survives a move to another place."""
    if fact.kind is FactKind.REGISTRY_DEPENDENCY:  # as the manifest said it of the version before
        return (FactKind.MANIFEST_DEPENDENCY, fact.subject, fact.api.partition(" ")[0])
    if fact.kind is FactKind.MANIFEST_DEPENDENCY:
        return (fact.kind, fact.subject, fact.api)
    if fact.kind in _ONCE:
        return (fact.kind,)
    hidden = "hidden" if is_decoded(fact) else ""
    if _is_open(fact):
        # Of a line that is cut the rest may differ: padding must not make what stands there old.
        is_cut = len(fact.snippet) >= DEFAULT_LIMITS.snippet_characters
        line = f"{fact.where}" if is_cut else _BLANK.sub("", fact.snippet)
        return (fact.kind, folded(fact.subject), hidden, fact.api, line, *fact.data)
    data = tuple(folded(one) for one in fact.data) if fact.kind in _WITH_DATA else ()
    return (fact.kind, folded(fact.subject), hidden, *data)


def _is_open(fact: Fact) -> bool:
    return fact.subject == UNKNOWN or "{}" in fact.subject


def new_facts(facts: Iterable[Fact], before: Iterable[Fact]) -> New:
    """The facts that go beyond those of the version before, each with the groups where it does."""
    had: Counter[tuple[Key, str]] = Counter()
    places: set[tuple[Key, str, str]] = set()
    for fact in before:
        if fact.kind in _OF_A_STEP:
            continue
        key = key_of(fact)
        for group in groups_of(fact):
            had[key, group] += 1
            places.add((key, group, _place(fact)))
    rows: dict[tuple[Key, str], list[Fact]] = {}
    for fact in facts:
        key = key_of(fact)
        for group in groups_of(fact):
            rows.setdefault((key, group), []).append(fact)
    found: dict[Fact, set[str]] = {}
    for (key, group), several in rows.items():
        old = had[key, group]
        is_counted = several[0].kind in _COUNTED or _is_open(several[0])
        surplus = len(several) - old if is_counted or not old else 0
        if surplus > 0:
            unseen_first = sorted(several, key=lambda one: (key, group, _place(one)) in places)
            for fact in unseen_first[:surplus]:
                found.setdefault(fact, set()).add(group)
    return {fact: frozenset(groups) for fact, groups in found.items()}


def newness(facts: Iterable[Fact], before: Iterable[Fact]) -> IsNew:
    """The answer to `new` in a clause."""
    found = new_facts(facts, before)

    def is_new(fact: Fact, phases: tuple[Phase, ...]) -> bool:
        groups = found.get(fact)
        if groups is None:
            return False
        return not phases or ARCHIVE in groups or any(group_of(one) in groups for one in phases)

    return is_new


def _place(fact: Fact) -> str:
    file = fact.where.file if isinstance(fact.where, Span) else ""
    return f"{file} {fact.owner}"
