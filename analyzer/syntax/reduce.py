"""Which parts of a crate's code are parsed: items that can give a fact, and what they hang on.

Library code is mostly functions that name nothing powerful. Their bodies are cut out before
parsing; what the rest turns out to need (a helper's value, a function's callers) is asked for by
name and put back. See threat model §2; what is powerful, `vocabulary.py` says.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import re2

from analyzer.syntax.flat import Flat, Range, flatten, is_odd, merged
from analyzer.syntax.handed_on import names_handed_on, types_around
from analyzer.syntax.regions import CONTAINERS, Kind, Regions, regions
from analyzer.syntax.telling import Telling, spelled, told
from analyzer.syntax.vocabulary import NO_ALIASES, Aliases, Vocabulary, compiled

_TABLE = re.compile(rb"\[[\s0-9a-fA-FxXobuisze_,.()\[\]&+-]{400,}+")
_BRACKETS = re.compile(rb"[()\[\]]")
_ROUNDS = 64
_CALLER_DEPTH = 4
_MANY_WORDS = 600
"""With more words than this almost every body shows one: then asking costs more than reading."""
_SMALLEST = dict.fromkeys(Kind, 24) | {Kind.USE: sys.maxsize}
"""Regions from this size on are cut out; a `{ N }` in a signature stays."""
_FILLING = (
    rb"lock|write|try_lock|try_write|borrow_mut|get_mut|get_or_init|get_or_insert_with|set|store"
    rb"|swap|replace|with|with_borrow_mut|push|push_str|push_back|extend|extend_from_slice|append"
    rb"|insert|insert_str|write_all|write_str|write_fmt|read_to_string|read_to_end"
    rb"|send|try_send|blocking_send|unbounded_send|put|add|feed"
)
"""Methods by which a field comes to hold more than it was declared with."""
_KINDS = rb"fn|const|static(?:\s+mut|\s+ref)?|struct|enum|union|type|trait|mod|macro_rules\s*!"


class Cut(NamedTuple):
    """A file as it is parsed. `here` and `there` are positions in `data` and in the file where the
    two part; empty for a whole file.
    """

    data: bytes
    here: tuple[int, ...] = ()
    there: tuple[int, ...] = ()

    def origin(self, position: int) -> int:
        """Where a position of `data` stands in the file."""
        index = bisect_right(self.here, position) - 1
        return position + (self.there[index] - self.here[index] if index >= 0 else 0)


WHOLE = Cut(b"")


@dataclass(slots=True)
class _File:
    """One file. `kept` are the regions that stay; a container stays when something in it does.

    `bound` are the words that its `use`s were asked for, `looked` those that its code was searched
    for, with `hits` where they stand; `roots` are found by themselves and still to be looked at.
    """

    data: bytes
    is_whole: bool
    is_read: bool = False
    flat: Flat | None = None
    regions: Regions = field(default_factory=lambda: Regions([]))
    aliases: Aliases = NO_ALIASES
    roots: list[re2._Match] = field(default_factory=list)
    bound: frozenset[str] = frozenset()
    looked: frozenset[str] = frozenset()
    hits: list[int] = field(default_factory=list)
    kept: set[int] = field(default_factory=set)
    tables: list[Range] = field(default_factory=list)
    is_tables_kept: bool = False

    def open(self, flat: Flat | None = None) -> bytes:
        """The code, with regions worked out."""
        if self.flat is None:
            self.flat = flat or flatten(self.data)
            found = regions(self.flat.code)
            self.is_whole = self.is_whole or found is None
            self.regions = found or self.regions
        return self.flat.code

    def keep(self, positions: Iterable[int], *, with_bodies: bool = True) -> None:
        """Keep what stands around these positions; in a head, the body behind it too."""
        for position in positions:
            self.is_read = True
            number = self.regions.at(position)
            if number < 0:
                continue
            one = self.regions.all[number]
            is_head = position < one.start
            if one.kind in CONTAINERS:
                if is_head and one.kind is not Kind.MODULE and with_bodies:
                    self.kept.update(self.regions.inside(number))
            elif not is_head or with_bodies:
                self.kept.add(number)
            else:
                number = one.parent
            while number >= 0:
                self.kept.add(number)
                number = self.regions.all[number].parent

    def find_tables(self) -> None:
        """Note the long lists of numbers in which nothing is named."""
        if self.flat is not None and not (self.is_whole or self.is_tables_kept):
            code, hits = self.flat.code, sorted(self.hits)
            found = (_table(code, one.span(), hits) for one in _TABLE.finditer(code))
            self.tables = [span for span in found if span is not None]

    def is_of(self, owners: re2._Regexp, position: int) -> bool:
        """Whether a member's declaration may be one of these types': in a macro it may."""
        number = self.regions.at(position)
        if number >= 0 and (position < self.regions.all[number].start):
            number = self.regions.all[number].parent
        if number < 0:
            return False
        around = self.regions.all[number]
        is_told = around.kind in (Kind.IMPL, Kind.TRAIT)
        code = self.flat.code if self.flat is not None else b""
        return not is_told or owners.search(code[around.head : around.start]) is not None


class Reducer:
    """One crate's sources. `files` are as the edition reads them; `whole` are never cut;
    `dependencies` are the catalogued ones by the name that they have here, and their macros;
    `built`: where own macros build paths of words that lead to power.
    """

    def __init__(
        self,
        files: Mapping[str, bytes],
        whole: frozenset[str],
        vocabulary: Vocabulary,
        dependencies: tuple[Mapping[str, str], Iterable[str]],
        telling: Telling,
        built: Mapping[str, list[int]],
    ) -> None:
        self._vocabulary, self._telling = vocabulary, telling
        self._crates, macros = dependencies
        self._base = self._words = frozenset(self._crates) | frozenset(macros)
        self._globbed: frozenset[str] = frozenset()
        self._carriers: frozenset[str] = frozenset()
        self._asked: tuple[set[str], ...] = (set(), set(), set(), set())
        self._files = {
            path: _File(data, path in whole or is_odd(data)) for path, data in files.items()
        }
        for path, one in self._files.items():
            self._first_look(one, built.get(path, []))
        self._spread()
        self._carry()
        for one in self._files.values():
            one.find_tables()

    def cuts(self) -> dict[str, Cut]:
        """What is to be parsed, by path; a file without power is left out."""
        return {path: _cut(one) for path, one in self._files.items() if one.is_whole or one.is_read}

    def want(
        self,
        bodies: Iterable[tuple[str, int]],
        declarations: Iterable[str],
        callers: Iterable[str],
        fields: Iterable[str],
        statics: Iterable[str],
    ) -> bool:
        """Put back the bodies of what is declared at these places of files, the files that declare
        these names, all bodies that call these, and those that give these fields and statics
        something; whether that added anything.
        """
        asked = (declarations, callers, fields, statics)
        new = [set(names) - known for names, known in zip(asked, self._asked, strict=True)]
        for names, known in zip(new, self._asked, strict=True):
            known.update(names)
        before = self._size()
        for path, position in bodies:
            if path in self._files:
                self._files[path].keep([position])
        if new[0]:
            self._keep_declarations(new[0])
        if new[2]:
            self._keep_found(_givings(new[2]), with_bodies=True)
        if new[3]:
            used = rb"\b(?:%b)\s*[=.,;})]" % _any(new[3])
            self._keep_found(compiled(used), with_bodies=True)
        callers_of = new[1]
        for _ in range(_CALLER_DEPTH):
            if not callers_of:
                break
            callers_of = callers_of | self._renamed(callers_of)
            called = rb"\b(?:%b)\s*(?:::\s*<[^;{}]*>\s*)?[(!,)]" % _any(callers_of)
            around = self._keep_found(compiled(called), with_bodies=True)
            callers_of = around - self._asked[1]
            self._asked[1].update(callers_of)
        return self._size() != before

    def want_tables(self, paths: Iterable[str]) -> bool:
        """Put back the long lists of numbers of these files; whether any had been left out."""
        files = [self._files[one] for one in paths if self._files[one].tables]
        for one in files:
            one.is_tables_kept, one.tables = True, []
        return bool(files)

    def _size(self) -> tuple[int, int]:
        kept = sum(len(one.kept) for one in self._files.values())
        return kept, sum(one.is_read or one.is_whole for one in self._files.values())

    def _keep_found(self, pattern: re2._Regexp, *, with_bodies: bool) -> set[str]:
        """Keep what stands around all hits; the names of the functions whose bodies are new."""
        names: set[str] = set()
        for one in self._files.values():
            if not one.is_whole and pattern.search(one.data):
                code = one.open()
                before = set(one.kept)
                one.keep((hit.start() for hit in pattern.finditer(code)), with_bodies=with_bodies)
                names |= {one.regions.all[number].text for number in one.kept - before}
        return names - {""}

    def _renamed(self, names: set[str]) -> set[str]:
        """Other names that some `use` gives to these; where it does is kept."""
        pattern = compiled(rb"\b(?:%b)\s+as\s+(\w+)" % _any(names))
        self._keep_found(pattern, with_bodies=False)
        hits = (hit for one in self._files.values() for hit in pattern.finditer(one.data))
        return {hit[1].decode() for hit in hits}

    def _keep_declarations(self, names: set[str]) -> None:
        """Keep where these are declared; `Type::name` only in what says that it is of the type."""
        pairs = [one.split("::") for one in names if "::" in one]
        plain = {one for one in names if "::" not in one} | {owner for owner, _ in pairs}
        self._keep_found(_definitions(plain), with_bodies=False)
        if not pairs:
            return
        owners = compiled(rb"\b(?:%b)\b" % _any({one[0] for one in pairs}))
        members = _any({one[1] for one in pairs})
        declared = compiled(rb"\b(?:fn|const|type)\s+(?:r#)?(?:%b)\b" % members)
        for one in self._files.values():
            if not one.is_whole and owners.search(one.data) and declared.search(one.data):
                code = one.open()
                hits = [hit.start() for hit in declared.finditer(code)]
                one.keep((at for at in hits if one.is_of(owners, at)), with_bodies=False)

    def _first_look(self, one: _File, built: list[int]) -> None:
        """Power that a file shows by itself."""
        flat = flatten(one.data)
        one.is_whole = one.is_whole or not flat.is_exact
        one.aliases = found = self._vocabulary.aliases(flat.code, self._base, self._crates)
        one.bound = self._base
        self._words |= found.shared
        self._globbed |= found.own
        places, linked = self._vocabulary.linked(flat.code)
        heads = self._vocabulary.heads(flat.code) + places
        self._words |= linked
        telling = told(self._telling, one.data, flat.texts) + spelled(self._telling, flat.code)
        telling += built
        one.roots = list(self._vocabulary.always.finditer(flat.code))
        base = self._base and self._vocabulary.named(self._base)
        if telling or found.places or heads or one.roots or (base and base.search(flat.code)):
            one.open(flat)
            one.keep((*telling, *found.places, *heads))
            one.hits += telling

    def _spread(self) -> None:
        """Names that hand power on, until nothing new appears."""
        for _ in range(_ROUNDS):
            known = self._words, self._globbed
            for one in self._files.values():
                self._look(one, *known)
            if (self._words, self._globbed) == known:
                return
            if len(self._words) > _MANY_WORDS:
                break  # more words only cost more: all is going to be read
        for one in self._files.values():
            one.is_whole = True

    def _carry(self) -> None:
        """Keep declarations that name a type which holds power, at any remove: they say what the
        fields and results are whose methods are called.
        """
        asked: frozenset[str] = frozenset()
        for _ in range(_ROUNDS):
            new = self._carriers - asked
            if not new or len(self._carriers) > _MANY_WORDS:
                return
            asked = self._carriers
            pattern = compiled(rb"\b(?:%b)\b" % _any(new))
            for one in self._files.values():
                if one.is_whole or not pattern.search(one.data):
                    continue
                code = one.open()
                hits = [hit.start() for hit in pattern.finditer(code)]
                outside = [at for at in hits if not one.regions.is_in_body(at)]
                one.keep(outside, with_bodies=False)
                self._carriers |= types_around(code, one.regions, outside)

    def _alias(self, one: _File, words: frozenset[str]) -> None:
        """Names that a file binds to names of power found meanwhile."""
        new, one.bound = words - one.bound, words
        if not new or b"use" not in one.data:
            return
        if one.flat is None and not self._vocabulary.uses(new, is_first=False).search(one.data):
            return
        found = self._vocabulary.aliases(one.open(), words, self._crates, new)
        if found.places:
            one.aliases = one.aliases._replace(own=one.aliases.own | found.own)
            self._words |= found.shared
            self._globbed |= found.own
            one.keep(found.places)

    def _look(self, one: _File, words: frozenset[str], globbed: frozenset[str]) -> None:
        """Look at a file for words that it was not yet searched for."""
        words = words | globbed if one.aliases.has_glob else words
        self._alias(one, words)
        own = one.aliases.own - words
        patterns = [
            self._vocabulary.named(new - one.looked) for new in (words, own) if new - one.looked
        ]
        one.looked = words | own if own else words
        if not one.roots and one.flat is None:
            patterns = [pattern for pattern in patterns if pattern.search(one.data)]
        if not one.roots and not patterns:
            return
        code = one.open()
        found = one.roots + [hit for pattern in patterns for hit in pattern.finditer(code)]
        one.roots = []
        hits = [hit.start() for hit in found]
        one.hits += hits
        one.keep(hits)
        carrying = [hit.start() for hit in found if self._vocabulary.carries(hit[0])]
        self._words |= names_handed_on(code, one.regions, carrying)
        self._carriers |= types_around(code, one.regions, carrying)


def _definitions(names: Iterable[str]) -> re2._Regexp:
    words = _any(names)
    return compiled(rb"\b(?:%b)\s+(?:r#)?(?:%b)\b|\buse\b[^;]*\b(?:%b)\b" % (_KINDS, words, words))


def _givings(names: Iterable[str]) -> re2._Regexp:
    """Places that give fields of these names something, or call what may fill them."""
    numbers = {one for one in names if one.isdigit()}
    filled = rb"\.\s*(?:%b)\b" % _FILLING
    words = rb"\b(?:%b)\s*(?::[^:]|=[^=]|[,}]|%b)" % (_any(set(names) - numbers), filled)
    places = rb"\.\s*(?:%b)\s*(?:=[^=]|%b)" % (_any(numbers), filled)
    return compiled(b"|".join([words] * (set(names) > numbers) + [places] * bool(numbers)))


def _any(names: Iterable[str]) -> bytes:
    return b"|".join(re.escape(one.encode()) for one in sorted(names))


def _table(code: bytes, span: Range, hits: list[int]) -> Range | None:
    """What stands between the brackets of a long list of numbers in which nothing is named."""
    depth = 0
    for bracket in _BRACKETS.finditer(code, *span):
        depth += 1 if bracket[0] in b"([" else -1
        if depth == 0:
            index = bisect_right(hits, span[0])
            is_named = index < len(hits) and hits[index] < bracket.start()
            return None if is_named else (span[0] + 1, bracket.start())
    return None


def _cut(one: _File) -> Cut:
    """The file without regions that are not kept, and without comments; its lines stay."""
    if one.is_whole or one.flat is None:
        return Cut(one.data)
    removed = [
        (region.start, region.end)
        for number, region in enumerate(one.regions.all)
        if number not in one.kept and region.end - region.start >= _SMALLEST[region.kind]
    ]
    data, position, size = one.data, 0, 0
    parts: list[bytes] = []
    here: list[int] = []
    there: list[int] = []
    for start, end in merged(removed + one.tables, one.flat.comments):
        filling = b" " + b"\n" * data.count(b"\n", start, end)
        parts += (data[position:start], filling)
        size += start - position + len(filling)
        position = end
        here.append(size)
        there.append(end)
    return Cut(b"".join([*parts, data[position:]]), tuple(here), tuple(there))
