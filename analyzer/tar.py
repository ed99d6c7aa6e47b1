"""A tar stream to entries, in memory, as cargo's reader takes it; and the header of a member.

Readers of tar disagree in many places. Where they do, this one follows cargo and tells; where
even cargo's versions disagree, it stops or says what another version would have seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple
from zlib import adler32

from analyzer.gunzip import Note
from analyzer.limits import Limits

BLOCK: Final = 512
END: Final = bytes(2 * BLOCK)
_ZERO: Final = bytes(BLOCK)
_LONG_CAP: Final = 1 << 20
_USTAR, _GNU = b"ustar\x0000", b"ustar  \0"

# What cargo writes, from the mode on; anything else takes the slow path and a note. Numbers that
# cargo never reads count too: other readers refuse the archive, or stop, where one is malformed.
_ID = rb"(?:[0-7]{7}\0|[0-7]{6} \0|\0{8}|\x80.{7})"
_CANONICAL = re.compile(
    rb"([0-7]{7})\0" + _ID * 2 + rb"([0-7]{11})\0(?:[0-7]{11}[\0 ]|\0{12}|\x80.{11})"
    rb"([0-7]{6}\0 |[0-7]{7}[\0 ])([05L])\0{100}(ustar(?:  \0|\x0000)).{64}" + _ID * 2,
    re.DOTALL,
)
_OCTAL = re.compile(rb" *([0-7]+) *\0")
_QUIET_RECORDS = re.compile(
    rb"path|size|linkpath|[amc]time|[ug]id|[ug]name|comment|SCHILY\..*|LIBARCHIVE\..*"
)


class Entry(NamedTuple):
    """One member: name as bytes, type flag, mode, what its link points to, data, header's offset.

    `is_cut`: the data is not whole, and a note has said so.
    """

    name: bytes
    kind: bytes
    mode: int
    link: bytes
    data: bytes
    offset: int
    is_cut: bool


class _Header(NamedTuple):
    name: bytes
    kind: bytes
    mode: int
    size: int
    link: bytes
    is_known: bool
    is_extended: bool = False


class TarReader:
    """Iterates the entries of a tar stream that comes in blocks of bytes; never raises."""

    def __init__(self, blocks: Iterator[bytes], note: Note, limits: Limits) -> None:
        self._stream, self._note, self._limits = _Stream(blocks), note, limits
        self._offset = 0
        self._long: dict[bytes, bytes] = {}
        self._records: dict[bytes, bytes] = {}

    def __iter__(self) -> Iterator[Entry]:
        """All members up to the end, or to the place where reading on would be a guess."""
        while (header := self._header()) is not None:
            if header.is_known and header.kind in b"LKxg":
                if not self._extension(header):
                    return
                if header.kind != b"g":
                    continue
                # Cargo takes a global header for a member of its own, with a name to check.
                yield Entry(header.name, b"g", 0, b"", b"", self._offset, is_cut=False)
            else:
                if self._long or self._records:
                    header = self._extended(header)
                entry = self._entry(header)
                yield entry
                if entry.kind == b"S" and header.is_extended:
                    return
            self._long, self._records = {}, {}
        if self._long or self._records:
            self._note("ambiguous-header", b"", self._offset, "")

    # Headers -------------------------------------------------------------------------------------

    def _header(self) -> _Header | None:
        """The next header; None at the end, or after a note where none can be read."""
        stream = self._stream
        block = stream.take(BLOCK)
        self._offset = stream.offset - len(block)
        if len(block) < BLOCK:
            if block:
                self._note("truncated", b"", self._offset, "the archive ends inside a header")
            else:
                self._note("no-end-marker", b"", self._offset, "")
            return None
        if block == _ZERO:
            self._check_tail()
            return None
        # cargo sums bytes; two half sums stay below Adler's modulus, so they are exact.
        total = (adler32(block[:256], 0) & 0xFFFF) + (adler32(block[256:], 0) & 0xFFFF)
        total += 256 - (adler32(block[148:156], 0) & 0xFFFF)
        found = _CANONICAL.match(block, 100)
        if found is None:
            return self._odd_header(block, total)
        mode, size, checksum, kind, magic = found.groups()
        name = block[:100].rstrip(b"\0")
        if int(checksum.rstrip(b"\0 "), 8) != total or b"\0" in name or not name:
            return self._odd_header(block, total)
        if block[345]:
            if magic == _GNU:
                return self._odd_header(block, total)
            name = block[345:500].split(b"\0", 1)[0] + b"/" + name
        return _Header(name, kind, int(mode, 8), int(size, 8), b"", is_known=True)

    def _odd_header(self, block: bytes, total: int) -> _Header | None:
        """A header that cargo does not write, read as cargo reads it."""
        name = block[:100].split(b"\0", 1)[0]
        magic = block[257:265]
        prefix = block[345:500].split(b"\0", 1)[0]
        if prefix and magic == _USTAR:
            name = prefix + b"/" + name
        if _number(block[148:156]) != total:
            lost = "its checksum is wrong, and what follows was not read"
            self._note("bad-checksum-header", name, self._offset, lost)
            return None
        size = _number(block[124:136])
        if size is None:
            lost = "its size cannot be read, nor what follows"
            self._note("bad-header", name, self._offset, lost)
            return None
        kind = block[156:157]
        if prefix and magic == _GNU:
            self._note("ambiguous-header", name, self._offset, "")
        elif kind in b"05L" or magic not in (_USTAR, _GNU):
            self._note("odd-header", name, self._offset, "")
        link = block[157:257].split(b"\0", 1)[0]
        is_known = magic in (_USTAR, _GNU)
        mode = _number(block[100:108]) or 0
        return _Header(name, kind, mode, size, link, is_known, is_extended=bool(block[482]))

    def _check_tail(self) -> None:
        """After a block of zeros only zeros may follow: other readers might go on there."""
        left = BLOCK
        while rest := self._stream.take(1 << 16):
            left -= len(rest)
            if rest != bytes(len(rest)):
                self._note("trailing-bytes", b"", self._stream.offset - len(rest), "")
                return
        if left > 0:
            self._note("no-end-marker", b"", self._offset, "")

    # Extension headers ---------------------------------------------------------------------------

    def _extension(self, header: _Header) -> bool:
        """Keep a long name or records for the next member; False where readers part for good."""
        if header.kind in b"xg":
            self._note("pax-header", header.name, self._offset, "")
        if header.kind in self._long or self._records or (header.kind == b"g" and self._long):
            lost = "two extension headers meet: what follows depends on the reader"
            self._note("ambiguous-header", header.name, self._offset, lost)
            return False
        data = self._entry(header).data
        if header.kind in b"LK":
            self._long[header.kind] = data.removesuffix(b"\0")
            return True
        records = _records(data)
        if records is None:
            lost = "its records are malformed: what follows depends on the reader"
            self._note("ambiguous-header", header.name, self._offset, lost)
            return False
        loud = _FOR_ONE if header.kind == b"g" else frozenset[bytes]()
        if records.keys() & loud or not all(map(_QUIET_RECORDS.fullmatch, records)):
            self._note("ambiguous-header", header.name, self._offset, "")
        if header.kind == b"x":
            self._records = records
        return True

    def _extended(self, header: _Header) -> _Header:
        """The header with the name, link and size that extension headers give it."""
        long, records = self._long, self._records
        if b"L" in long and b"path" in records:
            self._note("ambiguous-header", long[b"L"], self._offset, "")
        name = long.get(b"L", records.get(b"path", header.name))
        link = long.get(b"K", records.get(b"linkpath", header.link))
        size = header.size
        text = records.get(b"size", b"%d" % size)
        if text != b"%d" % size:
            # Older cargo believes the header, newer cargo the record (CVE-2026-33055).
            size = int(text) if text.isdigit() and len(text) < 20 else size
            lost = "it has two sizes, and versions of cargo differ in which one they believe"
            self._note("ambiguous-header", name, self._offset, lost)
        return header._replace(name=name, link=link, size=size)

    # Data ----------------------------------------------------------------------------------------

    def _entry(self, header: _Header) -> Entry:
        name, kind, size = header.name, header.kind, header.size
        if size and kind in b"123456":
            lost = "its header announces data, which some readers take for members"
            self._note("ambiguous-header", name, self._offset, lost)
        cap = _LONG_CAP if kind in b"LKxg" else self._limits.member_size_bytes
        stream = self._stream
        data = stream.take(min(size, cap))
        is_cut = len(data) < size
        if is_cut and len(data) == cap:
            self._note("over-size", name, self._offset, f"only {cap} bytes of it were read")
        elif is_cut:
            self._note("truncated", name, self._offset, "the archive ends inside it")
        stream.skip(size - len(data) + -size % BLOCK)
        return Entry(name, kind, header.mode, header.link, data, self._offset, is_cut)


_FOR_ONE: Final = frozenset({b"path", b"size", b"linkpath"})


class _Stream:
    """Bytes by count out of blocks; short at the end."""

    __slots__ = ("_at", "_base", "_blocks", "_buffer")

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._buffer, self._at, self._base = b"", 0, 0

    @property
    def offset(self) -> int:
        """How many bytes were taken."""
        return self._base + self._at

    def take(self, count: int) -> bytes:
        """The next `count` bytes, fewer at the end."""
        at = self._at
        end = at + count
        if end <= len(self._buffer):
            self._at = end
            return self._buffer[at:end]
        parts, left = [memoryview(self._buffer)[at:]], count - len(self._buffer) + at
        while left > 0 and (block := self._next()):
            parts.append(memoryview(block)[:left])
            left -= len(block)
        self._at = len(self._buffer) + min(left, 0)
        return b"".join(parts)

    def skip(self, count: int) -> None:
        """Pass over `count` bytes without keeping them."""
        self._at += count
        while self._at > len(self._buffer):
            beyond = self._at - len(self._buffer)
            if not self._next():
                return
            self._at = beyond

    def _next(self) -> bytes:
        """The next block becomes the buffer; empty at the end."""
        block = next(self._blocks, b"")
        self._base += len(self._buffer)
        self._buffer, self._at = block, 0
        return block


def _number(raw: bytes) -> int | None:
    """An octal field, or GNU's base-256 form; None where readers would disagree."""
    if raw[0] & 0x80:
        is_plain = raw[0] == 0x80 and not any(raw[1:-8])
        return int.from_bytes(raw[-8:] if len(raw) > 8 else raw[1:], "big") if is_plain else None
    found = _OCTAL.match(raw + b"\0")
    return int(found[1], 8) if found else None


def _records(data: bytes) -> dict[bytes, bytes] | None:
    """PAX records, `length key=value` a line; None where readers would differ."""
    records: dict[bytes, bytes] = {}
    if not data.endswith(b"\n"):
        return None
    for line in data.removesuffix(b"\n").split(b"\n"):
        length, _, rest = line.partition(b" ")
        key, sign, value = rest.partition(b"=")
        if not length.isdigit() or len(length) > 9 or int(length) != len(line) + 1:
            return None
        if not sign or key in records:
            return None
        records[key] = value
    return records


# Writing -----------------------------------------------------------------------------------------


def member(name: bytes, data: bytes, *, kind: bytes = b"0", mode: int = 0o644) -> Iterator[bytes]:
    """The parts of a regular member, as cargo would write it."""
    yield from member_header(name, kind=kind, mode=mode, size=len(data))
    yield data
    yield bytes(-len(data) % BLOCK)


def member_header(
    name: bytes, *, kind: bytes, mode: int = 0o644, size: int = 0, link: bytes = b""
) -> Iterator[bytes]:
    """A GNU header, with headers for a long name and a long link in front where they are needed."""
    for flag, text in ((b"L", name), (b"K", link)):
        if len(text) > 100:
            yield _block(b"././@LongLink", flag, 0o644, len(text) + 1, b"")
            yield text + bytes(BLOCK - len(text) % BLOCK)
    yield _block(name[:100], kind, mode, size, link[:100])


def _block(name: bytes, kind: bytes, mode: int, size: int, link: bytes) -> bytes:
    numbers = b"%07o\0%07o\0%07o\0%011o\0%011o\0" % (mode, 0, 0, size, 0)
    start = name.ljust(100, b"\0") + numbers
    end = (kind + link.ljust(100, b"\0") + _GNU).ljust(BLOCK - 156, b"\0")
    total = sum(start) + sum(end) + 8 * 32
    return start + b"%06o\0 " % total + end
