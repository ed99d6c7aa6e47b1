"""Common encodings undone, by the catalogue name of the function that would do it."""

from __future__ import annotations

import base64
import binascii
import re
import urllib.parse
import zlib
from collections.abc import Callable, Mapping

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_FROM_URL = bytes.maketrans(b"-_", b"+/")
MAX_SIZE = 65_536


def decoded(path: tuple[str, ...], data: bytes) -> bytes | None:
    """What `path`, a function or an engine of a decoding crate, makes of `data`.

    None if the path is no known decoder or the data is not in its encoding.
    """
    where = "::".join(path).lower()
    for name, decode in _DECODERS.items():
        if name in where:
            try:
                return decode(data)
            except (ValueError, binascii.Error, zlib.error):
                return None
    return None


def from_base64(data: bytes) -> bytes:
    """Base64 undone, of either alphabet, padded or not.

    :raises ValueError: if it is none.
    """
    text = b"".join(data.split()).rstrip(b"=").translate(_FROM_URL)
    return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)


def of_alphabet(alphabet: str, data: bytes) -> bytes:
    """Base64 undone whose characters are others.

    :raises ValueError: if it is none.
    """
    if len(alphabet) != 64 or not alphabet.isascii():
        raise ValueError
    table = bytes.maketrans(alphabet.encode(), _BASE64)
    return from_base64(b"".join(data.split()).rstrip(b"=").translate(table))


def _from_base32(data: bytes) -> bytes:
    text = data.strip().upper().rstrip(b"=")
    return base64.b32decode(text + b"=" * (-len(text) % 8))


def _from_base58(data: bytes) -> bytes:
    number = 0
    text = data.decode("ascii")
    if len(text) > 2_000:
        raise ValueError
    for one in text:
        number = number * 58 + _BASE58.index(one)
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def _from_hex(data: bytes) -> bytes:
    return bytes.fromhex(re.sub(r"^0[xX]", "", data.decode("ascii")))


def _inflated(data: bytes, wbits: int) -> bytes:
    return zlib.decompressobj(wbits).decompress(data, MAX_SIZE)


_DECODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "base64": from_base64,
    "base32": _from_base32,
    "bs58": _from_base58,
    "base58": _from_base58,
    "hex": _from_hex,
    "percent": urllib.parse.unquote_to_bytes,
    "urlencoding": urllib.parse.unquote_to_bytes,
    "gzdecoder": lambda data: _inflated(data, 31),
    "zlibdecoder": lambda data: _inflated(data, 15),
    "deflatedecoder": lambda data: _inflated(data, -15),
    **dict.fromkeys(
        ("decompress_to_vec_zlib", "decompress_to_vec_zlib_with_limit"),
        lambda data: _inflated(data, 15),
    ),
    **dict.fromkeys(
        ("decompress_to_vec", "decompress_to_vec_with_limit"), lambda data: _inflated(data, -15)
    ),
}
