"""One level of encoding undone: each function here gives what a byte string may contain.

Streams that do not decode are no error: most bytes are not what they could be. No function gives
more than it is allowed to.
"""

from __future__ import annotations

import base64
import binascii
import bz2
import lzma
import re
import urllib.parse
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum

_STREAMS = 32  # compressed streams tried in one layer
_RUNS = 2000  # encoded runs joined in one layer
_NUMERALS = 64  # runs read as one long number
_NUMERAL_DIGITS = 1400  # of each: costs grow with the square
_BASE62 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE58 = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE32_HEX = bytes.maketrans(
    b"0123456789ABCDEFGHIJKLMNOPQRSTUV", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
)
_SWAPPED = bytes(byte >> 4 | (byte & 15) << 4 for byte in range(256))
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_ROT13 = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    b"NOPQRSTUVWXYZABCDEFGHIJKLMnopqrstuvwxyzabcdefghijklm",
)
_ATBASH = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    b"ZYXWVUTSRQPONMLKJIHGFEDCBAzyxwvutsrqponmlkjihgfedcba",
)
_HEADS = (
    b"\x1f\x8b\x08",
    b"BZh",
    b"\xfd7zXZ",
    b"PK\x03\x04",
    b"\x78\x9c",
    b"\x78\xda",
    b"\x78\x01",
)


@dataclass(frozen=True, slots=True)
class Content:
    """What was inside; `marks` are pairs: from this offset here, it came from that offset there.

    `is_guess`: nothing in the bytes spoke for this encoding.
    """

    encoding: str
    data: bytes
    marks: tuple[tuple[int, int], ...] = ((0, 0),)
    is_guess: bool = False


class Breadth(IntEnum):
    """How much is tried on a layer: what is likely rubbish is not worth what bytes as sent are."""

    STREAMS = 0  # what starts with a known head
    PLAIN = 1  # base 64 and hex too
    FULL = 2  # all alphabets
    GUESSES = 3  # what leaves no mark too


def breadth_of(data: bytes, level: int, *, is_guess: bool) -> Breadth:
    """Deep down or after a guess, bytes that cannot be read are most likely nothing."""
    if level <= 1 and not is_guess:
        return Breadth.FULL
    if not _is_text(data):
        return Breadth.STREAMS
    return Breadth.PLAIN if is_guess else Breadth.FULL


def contents(data: bytes, most_bytes: int, breadth: Breadth) -> Iterator[Content]:
    """All that a layer may contain, likelier first."""
    yield from _message(data)
    yield from _streams(data, most_bytes)
    yield from _masked_streams(data, most_bytes)
    if _is_text(data):
        yield from _escapes(data) if breadth >= Breadth.FULL else _unwrapped(data)
    elif data.count(0) * 5 > len(data):
        yield Content("utf-16", data.replace(b"\0", b""))
    kinds = _RUN_KINDS if breadth >= Breadth.FULL else _RUN_KINDS[:2]
    for encoding, pattern, decode, cuts, most in kinds if breadth > Breadth.STREAMS else ():
        for cut in range(cuts if breadth >= Breadth.FULL else 1):
            yield from _runs(encoding, data, pattern, decode, (cut, most))
    if breadth is Breadth.GUESSES:
        yield from _guesses(data)


def body_of(message: bytes) -> bytes:
    """An HTTP message without its head; other bytes as they are."""
    head, _, body = message.partition(b"\r\n\r\n")
    return body if b"HTTP/1." in head[:4096] else message


def _message(data: bytes) -> Iterator[Content]:
    body = body_of(data)
    if len(body) < len(data):
        yield Content("", body, ((0, len(data) - len(body)),))
    if b"\r\n" in body and re.match(rb"[0-9a-fA-F]{1,8}[^\r\n]{0,80}\r\n", body):
        parts, at = [], 0
        while head := re.compile(rb"([0-9a-fA-F]{1,8})[^\r\n]{0,80}\r\n").match(body, at):
            size = int(head[1], 16)
            parts.append(body[head.end() : head.end() + size])
            at = head.end() + size + 2
        yield Content("chunked", b"".join(parts))


def _streams(data: bytes, most_bytes: int) -> Iterator[Content]:
    """Compressed streams at any offset, and members of zip files, each with what it gives."""
    for number, match in enumerate(_STREAM.finditer(data)):
        if number == _STREAMS:
            return
        at, head = match.start(), match[0]
        name, inflate = next(kind for start, kind in _INFLATERS.items() if head.startswith(start))
        if name == "zip":
            names = int.from_bytes(data[at + 26 : at + 28], "little")
            at += 30 + names + int.from_bytes(data[at + 28 : at + 30], "little")
        found = _inflate(inflate, data[at:], most_bytes)
        if found:
            yield Content(name, found, ((0, match.start()),))


def _xz(data: bytes, most_bytes: int) -> bytes:
    return lzma.LZMADecompressor(memlimit=256 << 20).decompress(data, most_bytes)


_STREAM = re.compile(
    rb"\x1f\x8b\x08|BZh[1-9]1AY|\xfd7zXZ\x00|PK\x03\x04..[\x00-\xff]{2}\x08\x00|\x78[\x01\x5e\x9c\xda]"
    rb"|\A\x5d\x00\x00",
    re.DOTALL,
)
_Inflate = Callable[[bytes, int], bytes]
_INFLATERS: dict[bytes, tuple[str, _Inflate]] = {
    b"\x1f": ("gzip", lambda data, most: zlib.decompressobj(31).decompress(data, most)),
    b"B": ("bz2", lambda data, most: bz2.BZ2Decompressor().decompress(data, most)),
    b"\xfd": ("xz", _xz),
    b"\x5d": ("lzma", _xz),
    b"P": ("zip", lambda data, most: zlib.decompressobj(-15).decompress(data, most)),
    b"\x78": ("zlib", lambda data, most: zlib.decompressobj().decompress(data, most)),
}


def _inflate(inflate: _Inflate, data: bytes, most_bytes: int) -> bytes:
    try:
        return inflate(data, most_bytes)
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, MemoryError):
        return b""


def _escapes(data: bytes) -> Iterator[Content]:
    """Texts in which single characters are written otherwise."""
    if b"%" in data:
        yield Content("percent", urllib.parse.unquote_to_bytes(data.replace(b"+", b" ")))
    if b"\\" in data or b"&#" in data:
        yield Content("escapes", _ESCAPE.sub(_unescape, data))
    if re.search(rb"=[0-9A-Fa-f]{2}", data):
        yield Content("quoted-printable", binascii.a2b_qp(data))
    yield from _unwrapped(data)


def _is_text(data: bytes) -> bool:
    """Whether escapes and line ends mean something: most bytes can be read."""
    return len(data.translate(None, _READABLE)) * 6 <= len(data)


_READABLE = bytes((9, 10, 13, *range(32, 127)))


def _unwrapped(data: bytes) -> Iterator[Content]:
    """Text without its line ends, for whatever was broken to a width."""
    parts, marks, at, size = [], [], 0, 0
    for match in _BREAK.finditer(data):
        if match.start() > at:
            marks.append((size, at))
            parts.append(data[at : match.start()])
            size += match.start() - at
        at = match.end()
    if at:
        yield Content("", b"".join([*parts, data[at:]]), (*marks, (size, at)))


_BREAK = re.compile(rb"=?(?:\\r|\\n|\r|\n)[ \t]*")
_ESCAPE = re.compile(
    rb"\\(?:u00([0-9a-fA-F]{2})|x([0-9a-fA-F]{2})|u\{0{0,4}([0-9a-fA-F]{1,2})\}|([0-3][0-7]{2})"
    rb"|([\\/\"'nrtbf]))|&#x([0-9a-fA-F]{1,2});|&#(\d{1,3});"
)
_CONTROLS = dict(zip(b"nrtbf", b"\n\r\t\b\f", strict=True))


def _unescape(match: re.Match[bytes]) -> bytes:
    *digits, octal, plain, entity, decimal = match.groups()
    if plain:
        return bytes((_CONTROLS.get(plain[0], plain[0]),))
    if octal or decimal:
        return bytes((int(octal, 8) if octal else int(decimal) & 255,))
    return bytes((int(next(filter(None, (*digits, entity))), 16),))


def _runs(
    encoding: str,
    data: bytes,
    pattern: re.Pattern[bytes],
    decode: Callable[[bytes], bytes],
    bounds: tuple[int, int],
) -> Iterator[Content]:
    """What all runs of one alphabet decode to, joined; a run may start `cut` characters late."""
    cut, most = bounds
    found, marks, at = [], [], 0
    for number, match in enumerate(pattern.finditer(data)):
        if number == most:
            break
        try:
            part = decode(match[0][cut:])
        except (ValueError, binascii.Error):
            continue
        if part:
            marks.append((at, match.start()))
            found.append(part)
            at += len(part)
    if found:
        yield Content(encoding, b"".join(found), tuple(marks))


def _from_base64(run: bytes) -> bytes:
    text = run.replace(b"-", b"+").replace(b"_", b"/")
    return binascii.a2b_base64(text[: len(text) - (len(text) % 4 == 1)] + b"===")


def _from_base32(run: bytes) -> bytes:
    text = run.upper()
    return base64.b32decode(text[: len(text) // 8 * 8] + _padded(text[len(text) // 8 * 8 :]))


def _padded(rest: bytes) -> bytes:
    """The end of a base 32 text, cut to whole bytes."""
    size = {7: 7, 6: 5, 5: 5, 4: 4, 3: 2, 2: 2}.get(len(rest), 0)
    return rest[:size] + b"=" * (8 - size) if size else b""


def _from_hex(run: bytes) -> bytes:
    digits = re.sub(rb"\\x|0x|[^0-9a-fA-F]", b"", run)
    return bytes.fromhex(digits[: len(digits) // 2 * 2].decode())


def _from_numbers(run: bytes) -> bytes:
    return bytes(int(one) & 255 for one in re.findall(rb"-?\d+", re.sub(rb"[ui]8", b"", run)))


def _from_bits(run: bytes) -> bytes:
    bits = re.sub(rb"\s", b"", run)
    size = len(bits) // 8
    return int(bits[: size * 8], 2).to_bytes(size, "big")


def _numeral(alphabet: bytes) -> Callable[[bytes], bytes]:
    """A decoder of runs that are one number to an unusual base."""
    values = {digit: value for value, digit in enumerate(alphabet)}

    def decode(run: bytes) -> bytes:
        if len(run) > _NUMERAL_DIGITS:
            raise ValueError
        number = 0
        for digit in run:
            if digit not in values:
                raise ValueError
            number = number * len(alphabet) + values[digit]
        return number.to_bytes((number.bit_length() + 7) // 8, "big")

    return decode


_WORD = re.compile(rb"[0-9A-Za-z]{22,}+")
_LINE = re.compile(rb"[!-~]{25,}")
_RUN_KINDS: tuple[tuple[str, re.Pattern[bytes], Callable[[bytes], bytes], int, int], ...] = (
    ("base64", re.compile(rb"[A-Za-z0-9+/_-]{20,}"), _from_base64, 4, _RUNS),
    (
        "hex",
        re.compile(rb"(?:(?:\\x|0x|%)?[0-9a-fA-F]{2}[\s:,;_-]{0,3}){16,}"),
        _from_hex,
        2,
        _RUNS,
    ),
    ("base32", re.compile(rb"[A-Za-z2-7]{26,}"), _from_base32, 1, _RUNS),
    (
        "base32hex",
        re.compile(rb"[0-9A-Va-v]{26,}"),
        lambda run: _from_base32(run.upper().translate(_BASE32_HEX)),
        1,
        _RUNS,
    ),
    (
        "numbers",
        re.compile(rb"-?\d{1,3}(?:[ui]8)?(?:[\s,;:|]{1,4}-?\d{1,3}(?:[ui]8)?){11,}"),
        _from_numbers,
        1,
        _RUNS,
    ),
    ("bits", re.compile(rb"(?:[01]{8}\s?){12,}"), _from_bits, 1, _RUNS),
    ("base58", _WORD, _numeral(_BASE58), 1, _NUMERALS),
    ("base62", _WORD, _numeral(_BASE62), 1, _NUMERALS),
    ("base62", _WORD, _numeral(_BASE62[:10] + _BASE62[36:] + _BASE62[10:36]), 1, _NUMERALS),
    ("base36", _WORD, lambda run: _numeral(_BASE62[:36])(run.upper()), 1, _NUMERALS),
    ("ascii85", _LINE, lambda run: base64.a85decode(run, adobe=run.endswith(b"~>")), 1, _NUMERALS),
    ("base85", _LINE, base64.b85decode, 1, _NUMERALS),
)


def _guesses(data: bytes) -> Iterator[Content]:
    """Transformations that leave no mark of their own, tried on the whole."""
    yield Content("reversed", data[::-1], is_guess=True)
    for name, table in (
        ("rot13", _ROT13),
        ("atbash", _ATBASH),
        ("nibbles swapped", _SWAPPED),
        ("bits mirrored", _MIRRORED),
    ):
        yield Content(name, data.translate(table), is_guess=True)
    for stride in (2, 3):
        for start in range(stride):
            yield Content(f"every {stride}. byte", data[start::stride], is_guess=True)
    half = (len(data) + 1) // 2
    woven = bytearray(len(data))
    woven[::2], woven[1::2] = data[:half], data[half:]
    yield Content("halves", bytes(woven), is_guess=True)


def _masked_streams(data: bytes, most_bytes: int) -> Iterator[Content]:
    """Compressed streams without a head, or whose head tells a one-byte xor or addition."""
    found = _inflate(_INFLATERS[b"P"][1], data, most_bytes)
    if len(found) >= 16:
        yield Content("deflate", found)
    for head in _HEADS:
        start = data[: len(head)].ljust(len(head), b"\0")
        key, shift = start[0] ^ head[0], (start[0] - head[0]) & 255
        if key and all(one ^ key == two for one, two in zip(start, head, strict=True)):
            table = bytes(one ^ key for one in range(256))
            yield Content(f"xor 0x{key:02x}", data.translate(table))
        if shift and all((one - shift) & 255 == two for one, two in zip(start, head, strict=True)):
            table = bytes((one - shift) & 255 for one in range(256))
            yield Content(f"add 0x{shift:02x}", data.translate(table))
