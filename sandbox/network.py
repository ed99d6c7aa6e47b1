"""Host side of the sinkhole's records: hostile lines in, frozen values out. Never an exception."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from analyzer.model import Gap, GapKind

METADATA = "metadata service"
"""Where keys come from that the sinkhole gives out like a cloud: subject of facts about them."""
MAX_RECORDS = 100_000
MAX_LINE_BYTES = 3 << 20
MAX_DATA_BYTES = 256 << 20
"""Of all lines together."""
_TEXT_CHARACTERS = 1 << 16
_SURROGATES = re.compile("[\ud800-\udfff]")
_CUTS = ("cut:", "failed:")
_Record = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was sent to one place at one time: a request, a connection's bytes, a datagram.

    `data` is as the client sent it, after TLS, and may be cut; HTTP bodies come without their
    chunk sizes. `host` is empty where no name is known. `is_readable` is false for TLS that the
    client refused: `data` is then what it said in clear.
    """

    at_ms: int
    protocol: str
    address: str
    port: int
    peer_port: int
    host: str = ""
    sni: str = ""
    method: str = ""
    target: str = ""
    size_bytes: int = 0
    data: bytes = b""
    is_readable: bool = True
    is_cut: bool = False
    answer: str = ""
    connection: int = 0
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Lookup:
    """A name that was asked for, as it was spelled; `data` is the whole question."""

    at_ms: int
    name: str
    type: str
    answer: str
    peer_port: int = 0
    data: bytes = b""
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class ModeChange:
    """From here on the sinkhole answered, or refused."""

    at_ms: int
    is_refusing: bool


@dataclass(frozen=True, slots=True)
class NetworkRecords:
    """All that was recorded, in the order of the lines."""

    exchanges: tuple[Exchange, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    modes: tuple[ModeChange, ...] = ()
    gaps: tuple[Gap, ...] = ()


@dataclass
class _Reading:
    exchanges: list[Exchange] = field(default_factory=list)
    opened: dict[int, Exchange] = field(default_factory=dict)
    lookups: list[Lookup] = field(default_factory=list)
    modes: list[ModeChange] = field(default_factory=list)
    notes: dict[str, bool] = field(default_factory=dict)
    nonsense: int = 0
    left_bytes: int = MAX_DATA_BYTES

    def take(self, record: _Record) -> None:
        """Raises ValueError for nonsense."""
        kind = _text(record, "kind")
        if kind in ("connection", "datagram"):
            found = _exchange(record)
            self.opened.pop(found.connection, None)
            self.exchanges.append(found)
        elif kind == "opened":
            found = _exchange(record)
            self.opened[found.connection] = replace(found, answer="unfinished")
        elif kind == "dns":
            self.lookups.append(_lookup(record))
        elif kind == "mode":
            mode = _text(record, "mode")
            if mode not in ("answer", "refuse"):
                raise ValueError(mode)
            self.modes.append(ModeChange(_number(record, "at_ms"), mode == "refuse"))
        elif kind == "note":
            reason = _text(record, "reason")[:300]
            self.notes[reason] = reason.startswith(_CUTS)
        elif kind != "ready":
            raise ValueError(kind)

    def gaps(self) -> Iterable[Gap]:
        """What the lines do not hold."""
        for reason, is_blocking in self.notes.items():
            kind = GapKind.BUDGET if is_blocking else GapKind.UNREADABLE
            yield Gap(kind, f"sinkhole: {reason}", is_blocking=is_blocking)
        if self.nonsense:
            reason = f"sinkhole: {self.nonsense} records could not be read"
            yield Gap(GapKind.UNREADABLE, reason, is_blocking=True)
        if cut := sum(one.is_cut for one in self.exchanges):
            yield Gap(GapKind.TOO_LARGE, f"sinkhole: {cut} payloads were kept in part only")


def read_records(lines: Iterable[bytes]) -> NetworkRecords:
    """The records in `lines`; what is nonsense or too much becomes a gap that blocks.

    A connection that was opened and never ended has an exchange without data, `unfinished`.
    """
    reading = _Reading()
    for count, line in enumerate(lines):
        reading.left_bytes -= len(line)
        if count >= MAX_RECORDS or reading.left_bytes < 0:
            reading.notes["cut: more records than are read"] = True
            break
        try:
            if len(line) > MAX_LINE_BYTES:
                raise ValueError("too long")
            record = json.loads(line)
            if not isinstance(record, dict):
                raise ValueError("no record")
            reading.take(record)
        except (ValueError, RecursionError):  # all that a hostile text can raise here
            reading.nonsense += 1
    unfinished = reading.opened.values()
    return NetworkRecords(
        tuple(sorted((*reading.exchanges, *unfinished), key=lambda one: one.sequence)),
        tuple(reading.lookups),
        tuple(reading.modes),
        tuple(reading.gaps()),
    )


def _exchange(record: _Record) -> Exchange:
    data = _data(record)
    return Exchange(
        at_ms=_number(record, "at_ms"),
        protocol=_text(record, "protocol"),
        address=_text(record, "address"),
        port=_number(record, "port", 65_535),
        peer_port=_number(record, "peer_port", 65_535),
        host=_text(record, "host"),
        sni=_text(record, "sni"),
        method=_text(record, "method"),
        target=_text(record, "target"),
        size_bytes=max(_number(record, "size_bytes"), len(data)),
        data=data,
        is_readable=_truth(record, "is_readable", default=True),
        is_cut=_truth(record, "is_cut", default=False),
        answer=_text(record, "answer"),
        connection=_number(record, "connection"),
        sequence=_number(record, "sequence"),
    )


def _lookup(record: _Record) -> Lookup:
    return Lookup(
        at_ms=_number(record, "at_ms"),
        name=_text(record, "name"),
        type=_text(record, "type"),
        answer=_text(record, "answer"),
        peer_port=_number(record, "peer_port", 65_535),
        data=_data(record),
        sequence=_number(record, "sequence"),
    )


def _text(record: _Record, name: str) -> str:
    value = record.get(name, "")
    if not isinstance(value, str):
        raise ValueError(name)
    return _SURROGATES.sub("\ufffd", value[:_TEXT_CHARACTERS])


def _number(record: _Record, name: str, highest: int = 1 << 53) -> int:
    value = record.get(name, 0)
    if type(value) is not int or not 0 <= value <= highest:
        raise ValueError(name)
    return value


def _truth(record: _Record, name: str, *, default: bool) -> bool:
    value = record.get(name, default)
    if not isinstance(value, bool):
        raise ValueError(name)
    return value


def _data(record: _Record) -> bytes:
    value = record.get("data", "")
    if not isinstance(value, str):
        raise ValueError("data")
    return base64.b64decode(value, validate=True)
