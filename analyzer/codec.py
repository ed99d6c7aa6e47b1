"""Values of `analyzer.model` to plain JSON data and back, strictly.

What comes back from a confined worker is checked here field by field: unknown or missing keys and
wrong types are errors. Never pickle: a worker taken over by a crate must not run code in its parent.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import types
import typing
from collections.abc import Callable

Plain = None | bool | int | str | list["Plain"] | dict[str, "Plain"]
Decode = Callable[[object], object]


class CodecError(ValueError):
    """Data that is not what the type says."""


def to_plain(value: object) -> Plain:
    """Frozen dataclasses, enums and tuples as dicts, texts and lists."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        return str(value.value) if isinstance(value, enum.Enum) else value
    if isinstance(value, (tuple, list)):
        return [to_plain(one) for one in value]
    names = _names(type(value))
    return {name: to_plain(getattr(value, name)) for name in names}


@functools.cache
def _names(kind: type) -> tuple[str, ...]:
    if not dataclasses.is_dataclass(kind):
        raise CodecError(f"{kind.__name__} has no plain form")
    return tuple(one.name for one in dataclasses.fields(kind))


def from_plain(kind: object, plain: object) -> object:
    """A value of `kind` from plain data. Raises CodecError naming the first thing that is wrong."""
    return _decoder(kind)(plain)


@functools.cache
def _decoder(kind: object) -> Decode:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return _union(arguments)
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return _many(arguments[0])
        return _fixed(arguments)
    if kind in (str, int, bool):
        return functools.partial(_scalar, kind)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return functools.partial(_member, {one.value: one for one in kind}, kind.__name__)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _record(kind)
    raise CodecError(f"{kind} has no plain form")


def _scalar(kind: type, plain: object) -> object:
    if type(plain) is not kind:
        raise CodecError(f"{kind.__name__} expected, {type(plain).__name__} found")
    return plain


def _member(members: dict[object, object], name: str, plain: object) -> object:
    if not isinstance(plain, str) or plain not in members:
        raise CodecError(f"no {name}: {str(plain)[:60]!r}")
    return members[plain]


def _many(kind: object) -> Decode:
    def decode(plain: object) -> object:
        if not isinstance(plain, list):
            raise CodecError(f"list expected, {type(plain).__name__} found")
        one = _decoder(kind)
        return tuple(one(item) for item in plain)

    return decode


def _fixed(kinds: tuple[object, ...]) -> Decode:
    def decode(plain: object) -> object:
        if not isinstance(plain, list) or len(plain) != len(kinds):
            raise CodecError(f"list of {len(kinds)} expected")
        return tuple(_decoder(kind)(item) for kind, item in zip(kinds, plain, strict=True))

    return decode


def _record(kind: type) -> Decode:
    hints = typing.get_type_hints(kind)
    names = _names(kind)
    expected = frozenset(names)

    def decode(plain: object) -> object:
        if not isinstance(plain, dict) or plain.keys() != expected:
            raise CodecError(f"{kind.__name__}: keys differ from {', '.join(names)}")
        return kind(**{name: _decoder(hints[name])(plain[name]) for name in names})

    return decode


def _union(kinds: tuple[object, ...]) -> Decode:
    """None, or one of several dataclasses told apart by the name of their first field."""
    records = {_names(one)[0]: one for one in kinds if one is not type(None)}  # type: ignore[arg-type]  # dataclasses, by the model's rule
    may_be_none = type(None) in kinds

    def decode(plain: object) -> object:
        if plain is None and may_be_none:
            return None
        if isinstance(plain, dict):
            for first, one in records.items():
                if first in plain:
                    return _decoder(one)(plain)
        raise CodecError("no member of the union fits")

    return decode
