"""What the bounded interpreter computes with: numbers of Rust's widths, texts, lists, references.

Texts are `str`, one character is a `Char`, byte texts and every kind of list are `list`, tuples
`tuple`, iterators `Row`. `Some(x)` and `Ok(x)` are `x`, `None` and `Err(..)` are `NOTHING`.
"""

from __future__ import annotations

import itertools
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from analyzer.syntax.values import UNKNOWN_VALUE, Hole, Value, constant, listed

WIDTHS: Mapping[str, int] = {
    f"{sign}{bits}": width
    for sign in "ui"
    for bits, width in (("8", 8), ("16", 16), ("32", 32), ("64", 64), ("128", 128), ("size", 64))
}


class Stuck(Exception):  # not an error: the code is simply not all constants
    """The code needs something that is not known, or that the interpreter does not do."""


class Nothing:
    """The one value of `None` and `Err`."""


NOTHING = Nothing()


class Char(str):
    """One character."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Number:
    """An integer; `kind` is its type's name, empty where only the compiler knows."""

    value: int
    kind: str = ""


@dataclass(slots=True)
class Row:
    """An iterator; `ahead` holds what was peeked at."""

    source: Iterator[object]
    ahead: list[object] = field(default_factory=list)

    def __iter__(self) -> Iterator[object]:
        return self

    def __next__(self) -> object:
        return self.ahead.pop() if self.ahead else next(self.source)


@dataclass(frozen=True, slots=True)
class Reference:
    """A place that can be read and written: `&mut x`, an element of `iter_mut()`."""

    read: Callable[[], object]
    write: Callable[[object], None]


@dataclass(slots=True)
class Record:
    """A value of an own struct or enum, by field names or positions; `number` is what a variant
    without fields is as a number.
    """

    path: str
    fields: dict[str, object]
    variant: str = ""
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A range; `end` is None if it is open."""

    start: int
    end: int | None
    kind: str = ""

    def numbers(self) -> Iterator[object]:
        """Its numbers, endless if it is open."""
        several = itertools.count(self.start) if self.end is None else range(self.start, self.end)
        return (Number(one, self.kind) for one in several)


def plain(value: object) -> object:
    """What a reference refers to."""
    while isinstance(value, Reference):
        value = value.read()
    return value


def integer(value: object) -> int:
    """The number in a value.

    :raises Stuck: if it is not one.
    """
    value = plain(value)
    if isinstance(value, Number):
        return value.value
    raise Stuck


def text(value: object) -> str:
    """The text in a value: texts, characters, and lists of characters that were collected.

    :raises Stuck: if it is not one.
    """
    value = plain(value)
    if isinstance(value, str):
        return value
    if isinstance(value, Row):
        value = list(value)
    if isinstance(value, list) and all(isinstance(plain(one), str) for one in value):
        return "".join(str(plain(one)) for one in value)
    raise Stuck


def raw(value: object) -> bytes:
    """The bytes of a text or of a list of numbers.

    :raises Stuck: if it is neither.
    """
    value = plain(value)
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, Row):
        value = list(value)
    if isinstance(value, list):
        return bytes(integer(one) & 255 for one in value)
    raise Stuck


def octets(data: Iterable[int]) -> list[object]:
    """Bytes as a list of numbers."""
    return [Number(one, "u8") for one in data]


def wrapped(value: int, kind: str) -> Number:
    """A number brought into the range of its type."""
    width = WIDTHS.get(kind)
    if width is not None:
        value &= (1 << width) - 1
        if kind[0] == "i" and value >> (width - 1):
            value -= 1 << width
    elif value.bit_length() > 256:
        raise Stuck
    return Number(value, kind)


def guessed(*numbers: Number) -> str:
    """The type of an operation: stated by one side, else the narrowest that holds them."""
    for one in numbers:
        if one.kind:
            return one.kind
    bits = max(one.value.bit_length() for one in numbers)
    return next((f"u{width}" for width in (8, 32, 64) if bits <= width), "u128")


def _divided(left: int, right: int) -> int:
    if right == 0:
        raise Stuck
    return abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)


def _shifted(left: int, right: int) -> int:
    if not 0 <= right < 128:
        raise Stuck
    return left << right


_ARITHMETIC: Mapping[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divided,
    "%": lambda left, right: left - right * _divided(left, right),
    "^": operator.xor,
    "&": operator.and_,
    "|": operator.or_,
    "<<": _shifted,
    ">>": lambda left, right: left >> min(max(right, 0), 127),
}
HIDING = frozenset({"^", "<<", ">>", "|", "&", "-"})
"""Operators that make a text out of something that does not show it."""
_COMPARISON: Mapping[str, Callable[[object, object], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,  # type: ignore[dict-item]
    "<=": operator.le,  # type: ignore[dict-item]
    ">": operator.gt,  # type: ignore[dict-item]
    ">=": operator.ge,  # type: ignore[dict-item]
}


def combined(sign: str, left: object, right: object) -> object:
    """`left sign right` for numbers, texts, truth values and comparisons.

    :raises Stuck: if these do not go together.
    """
    left, right = plain(left), plain(right)
    if sign in _COMPARISON:
        return _COMPARISON[sign](comparable(left), comparable(right))
    if isinstance(left, Number) and isinstance(right, Number):
        kind = left.kind if sign in ("<<", ">>") else left.kind or right.kind
        return wrapped(_ARITHMETIC[sign](left.value, right.value), kind)
    if isinstance(left, bool) and isinstance(right, bool) and sign in "^&|":
        return bool(_ARITHMETIC[sign](left, right))
    if sign == "+" and isinstance(left, str):
        return left + text(right)
    raise Stuck


def comparable(value: object) -> object:
    """What a value is compared, ordered and looked up by.

    :raises Stuck: for what has no order.
    """
    value = plain(value)
    if isinstance(value, Number):
        return value.value
    if isinstance(value, (list, tuple)):
        return [comparable(one) for one in value]
    if isinstance(value, (str, bool, Nothing)):
        return value
    if isinstance(value, Record):
        held = [(name, comparable(one)) for name, one in sorted(value.fields.items())]
        return (value.path, value.number or 0, value.variant, held)
    raise Stuck


def as_type(value: object, kind: str) -> object:
    """`value as kind`.

    :raises Stuck: for types that are not numbers or characters.
    """
    value = plain(value)
    if kind == "char":
        return Char(chr(integer(value) & 255))
    if kind not in WIDTHS:
        raise Stuck
    if isinstance(value, bool):
        return Number(int(value), kind)
    if isinstance(value, Record) and value.number is not None:
        return wrapped(value.number, kind)
    if isinstance(value, Char):
        return wrapped(ord(value), kind)
    return wrapped(integer(value), kind)


def typed(value: object, kind: str) -> object:
    """A number that a declaration gives a type, or the value itself."""
    if isinstance(value, Number) and not value.kind and kind in WIDTHS:
        return Number(value.value, kind)
    if isinstance(value, list) and (match := _ELEMENTS.match(kind)):
        value[:] = [typed(one, match[1]) for one in value]  # the list itself: it may be lent
        return value
    if kind == "String" and isinstance(value, list):
        return text(value)
    if isinstance(value, Row) and (match := _LENGTH.search(kind)):
        return [plain(one) for one in itertools.islice(value, int(match[1]))]
    return value


_LENGTH = re.compile(r"\[[^;]*;\s*(\d{1,6})(?:usize)?\s*\]")
_ELEMENTS = re.compile(r"(?:&|'static|mut|\s)*(?:Vec<|\[)\s*([ui](?:8|16|32|64|128|size))\b")


def from_value(value: Value) -> object:
    """What folding knows, as the interpreter has it.

    :raises Stuck: if folding does not know all of it.
    """
    if value.items is not None:
        return [from_value(one) for one in value.items]
    if value.number is not None:
        return Number(value.number)
    if not value.is_constant:
        raise Stuck
    return value.text


def to_value(result: object, step: str) -> Value:
    """A result as folding has it; unknown where it is neither text, number nor list.

    Lists of bytes become the text that they spell.
    """
    result = plain(result)
    if isinstance(result, str):
        return constant(result, step)
    if isinstance(result, Number):
        return Value(parts=(str(result.value),), number=result.value, derivation=(step,))
    if isinstance(result, list) and result:
        if all(isinstance(plain(one), Char) for one in result):
            return constant(text(result), step)
        items = tuple(to_value(one, step) for one in result)
        found = listed(items)
        is_text = found.parts != (Hole(),)
        return Value(parts=found.parts, items=items, derivation=(step,) if is_text else ())
    return UNKNOWN_VALUE
