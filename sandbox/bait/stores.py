"""Files that are more than text: SQLite databases and LevelDB folders that open."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator

_POLYNOMIAL = 0x82F63B78  # CRC-32C, reflected
_BLOCK = 32768


def sqlite_file(script: str) -> bytes:
    """The database that an SQL script makes."""
    database = sqlite3.connect(":memory:")
    try:
        database.executescript(script)
        return database.serialize()
    finally:
        database.close()


def leveldb_folder(text: str) -> Iterator[tuple[str, bytes]]:
    """File names and contents of a young LevelDB; lines of `text` are `key<TAB>value`."""
    pairs = [line.partition("\t")[::2] for line in text.splitlines() if line]
    batch = struct.pack("<QI", 1, len(pairs))
    for key, value in pairs:
        batch += b"\x01" + _sized(key.encode()) + _sized(value.encode())
    yield "000003.log", b"".join(_records(batch))
    yield "CURRENT", b"MANIFEST-000001\n"
    yield "LOCK", b""
    comparator = b"\x01" + _sized(b"leveldb.BytewiseComparator")
    yield "MANIFEST-000001", b"".join(_records(comparator + b"\x02\x03\x03\x04\x04\x00"))


def _records(data: bytes) -> Iterator[bytes]:
    """The log format: blocks of 32 KiB, each record with its masked checksum."""
    room, at = _BLOCK, 0
    while at < len(data):
        part = data[at : at + room - 7]
        is_first, is_last = at == 0, at + len(part) == len(data)
        kind = {(True, True): 1, (True, False): 2, (False, False): 3, (False, True): 4}[
            is_first, is_last
        ]
        crc = _crc32c(bytes((kind,)) + part)
        masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
        yield struct.pack("<IHB", masked, len(part), kind) + part
        at, room = at + len(part), _BLOCK


def _crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (_POLYNOMIAL if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def _sized(data: bytes) -> bytes:
    """Data behind its length as a variable-size number."""
    length, head = len(data), b""
    while length > 127:
        head, length = head + bytes((length & 127 | 128,)), length >> 7
    return head + bytes((length,)) + data
