"""Names under which one file hands power on to others: aliases, macros, functions, statics.

A file that names no root of power may still use it by such a name, so the prefilter asks here until
nothing new appears. Reads code without trees; too many names are harmless, one too few is not.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import re2

ROOTS = ("fs", "env", "net", "process", "os")
_CRATES = frozenset({"std", "core", "alloc"})
_NEVER = frozenset({*ROOTS, *_CRATES, "self", "super", "crate", "_", "r", "as", "pub", "use"})
_USE = re.compile(rb"\buse\b([^;]*)")
_USE_PART = re.compile(rb"[A-Za-z0-9_\x80-\xff]+|[{},*]")
_EXTERN = re.compile(rb"\bextern\s+crate\s+(\w+)\s+as\s+(?:r#)?(\w+)")
_TYPE = re.compile(rb"\btype\s+([^=;{]*)(?:=([^;]*))?")
_TYPE_NAME = re.compile(rb"(?:\A|\btype\s+)(?:r#)?(\w+)")
_STRUCTURE = re.compile(
    rb"\b(?:fn|macro_rules\s*!)\s+(?:r#)?(?P<body>\w+)"
    rb"|(?<![<,])(?<![<,]\s)\b(?:static(?:\s+mut)?|const)\s+"
    rb"(?!(?:fn|unsafe|extern|async)\b)(?:r#)?(?P<value>\w+)"
    rb"|\bimpl\b(?P<head>[^{;]*)|[(){}\[\];]"
)
WORDS = re.compile(rb"[A-Za-z0-9_\x80-\xff]+")
_NAMES_AT_ONE_PLACE = 64
_USE_DEPTH = 32
# Methods of traits that nobody calls by name: there the type's name stands for them.
_SILENT = frozenset(
    "add add_assign as_mut as_ref borrow borrow_mut call clone cmp default deref deref_mut drop eq"
    " extend flush fmt from from_iter from_str hash index index_mut into into_iter ne neg next not"
    " partial_cmp poll read size_hint source sub to_owned to_string try_from try_into write".split()
)


class Power:
    """What counts as power: catalogued paths, and words for dependencies and derived names."""

    def __init__(self, paths: Iterable[str], words: Iterable[str]) -> None:
        self._children: dict[str, set[str]] = {}
        for path in paths:
            parts = path.split("::")
            if parts[0] != "std" or parts[1] not in ROOTS:
                continue  # another crate's power is told by the words for it
            for end in range(1, len(parts)):
                self._children.setdefault("::".join(parts[:end]), set()).add(parts[end])
        self.words = set(words)
        named = {child for root in ROOTS for child in self._children.get(f"std::{root}", ())}
        names = "|".join(map(re.escape, sorted(named)))
        pattern = rf"(?:{'|'.join(ROOTS)})\s*::\s*(?:(?:r#)?(?:{names})\b|[{{*])"
        self._rooted = re2.compile(rb"\b" + pattern.encode())

    def holds(self, path: tuple[str, ...]) -> bool:
        """Whether a path leads to power or to what may hold it; other people's `fs` may."""
        if not self.words.isdisjoint(path):
            return True
        if path[:1] and path[0] in _CRATES:
            full = "::".join(("std", *path[1:]))
            parent = full.rpartition("::")[0]
            return full in self._children or full.rpartition("::")[2] in self._children.get(
                parent, ()
            )
        return not set(ROOTS).isdisjoint(path)

    def names_in(self, path: tuple[str, ...]) -> set[str]:
        """What a glob of a path brings."""
        return self._children.get("::".join(("std", *path[1:])), set()) - _NEVER

    def uses(self, code: bytes) -> list[int]:
        """Where code names power: a catalogued name behind a root, or one of the words."""
        found = [one.start() for one in self._rooted.finditer(code)]
        if self.words:
            known = {one.encode() for one in self.words}
            found += [one.start() for one in WORDS.finditer(code) if one[0] in known]
        return sorted(found)


def aliases(code: bytes, power: Power) -> set[str]:
    """Names that `use`, `extern crate` and `type` bind to power."""
    found: set[str] = set()
    for statement in _USE.finditer(code):
        for path, name in _leaves(statement[1]):
            if power.holds(path):
                found |= power.names_in(path) if name == "*" else {name}
    for match in _EXTERN.finditer(code):
        if match[1].decode("utf-8", "replace") in _CRATES | power.words:
            found.add(match[2].decode("utf-8", "replace"))
    for match in _TYPE.finditer(code):
        if match[2] and power.uses(match[2]):
            found |= {one.decode("utf-8", "replace") for one in _TYPE_NAME.findall(match[1])}
    return found - _NEVER


def _leaves(text: bytes) -> Iterator[tuple[tuple[str, ...], str]]:
    """Path and bound name of each leaf of a `use` tree; the name of a glob is `*`.

    In a tree deeper than any honest one every word counts as a name of power.
    """
    stack: list[tuple[str, ...]] = [()]
    path: tuple[str, ...] = ()
    name, is_alias = "", False
    for part in [*_USE_PART.findall(text.replace(b"r#", b"")), b","]:
        word = part.decode("utf-8", "replace")
        if len(stack) > _USE_DEPTH or len(path) > _USE_DEPTH:
            path, stack = ROOTS, [ROOTS]
        if word == "{":
            stack.append(path)
        elif word in ("}", ","):
            if name:
                yield path, name
            if word == "}" and len(stack) > 1:
                stack.pop()
            path, name, is_alias = stack[-1], "", False
        elif word == "as":
            is_alias = True
        elif is_alias or word == "*":
            name = word
        else:
            path = path if word == "self" and path else (*path, word)
            name = path[-1]


def owners(code: bytes, power: Power) -> set[str]:
    """Names of the functions, macros, statics and types whose bodies use power."""
    uses = power.uses(code)
    walk = _Walk()
    at = 0
    for match in _STRUCTURE.finditer(code) if uses else ():
        end = bisect_left(uses, match.start(), at)
        if end > at:
            walk.collect()
        at = end
        walk.step(match)
    if at < len(uses):
        walk.collect()
    return walk.found - _NEVER


class _Around(NamedTuple):
    """What stands around a place: items whose body comes or is open, a trait `impl`'s type."""

    sign: bytes = b""
    bodies: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()
    type: str = ""


class _Walk:
    """The items around the place that is read; each is collected once, however deep."""

    def __init__(self) -> None:
        self.found: set[str] = set()
        self._open: list[_Around] = []
        self._collected = 0  # so many of the outermost are
        self._here = _Around()

    def collect(self) -> None:
        """Power is used here."""
        for one in [*self._open[self._collected :], self._here]:
            self.found |= one.bodies | one.values | ({one.type} if one.type else set())
        self._collected = len(self._open)

    def step(self, match: re.Match[bytes]) -> None:
        """Pass over one sign of structure."""
        sign, here = match[0], self._here
        if match["body"] is not None:
            self._here = here._replace(bodies=self._with(here.bodies, match["body"]))
        elif match["value"] is not None:
            self._here = here._replace(values=self._with(here.values, match["value"]))
        elif match["head"] is not None:
            self._here = here._replace(type=here.type if here.bodies else _type_of(match["head"]))
        elif sign in b"([{":
            is_silent = bool(self._open and self._open[-1].type)
            bodies = here.bodies - _SILENT if is_silent else here.bodies
            self._open.append(here._replace(sign=sign, bodies=bodies))
            self._here = _Around()
        elif sign == b";":
            self._here = _Around()
        elif self._open:
            self._close()

    def _close(self) -> None:
        """A body ends its item; a value goes on until its `;`, a signature until its body."""
        outer = self._open.pop()
        self._collected = min(self._collected, len(self._open))
        is_body = outer.sign == b"{"
        self._here = _Around(values=outer.values) if is_body else outer._replace(sign=b"")

    def _with(self, names: frozenset[str], word: bytes) -> frozenset[str]:
        """One name more; of very many at one place each counts at once, lest they cost a square."""
        name = word.decode("utf-8", "replace")
        if len(names) < _NAMES_AT_ONE_PLACE:
            return names | {name}
        self.found.add(name)
        return names


def _type_of(head: bytes) -> str:
    """The type of a trait's `impl`; empty for an inherent one, whose methods are called by name."""
    _, is_trait, target = head.partition(b" for ")
    words = WORDS.findall(target.partition(b"where")[0].partition(b"<")[0]) if is_trait else []
    return words[-1].decode("utf-8", "replace") if words else ""
