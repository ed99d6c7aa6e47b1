"""Methods of numbers for the bounded interpreter."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Literal

from analyzer.syntax.machine.rows import Method
from analyzer.syntax.machine.shared import Machine
from analyzer.syntax.machine.values import (
    WIDTHS,
    Number,
    Stuck,
    guessed,
    integer,
    octets,
    plain,
    wrapped,
)

_OPERATORS: Mapping[str, Callable[[int, int], int]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "shl": lambda left, right: left << (right % 128),
    "shr": lambda left, right: left >> (right % 128),
    "pow": lambda left, right: pow(left, right, 1 << 128),
}


def _wrapping(name: str) -> Method:
    work = _OPERATORS[name]

    def method(machine: Machine, value: object, given: list[object]) -> object:
        machine.hides()
        left, right = plain(value), plain(given[0])
        if not isinstance(left, Number) or not isinstance(right, Number):
            raise Stuck
        kind = left.kind or guessed(left, right)
        return wrapped(work(left.value, right.value), kind)

    return method


def _remainder(_: Machine, value: object, given: list[object]) -> object:
    left, right = plain(value), integer(given[0])
    if not isinstance(left, Number) or not right:
        raise Stuck
    return Number(left.value % abs(right), left.kind)


def _to_bytes(order: Literal["big", "little"]) -> Method:
    def method(machine: Machine, value: object, _given: list[object]) -> object:
        machine.hides()
        number = plain(value)
        if not isinstance(number, Number):
            raise Stuck
        width = WIDTHS[guessed(number)] // 8
        unsigned = number.value & ((1 << width * 8) - 1)
        return octets(unsigned.to_bytes(width, order))

    return method


def _number(value: object) -> Number:
    value = plain(value)
    if isinstance(value, Number):
        return value
    raise Stuck


def _turned(change: Callable[[bytes], bytes]) -> Method:
    def method(machine: Machine, value: object, _given: list[object]) -> object:
        machine.hides()
        number = _number(value)
        kind = guessed(number)
        width = WIDTHS[kind]
        data = (number.value & ((1 << width) - 1)).to_bytes(width // 8, "little")
        return wrapped(int.from_bytes(change(data), "little"), kind)

    return method


NUMBERS: Mapping[str, Method] = {
    **{
        f"{how}_{name}": _wrapping(name)
        for how in ("wrapping", "checked", "saturating")
        for name in _OPERATORS
    },
    "pow": _wrapping("pow"),
    "rem_euclid": _remainder,
    "to_le_bytes": _to_bytes("little"),
    "to_ne_bytes": _to_bytes("little"),
    "to_be_bytes": _to_bytes("big"),
    "swap_bytes": _turned(lambda data: data[::-1]),
    "reverse_bits": _turned(
        lambda data: bytes(int(f"{one:08b}"[::-1], 2) for one in reversed(data))
    ),
    "to_be": _turned(lambda data: data[::-1]),
    "to_le": _turned(lambda data: data),
    "to_bits": lambda _m, value, _g: value,
    "octets": lambda _m, value, _g: octets(
        integer(value).to_bytes(WIDTHS[guessed(_number(value))] // 8, "big")
    ),
    "abs_diff": lambda _m, value, given: Number(abs(integer(value) - integer(given[0]))),
    "clamp": lambda _m, value, given: Number(
        min(max(integer(value), integer(given[0])), integer(given[1])), _number(value).kind
    ),
    "isqrt": lambda _m, value, _g: Number(math.isqrt(max(integer(value), 0))),
    "count_ones": lambda _m, value, _g: Number(max(integer(value), 0).bit_count(), "u32"),
    "is_power_of_two": lambda _m, value, _g: max(integer(value), 0).bit_count() == 1,
    "abs": lambda _m, value, _g: Number(abs(integer(value))),
    "min": lambda _m, value, given: Number(min(integer(value), integer(given[0]))),
    "max": lambda _m, value, given: Number(max(integer(value), integer(given[0]))),
}
"""Methods of numbers."""
