"""`macro_rules!` as the language has them, on tokens: rules matched, bodies written out.

Nothing is parsed or resolved here. Fragments end where the next comma, semicolon or arrow stands:
near enough to rustc for code that compiles.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from analyzer.syntax.lexer import TokenKind, tokens

MAX_TOKENS = 20_000
"""Tokens of one expansion beyond which it is given up."""
_CLOSING = {b"(": b")", b"[": b"]", b"{": b"}"}
_LITERALS = (TokenKind.STRING, TokenKind.RAW_STRING, TokenKind.CHARACTER, TokenKind.NUMBER)
_ENDS = (b",", b";")


class Leaf(NamedTuple):
    """One token; `is_joint`: the next one follows without a blank."""

    text: bytes
    kind: TokenKind
    is_joint: bool
    start: int = 0
    end: int = 0


class Tree(NamedTuple):
    """What stands in brackets."""

    opening: bytes
    inside: tuple[Leaf | Tree, ...]
    start: int = 0
    end: int = 0


Trees = Sequence[Leaf | Tree]


class Rule(NamedTuple):
    """One rule: what it takes, and what it is written out as."""

    pattern: tuple[Leaf | Tree, ...]
    body: tuple[Leaf | Tree, ...]


@dataclass(slots=True)
class Bound:
    """What a rule's parameters stand for; in `turns` those of a repetition."""

    plain: dict[bytes, tuple[Leaf | Tree, ...]] = field(default_factory=dict)
    turns: list[tuple[frozenset[bytes], list[Bound]]] = field(default_factory=list)


class TooMuch(Exception):  # not an error: an author may write what never ends
    """An expansion that is longer than anybody reads."""


def read(data: bytes) -> tuple[Leaf | Tree, ...]:
    """The token trees of a text; a bracket that is never closed ends there."""
    stack: list[tuple[bytes, int, list[Leaf | Tree]]] = []
    opened, at, inside = b"", 0, list[Leaf | Tree]()
    found = list(tokens(data))
    begins = [*(one.start for one in found), -1]
    for (kind, start, end), following in zip(found, begins[1:], strict=True):
        text = data[start:end]
        if text in _CLOSING:
            stack.append((opened, at, inside))
            opened, at, inside = text, start, []
        elif opened and text == _CLOSING[opened]:
            tree = Tree(opened, tuple(inside), at, end)
            opened, at, inside = stack.pop()
            inside.append(tree)
        else:
            inside.append(Leaf(text, kind, following == end, start, end))
    while stack:
        tree = Tree(opened, tuple(inside), at, len(data))
        opened, at, inside = stack.pop()
        inside.append(tree)
    return tuple(inside)


def rules(definition: Tree) -> tuple[Rule, ...]:
    """The rules in the brackets of a `macro_rules!`."""
    trees = [one for one in definition.inside if isinstance(one, Tree)]
    pairs = zip(trees[::2], trees[1::2], strict=False)
    return tuple(Rule(left.inside, right.inside) for left, right in pairs)


def written_out(several: Sequence[Rule], given: Trees) -> tuple[Leaf | Tree, ...] | None:
    """The body of the first rule that takes what is given; None if no rule does.

    :raises TooMuch: if it grows beyond bounds.
    """
    for one in several:
        bound = Bound()
        if _match(one.pattern, given, bound) == len(given):
            return tuple(_written(one.body, [bound], [MAX_TOKENS]))
    return None


# Matching --------------------------------------------------------------------------------------


def _match(pattern: Trees, given: Trees, bound: Bound, at: int = 0) -> int:
    """Where a pattern ends in what is given; -1 if it does not fit."""
    index = 0
    while index < len(pattern):
        one = pattern[index]
        following = pattern[index + 1] if index + 1 < len(pattern) else None
        if _is(one, b"$") and isinstance(following, Tree):
            separator, width = _separator(pattern, index + 2)
            at = _repeated(following, (separator, pattern[index + 2 + width :]), given, bound, at)
            index += 2 + width + 1
        elif _is(one, b"$") and isinstance(following, Leaf) and index + 3 < len(pattern):
            kind = pattern[index + 3]
            end = _fragment(kind.text if isinstance(kind, Leaf) else b"", given, at)
            if end < 0:
                return -1
            bound.plain[following.text] = tuple(given[at:end])
            at, index = end, index + 4
        elif at < len(given) and _same(one, given[at], bound):
            at, index = at + 1, index + 1
        else:
            return -1
        if at < 0:
            return -1
    return at


def _separator(pattern: Trees, index: int) -> tuple[tuple[Leaf, ...], int]:
    """The tokens between a repetition and its sign, and how many they are."""
    found: list[Leaf] = []
    for one in pattern[index : index + 4]:
        if not isinstance(one, Leaf):
            break
        if one.text in (b"*", b"+", b"?"):
            return tuple(found), len(found)
        found.append(one)
    return (), 0


def _repeated(
    inner: Tree,
    around: tuple[tuple[Leaf, ...], Trees],
    given: Trees,
    bound: Bound,
    at: int,
) -> int:
    separator, rest = around
    names = frozenset(_names(inner.inside))
    turns: list[Bound] = []
    while at <= len(given):
        turn = Bound()
        start = at
        if turns and separator:
            ahead = given[at : at + len(separator)]
            said = [one.text for one in ahead if isinstance(one, Leaf)]
            if said != [one.text for one in separator]:
                break
            start = at + len(separator)
        behind = rest[1] if len(rest) > 1 else None  # behind the sign
        if behind is not None and start < len(given) and _ends_here(behind, given[start], inner):
            break
        end = _match(inner.inside, given, turn, start)
        if end < 0 or end == start:
            break
        turns.append(turn)
        at = end
    bound.turns.append((names, turns))
    return at


def _ends_here(behind: Leaf | Tree, one: Leaf | Tree, inner: Tree) -> bool:
    """Whether a literal token behind a repetition says that no turn begins here."""
    is_literal = isinstance(behind, Leaf) and behind.text != b"$"
    first = inner.inside[0] if inner.inside else None
    return (
        is_literal
        and _is(one, behind.text if isinstance(behind, Leaf) else b"")
        and _is(first, b"$")
    )


def _names(pattern: Trees) -> Iterator[bytes]:
    for at, one in enumerate(pattern):
        if isinstance(one, Tree):
            yield from _names(one.inside)
        elif one.text == b"$" and at + 1 < len(pattern):
            following = pattern[at + 1]
            if isinstance(following, Leaf):
                yield following.text


def _same(one: Leaf | Tree, other: Leaf | Tree, bound: Bound) -> bool:
    if isinstance(one, Leaf):
        return isinstance(other, Leaf) and one.text == other.text
    if not isinstance(other, Tree) or one.opening != other.opening:
        return False
    return _match(one.inside, other.inside, bound) == len(other.inside)


def _is(one: Leaf | Tree | None, text: bytes) -> bool:
    return isinstance(one, Leaf) and one.text == text


def _fragment(kind: bytes, given: Trees, at: int) -> int:
    """Where a fragment of some kind ends that begins here; -1 if none does."""
    if kind == b"vis":
        return _visibility(given, at)
    if at >= len(given):
        return -1
    one = given[at]
    if kind == b"tt":
        return at + 1
    if kind in (b"ident", b"lifetime"):
        wanted = TokenKind.IDENTIFIER if kind == b"ident" else TokenKind.LIFETIME
        return at + 1 if isinstance(one, Leaf) and one.kind is wanted else -1
    if kind == b"block":
        return at + 1 if isinstance(one, Tree) and one.opening == b"{" else -1
    if kind == b"literal":
        signed = at + 1 if _is(one, b"-") and at + 1 < len(given) else at
        found = given[signed]
        is_word = isinstance(found, Leaf) and found.text in (b"true", b"false")
        is_literal = isinstance(found, Leaf) and (found.kind in _LITERALS or is_word)
        return signed + 1 if is_literal else -1
    if kind == b"item":
        return _item_end(given, at)
    return _until_end(kind, given, at)


def _visibility(given: Trees, at: int) -> int:
    if at < len(given) and _is(given[at], b"pub"):
        behind = given[at + 1] if at + 1 < len(given) else None
        return at + 2 if isinstance(behind, Tree) and behind.opening == b"(" else at + 1
    return at


def _item_end(given: Trees, at: int) -> int:
    for index in range(at, len(given)):
        one = given[index]
        if _is(one, b";") or (isinstance(one, Tree) and one.opening == b"{"):
            return index + 1
    return -1


def _until_end(kind: bytes, given: Trees, at: int) -> int:
    """An expression, type, path or pattern: up to a comma, a semicolon or an arrow."""
    index, angles = at, 0
    while index < len(given):
        one = given[index]
        if isinstance(one, Leaf):
            behind = given[index + 1] if index + 1 < len(given) else None
            is_arrow = one.text == b"=" and one.is_joint and _is(behind, b">")
            if angles <= 0 and (one.text in _ENDS or is_arrow or _closes(kind, one, behind)):
                break
            if kind in (b"ty", b"path"):
                angles += (one.text == b"<") - (one.text == b">")
        elif kind in (b"ty", b"path") and one.opening == b"{":
            break
        index += 1
    return index if index > at else -1


def _closes(kind: bytes, one: Leaf, behind: Leaf | Tree | None) -> bool:
    if kind in (b"ty", b"path"):
        is_equal = one.text == b"=" and not _is(behind, b"=")
        return is_equal or one.text in (b"|", b"where", b"as")
    return kind.startswith(b"pat") and one.text in (b"=", b"if", b"in")


# Writing out -----------------------------------------------------------------------------------


def _written(body: Trees, bounds: list[Bound], left: list[int]) -> Iterator[Leaf | Tree]:
    """A body with its parameters replaced; `bounds` are those of the turns around, outermost first.

    :raises TooMuch: when nothing is left of the budget.
    """
    index = 0
    while index < len(body):
        left[0] -= 1
        if left[0] <= 0:
            raise TooMuch
        one = body[index]
        following = body[index + 1] if index + 1 < len(body) else None
        if _is(one, b"$") and isinstance(following, Tree):
            separator, width = _separator(body, index + 2)
            yield from _turns(following, separator, bounds, left)
            index += 2 + width + 1
        elif _is(one, b"$") and isinstance(following, Leaf):
            held = _held(following.text, bounds)
            if held is not None:
                left[0] -= len(held)
                yield from held
            elif following.text == b"crate":
                yield following
            index += 2
        elif isinstance(one, Tree):
            yield Tree(one.opening, tuple(_written(one.inside, bounds, left)), one.start, one.end)
            index += 1
        else:
            yield one
            index += 1


def _held(name: bytes, bounds: list[Bound]) -> tuple[Leaf | Tree, ...] | None:
    return next((one.plain[name] for one in reversed(bounds) if name in one.plain), None)


def _repeating(name: bytes, bounds: list[Bound]) -> list[Bound] | None:
    """The turns of the innermost repetition that a parameter still stands in."""
    if _held(name, bounds) is not None:
        return None
    rows = (turns for one in reversed(bounds) for names, turns in one.turns if name in names)
    return next(rows, None)


def _turns(
    inner: Tree, separator: tuple[Leaf, ...], bounds: list[Bound], left: list[int]
) -> Iterator[Leaf | Tree]:
    """A repetition in a body, once for each turn of those parameters that it names."""
    several: list[list[Bound]] = []
    for name in dict.fromkeys(_names(inner.inside)):
        found = _repeating(name, bounds)
        if found is not None and found not in several:
            several.append(found)
    count = max(map(len, several), default=0)
    for at in range(count):
        if at:
            yield from separator
        here = [turns[at] for turns in several if at < len(turns)]
        yield from _written(inner.inside, [*bounds, *here], left)


def text_of(several: Trees) -> bytes:
    """The tokens as a text that is read as they are."""
    parts: list[bytes] = []
    for one in several:
        if isinstance(one, Tree):
            parts += (one.opening, text_of(one.inside), _CLOSING[one.opening], b" ")
        else:
            parts.append(one.text)
            is_sign = one.kind is TokenKind.PUNCTUATION and one.is_joint
            parts.append(b"" if is_sign else b" ")
    return b"".join(parts)
