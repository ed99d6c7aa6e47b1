"""What a reader of JSON or TOML makes of a known text: its fields and items."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from analyzer.errors import TomlError
from analyzer.syntax.paths import Path
from analyzer.syntax.values import UNKNOWN_VALUE, Value, constant, listed
from analyzer.toml import read_toml

TABLE = "{}"
"""The variant of a value that was read: no own type bears it."""
_STEP = "read as data"
_LARGEST = 65_536
_MOST = 4_096
_DEEPEST = 32
_READERS: Mapping[str, Callable[[str], object]] = {
    "serde_json": json.loads,
    "toml": lambda text: read_toml(text.encode("utf-8", "replace"), name="text"),
}
_READING = frozenset({"from_str", "from_slice"})


def parsed(path: Path, arguments: tuple[Value, ...]) -> Value:
    """The value of a call of a reader; unknown for any other call, and for what is not known."""
    read = _READERS.get(path[0]) if len(path) > 1 and path[-1] in _READING else None
    if read is None or len(arguments) != 1 or not arguments[0].is_constant:
        return UNKNOWN_VALUE
    text = arguments[0].text
    if len(text) > _LARGEST:
        return UNKNOWN_VALUE
    try:
        return _value(read(text), [_MOST], _DEEPEST)
    except (ValueError, TomlError, RecursionError):
        return UNKNOWN_VALUE


def _value(read: object, left: list[int], depth: int) -> Value:
    left[0] -= 1
    if left[0] < 0 or depth < 0:
        return UNKNOWN_VALUE
    if isinstance(read, str):
        return constant(read, _STEP)
    if isinstance(read, int) and not isinstance(read, bool):
        return Value((str(read),), number=read)
    if isinstance(read, list):
        return listed(tuple(_value(one, left, depth - 1) for one in read))
    if isinstance(read, dict):
        rows = tuple((str(key), _value(one, left, depth - 1)) for key, one in read.items())
        return Value(fields=rows, variant=TABLE)
    return UNKNOWN_VALUE
