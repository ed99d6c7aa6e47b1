"""Methods of texts and characters for the bounded interpreter."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from analyzer.syntax.machine.options import OPTIONS
from analyzer.syntax.machine.rows import Method, items, rows
from analyzer.syntax.machine.shared import Machine
from analyzer.syntax.machine.values import (
    NOTHING,
    Char,
    Number,
    Row,
    Span,
    Stuck,
    comparable,
    integer,
    octets,
    plain,
    raw,
    text,
)

_SAME = frozenset(
    """to_string to_owned into clone as_str as_ref unwrap expect unwrap_or_default as_mut borrow ok
    map_err as_deref context with_context as_slice into_boxed_str into_string to_str ok_or
    ok_or_else to_string_lossy into_owned as_deref_mut try_into leak into_boxed_slice
    deref as_mut_slice unwrap_unchecked as_mut_str copied cloned to_path_buf as_path as_os_str
    into_os_string as_encoded_bytes into_encoded_bytes force as_ptr get_ref deref_mut
    display""".split()
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
    if given and isinstance(plain(value), str):  # a path
        base, more = text(value), text(given[0])
        return more if more.startswith("/") else base.removesuffix("/") + "/" + more
    several = [plain(one) for one in rows(machine, value)]
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
    whole = text(value)
    if not whole.isascii() or not whole.lstrip("+-").isdigit() or len(whole) > 60:
        return NOTHING
    return Number(int(whole))


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


def _split_once(_: Machine, value: object, given: list[object]) -> object:
    before, found, after = text(value).partition(text(given[0]))
    return (before, after) if found else NOTHING


def _split_once_last(_: Machine, value: object, given: list[object]) -> object:
    before, found, after = text(value).rpartition(text(given[0]))
    return (before, after) if found else NOTHING


def _matching(machine: Machine, whole: str, wanted: object) -> list[object]:
    """The characters, or the pieces, of a text that a pattern finds."""
    wanted = plain(wanted)
    if isinstance(wanted, str):
        return [wanted] * whole.count(wanted) if wanted else []
    return [Char(one) for one in whole if machine.call(wanted, Char(one)) is True]


def _units(whole: str) -> list[object]:
    data = whole.encode("utf-16-le", "surrogatepass")
    return [Number(data[at] | data[at + 1] << 8, "u16") for at in range(0, len(data), 2)]


def _contains(machine: Machine, value: object, given: list[object]) -> object:
    value, wanted = plain(value), plain(given[0])
    if isinstance(value, str):
        return text(wanted) in value
    if isinstance(value, Span):
        at = ord(wanted) if isinstance(wanted, Char) else integer(wanted)
        return value.start <= at and (value.end is None or at < value.end)
    return any(comparable(one) == comparable(wanted) for one in rows(machine, value))


def _parted(value: str, at: int) -> tuple[str, str]:
    data = value.encode("utf-8", "surrogatepass")
    return data[:at].decode("utf-8", "replace"), data[at:].decode("utf-8", "replace")


TEXTS: Mapping[str, Method] = {
    **OPTIONS,
    **dict.fromkeys(_SAME, _same),
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
    "split_ascii_whitespace": lambda _m, value, _g: Row(iter(text(value).split())),
    "split_terminator": _split,
    "rsplit": lambda m, value, given: Row(iter(list(rows(m, _split(m, value, given)))[::-1])),
    "rsplit_once": _split_once_last,
    "splitn": lambda _m, value, given: Row(
        iter(text(value).split(text(given[1]), max(integer(given[0]) - 1, 0)))
    ),
    "matches": lambda m, value, given: Row(iter(_matching(m, text(value), given[0]))),
    "encode_utf16": lambda _m, value, _g: Row(iter(_units(text(value)))),
    "contains": _contains,
    "eq_ignore_ascii_case": lambda _m, value, given: text(value).lower() == text(given[0]).lower(),
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
