"""Values of `analyzer.model` to plain JSON data and back, strictly.

What comes back from a confined worker is checked here field by field: unknown or missing keys
and wrong types are errors. Never pickle: a worker taken over by a crate must not run code in its
parent.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import operator
import types
import typing
from collections.abc import Callable

Plain = None | bool | int | str | list["Plain"] | dict[str, "Plain"]
Convert = Callable[[typing.Any], typing.Any]
T = typing.TypeVar("T")

_SCALARS = (str, int, bool)
_INT_MAX = 2**63 - 1


class CodecError(ValueError):
    """Data that is not what the type says."""


def to_plain(value: object) -> typing.Any:
    """Frozen dataclasses, enums and tuples as dicts, texts and lists, ready for `json.dumps`."""
    kind: typing.Any = type(value)
    return _encoder(kind)(value)


def from_plain(kind: type[T], plain: object) -> T:
    """A value of `kind` from plain data. Raises CodecError naming the first thing that is wrong."""
    return typing.cast("T", _decoder(typing.cast("typing.Any", kind))(plain))


def _same(value: object) -> object:
    return value


def _items(values: tuple[object, ...]) -> list[object]:
    return [to_plain(one) for one in values]


@functools.cache
def _encoder(kind: type) -> Convert:
    if kind in _SCALARS or kind is types.NoneType:
        return _same
    if issubclass(kind, enum.Enum):
        return operator.attrgetter("_value_")
    if kind in (tuple, list):
        return _items
    if not dataclasses.is_dataclass(kind):
        raise CodecError(f"{kind.__name__} has no plain form")
    return _record_encoder(kind)


def _record_encoder(kind: type) -> Convert:
    """A plan made once per class: most fields are copied, only the others are converted."""
    hints = typing.get_type_hints(kind)
    names = _names(kind)
    plans = [(name, _field_encoder(hints[name])) for name in names]
    converted = [(name, convert) for name, convert in plans if convert is not _same]

    def encode(value: object) -> dict[str, object]:
        plain = {name: getattr(value, name) for name in names}
        for name, convert in converted:
            plain[name] = convert(plain[name])
        return plain

    return encode


def _field_encoder(hint: object) -> Convert:
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is tuple and arguments[1:] == (Ellipsis,):
        one = _field_encoder(arguments[0])
        return list if one is _same else lambda values: [one(item) for item in values]
    return _encoder(hint) if isinstance(hint, type) else to_plain


def _names(kind: type) -> tuple[str, ...]:
    return tuple(one.name for one in dataclasses.fields(kind))


@functools.cache
def _decoder(kind: object) -> Convert:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return _union(arguments)
    if origin is tuple:
        return _many(arguments[0]) if arguments[1:] == (Ellipsis,) else _fixed(arguments)
    if isinstance(kind, type):
        if kind in _SCALARS:
            return functools.partial(_scalar, kind)
        if issubclass(kind, enum.Enum):
            return functools.partial(_member, {one.value: one for one in kind}, kind.__name__)
        if dataclasses.is_dataclass(kind):
            return _record(kind)
    raise CodecError(f"{kind} has no plain form")


def _scalar(kind: type, plain: object) -> object:
    if type(plain) is not kind:  # a bool is no int here
        raise CodecError(f"{kind.__name__} expected, {type(plain).__name__} found")
    if isinstance(plain, int) and not -_INT_MAX <= plain <= _INT_MAX:
        raise CodecError("number out of range")
    return plain


def _member(members: dict[object, object], name: str, plain: object) -> object:
    try:
        return members[plain]
    except (KeyError, TypeError):  # TypeError: lists and dicts are no keys
        raise CodecError(f"no {name}: {str(plain)[:60]!r}") from None


def _many(kind: object) -> Convert:
    one = _decoder(kind)

    def decode(plain: object) -> tuple[object, ...]:
        if type(plain) is not list:
            raise CodecError(f"list expected, {type(plain).__name__} found")
        return tuple([one(item) for item in plain]) if plain else ()

    return decode


def _fixed(kinds: tuple[object, ...]) -> Convert:
    decoders = [_decoder(one) for one in kinds]

    def decode(plain: object) -> tuple[object, ...]:
        if type(plain) is not list or len(plain) != len(decoders):
            raise CodecError(f"list of {len(decoders)} expected")
        return tuple(decode(item) for decode, item in zip(decoders, plain, strict=True))

    return decode


def _record(kind: type) -> Convert:
    """All keys and nothing else. Texts and numbers, most of all fields, are checked in line."""
    hints = typing.get_type_hints(kind)
    names = _names(kind)
    expected = frozenset(names)
    places = {name: place for place, name in enumerate(names)}
    texts = [places[name] for name in names if hints[name] is str]
    numbers = [places[name] for name in names if hints[name] is int]
    others = [
        (places[name], _decoder(hints[name])) for name in names if hints[name] not in (str, int)
    ]

    def decode(plain: object) -> object:
        if type(plain) is not dict or plain.keys() != expected:
            raise CodecError(f"{kind.__name__}: keys differ from {', '.join(names)}")
        values = [plain[name] for name in names]
        place = 0
        try:
            for place in texts:
                if type(values[place]) is not str:
                    _scalar(str, values[place])
            for place in numbers:
                number = values[place]
                if type(number) is not int or not -_INT_MAX <= number <= _INT_MAX:
                    _scalar(int, number)
            for place, convert in others:
                values[place] = convert(values[place])
        except CodecError as error:
            raise CodecError(f"{kind.__name__}.{names[place]}: {error}") from None
        return kind(*values)

    return decode


def _union(kinds: tuple[object, ...]) -> Convert:
    """None, or one of several dataclasses told apart by the name of their first field."""
    may_be_none = types.NoneType in kinds
    records = [one for one in kinds if isinstance(one, type) and one is not types.NoneType]
    decoders = {_names(one)[0]: _decoder(one) for one in records}

    def decode(plain: object) -> object:
        if plain is None and may_be_none:
            return None
        if type(plain) is dict:
            for first, convert in decoders.items():
                if first in plain:
                    return convert(plain)
        raise CodecError("no member of the union fits")

    return decode
