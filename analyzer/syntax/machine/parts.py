"""Methods that take texts and lists apart, for the bounded interpreter."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping

from analyzer.syntax.machine.rows import Method, items, rows
from analyzer.syntax.machine.shared import Machine
from analyzer.syntax.machine.values import (
    NOTHING,
    WIDTHS,
    Number,
    Row,
    Stuck,
    comparable,
    guessed,
    integer,
    plain,
    text,
    wrapped,
)


def _last_place(machine: Machine, value: object, given: list[object]) -> object:
    """`rfind`: the byte where the last hit begins."""
    whole, asked = text(value), plain(given[0])
    if isinstance(asked, str):
        at = whole.rfind(asked)
    else:
        hits = [i for i, one in enumerate(whole) if machine.call(asked, one) is True]
        at = hits[-1] if hits else -1
    return Number(len(whole[:at].encode()), "usize") if at >= 0 else NOTHING


def _from_behind(_: Machine, value: object, given: list[object]) -> object:
    """`rsplitn`."""
    found = text(value).rsplit(text(given[1]), max(integer(given[0]) - 1, 0))
    return Row(iter(found[::-1]))


def _with_ends(_: Machine, value: object, given: list[object]) -> object:
    """`split_inclusive`, at a text."""
    sign = text(given[0])
    if not sign:
        raise Stuck
    pieces = text(value).split(sign)
    found = [one + sign for one in pieces[:-1]] + [one for one in pieces[-1:] if one]
    return Row(iter(found))


def _replaced(_: Machine, value: object, given: list[object]) -> object:
    """`replacen`."""
    return text(value).replace(text(given[0]), text(given[1]), integer(given[2]))


def _hits(_: Machine, value: object, given: list[object]) -> object:
    """`match_indices`, of a text."""
    whole = text(value)
    found = re.finditer(re.escape(text(given[0])), whole)
    return Row(
        iter([(Number(len(whole[: one.start()].encode()), "usize"), one[0]) for one in found])
    )


def _chunks_from_behind(_: Machine, value: object, given: list[object]) -> object:
    several, size = items(value), integer(given[0])
    if size < 1:
        raise Stuck
    ends = range(len(several), 0, -size)
    return Row(iter([several[max(end - size, 0) : end] for end in ends]))


def _unzipped(machine: Machine, value: object, _given: list[object]) -> object:
    pairs = [plain(one) for one in rows(machine, value)]
    if not all(isinstance(one, tuple) and len(one) == 2 for one in pairs):
        raise Stuck
    return tuple([one[at] for one in pairs if isinstance(one, tuple)] for at in (0, 1))


def _partitioned(machine: Machine, value: object, given: list[object]) -> object:
    sides: tuple[list[object], list[object]] = ([], [])
    for one in rows(machine, value):
        sides[0 if machine.call(given[0], one) is True else 1].append(plain(one))
    return sides


def _inspected(machine: Machine, value: object, given: list[object]) -> object:
    def each() -> Iterator[object]:
        for one in rows(machine, value):
            machine.call(given[0], one)
            yield one

    return Row(each())


def _reduced(machine: Machine, value: object, given: list[object]) -> object:
    source = iter(rows(machine, value))
    state = next(source, NOTHING)
    for one in source:
        state = machine.call(given[0], state, one)
    return state


def _folded_from_behind(machine: Machine, value: object, given: list[object]) -> object:
    state = given[0]
    for one in reversed(list(rows(machine, value))):
        state = machine.call(given[1], state, one)
    return state


def _without_repeats(_: Machine, value: object, _given: list[object]) -> object:
    several = items(value)
    kept = [
        next(group) for _, group in itertools.groupby(several, key=lambda x: repr(comparable(x)))
    ]
    several[:] = kept
    return ()


def _cut_off(_: Machine, value: object, given: list[object]) -> object:
    """`split_off` of a list."""
    several, at = items(value), integer(given[0])
    if not 0 <= at <= len(several):
        raise Stuck
    rest = several[at:]
    del several[at:]
    return rest


def _swapped_out(_: Machine, value: object, given: list[object]) -> object:
    """`swap_remove`."""
    several, at = items(value), integer(given[0])
    if not 0 <= at < len(several):
        raise Stuck
    found = several[at]
    several[at] = several[-1]
    several.pop()
    return found


def _grouped(machine: Machine, value: object, given: list[object]) -> object:
    """`chunk_by`: a new part where two neighbours do not belong together."""
    parts: list[object] = []
    several = items(value)
    start = 0
    for at in range(1, len(several) + 1):
        if at == len(several) or machine.call(given[0], several[at - 1], several[at]) is not True:
            parts.append(several[start:at])
            start = at
    return Row(iter(parts))


def _zeros(*, is_leading: bool) -> Method:
    def method(_: Machine, value: object, _given: list[object]) -> object:
        number = plain(value)
        if not isinstance(number, Number):
            raise Stuck
        width = WIDTHS[guessed(number)]
        bits = format(number.value & ((1 << width) - 1), f"0{width}b")
        stripped = bits.lstrip("0") if is_leading else bits.rstrip("0")
        return Number(width - len(stripped), "u32")

    return method


def _divided(_: Machine, value: object, given: list[object]) -> object:
    """`div_euclid`."""
    number, by = plain(value), integer(given[0])
    if not isinstance(number, Number) or by == 0:
        raise Stuck
    rest = number.value % abs(by)
    return wrapped((number.value - rest) // by, number.kind)


PARTS: Mapping[str, Method] = {
    "rfind": _last_place,
    "rsplitn": _from_behind,
    "split_inclusive": _with_ends,
    "replacen": _replaced,
    "match_indices": _hits,
    "rchunks": _chunks_from_behind,
    "unzip": _unzipped,
    "partition": _partitioned,
    "inspect": _inspected,
    "reduce": _reduced,
    "rfold": _folded_from_behind,
    "dedup": _without_repeats,
    "split_off": _cut_off,
    "swap_remove": _swapped_out,
    "chunk_by": _grouped,
    "leading_zeros": _zeros(is_leading=True),
    "trailing_zeros": _zeros(is_leading=False),
    "div_euclid": _divided,
}
"""By name; none of them is a method of the other tables."""
