"""A tar stream to entries, in memory: ustar, GNU long names, PAX paths; nothing else is believed.

Bounded: a member's bytes are kept up to a cap and otherwise only counted. What `tarfile` or cargo
might read differently is reported, not repaired.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from analyzer.limits import Limits

_SIZE = 512
_ZERO = bytes(_SIZE)
_LONG_CAP = 1 << 20

Report = Callable[[str, str, int], None]


class Entry(NamedTuple):
    """One member: its name as bytes, type flag, mode, data (cut at the cap), header's offset."""

    name: bytes
    type: str
    mode: int
    data: bytes
    offset: int
    is_cut: bool = False


class _Truncated(Exception):
    """The stream ended inside a member."""


class TarReader:
    """Iterates entries of a tar stream given as blocks of bytes."""

    def __init__(self, blocks: Iterator[bytes], report: Report, limits: Limits) -> None:
        """`report(slug, member, offset)` is told every deviation."""
        self._blocks, self._report, self._limits = blocks, report, limits
        self._buffer = b""
        self._at = 0
        self._offset = 0

    def __iter__(self) -> Iterator[Entry]:
        long_name = b""
        pax: dict[str, bytes] = {}
        try:
            while (header := self._header()) is not None:
                offset = self._offset - _SIZE
                kind = chr(header[156])
                size = _number(header[124:136])
                name = _text(header[0:100])
                if header[257:263] == b"ustar\0" and header[345]:
                    name = _text(header[345:500]) + b"/" + name
                if size is None:
                    self._report("bad-header", _show(name), offset)
                    return
                if kind in "LKxg":
                    data, _ = self._data(size, _LONG_CAP)
                    if kind == "L":
                        long_name = data.split(b"\0", 1)[0]
                    elif kind == "x":
                        pax = _records(data)
                    elif kind == "g" and _records(data).keys() & {"path", "size", "linkpath"}:
                        self._report("global-header", _show(name), offset)
                    continue
                name = pax.get("path", long_name or name)
                if "size" in pax:
                    size = int(pax["size"]) if pax["size"].isdigit() else size
                mode = _number(header[100:108]) or 0
                is_empty = kind in "123456"
                data, is_cut = self._data(0 if is_empty else size, self._limits.member_size_bytes)
                yield Entry(name, kind, mode, data, offset, is_cut)
                long_name, pax = b"", {}
        except _Truncated:
            self._report("truncated", "", self._offset)

    def _header(self) -> bytes | None:
        """The next header; None at the end, which two zero blocks make."""
        header = self._take(_SIZE, at_end=True)
        if not header:
            self._report("no-end-marker", "", self._offset)
            return None
        if header == _ZERO:
            self._check_tail()
            return None
        if _checksum(header) != _number(header[148:156]):
            self._report("bad-checksum-header", _show(_text(header[0:100])), self._offset - _SIZE)
            return None
        return header

    def _check_tail(self) -> None:
        """After the end only zeros may follow: other readers might go on there."""
        while rest := self._take(1 << 16, at_end=True):
            if rest.strip(b"\0"):
                self._report("trailing-bytes", "", self._offset)
                return

    def _data(self, size: int, cap: int) -> tuple[bytes, bool]:
        kept = self._take(min(size, cap))
        left = size - len(kept)
        while left > 0:
            left -= len(self._take(min(left, 1 << 20)))
        if size % _SIZE:
            self._take(_SIZE - size % _SIZE)
        return kept, size > cap

    def _take(self, count: int, *, at_end: bool = False) -> bytes:
        """Exactly `count` bytes; at the end whatever is left."""
        if len(self._buffer) - self._at < count:
            parts = [self._buffer[self._at :]]
            have = len(parts[0])
            while have < count and (block := next(self._blocks, b"")):
                parts.append(block)
                have += len(block)
            self._buffer, self._at = b"".join(parts), 0
        taken = self._buffer[self._at : self._at + count]
        self._at += len(taken)
        self._offset += len(taken)
        if len(taken) < count and not at_end:
            raise _Truncated
        return taken


def _text(raw: bytes) -> bytes:
    return raw.split(b"\0", 1)[0]


def _show(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")


def _number(raw: bytes) -> int | None:
    """An octal field, or GNU's base-256 form; None if it is neither."""
    if raw[0] == 0x80:
        return int.from_bytes(raw[1:], "big")
    digits = raw.strip(b"\0 ")
    if not digits:
        return 0
    if all(48 <= one < 56 for one in digits):
        return int(digits, 8)
    return None


def _checksum(header: bytes) -> int:
    return sum(header) - sum(header[148:156]) + 8 * 32


def _records(data: bytes) -> dict[str, bytes]:
    """PAX records `length key=value\\n`; a malformed one ends the reading."""
    records: dict[str, bytes] = {}
    while data:
        length, _, rest = data.partition(b" ")
        if not length.isdigit() or len(length) > 9:
            break
        key, _, value = rest[: int(length) - len(length) - 2].partition(b"=")
        records[key.decode("utf-8", "replace")] = value
        data = data[max(1, int(length)) :]
    return records
