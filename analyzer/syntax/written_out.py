"""Files in which invocations of some own macros are replaced by what they are written out as.

Macros are worth it that build paths of what they are given, or that take more than a plain row of
parameters: all others are read as they stand, which costs less.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import re2

from analyzer.syntax.flat import flatten
from analyzer.syntax.lexer import TokenKind
from analyzer.syntax.macro_rules import (
    Leaf,
    Rule,
    TooMuch,
    Tree,
    Trees,
    read,
    rules,
    text_of,
    written_out,
)
from analyzer.syntax.reduce import Cut
from analyzer.syntax.vocabulary import compiled

MAX_SIZE_BYTES = 24 * 1024
"""Expansions of one crate beyond which the rest is read as it stands."""
MAX_INVOCATIONS = 400
_DEPTH = 24
_MANY_BYTES = 64 * 1024
_LONG = 2_000
"""What a macro is given beyond which only those that build paths are written out."""
_DEFINED = re.compile(rb"\bmacro_rules\s*!\s*(?:r#)?(\w+)\s*(?=[{(\[])")
_CALLED = rb"\b(?:%b)[\s\x0b]*![\s\x0b]*[({\[]"
_WORD = re.compile(rb"\w+")
_BRACKETS = re.compile(rb"[()\[\]{}]")
_ROOTED = re.compile(rb"\b(?:std|core|libc)\s*::\s*(?:\w+\s*::\s*)*\$")
_BUILDING = re.compile(
    rb"::\s*\$\s*\w|\$\s*(?!crate\b)\w+\s*(?:::|!|\()|\$\s*\([^()]*\)\s*(?:::)?\s*[*+]\s*(?:::|\()"
    rb"|\$\s*\([^()]*\)\s*::\s*[*+]|::\s*\[\s*<|>\s*\]\s*::"
    rb"|\bstringify ?! ?\( ?\$|\bconcat ?! ?\("
)
_PLAIN = re.compile(
    rb"\s*(?:\$\s*\w+\s*:\s*\w+\s*,?\s*)*"
    rb"|\s*\$\s*\(\s*\$\s*\w+\s*:\s*\w+\s*,?\s*\)\s*,?\s*[*+?]\s*(?:\$\s*\(\s*,\s*\)\s*[?*]\s*)?"
)
_AROUND = re.compile(rb"(?:\$?(?:crate|self|super|paste|pastey)\s*::\s*)+\Z")
_COMPUTING = re.compile(
    rb"\^|\bas char\b|\b(?:wrapping_\w+|from_utf8\w*|from_u32|collect|push|push_str)\b|<<|>>"
    rb"|\[\s*\$\s*\("
)
_JOINING = frozenset({b"paste", b"pastey", b"paste_item", b"concat_idents"})
_PATH_WORDS = (b"crate", b"self", b"super", b"paste", b"pastey")
_PATH = re.compile(rb"[\w:\s<>]+")
_BEFORE_STATEMENT = (b";", b"{", b"}", b"")
_GOES_ON = (b".", b"?", b"(", b"[")
_TELLING = re.compile(rb"\"|b'|(?:\d[\w.]*\W+){4}")


class Expanded(NamedTuple):
    """A file as it is parsed, over the part of it that is read (`inner`); `pins` are the places
    that all of an expansion stands for.
    """

    data: bytes
    here: tuple[int, ...]
    there: tuple[int, ...]
    pins: tuple[bool, ...]
    inner: Cut

    def origin(self, position: int) -> int:
        """Where a position of `data` stands in the file."""
        index = bisect_right(self.here, position) - 1
        if index >= 0:
            offset = 0 if self.pins[index] else position - self.here[index]
            position = self.there[index] + offset
        return self.inner.origin(position)


class Macros:
    """The own macros of a crate that are worth writing out."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._left = {True: MAX_SIZE_BYTES, False: MAX_SIZE_BYTES // 4}
        self._invocations = MAX_INVOCATIONS
        self._own: dict[str, dict[bytes, tuple[Rule, ...]]] = {}
        self._shared: dict[bytes, tuple[Rule, ...]] = {}
        self._building: set[bytes] = set()
        self._rooted: set[bytes] = set()
        self._worth: set[bytes] = set()
        self._calling: dict[bytes, bytes] = {}
        for path, data in files.items():
            if b"macro_rules" in data:
                self._define(path, data)
        words = self._words()
        self._called = re.compile(rb"\b(?:%b)\s*!\s*[({\[]" % words)
        self._quick = _quick(words)
        self._quick_powerful = _quick(_any(self._building | self._rooted))

    def powerful(self, data: bytes, modules: Iterable[str]) -> list[int]:
        """Where a file invokes macros that build paths, of words that lead to power."""
        if not self._quick_powerful.search(data):
            return []
        words = _any(self._building | self._rooted)
        called = re.compile(rb"\b(%b)\s*!\s*[({\[]([^;{}]{0,200})" % words)
        known = {one.encode() for one in modules}
        return [
            one.start()
            for one in called.finditer(flatten(data).code)
            if one[1] in self._rooted or not known.isdisjoint(_WORD.findall(one[2]))
        ]

    def _define(self, path: str, data: bytes) -> None:
        code = flatten(data).code
        for match in _DEFINED.finditer(code):
            trees = read(data[match.end() : _brackets(code, match.end())])
            if not trees or not isinstance(trees[0], Tree):
                continue
            found, name = rules(trees[0]), match[1]
            bodies = b" ".join(text_of(one.body) for one in found)
            if _ROOTED.search(bodies):
                self._rooted.add(name)
            self._calling[name] = self._calling.get(name, b"") + bodies
            is_plain = all(_PLAIN.fullmatch(text_of(one.pattern)) for one in found)
            if _BUILDING.search(bodies):
                self._building.add(name)
            if not is_plain or name in self._building or _COMPUTING.search(bodies):
                self._worth.add(name)
            self._own.setdefault(path, {})[name] = found
            self._shared.setdefault(name, found)

    def _words(self) -> bytes:
        """The names of all macros that are worth writing out, as a part of a pattern."""
        for names in (self._building, self._worth):
            _spread(names, self._calling)
        names = self._worth | self._building | _JOINING
        return _any(names)

    def expanded(self, path: str, cut: Cut) -> Expanded | None:
        """A file with its invocations written out; None where there are none worth it."""
        if not self._quick.search(cut.data):
            return None
        pieces: list[tuple[int, int, bytes]] = []
        own = self._own.get(path, {})
        code = flatten(cut.data).code
        for start, end, name, inside in _invocations(self._called, cut.data, code):
            found = self._text(own, name, inside)
            if found is not None:
                pieces.append((start, end, _placed(cut.data, start, end, found)))
        return _assembled(cut, pieces) if pieces else None

    def _text(
        self, own: Mapping[bytes, tuple[Rule, ...]], name: bytes, inside: bytes
    ) -> bytes | None:
        """What one invocation is written out as."""
        is_building = name in self._building or name in _JOINING
        if not is_building and (len(inside) > _LONG or not _TELLING.search(inside)):
            return None
        self._left[is_building] -= len(inside)
        self._invocations -= 1
        if self._left[is_building] <= 0 or self._invocations <= 0:
            return None
        self._budget = [self._left[is_building]]
        try:
            word = Leaf(name, TokenKind.IDENTIFIER, is_joint=True)
            found = self._all(own, (word, _BANG, Tree(b"(", read(inside))), 0)
        except TooMuch:
            self._left[is_building] //= 2
            return None
        if found is None:
            return None
        text = text_of(found).strip()
        self._left[is_building] = self._budget[0] - len(text)
        return text if text and self._left[is_building] > 0 else None

    def _all(
        self, own: Mapping[bytes, tuple[Rule, ...]], several: Trees, depth: int
    ) -> tuple[Leaf | Tree, ...] | None:
        """The same with all invocations in it written out; None if nothing was.

        :raises TooMuch: when it goes too deep.
        """
        if depth > _DEPTH:
            raise TooMuch
        found: list[Leaf | Tree] = []
        is_changed, index = False, 0
        while index < len(several):
            one = several[index]
            call = _call_at(several, index)
            body = self._one(own, one, call) if call is not None and isinstance(one, Leaf) else None
            if body is not None:
                inner = self._all(own, body, depth + 1)
                placed = _in_place(several, index, inner if inner is not None else body)
                found = [*_without_path(found), *placed]
                is_changed, index = True, index + 3
                continue
            if isinstance(one, Tree):
                deeper = self._all(own, one.inside, depth + 1)
                is_changed = is_changed or deeper is not None
                one = one._replace(inside=deeper) if deeper is not None else one
            found.append(one)
            index += 1
        return tuple(found) if is_changed else None

    def _one(
        self, own: Mapping[bytes, tuple[Rule, ...]], name: Leaf, call: Tree
    ) -> tuple[Leaf | Tree, ...] | None:
        word = name.text.removeprefix(b"r#")
        if word in _JOINING:
            return tuple(_joined(call.inside))
        known = own.get(word) or self._shared.get(word)
        self._budget[0] -= call.end - call.start
        if self._budget[0] <= 0:
            raise TooMuch
        return written_out(known, call.inside) if known is not None else None


def _any(names: Iterable[bytes]) -> bytes:
    """A part of a pattern that is one of these; of none, nothing that stands before a `!`."""
    return b"|".join(re.escape(one) for one in sorted(names)) or rb"[^\x00-\xff]"


def _quick(words: bytes) -> re2._Regexp | re.Pattern[bytes]:
    """Whether a file calls one of these; with a great many words no automaton is made of them."""
    called = _CALLED % words
    return compiled(called) if len(words) < _MANY_BYTES else re.compile(called)


def _spread(names: set[bytes], bodies: Mapping[bytes, bytes]) -> None:
    """Add the macros whose bodies call one of these, at any remove."""
    while names:
        words = b"|".join(re.escape(one) for one in sorted(names))
        called = re.compile(rb"\b(?:%b) ?!" % words)
        new = {one for one, body in bodies.items() if one not in names and called.search(body)}
        if not new:
            return
        names |= new


_BANG = Leaf(b"!", TokenKind.PUNCTUATION, is_joint=True)


def _call_at(several: Trees, index: int) -> Tree | None:
    if index + 2 >= len(several):
        return None
    bang, call = several[index + 1], several[index + 2]
    is_bang = isinstance(bang, Leaf) and bang.text == b"!"
    return call if is_bang and isinstance(call, Tree) else None


def _without_path(before: list[Leaf | Tree]) -> list[Leaf | Tree]:
    """What stands in front of a macro's name, without the path that begins there."""
    end = len(before)
    while end > 1 and all(_is_leaf(one, b":") for one in before[end - 2 : end]):
        end -= 2
        if end and _is_leaf(before[end - 1], *_PATH_WORDS):
            end -= 1
        if end and _is_leaf(before[end - 1], b"$"):
            end -= 1
    return before[:end]


def _is_leaf(one: Leaf | Tree, *texts: bytes) -> bool:
    return isinstance(one, Leaf) and one.text in texts


def _in_place(several: Trees, index: int, body: Trees) -> Trees:
    """What an inner invocation is written out as, in brackets where an expression goes on."""
    behind = several[index + 3] if index + 3 < len(several) else None
    opening = behind.opening if isinstance(behind, Tree) else behind.text if behind else b""
    if opening in _GOES_ON and not _PATH.fullmatch(text_of(body)):
        return (Tree(b"(", tuple(body)),)
    return body


def _joined(several: Trees) -> Iterator[Leaf | Tree]:
    """`[<a _ b>]`: words put together to one."""
    for one in several:
        if not isinstance(one, Tree):
            yield one
            continue
        inside = [each.text for each in one.inside if isinstance(each, Leaf)]
        if one.opening == b"[" and inside[:1] == [b"<"] and inside[-1:] == [b">"]:
            word = b"".join(_part(each) for each in _before_modifiers(inside[1:-1]))
            yield Leaf(word, TokenKind.IDENTIFIER, False)
        else:
            yield one._replace(inside=tuple(_joined(one.inside)))


def _before_modifiers(parts: list[bytes]) -> Iterator[bytes]:
    """The parts of a joined word without `:lower` and the like."""
    skipped = 0
    for one in parts:
        if one == b":":
            skipped = 1
        elif skipped:
            skipped = 0
        else:
            yield one


def _part(part: bytes) -> bytes:
    return part.strip(b"\"'").removeprefix(b"r#")


def _invocations(
    called: re.Pattern[bytes], data: bytes, code: bytes
) -> Iterator[tuple[int, int, bytes, bytes]]:
    """(start, end, name, what is given) of the outermost invocations outside of definitions."""
    ends = 0
    definitions = [(one.start(), _brackets(code, one.end())) for one in _DEFINED.finditer(code)]
    for match in called.finditer(code):
        start = match.start()
        if start < ends or any(a <= start < b for a, b in definitions):
            continue
        ends = _brackets(code, match.end() - 1)
        name = _WORD.match(match[0])
        if name is not None and ends > match.end():
            yield _qualified(code, start), ends, name[0], data[match.end() : ends - 1]


def _qualified(data: bytes, start: int) -> int:
    """Where the path begins in front of a macro's name: `crate::of!`, `$crate::of!`."""
    match = _AROUND.search(data[max(0, start - 60) : start])
    return start - len(match[0]) if match is not None else start


def _brackets(code: bytes, start: int) -> int:
    """Where the brackets end that open here; where they begin if they never do."""
    depth = 0
    for one in _BRACKETS.finditer(code, start):
        depth += 1 if one[0] in b"([{" else -1
        if depth <= 0:
            return one.end()
    return start


def _placed(data: bytes, start: int, end: int, text: bytes) -> bytes:
    """An expansion as it fits in its place: in brackets where an expression goes on or begins."""
    if _PATH.fullmatch(text):
        return b" " + text + b" "
    before = data[:start].rstrip()[-1:]
    behind = data[end : end + 64].lstrip()[:1]
    is_statement = before in _BEFORE_STATEMENT and behind not in _GOES_ON
    if is_statement and behind not in (b"}", b";"):
        return b" " + text + b" "
    if is_statement and (b";" in text or text.endswith(b"}")):
        return b" " + text + b" "
    return b"({" + text + b"})" if _has_statements(text) else b"(" + text + b")"


def _has_statements(text: bytes) -> bool:
    return any(isinstance(one, Leaf) and one.text == b";" for one in read(text))


def _assembled(cut: Cut, pieces: list[tuple[int, int, bytes]]) -> Expanded:
    parts: list[bytes] = []
    here, there, pins = [0], [0], [False]
    position = size = 0
    for start, end, text in pieces:
        parts += (cut.data[position:start], text)
        size += start - position
        here.append(size)
        there.append(start)
        pins.append(True)
        size += len(text)
        here.append(size)
        there.append(end)
        pins.append(False)
        position = end
    parts.append(cut.data[position:])
    return Expanded(b"".join(parts), tuple(here), tuple(there), tuple(pins), cut)
