"""The items of a file that have braces, found by counting them in flat code: no tree is needed.

Containers hold further items (`mod`, `impl`, `trait`); everything else with braces is a leaf: the
body of a function, a struct, a macro. An item inside a leaf belongs to the leaf.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

_BRACES = re.compile(rb"[{}]")
_HEAD = re.compile(
    rb"\bfn\s+(?:r#)?(?P<fn>[A-Za-z0-9_\x80-\xff]+)"
    rb"|\bmacro_rules\s*!\s*(?:r#)?(?P<macro>\w+)"
    rb"|\b(?P<kind>impl|trait|mod|struct|enum|union)\b\s*(?:r#)?(?P<name>\w*)"
)
_USE = re.compile(rb"\buse\b[^;]*\Z")
_BRACKETED = re.compile(rb"\[[^\[\]]*\]")
_OPENING = ord("{")
_LONGEST_HEADER = 20_000
_DEPTH = 200


class Kind(StrEnum):
    """What a region is."""

    FUNCTION = "fn"
    MACRO = "macro"
    IMPL = "impl"
    TRAIT = "trait"
    MODULE = "mod"
    STRUCT = "struct"
    ENUM = "enum"
    UNION = "union"
    USE = "use"
    OTHER = "other"


CONTAINERS = frozenset({Kind.IMPL, Kind.TRAIT, Kind.MODULE})


_RUNNING = frozenset({Kind.FUNCTION, Kind.MACRO, Kind.OTHER})


class Region(NamedTuple):
    """[`start`, `end`) stands between the braces; `head` is where the item's keyword stands.

    `parent` is the number of the container around it, -1 at the top of the file.
    """

    kind: Kind
    name: bytes
    head: int
    start: int
    end: int
    parent: int

    @property
    def text(self) -> str:
        """The name of a function; empty for anything else."""
        return self.name.decode("utf-8", "replace") if self.kind is Kind.FUNCTION else ""


class Regions:
    """All regions of one file in byte order, and which one stands around a position."""

    def __init__(self, found: list[Region]) -> None:
        self.all = found
        self._heads = [one.head for one in found]

    def at(self, position: int) -> int:
        """The innermost region whose item covers a position, -1 if none."""
        index = bisect_right(self._heads, position) - 1
        while index >= 0 and position >= self.all[index].end:
            index = self.all[index].parent
        return index

    def is_in_body(self, position: int) -> bool:
        """Whether a position stands in code that runs: in a function, a macro, an initialiser."""
        number = self.at(position)
        if number < 0 or position < self.all[number].start:
            return False
        return self.all[number].kind in _RUNNING

    def inside(self, container: int) -> Iterator[int]:
        """All regions in a container, at any depth."""
        end = self.all[container].end
        for index in range(container + 1, len(self.all)):
            if self.all[index].head >= end:
                return
            yield index


def regions(code: bytes) -> Regions | None:
    """None where braces do not pair, or nest deeper than any honest items."""
    found: list[Region] = []
    opened: list[int] = []  # containers around
    depth = 0  # braces open inside the current leaf
    leaf = border = 0
    for match in _BRACES.finditer(code):
        position = match.start()
        if code[position] == _OPENING:
            depth += 1
            if depth > 1:
                continue
            parent = opened[-1] if opened else -1
            one = _region(code, max(border, position - _LONGEST_HEADER), position, parent)
            found.append(one)
            if one.kind in CONTAINERS:
                if len(opened) >= _DEPTH:
                    return None
                opened.append(len(found) - 1)
                depth = 0
            else:
                leaf = len(found) - 1
        elif depth:
            depth -= 1
            if depth == 0:
                found[leaf] = found[leaf]._replace(end=position)
        elif opened:
            number = opened.pop()
            found[number] = found[number]._replace(end=position)
        else:
            return None
        if not depth:
            border = position + 1
    return None if depth or opened else Regions(found)


def _region(code: bytes, border: int, opened: int, parent: int) -> Region:
    header = code[border:opened]
    if _USE.search(header):
        return Region(Kind.USE, b"", opened, opened + 1, -1, parent)
    function = last = None
    for match in _HEAD.finditer(header):
        if match["fn"] is not None:
            function = match
        last = match
    if last is None:
        return Region(Kind.OTHER, b"", opened, opened + 1, -1, parent)
    if function is not None and last is not function:
        # `fn f() -> impl T {`: still the signature unless a `;` ended it
        between = _BRACKETED.sub(b"", header[function.start() : last.start()])
        last = last if b";" in between else function
    head = border + last.start()
    rest = _BRACKETED.sub(b"", header[last.end() :])
    if b";" in rest or (b"=" in rest and last["kind"] not in (None, b"impl", b"trait")):
        # `struct A; thing! {` and `const X: T = T {`: the keyword belongs to something before
        return Region(Kind.OTHER, b"", opened, opened + 1, -1, parent)
    if last["fn"] is not None:
        return Region(Kind.FUNCTION, last["fn"], head, opened + 1, -1, parent)
    if last["macro"] is not None:
        return Region(Kind.MACRO, last["macro"], head, opened + 1, -1, parent)
    kind = Kind(last["kind"].decode())
    return Region(kind, last["name"], head, opened + 1, -1, parent)
