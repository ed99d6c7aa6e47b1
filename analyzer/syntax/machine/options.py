"""Methods of options and results for the bounded interpreter."""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.syntax.machine.rows import Method, mapped, rows
from analyzer.syntax.machine.shared import Closure, Machine
from analyzer.syntax.machine.values import NOTHING, Row, Span, Stuck, plain


def _map_option(machine: Machine, value: object, given: list[object]) -> object:
    value = plain(value)
    if isinstance(value, (Row, Span)):
        return Row(mapped(machine, rows(machine, value), given[0]))
    if isinstance(value, list):  # an array, or the value of an option
        try:
            return [machine.call(given[0], one) for one in value]
        except (Stuck, TypeError, ValueError):
            return machine.call(given[0], value)
    return NOTHING if value is NOTHING else machine.call(given[0], value)


def _made_once(machine: Machine, value: object, given: list[object]) -> object:
    return machine.call(given[0]) if plain(value) is NOTHING else value


def _or(_: Machine, value: object, given: list[object]) -> object:
    return given[0] if plain(value) is NOTHING else value


def _or_else(machine: Machine, value: object, given: list[object]) -> object:
    if plain(value) is not NOTHING:
        return value
    takes_error = isinstance(given[0], Closure) and given[0].takes > 0
    return machine.call(given[0], *([NOTHING] if takes_error else []))


def _map_or(machine: Machine, value: object, given: list[object]) -> object:
    return given[0] if plain(value) is NOTHING else machine.call(given[1], value)


OPTIONS: Mapping[str, Method] = {
    "get_or_init": _made_once,
    "get_or_insert_with": _made_once,
    "unwrap_or": _or,
    "unwrap_or_else": _or_else,
    "map_or": _map_or,
    "is_ok": lambda _m, value, _g: plain(value) is not NOTHING,
    "is_err": lambda _m, value, _g: plain(value) is NOTHING,
    "or": _or,
    "or_else": _or_else,
    "then": lambda m, value, given: m.call(given[0]) if plain(value) is True else NOTHING,
    "then_some": lambda _m, value, given: given[0] if plain(value) is True else NOTHING,
    "map": _map_option,
    "and_then": _map_option,
    "is_some": lambda _m, value, _g: plain(value) is not NOTHING,
    "is_none": lambda _m, value, _g: plain(value) is NOTHING,
    "is_some_and": lambda m, value, given: (
        plain(value) is not NOTHING and m.call(given[0], value) is True
    ),
}
"""`Some(x)` and `Ok(x)` are `x`."""
