"""The first gzip member of some bytes, as a stream of blocks: cargo reads no further, nor do we.

Header and trailer are read here and not by the engine, so that a damaged checksum costs no data
and every deviation from what cargo writes can be told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from isal import isal_zlib

MAGIC: Final = b"\x1f\x8b"
_INPUT: Final = 1 << 16
_OUTPUT: Final = 1 << 18
_NAME, _EXTRA, _COMMENT, _CHECK = 8, 4, 16, 2

Note = Callable[[str, bytes, int, str], None]
"""`note(slug, member, offset, lost)`: a deviation; `lost` says what was not read, if anything."""


def inflated(data: bytes, note: Note, *, max_size_bytes: int) -> Iterator[bytes]:
    """Blocks of at most 256 KiB. Ends early, after a note, at the cap or at damage."""
    start = _body(data)
    if start is None:
        note("bad-gzip", b"", 0, "this is no gzip archive")
        return
    if data[3] & ~_NAME:
        note("odd-gzip-header", b"", 3, "")
    engine = isal_zlib.decompressobj(wbits=-15)
    view, at, size, checksum = memoryview(data), start, 0, 0
    try:
        while not engine.eof and at < len(data):
            pending: bytes | memoryview = view[at : at + _INPUT]
            at += len(pending)
            is_full = True
            while is_full and not engine.eof:
                block = engine.decompress(pending, _OUTPUT)
                pending = engine.unconsumed_tail
                is_full = bool(pending) or len(block) == _OUTPUT
                checksum = isal_zlib.crc32(block, checksum)
                size += len(block)
                if size > max_size_bytes:
                    note("over-size", b"", size, f"it unpacks to more than {max_size_bytes} bytes")
                    return
                if block:
                    yield block
    except isal_zlib.error:  # type: ignore[misc]  # the stub hides its base
        note("bad-gzip", b"", at, "the compressed data is damaged")
        return
    if not engine.eof:
        note("truncated", b"", len(data), "the compressed data ends too early")
        return
    _check_end(data, at - len(engine.unused_data), (checksum, size), note)


def _check_end(data: bytes, end: int, found: tuple[int, int], note: Note) -> None:
    """Eight bytes of checksum and length, then nothing. Cargo 1.95 looks at none of it."""
    trailer = data[end : end + 8]
    checksum, size = found
    if len(trailer) < 8:
        note("truncated", b"", len(data), "")
    elif trailer != checksum.to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little"):
        note("bad-gzip-checksum", b"", end, "")
    rest = data[end + 8 :]
    if rest:
        slug = "second-gzip-member" if rest.startswith(MAGIC) else "trailing-bytes"
        note(slug, b"", end + 8, "")


def _body(data: bytes) -> int | None:
    """Where the compressed data starts; None if this is no gzip header."""
    if len(data) < 10 or not data.startswith(MAGIC + b"\x08") or data[3] & 0xE0:
        return None
    flags, at = data[3], 10
    if flags & _EXTRA:
        at += 2 + int.from_bytes(data[at : at + 2], "little")
    for flag in (_NAME, _COMMENT):
        if flags & flag:
            at = data.find(b"\0", at) + 1
            if not at:
                return None
    return at + 2 if flags & _CHECK else at
