"""Methods that change lists and texts in place, for the bounded interpreter.

A changed list is the same list; a changed text is given back, and the interpreter stores it.
"""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.syntax.machine.rows import Method, items, rows
from analyzer.syntax.machine.shared import Machine
from analyzer.syntax.machine.values import (
    NOTHING,
    WIDTHS,
    Char,
    Number,
    Stuck,
    guessed,
    integer,
    plain,
    text,
    wrapped,
)


def _push(_: Machine, value: object, given: list[object]) -> object:
    value = plain(value)
    if isinstance(value, str):
        return value + text(given[0])
    items(value).append(plain(given[0]))
    return ()


def _extend(machine: Machine, value: object, given: list[object]) -> object:
    value = plain(value)
    if isinstance(value, str):
        return value + text(given[0])
    more = plain(given[0])
    if isinstance(more, (Number, Char)):
        items(value).append(more)  # an option that holds one
    else:
        items(value).extend(plain(one) for one in rows(machine, more))
    return ()


def _insert(_: Machine, value: object, given: list[object]) -> object:
    value, at = plain(value), integer(given[0])
    if isinstance(value, str):
        return value[:at] + text(given[1]) + value[at:]
    items(value).insert(at, plain(given[1]))
    return ()


def _swap(_: Machine, value: object, given: list[object]) -> object:
    several, a, b = items(value), integer(given[0]), integer(given[1])
    if max(a, b) >= len(several):
        raise Stuck
    several[a], several[b] = several[b], several[a]
    return ()


def _reversed(_: Machine, value: object, _given: list[object]) -> object:
    items(value).reverse()
    return ()


def _pop(_: Machine, value: object, _given: list[object]) -> object:
    several = items(value)
    return several.pop() if several else NOTHING


def _remove(_: Machine, value: object, given: list[object]) -> object:
    several, at = items(value), integer(given[0])
    if at >= len(several):
        raise Stuck
    return several.pop(at)


def _retained(machine: Machine, value: object, given: list[object]) -> object:
    value = plain(value)
    if isinstance(value, str):
        return "".join(one for one in value if machine.call(given[0], Char(one)) is True)
    several = items(value)
    several[:] = [one for one in several if machine.call(given[0], one) is True]
    return ()


def _resized(machine: Machine, value: object, given: list[object]) -> object:
    several, size = items(value), integer(given[0])
    machine.step(max(size - len(several), 0) // 8)
    several[:] = [*several[:size], *[plain(given[1])] * (size - len(several))]
    return ()


def _cleared(_: Machine, value: object, _given: list[object]) -> object:
    value = plain(value)
    if isinstance(value, str):
        return ""
    items(value).clear()
    return ()


def _truncated(_: Machine, value: object, given: list[object]) -> object:
    value, size = plain(value), integer(given[0])
    if isinstance(value, str):
        return value.encode()[:size].decode("utf-8", "replace")
    del items(value)[max(size, 0) :]
    return ()


def _filled(_: Machine, value: object, given: list[object]) -> object:
    several = items(value)
    several[:] = [plain(given[0])] * len(several)
    return ()


def _copied(_: Machine, value: object, given: list[object]) -> object:
    several, other = items(value), items(given[0])
    if len(several) != len(other):
        raise Stuck
    several[:] = other
    return ()


def _rotated(direction: int) -> Method:
    def method(machine: Machine, value: object, given: list[object]) -> object:
        machine.hides()
        value, by = plain(value), integer(given[0]) * direction
        if isinstance(value, Number):
            width = WIDTHS[guessed(value)]
            unsigned, by = value.value & ((1 << width) - 1), by % width
            return wrapped(unsigned << by | unsigned >> (width - by), guessed(value))
        several = items(value)
        by %= max(1, len(several))
        several[:] = several[by:] + several[:by]
        return ()

    return method


CHANGES: Mapping[str, Method] = {
    "push": _push,
    "push_str": _push,
    "push_back": _push,
    "write_str": _push,
    "write_char": _push,
    "retain": _retained,
    "resize": _resized,
    "extend": _extend,
    "append": _extend,
    "extend_from_slice": _extend,
    "insert": _insert,
    "insert_str": _insert,
    "swap": _swap,
    "reverse": _reversed,
    "pop": _pop,
    "remove": _remove,
    "clear": _cleared,
    "truncate": _truncated,
    "fill": _filled,
    "copy_from_slice": _copied,
    "clone_from_slice": _copied,
    "rotate_left": _rotated(1),
    "rotate_right": _rotated(-1),
}
"""Methods that change their receiver (`rotate_*` of a number gives a new one)."""
