"""What one clause asks of one fact, and which facts of a crate fulfil it.

Patterns run on a linear engine (threat model H7): subjects are the crate author's own text.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping

import re2

from analyzer.addresses import is_fixed_host
from analyzer.model import UNKNOWN, Fact, FactKind, Moment, Phase
from analyzer.rules.schema import Clause
from analyzer.signatures import Signatures

DECODING = frozenset({"base64", "hex", "reversed", "byte list", "replace", "xor"})
"""Steps of a derivation that hide a text from a reader; joining and formatting do not."""

Ask = Callable[[Fact], bool]
IsNew = Callable[[Fact, tuple[Phase, ...]], bool]
"""Whether a fact is new in one of these phases (none: in any)."""

PLAIN_STEPS = (
    *("format", "concat", "env!", "join of texts", "pushed text", "replace"),
    *("include of", "lower case", "upper case", "trimmed", "read as data"),
)
"""Steps of a derivation that everyday code takes; `decoded` asks for one that hides."""


class FactIndex:
    """Facts by kind, and the answers already given: rules share clauses, facts share subjects."""

    def __init__(
        self, facts: Iterable[Fact], signatures: Signatures, is_new: IsNew | None = None
    ) -> None:
        """`is_new` answers what a version before settles; without it every fact may be new."""
        self._signatures, self._is_new = signatures, is_new
        self._by_kind: dict[FactKind, list[Fact]] = {}
        for fact in facts:
            self._by_kind.setdefault(fact.kind, []).append(fact)
        self._fulfilled: dict[tuple[Clause, tuple[Phase, ...]], tuple[Fact, ...]] = {}
        self._listed: dict[tuple[str, str], bool] = {}

    def has_any(self, kinds: Iterable[FactKind]) -> bool:
        """Whether the crate has a fact of one of these kinds at all."""
        return any(kind in self._by_kind for kind in kinds)

    def fulfilling(self, clause: Clause, phases: tuple[Phase, ...]) -> tuple[Fact, ...]:
        """Facts that the clause holds for, in the crate's order; `phases` are the rule's."""
        key = (clause, phases)
        if key not in self._fulfilled:
            facts = [fact for kind in clause.facts for fact in self._by_kind.get(kind, ())]
            asks = self._asks(*key) if facts else ()
            self._fulfilled[key] = tuple(fact for fact in facts if all(one(fact) for one in asks))
        return self._fulfilled[key]

    def _asks(self, clause: Clause, phases: tuple[Phase, ...]) -> tuple[Ask, ...]:
        """Cheap questions first: most facts are turned away by the first one."""
        return (
            *_phase_asks(clause, phases),
            *_plain_asks(clause),
            *_pattern_asks(clause),
            *self._list_asks(clause),
            *self._version_asks(clause, phases),
        )

    def _version_asks(self, clause: Clause, phases: tuple[Phase, ...]) -> Iterator[Ask]:
        known = self._is_new
        if known is not None and clause.is_new is not None:
            wanted = clause.phases or phases
            yield lambda fact: known(fact, wanted) is clause.is_new

    def _list_asks(self, clause: Clause) -> Iterable[Ask]:
        if clause.subject_in:
            yield lambda fact: self._is_listed(clause.subject_in, fact.subject)
        if clause.subject_not_in:
            yield lambda fact: not self._is_listed(clause.subject_not_in, fact.subject)
        if clause.data_in:
            yield lambda fact: any(self._is_listed(clause.data_in, one) for one in fact.data)

    def _is_listed(self, lists: tuple[str, ...], text: str) -> bool:
        return any(self._is_in(one, text) for one in lists)

    def _is_in(self, name: str, text: str) -> bool:
        key = (name, text)
        if key not in self._listed:
            self._listed[key] = self._signatures.indicators[name].match(text) is not None
        return self._listed[key]


def is_decoded(fact: Fact) -> bool:
    """Whether the subject was hidden: put together by more than everyday text building."""
    return any(not one.startswith(PLAIN_STEPS) for one in fact.derivation)


def _phase_asks(clause: Clause, phases: tuple[Phase, ...]) -> Iterator[Ask]:
    """The rule's phases pass facts about the whole archive, which have none; a clause's do not."""
    if phases:
        wanted = frozenset(phases)
        yield lambda fact: not fact.phases or not wanted.isdisjoint(fact.phases)
    if clause.phases:
        needed = frozenset(clause.phases)
        yield lambda fact: not needed.isdisjoint(fact.phases)


def _plain_asks(clause: Clause) -> Iterator[Ask]:
    if clause.subject_unknown is not None:
        yield lambda fact: (fact.subject == UNKNOWN) is clause.subject_unknown
    if clause.subjects:
        yield lambda fact: fact.subject in clause.subjects
    if clause.subject_host:
        is_whole = clause.subject_host == "whole"
        yield lambda fact: is_fixed_host(fact.subject, is_whole=is_whole)
    if clause.decoded is not None:
        yield lambda fact: is_decoded(fact) is clause.decoded
    if clause.is_observed is not None:
        yield lambda fact: isinstance(fact.where, Moment) is clause.is_observed
    if clause.guards:
        yield lambda fact: any(one.kind in clause.guards for one in fact.guards)


def _pattern_asks(clause: Clause) -> Iterator[Ask]:
    for pattern, texts, is_wanted in (
        (glob_pattern(clause.subject_glob), _subject, True),
        (clause.subject_pattern, _subject, True),
        (glob_pattern(clause.api), _api, True),
        (glob_pattern(clause.api_not), _api, False),
        (clause.data_pattern, _data_and_line, True),
        (clause.data_not_pattern, _data, False),
    ):
        if pattern:
            yield functools.partial(_is_like, compiled(pattern), texts, is_wanted)


def _subject(fact: Fact) -> tuple[str, ...]:
    return (fact.subject,)


def _api(fact: Fact) -> tuple[str, ...]:
    return (fact.api,)


def _data(fact: Fact) -> tuple[str, ...]:
    return fact.data


def _data_and_line(fact: Fact) -> tuple[str, ...]:
    """The data one by one, and what a program is told as one line."""
    is_line = fact.kind is FactKind.PROCESS_SPAWN and len(fact.data) > 1
    return (*fact.data, " ".join(fact.data)) if is_line else fact.data


def _is_like(
    pattern: re2._Regexp,
    texts: Callable[[Fact], tuple[str, ...]],
    is_wanted: bool,  # noqa: FBT001  # bound by partial
    fact: Fact,
) -> bool:
    return any(_says(pattern, one) for one in texts(fact)) is is_wanted


@functools.lru_cache(maxsize=16_384)
def _says(pattern: re2._Regexp, text: str) -> bool:
    """Kept, since each look at the rules asks it of the same facts again."""
    return pattern.search(_encodable(text)) is not None


def _encodable(text: str) -> str:
    """re2 reads UTF-8: a lone surrogate in hostile text must not raise there."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


@functools.lru_cache(maxsize=1024)
def compiled(pattern: str) -> re2._Regexp:
    """A linear-time pattern. Raises re2.error."""
    return re2.compile(pattern)


@functools.lru_cache(maxsize=1024)
def glob_pattern(globs: tuple[str, ...]) -> str:
    """A pattern for whole texts that fall under one of the globs (`*` any run, `?` one sign).

    Empty without globs.
    """
    known: Mapping[str, str] = {"*": ".*", "?": "."}
    bodies = ("".join(known.get(one, re2.escape(one)) for one in glob) for glob in globs)
    return rf"(?s)\A(?:{'|'.join(bodies)})\z" if globs else ""
