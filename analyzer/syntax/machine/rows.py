"""Methods and functions of the standard library that the bounded interpreter can do.

Each takes the interpreter, the receiver (references read through) and the arguments. What changes
its receiver gives back the new text or changes the list; the interpreter stores a changed text.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping

from analyzer.syntax.machine.shared import Machine
from analyzer.syntax.machine.values import (
    NOTHING,
    Number,
    Reference,
    Row,
    Span,
    Stuck,
    integer,
    octets,
    plain,
    raw,
    text,
    wrapped,
)

Method = Callable[[Machine, object, list[object]], object]


def rows(machine: Machine, value: object) -> Iterator[object]:
    """The elements of a list, range, iterator or byte text, each counted as a step.

    :raises Stuck: for what has no elements.
    """
    value = plain(value)
    if isinstance(value, Row):
        return value
    if isinstance(value, Span):
        return counted(machine, value.numbers())
    if isinstance(value, list):
        return counted(machine, list(value))
    if isinstance(value, str):
        return counted(machine, octets(value.encode("utf-8", "surrogatepass")))
    if value is NOTHING:
        return iter(())
    found = getattr(value, "pairs", None)  # a map
    if found is not None:
        return counted(machine, found())
    raise Stuck


def counted(machine: Machine, source: Iterable[object]) -> Iterator[object]:
    """The same elements, each counted as a step."""
    for one in source:
        machine.step()
        yield one


def items(value: object) -> list[object]:
    """The list itself, so that changes are seen.

    :raises Stuck: for anything else.
    """
    value = plain(value)
    if isinstance(value, list):
        return value
    raise Stuck


def mapped(machine: Machine, source: Iterable[object], step: object) -> Iterator[object]:
    """`map`: the results of a closure."""
    return (machine.call(step, one) for one in source)


def _chained(make: Callable[[Machine, Iterator[object], list[object]], Iterator[object]]) -> Method:
    def method(machine: Machine, value: object, given: list[object]) -> object:
        return Row(counted(machine, make(machine, rows(machine, value), given)))

    return method


def _chunks(_: Machine, source: Iterator[object], given: list[object]) -> Iterator[object]:
    size = integer(given[0])
    if size < 1:
        raise Stuck
    while part := list(itertools.islice(source, size)):
        yield part


def _windows(_: Machine, source: Iterator[object], given: list[object]) -> Iterator[object]:
    several, size = list(source), integer(given[0])
    return iter([several[i : i + size] for i in range(len(several) - size + 1)])


def _map_some(machine: Machine, source: Iterator[object], given: list[object]) -> Iterator[object]:
    results = mapped(machine, source, given[0])
    return (one for one in results if one is not NOTHING)


def _enumerated(_: Machine, source: Iterator[object], _given: list[object]) -> Iterator[object]:
    return ((Number(i, "usize"), one) for i, one in enumerate(source))


def _scan(machine: Machine, source: Iterator[object], given: list[object]) -> Iterator[object]:
    state = [given[0]]

    def write(value: object) -> None:
        state[0] = value

    place = Reference(lambda: state[0], write)
    for one in source:
        found = machine.call(given[1], place, one)
        if found is NOTHING:
            return
        yield found


ROWS: Mapping[str, Method] = {
    name: _chained(make)
    for name, make in {
        "iter": lambda _m, source, _g: source,
        "into_iter": lambda _m, source, _g: source,
        "drain": lambda _m, source, _g: source,
        "bytes": lambda _m, source, _g: source,
        "by_ref": lambda _m, source, _g: source,
        "copied": lambda _m, source, _g: (plain(one) for one in source),
        "cloned": lambda _m, source, _g: (plain(one) for one in source),
        "peekable": lambda _m, source, _g: source,
        "fuse": lambda _m, source, _g: source,
        "map": lambda m, source, given: mapped(m, source, given[0]),
        "filter": lambda m, source, given: (one for one in source if m.call(given[0], one) is True),
        "filter_map": _map_some,
        "map_while": lambda m, source, given: itertools.takewhile(
            lambda one: one is not NOTHING, mapped(m, source, given[0])
        ),
        "flat_map": lambda m, source, given: itertools.chain.from_iterable(
            rows(m, one) for one in mapped(m, source, given[0])
        ),
        "flatten": lambda m, source, _g: itertools.chain.from_iterable(
            rows(m, one) if isinstance(plain(one), (list, Row)) else [one]
            for one in source
            if one is not NOTHING
        ),
        "enumerate": _enumerated,
        "zip": lambda m, source, given: zip(source, rows(m, given[0]), strict=False),
        "chain": lambda m, source, given: itertools.chain(source, rows(m, given[0])),
        "rev": lambda _m, source, _g: reversed(list(source)),
        "skip": lambda _m, source, given: itertools.islice(source, integer(given[0]), None),
        "take": lambda _m, source, given: itertools.islice(source, integer(given[0])),
        "step_by": lambda _m, source, given: itertools.islice(
            source, 0, None, max(1, integer(given[0]))
        ),
        "take_while": lambda m, source, given: itertools.takewhile(
            lambda one: m.call(given[0], one) is True, source
        ),
        "skip_while": lambda m, source, given: itertools.dropwhile(
            lambda one: m.call(given[0], one) is True, source
        ),
        "cycle": lambda _m, source, _g: itertools.cycle(source),
        "chunks": _chunks,
        "chunks_exact": _chunks,
        "windows": _windows,
        "scan": _scan,
    }.items()
}
"""Methods from elements to elements, done as they are asked for."""


def _fold(machine: Machine, value: object, given: list[object]) -> object:
    state = given[0]
    for one in rows(machine, value):
        state = machine.call(given[1], state, one)
    return state


def _try_fold(machine: Machine, value: object, given: list[object]) -> object:
    state = given[0]
    for one in rows(machine, value):
        if plain(state) is NOTHING:
            break
        state = machine.call(given[1], state, one)
    return state


def _sum(machine: Machine, value: object, _given: list[object]) -> object:
    several = [one for one in map(plain, rows(machine, value)) if isinstance(one, Number)]
    return Number(sum(one.value for one in several), several[0].kind if several else "")


def _next(_: Machine, value: object, _given: list[object]) -> object:
    value = plain(value)
    if isinstance(value, Row):
        return next(value, NOTHING)
    raise Stuck


def _peek(_: Machine, value: object, _given: list[object]) -> object:
    value = plain(value)
    if not isinstance(value, Row):
        raise Stuck
    found = next(value, NOTHING)
    if found is not NOTHING:
        value.ahead.append(found)
    return found


def _nth(machine: Machine, value: object, given: list[object]) -> object:
    return next(itertools.islice(rows(machine, value), integer(given[0]), None), NOTHING)


def _last(machine: Machine, value: object, _given: list[object]) -> object:
    several = list(rows(machine, value))
    return several[-1] if several else NOTHING


def _position(machine: Machine, value: object, given: list[object]) -> object:
    for i, one in enumerate(rows(machine, value)):
        if machine.call(given[0], one) is True:
            return Number(i, "usize")
    return NOTHING


def _find(machine: Machine, value: object, given: list[object]) -> object:
    value = plain(value)
    if isinstance(value, str):
        at = value.find(text(given[0]))
        return Number(len(value[:at].encode()), "usize") if at >= 0 else NOTHING
    return next(
        (one for one in rows(machine, value) if machine.call(given[0], one) is True), NOTHING
    )


def _find_map(machine: Machine, value: object, given: list[object]) -> object:
    results = mapped(machine, rows(machine, value), given[0])
    return next((one for one in results if one is not NOTHING), NOTHING)


def _for_each(machine: Machine, value: object, given: list[object]) -> object:
    for one in rows(machine, value):
        machine.call(given[0], one)
    return ()


def _length(_: Machine, value: object, _given: list[object]) -> object:
    value = plain(value)
    return Number(len(raw(value)) if isinstance(value, str) else len(items(value)), "usize")


def _get(machine: Machine, value: object, given: list[object]) -> object:
    several, at = list(rows(machine, value)), plain(given[0])
    if isinstance(at, Span):
        return several[at.start : at.end]
    index = integer(at)
    return several[index] if 0 <= index < len(several) else NOTHING


def _split_first(machine: Machine, value: object, _given: list[object]) -> object:
    several = list(rows(machine, value))
    return (several[0], several[1:]) if several else NOTHING


def _split_last(machine: Machine, value: object, _given: list[object]) -> object:
    several = list(rows(machine, value))
    return (several[-1], several[:-1]) if several else NOTHING


def _product(machine: Machine, value: object, _given: list[object]) -> object:
    found = Number(1)
    for one in map(plain, rows(machine, value)):
        if not isinstance(one, Number):
            raise Stuck
        found = wrapped(found.value * one.value, one.kind or found.kind)
    return found


def _last_position(machine: Machine, value: object, given: list[object]) -> object:
    several = list(rows(machine, value))
    for i in range(len(several) - 1, -1, -1):
        if machine.call(given[0], several[i]) is True:
            return Number(i, "usize")
    return NOTHING


def _split_at(machine: Machine, value: object, given: list[object]) -> object:
    several, at = list(rows(machine, value)), integer(given[0])
    return several[:at], several[at:]


ENDS: Mapping[str, Method] = {
    "split_first": _split_first,
    "split_at": _split_at,
    "fold": _fold,
    "try_fold": _try_fold,
    "sum": _sum,
    "next": _next,
    "peek": _peek,
    "nth": _nth,
    "last": _last,
    "first": lambda m, value, _g: next(rows(m, value), NOTHING),
    "position": _position,
    "find": _find,
    "find_map": _find_map,
    "product": _product,
    "rposition": _last_position,
    "split_last": _split_last,
    "for_each": _for_each,
    "count": lambda m, value, _g: Number(len(list(rows(m, value))), "usize"),
    "any": lambda m, value, given: any(m.call(given[0], one) is True for one in rows(m, value)),
    "all": lambda m, value, given: all(m.call(given[0], one) is True for one in rows(m, value)),
    "len": _length,
    "get": _get,
}
"""Methods from elements to one value."""


_MAX_DRAWN = 4_096


def drawn(row: Row) -> list[object]:
    """All elements of an iterator that nobody collects.

    :raises Stuck: when there are too many, as of one that never ends.
    """
    found = list(itertools.islice(row, _MAX_DRAWN + 1))
    if len(found) > _MAX_DRAWN:
        raise Stuck
    return found
