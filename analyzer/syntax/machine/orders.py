"""Sorting, comparing and choosing among elements for the bounded interpreter."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

from analyzer.syntax.machine.rows import Method, items, rows
from analyzer.syntax.machine.shared import Machine
from analyzer.syntax.machine.values import (
    NOTHING,
    Number,
    Row,
    comparable,
    integer,
    plain,
)

_ORDERING = "Ordering"


def compared(left: object, right: object) -> Number:
    """`Ordering` as a number: less, equal, greater."""
    a, b = comparable(plain(left)), comparable(plain(right))
    return Number((a > b) - (a < b), _ORDERING)  # type: ignore[operator]


def _by(machine: Machine, several: list[object], given: list[object], name: str) -> list[object]:
    machine.step(len(several) * max(1, len(several).bit_length()))
    if name.endswith(("_by_key", "_by_cached_key")):
        key: Callable[[object], object] = lambda one: comparable(  # noqa: E731
            plain(machine.call(given[0], one))
        )
    elif name.endswith("_by"):
        key = functools.cmp_to_key(lambda a, b: integer(machine.call(given[0], a, b)))
    else:
        key = comparable
    return sorted(several, key=key)  # type: ignore[arg-type]


def _sorted_in_place(name: str) -> Method:
    def method(machine: Machine, value: object, given: list[object]) -> object:
        machine.hides()
        several = items(value)
        several[:] = _by(machine, several, given, name)
        return ()

    return method


def _sorted(name: str) -> Method:
    def method(machine: Machine, value: object, given: list[object]) -> object:
        machine.hides()
        return Row(iter(_by(machine, list(rows(machine, value)), given, name)))

    return method


def _extreme(name: str, at: int) -> Method:
    def method(machine: Machine, value: object, given: list[object]) -> object:
        several = list(rows(machine, value))
        return _by(machine, several, given, name)[at] if several else NOTHING

    return method


def _without_repeats(_: Machine, value: object, _given: list[object]) -> object:
    several = items(value)
    kept = [
        one
        for at, one in enumerate(several)
        if not at or comparable(one) != comparable(several[at - 1])
    ]
    several[:] = kept
    return ()


def _found(_: Machine, value: object, given: list[object]) -> object:
    wanted = comparable(given[0])
    at = next((i for i, one in enumerate(items(value)) if comparable(one) == wanted), -1)
    return Number(at, "usize") if at >= 0 else NOTHING


def _turned(_: Machine, value: object, _given: list[object]) -> object:
    return Number(-integer(value), _ORDERING)


def _then(machine: Machine, value: object, given: list[object]) -> object:
    if integer(value):
        return value
    other = plain(given[0])
    return other if isinstance(other, Number) else machine.call(other)


ORDERINGS: Mapping[str, Method] = {"reverse": _turned, "then": _then, "then_with": _then}
"""Methods of what a comparison gives."""


def is_ordering(value: object) -> bool:
    """Whether a value is what a comparison gave."""
    return isinstance(value, Number) and value.kind == _ORDERING


_SORTS = (
    *("sort", "sort_by", "sort_by_key", "sort_by_cached_key"),
    *("sort_unstable", "sort_unstable_by", "sort_unstable_by_key"),
)
ORDERS: Mapping[str, Method] = {
    **{name: _sorted_in_place(name) for name in _SORTS},
    **{name: _sorted(name) for name in ("sorted", "sorted_by", "sorted_by_key", "sorted_unstable")},
    **{name: _extreme(name, -1) for name in ("max", "max_by_key", "max_by")},
    **{name: _extreme(name, 0) for name in ("min", "min_by_key", "min_by")},
    **dict.fromkeys(("cmp", "partial_cmp", "total_cmp"), lambda _m, a, b: compared(a, b[0])),
    "dedup": _without_repeats,
    "binary_search": _found,
}
"""Methods of lists, iterators and of what is compared."""
