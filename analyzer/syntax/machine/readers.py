"""Reading and writing of bytes in memory for the bounded interpreter: decompressors, cursors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from analyzer.syntax.machine.decoders import decoded, of_alphabet
from analyzer.syntax.machine.rows import Method, items
from analyzer.syntax.machine.shared import Machine
from analyzer.syntax.machine.values import (
    Number,
    Record,
    Reference,
    Row,
    Stuck,
    octets,
    plain,
    raw,
)


@dataclass(slots=True)
class Sink:
    """A decompressor that is written to: `path` names it."""

    path: tuple[str, ...]
    data: bytearray = field(default_factory=bytearray)


def opened(machine: Machine, path: tuple[str, ...], arguments: list[object]) -> object:
    """What `new` of a decoding reader or writer gives: the decoded bytes, or what is written to.

    None if the path names none, or the data is not in its encoding.
    """
    if path[-1] not in ("new", "new_decoder") or "decoder" not in path[-2].lower():
        return None
    given = plain(arguments[-1])
    if "write" in path:
        return Sink(path[:-1])
    found = decoded(path, raw(given)) if isinstance(given, (str, list, Row)) else None
    if found is None:
        return None
    machine.hides()
    machine.step(len(found) // 8)
    return octets(found)


def _left(value: object) -> bytes:
    """What is still to be read; an iterator's rest is taken."""
    value = plain(value)
    if isinstance(value, (list, Row)):
        return raw(value)
    raise Stuck


def _filled(*, is_text: bool) -> Method:
    def method(machine: Machine, value: object, given: list[object]) -> object:
        data = _left(value)
        machine.step(len(data) // 8)
        target, held = given[0], plain(given[0])
        if is_text and isinstance(target, Reference) and isinstance(held, str):
            target.write(held + data.decode("utf-8", "replace"))
        elif not is_text:
            items(held).extend(octets(data))
        else:
            raise Stuck
        return Number(len(data), "usize")

    return method


def _written(machine: Machine, value: object, given: list[object]) -> object:
    data, held = raw(given[0]), plain(value)
    machine.step(len(data) // 8)
    if isinstance(held, Sink):
        held.data += data
    else:
        items(held).extend(octets(data))
    return Number(len(data), "usize")


def _finished(machine: Machine, value: object, _given: list[object]) -> object:
    held = plain(value)
    if not isinstance(held, Sink):
        return value
    found = decoded(held.path, bytes(held.data))
    if found is None:
        raise Stuck
    machine.hides()
    machine.step(len(found) // 8)
    return octets(found)


def copied(machine: Machine, given: list[object]) -> object:
    """`io::copy`."""
    return _written(machine, given[1], [octets(_left(given[0]))])


def decoded_into(machine: Machine, given: list[object]) -> object:
    """`hex::decode_to_slice`."""
    found, target = decoded(("hex",), raw(given[0])), items(given[1])
    if found is None or len(found) != len(target):
        raise Stuck
    machine.hides()
    target[:] = octets(found)
    return ()


def read_whole(machine: Machine, given: list[object]) -> object:
    """`io::read_to_string`."""
    data = _left(given[0])
    machine.step(len(data) // 8)
    return data.decode("utf-8", "replace")


def _translated(machine: Machine, value: object, given: list[object]) -> object:
    """`decode` of an engine with an alphabet of its own."""
    held = plain(value)
    alphabet = plain(held.fields.get("0")) if isinstance(held, Record) else None
    if not isinstance(alphabet, Record):
        raise Stuck
    machine.hides()
    return octets(of_alphabet(str(plain(alphabet.fields["0"])), raw(given[0])))


ENGINES: Mapping[str, Method] = {"decode": _translated}
"""Methods of decoding engines."""

READERS: Mapping[str, Method] = {
    "read_to_string": _filled(is_text=True),
    "read_to_end": _filled(is_text=False),
    "write_all": _written,
    "write": _written,
    "finish": _finished,
    "into_inner": _finished,
    "flush": lambda _m, _v, _g: (),
}
"""Methods of readers, which are lists of bytes, and of writers."""
