"""Files that are more than text: SQLite databases and LevelDB folders that open."""

from __future__ import annotations

import hashlib
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


def tdata_file(body: bytes) -> bytes:
    """A file of Telegram's desktop client: its head, its body, the digest it is checked by."""
    version = struct.pack("<I", 5_008_003)
    tail = struct.pack("<I", len(body)) + version + b"TDF$"
    return b"TDF$" + version + body + hashlib.md5(body + tail, usedforsecurity=False).digest()


def kdbx_file(body: bytes) -> bytes:
    """A KeePass 4 database: an outer header with its digest, the rest sealed."""
    fields = (
        (2, bytes.fromhex("31c1f2e6bf714350be5805216afc5aff")),  # AES-256
        (3, struct.pack("<I", 1)),
        (4, body[:32]),
        (7, body[32:48]),
        (
            11,
            b"\0\1\x42\5\0\0\0$UUID\x10\0\0\0"
            + bytes.fromhex("c9d9f39a628a4460bf740d08c18a4fea")
            + b"\5\1\0\0\0R\x08\0\0\0"
            + struct.pack("<Q", 600_000)
            + b"\x42\1\0\0\0S\x20\0\0\0"
            + body[48:80]
            + b"\0",
        ),
        (0, b"\r\n\r\n"),
    )
    head = bytes.fromhex("03d9a29a67fb4bb501000400")
    head += b"".join(struct.pack("<BI", kind, len(data)) + data for kind, data in fields)
    return head + hashlib.sha256(head).digest() + body[80:]


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
