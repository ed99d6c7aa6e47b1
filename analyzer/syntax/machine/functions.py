"""Free and associated functions of the standard library for the bounded interpreter."""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from analyzer.syntax.machine.readers import copied, decoded_into, read_whole
from analyzer.syntax.machine.rows import counted, rows
from analyzer.syntax.machine.shared import Machine
from analyzer.syntax.machine.tables import MAPS, Table
from analyzer.syntax.machine.values import (
    NOTHING,
    WIDTHS,
    Char,
    Nothing,
    Number,
    Record,
    Reference,
    Row,
    Stuck,
    as_type,
    integer,
    octets,
    plain,
    raw,
    text,
)

Function = Callable[[Machine, list[object]], object]
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def _radix(_: Machine, given: list[object]) -> object:
    try:
        return Number(int(text(given[0])[:200], integer(given[1])))
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


def _digit(_: Machine, given: list[object]) -> object:
    at = integer(given[0])
    return Char(_DIGITS[at]) if 0 <= at < min(integer(given[1]), 36) else NOTHING


def _string(_: Machine, given: list[object]) -> object:
    value = plain(given[0])
    if isinstance(value, Nothing):
        raise Stuck
    if isinstance(value, Row):
        value = list(value)
    if isinstance(value, list) and any(isinstance(plain(one), Number) for one in value):
        return raw(value).decode("utf-8", "replace")
    return text(value)


def _utf16(machine: Machine, given: list[object]) -> object:
    machine.hides()
    units = [integer(one) & 0xFFFF for one in rows(machine, given[0])]
    data = b"".join(one.to_bytes(2, "little") for one in units)
    return data.decode("utf-16-le", "replace")


def _from_bytes(order: Literal["big", "little"], kind: str) -> Function:
    def function(machine: Machine, given: list[object]) -> object:
        machine.hides()
        return Number(int.from_bytes(raw(given[0]), order, signed=kind[0] == "i"), kind)

    return function


def _as(kind: str) -> Function:
    return lambda _machine, given: as_type(given[0], kind)


def _until_nothing(machine: Machine, function: object) -> Iterator[object]:
    while (one := machine.call(function)) is not NOTHING:
        machine.step()
        yield one


def _successors(machine: Machine, given: list[object]) -> Iterator[object]:
    one = plain(given[0])
    while one is not NOTHING:
        machine.step()
        yield one
        one = plain(machine.call(given[1], one))


def _indexes(machine: Machine, function: object) -> Iterator[object]:
    return (machine.call(function, Number(at, "usize")) for at in itertools.count())


def _repeated(machine: Machine, given: list[object]) -> object:
    several = itertools.repeat(plain(given[0]), *[integer(one) for one in given[1:2]])
    return Row(counted(machine, several))


def _taken(_: Machine, given: list[object]) -> object:
    """`mem::take`: the value, with nothing left behind."""
    place, value = given[0], plain(given[0])
    if isinstance(place, Reference) and isinstance(value, str):
        place.write("")
    elif isinstance(value, list):
        value, held = list(value), value
        held.clear()
    return value


def _part(_: Machine, given: list[object]) -> object:
    """`slice::from_raw_parts`."""
    data = plain(given[0])
    if isinstance(data, (str, list)):
        return (octets(raw(data)) if isinstance(data, str) else data)[: integer(given[1])]
    raise Stuck


def _table(machine: Machine, given: list[object]) -> object:
    return Table.of(rows(machine, given[0])) if given else Table()


def _groups(machine: Machine, given: list[object]) -> object:
    machine.hides()
    groups = b"".join(integer(one).to_bytes(2, "big") for one in given)
    return Number(int(ipaddress.IPv6Address(groups)), "u128")


def _first(_: Machine, given: list[object]) -> object:
    return given[0]


FUNCTIONS: Mapping[str, Function] = {
    **dict.fromkeys(("String::new", "String::with_capacity"), lambda _m, _g: ""),
    **dict.fromkeys(
        ("Vec::new", "Vec::with_capacity", "VecDeque::new", "VecDeque::with_capacity"),
        lambda _m, _g: [],
    ),
    **dict.fromkeys(
        """String::from String::from_iter String::from_utf8 String::from_utf8_lossy
        String::from_utf8_unchecked str::from_utf8 str::from_utf8_unchecked str::from_utf8_mut
        OsString::from_vec OsStr::from_bytes OsString::from OsStr::new Path::new PathBuf::from
        CStr::from_bytes_with_nul CString::new OsString::from_encoded_bytes_unchecked
        OsStr::from_encoded_bytes_unchecked""".split(),
        _string,
    ),
    **dict.fromkeys(("String::from_utf16", "String::from_utf16_lossy"), _utf16),
    "char::decode_utf16": lambda m, given: Row(iter(map(Char, text(_utf16(m, given))))),
    "char::from": _character,
    "char::from_u32": _character,
    "char::from_u32_unchecked": _character,
    "char::from_digit": _digit,
    "Vec::from": lambda m, given: [plain(one) for one in rows(m, given[0])],
    "Vec::from_iter": lambda m, given: [plain(one) for one in rows(m, given[0])],
    "iter::repeat": _repeated,
    "iter::repeat_n": _repeated,
    "iter::once": lambda _m, given: Row(iter([plain(given[0])])),
    "iter::empty": lambda _m, _g: Row(iter(())),
    "iter::repeat_with": lambda m, given: Row(_until_nothing(m, given[0])),
    "iter::from_fn": lambda m, given: Row(_until_nothing(m, given[0])),
    "iter::successors": lambda m, given: Row(_successors(m, given)),
    "iter::zip": lambda m, given: Row(zip(rows(m, given[0]), rows(m, given[1]), strict=False)),
    "array::from_fn": lambda m, given: Row(counted(m, _indexes(m, given[0]))),
    "array::from_ref": lambda _m, given: [plain(given[0])],
    "io::copy": copied,
    "io::read_to_string": read_whole,
    "hex::decode_to_slice": decoded_into,
    "Alphabet::new": lambda _m, given: Record("Alphabet", {"0": text(given[0])}),
    "GeneralPurpose::new": lambda _m, given: Record("GeneralPurpose", {"0": plain(given[0])}),
    "slice::from_raw_parts": _part,
    "mem::take": _taken,
    "mem::transmute": lambda m, given: _bytes_of(m, given[0]),
    "Ipv6Addr::new": _groups,
    **{f"{kind}::{name}": _table for kind in MAPS for name in ("new", "from", "from_iter")},
    **{f"{kind}::from_str_radix": _radix for kind in WIDTHS},
    **{f"{kind}::{name}": _as(kind) for kind in WIDTHS for name in ("from", "try_from")},
    **{f"{kind}::from_le_bytes": _from_bytes("little", kind) for kind in WIDTHS},
    **{f"{kind}::from_ne_bytes": _from_bytes("little", kind) for kind in WIDTHS},
    **{f"{kind}::from_be_bytes": _from_bytes("big", kind) for kind in WIDTHS},
    **{f"f{width}::from_bits": _as(f"u{width}") for width in (32, 64)},
    **dict.fromkeys(
        ("LazyLock::new", "Lazy::new", "LazyCell::new"), lambda m, given: m.call(given[0])
    ),
    **dict.fromkeys(("OnceLock::new", "OnceCell::new"), lambda _m, _g: NOTHING),
    **dict.fromkeys(
        """Box::new Arc::new Rc::new Cow::from Cow::Borrowed Cow::Owned Some Ok Box::leak Box::from
        Rc::from Arc::from Cursor::new BufReader::new ManuallyDrop::new MaybeUninit::new
        Wrapping black_box hint::black_box convert::identity mem::ManuallyDrop::new Pin::new
        string::String::leak addr_of Saturating""".split(),
        _first,
    ),
}
"""By the last two names of their path."""


def _bytes_of(machine: Machine, value: object) -> object:
    """Numbers of any width as the bytes that they are in memory.

    :raises Stuck: where their type is not stated.
    """
    machine.hides()
    value = plain(value)
    if isinstance(value, str):
        return octets(raw(value))
    found = bytearray()
    for one in value if isinstance(value, list) else [value]:
        number = plain(one)
        if not isinstance(number, Number) or number.kind not in WIDTHS:
            raise Stuck
        width = WIDTHS[number.kind]
        found += (number.value & ((1 << width) - 1)).to_bytes(width // 8, "little")
    return octets(found)
