"""Methods of texts, characters and numbers, and free functions, for the bounded interpreter."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Mapping
from typing import Literal

from analyzer.syntax.machine.rows import Method, counted, items, mapped, rows
from analyzer.syntax.machine.shared import Machine
from analyzer.syntax.machine.values import (
    NOTHING,
    WIDTHS,
    Char,
    Nothing,
    Number,
    Row,
    Span,
    Stuck,
    as_type,
    guessed,
    integer,
    octets,
    plain,
    raw,
    text,
    wrapped,
)

_SAME = frozenset(
    """to_string to_owned into clone as_str as_ref unwrap expect unwrap_or_default as_mut borrow ok
    map_err as_deref context with_context as_slice into_boxed_str into_string to_str unwrap_or ok_or
    ok_or_else unwrap_or_else to_string_lossy into_owned as_deref_mut try_into leak into_boxed_slice
    deref as_mut_slice unwrap_unchecked as_mut_str copied cloned""".split()
)


def _same(_: Machine, value: object, _given: list[object]) -> object:
    if plain(value) is NOTHING:
        raise Stuck
    return value


def _characters(value: object) -> list[object]:
    return [Char(one) for one in text(value)]


def _changed(change: Callable[[str], str]) -> Method:
    def method(_: Machine, value: object, _given: list[object]) -> object:
        value = plain(value)
        if isinstance(value, Number):
            return Number(ord(change(chr(value.value & 255))), value.kind)
        found = change(text(value))
        return Char(found) if isinstance(value, Char) and len(found) == 1 else found

    return method


def _asked(ask: Callable[[str], bool]) -> Method:
    def method(_: Machine, value: object, _given: list[object]) -> object:
        value = plain(value)
        one = chr(value.value & 0x10FFFF) if isinstance(value, Number) else text(value)
        return ask(one)

    return method


def _collect(machine: Machine, value: object, _given: list[object]) -> object:
    return [plain(one) for one in rows(machine, value)]


def _join(machine: Machine, value: object, given: list[object]) -> object:
    several = [plain(one) for one in items(value)]
    machine.step(sum(len(one) for one in several if isinstance(one, (str, list))))
    if several and isinstance(several[0], list):
        return [one for part in several for one in items(part)]
    return (text(given[0]) if given else "").join(text(one) for one in several)


def _split(machine: Machine, value: object, given: list[object]) -> object:
    separator = plain(given[0])
    if isinstance(separator, str):
        if not separator:
            raise Stuck
        return Row(iter(text(value).split(separator)))
    parts: list[str] = [""]
    for one in text(value):
        if machine.call(given[0], Char(one)) is True:
            parts.append("")
        else:
            parts[-1] += one
    return Row(iter(parts))


def _replace(machine: Machine, value: object, given: list[object]) -> object:
    whole, old, new = text(value), text(given[0]), text(given[1])
    if not old:
        raise Stuck
    machine.step(whole.count(old) * len(new))
    return whole.replace(old, new)


def _repeat(machine: Machine, value: object, given: list[object]) -> object:
    times = integer(given[0])
    value = plain(value)
    several = value if isinstance(value, str) else items(value)
    machine.step(max(times, 0) * len(several))
    return several * times


def _strip(cut: Callable[[str, str], str]) -> Method:
    def method(_: Machine, value: object, given: list[object]) -> object:
        whole = text(value)
        found = cut(whole, text(given[0]))
        return found if found != whole else NOTHING

    return method


def _parse(_: Machine, value: object, _given: list[object]) -> object:
    try:
        return Number(int(text(value)[:60], 10))
    except ValueError:
        raise Stuck from None


def _trim(side: str) -> Method:
    def method(machine: Machine, value: object, given: list[object]) -> object:
        whole = text(value)
        if given:
            sign = plain(given[0])
            if not isinstance(sign, str) or not sign:
                raise Stuck
            while side in "lb" and whole.startswith(sign):
                whole = whole[len(sign) :]
            while side in "rb" and whole.endswith(sign):
                whole = whole[: -len(sign)]
            return whole
        machine.hides()
        return {"l": str.lstrip, "r": str.rstrip, "b": str.strip}[side](whole)

    return method


def _digit(_: Machine, value: object, given: list[object]) -> object:
    try:
        return Number(int(text(value), integer(given[0])), "u32")
    except ValueError:
        return NOTHING


def _map_option(machine: Machine, value: object, given: list[object]) -> object:
    value = plain(value)
    if isinstance(value, (Row, Span)):
        return Row(mapped(machine, rows(machine, value), given[0]))
    if isinstance(value, list):  # an array, or the value of an option
        return [machine.call(given[0], one) for one in value]
    return NOTHING if value is NOTHING else machine.call(given[0], value)


def _split_once(_: Machine, value: object, given: list[object]) -> object:
    before, found, after = text(value).partition(text(given[0]))
    return (before, after) if found else NOTHING


def _parted(value: str, at: int) -> tuple[str, str]:
    data = value.encode("utf-8", "surrogatepass")
    return data[:at].decode("utf-8", "replace"), data[at:].decode("utf-8", "replace")


TEXTS: Mapping[str, Method] = {
    **dict.fromkeys(_SAME, _same),
    "map": _map_option,
    "and_then": _map_option,
    "as_bytes": lambda _m, value, _g: octets(raw(value)),
    "into_bytes": lambda _m, value, _g: octets(raw(value)),
    "to_vec": _collect,
    "into_vec": _collect,
    "chars": lambda _m, value, _g: Row(iter(_characters(value))),
    "char_indices": lambda _m, value, _g: Row(
        (Number(i, "usize"), one) for i, one in enumerate(_characters(value))
    ),
    "collect": _collect,
    "join": _join,
    "concat": _join,
    "split": _split,
    "split_once": _split_once,
    "split_at": lambda _m, value, given: _parted(text(value), integer(given[0])),
    "split_whitespace": lambda _m, value, _g: Row(iter(text(value).split())),
    "lines": lambda _m, value, _g: Row(iter(text(value).splitlines())),
    "replace": _replace,
    "repeat": _repeat,
    "parse": _parse,
    "trim": _trim("b"),
    "trim_matches": _trim("b"),
    "trim_start": _trim("l"),
    "trim_start_matches": _trim("l"),
    "trim_end": _trim("r"),
    "trim_end_matches": _trim("r"),
    "strip_prefix": _strip(str.removeprefix),
    "strip_suffix": _strip(str.removesuffix),
    "starts_with": lambda _m, value, given: text(value).startswith(text(given[0])),
    "ends_with": lambda _m, value, given: text(value).endswith(text(given[0])),
    "is_empty": lambda m, value, _g: not list(rows(m, value)),
    "is_some": lambda _m, value, _g: plain(value) is not NOTHING,
    "is_none": lambda _m, value, _g: plain(value) is NOTHING,
    "to_uppercase": _changed(str.upper),
    "to_lowercase": _changed(str.lower),
    "to_ascii_uppercase": _changed(str.upper),
    "to_ascii_lowercase": _changed(str.lower),
    "is_ascii_alphabetic": _asked(lambda one: one.isascii() and one.isalpha()),
    "is_alphabetic": _asked(str.isalpha),
    "is_ascii_digit": _asked(lambda one: one in "0123456789"),
    "is_numeric": _asked(str.isnumeric),
    "is_alphanumeric": _asked(str.isalnum),
    "is_ascii_alphanumeric": _asked(lambda one: one.isascii() and one.isalnum()),
    "is_ascii_uppercase": _asked(lambda one: one.isascii() and one.isupper()),
    "is_ascii_lowercase": _asked(lambda one: one.isascii() and one.islower()),
    "is_uppercase": _asked(str.isupper),
    "is_lowercase": _asked(str.islower),
    "is_ascii": _asked(str.isascii),
    "is_whitespace": _asked(str.isspace),
    "is_ascii_whitespace": _asked(str.isspace),
    "is_ascii_hexdigit": _asked(lambda one: one in "0123456789abcdefABCDEF"),
    "to_digit": _digit,
}
"""Methods of texts, characters, options and collected rows."""

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
    "abs": lambda _m, value, _g: Number(abs(integer(value))),
    "min": lambda _m, value, given: Number(min(integer(value), integer(given[0]))),
    "max": lambda _m, value, given: Number(max(integer(value), integer(given[0]))),
}
"""Methods of numbers."""


_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def _radix(_: Machine, given: list[object]) -> object:
    try:
        return Number(int(text(given[0]), integer(given[1])))
    except ValueError:
        return NOTHING


def _character(machine: Machine, given: list[object]) -> object:
    value = plain(given[0])
    if isinstance(value, Number):
        machine.hides()
        if not 0 <= value.value < 0x110000:
            return NOTHING
        return Char(chr(value.value))
    return value


def _string(_: Machine, given: list[object]) -> object:
    value = plain(given[0])
    if isinstance(value, Nothing):
        raise Stuck
    if isinstance(value, list) and any(isinstance(plain(one), Number) for one in value):
        return raw(value).decode("utf-8", "replace")
    return text(value)


def _from_bytes(order: Literal["big", "little"]) -> Callable[[Machine, list[object]], object]:
    def function(machine: Machine, given: list[object]) -> object:
        machine.hides()
        return Number(int.from_bytes(raw(given[0]), order))

    return function


def _as(kind: str) -> Callable[[Machine, list[object]], object]:
    return lambda _machine, given: as_type(given[0], kind)


FUNCTIONS: Mapping[str, Callable[[Machine, list[object]], object]] = {
    "String::new": lambda _m, _g: "",
    "String::with_capacity": lambda _m, _g: "",
    "Vec::new": lambda _m, _g: [],
    "Vec::with_capacity": lambda _m, _g: [],
    "String::from": _string,
    "String::from_iter": _string,
    "String::from_utf8": _string,
    "String::from_utf8_lossy": _string,
    "String::from_utf8_unchecked": _string,
    "str::from_utf8": _string,
    "str::from_utf8_unchecked": _string,
    "char::from": _character,
    "char::from_u32": _character,
    "char::from_digit": lambda _m, given: Char(_DIGITS[integer(given[0]) % 36]),
    "Vec::from": lambda m, given: _collect(m, given[0], []),
    "iter::repeat": lambda m, given: Row(counted(m, itertools.repeat(plain(given[0])))),
    "iter::once": lambda _m, given: Row(iter([plain(given[0])])),
    **{f"{kind}::from_str_radix": _radix for kind in WIDTHS},
    **{f"{kind}::{name}": _as(kind) for kind in WIDTHS for name in ("from", "try_from")},
    **{f"{kind}::from_le_bytes": _from_bytes("little") for kind in WIDTHS},
    **{f"{kind}::from_be_bytes": _from_bytes("big") for kind in WIDTHS},
    **dict.fromkeys(
        "Box::new Arc::new Rc::new Cow::from Cow::Borrowed Cow::Owned Some Ok mem::take".split(),
        lambda _m, given: given[0],
    ),
}
"""Free and associated functions, by the last two names of their path."""
