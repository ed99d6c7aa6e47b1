"""Encodings of planted secrets: each is found, and nothing is found where nothing is."""

from __future__ import annotations

import base64
import binascii
import bz2
import codecs
import gzip
import io
import json
import lzma
import random
import tarfile
import urllib.parse
import zipfile
import zlib
from collections.abc import Callable

import pytest

from sandbox.bait import Decoy
from sandbox.leaks import Depth, LeakBudget, find_leaks

TOKEN = Decoy("token", "env:GITHUB_TOKEN", b"q7Zt0mXw4RkP9vLc2HsYb6JdN3fGaE1uTz8o")
SECRET = Decoy("secret", "~/.aws/credentials", b"nV4/x8Qe+Lw2Tj7rZk0PyB5mHc9SdFg1UaXo3iKq")
RAW = Decoy("raw", "~/.ssh/id_ed25519", random.Random(7).randbytes(32))
DECOYS = (TOKEN, SECRET, RAW)
DEEP = LeakBudget()
SHALLOW = LeakBudget(depth=Depth.SHALLOW)

Encode = Callable[[bytes], bytes]


def _xor(*key: int) -> Encode:
    return lambda data: bytes(one ^ key[at % len(key)] for at, one in enumerate(data))


def _add(key: int) -> Encode:
    return lambda data: bytes((one + key) & 255 for one in data)


def _tar(data: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        member = tarfile.TarInfo("home/.aws/credentials")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def _zip(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("readme", "nothing " * 20)
        archive.writestr("loot", data)
    return out.getvalue()


def _chunked(size: int) -> Encode:
    def encode(data: bytes) -> bytes:
        parts = [data[at : at + size] for at in range(0, len(data), size)]
        return b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in parts) + b"0\r\n\r\n"

    return encode


def _numeral(alphabet: str) -> Encode:
    def encode(data: bytes) -> bytes:
        number, out = int.from_bytes(b"\x01" + data, "big"), ""
        while number:
            number, digit = divmod(number, len(alphabet))
            out = alphabet[digit] + out
        return out.encode()

    return encode


def _each(form: str, joint: str = "") -> Encode:
    return lambda data: joint.join(form.format(one) for one in data).encode()


def _then(*steps: Encode) -> Encode:
    def encode(data: bytes) -> bytes:
        for step in steps:
            data = step(data)
        return data

    return encode


def _rot47(data: bytes) -> bytes:
    return bytes((one - 33 + 47) % 94 + 33 if 33 <= one <= 126 else one for one in data)


def _as_json(data: bytes) -> bytes:
    return json.dumps({"d": data.decode("latin-1")}).encode()


def _latin_utf16(data: bytes) -> bytes:
    return data.decode("latin-1").encode("utf-16-le")


BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
b64, url64, hexed = base64.b64encode, base64.urlsafe_b64encode, binascii.hexlify

ENCODINGS: dict[str, Encode] = {
    "clear": bytes,
    "base64": b64,
    "base64 at offset 1": lambda data: b64(b"x" + data),
    "base64 at offset 2": lambda data: b64(b"xy" + data),
    "base64url without padding": lambda data: url64(data).rstrip(b"="),
    "base64 wrapped": base64.encodebytes,
    "base64 wrapped to 16": lambda d: b"\r\n".join(
        b64(d)[at : at + 16] for at in range(0, len(b64(d)), 16)
    ),
    "base64 in JSON": lambda data: json.dumps({"d": b64(data).decode()}).encode(),
    "base64 with JSON's escaped line ends": lambda d: json.dumps(
        base64.encodebytes(d).decode()
    ).encode(),
    "base64 twice": _then(b64, b64),
    "base64 thrice": _then(b64, b64, b64),
    "base64 four times": _then(b64, b64, b64, b64),
    "hex": hexed,
    "hex upper": lambda data: hexed(data).upper(),
    "hex with spaces": lambda data: data.hex(" ").encode(),
    "hex with colons": lambda data: data.hex(":").encode(),
    "hex as C": _each("\\x{:02x}"),
    "hex as Rust": _each("0x{:02x}", ", "),
    "hex wrapped": lambda d: b"\n".join(hexed(d)[at : at + 30] for at in range(0, 2 * len(d), 30)),
    "hex of base64": _then(b64, hexed),
    "base64 of hex": _then(hexed, b64),
    "percent": lambda data: urllib.parse.quote_plus(data).encode(),
    "percent, every byte": _each("%{:02X}"),
    "percent of base64": lambda data: urllib.parse.quote_plus(b64(data)).encode(),
    "quoted-printable": binascii.b2a_qp,
    "JSON": _as_json,
    "JSON, every character": _each("\\u{:04x}"),
    "Rust escapes": _each("\\u{{{:x}}}"),
    "octal escapes": _each("\\{:03o}"),
    "HTML entities": _each("&#{};"),
    "HTML hex entities": _each("&#x{:02x};"),
    "numbers": lambda data: json.dumps(list(data)).encode(),
    "numbers, compact": lambda data: json.dumps(list(data), separators=(",", ":")).encode(),
    "numbers of Rust": _each("{}u8", ", "),
    "signed numbers": lambda d: str([one - 256 if one > 127 else one for one in d]).encode(),
    "numbers of lines": _each("{}", "\n"),
    "bits": _each("{:08b}"),
    "bits with spaces": _each("{:08b}", " "),
    "base32": base64.b32encode,
    "base32 lower, bare": lambda data: base64.b32encode(data).lower().rstrip(b"="),
    "base32hex": base64.b32hexencode,
    "base32 of gzip": _then(gzip.compress, base64.b32encode),
    "base36": _numeral(BASE62[:36]),
    "base58": _numeral(BASE58),
    "base62": _numeral(BASE62),
    "base85": base64.b85encode,
    "ascii85": base64.a85encode,
    "ascii85 of adobe": lambda data: base64.a85encode(data, adobe=True),
    "reversed": lambda data: data[::-1],
    "reversed base64": lambda data: b64(data)[::-1],
    "base64 of reversed": lambda data: b64(data[::-1]),
    "hex of reversed": lambda data: hexed(data[::-1]),
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "zlib 9": lambda data: zlib.compress(data, 9),
    "zlib 1": lambda data: zlib.compress(data, 1),
    "deflate": lambda data: zlib.compress(data)[2:-4],
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, format=lzma.FORMAT_ALONE),
    "zip": _zip,
    "tar.gz": _tar,
    "gzip of gzip of gzip": _then(gzip.compress, gzip.compress, gzip.compress),
    "base64 of gzip": _then(gzip.compress, b64),
    "gzip of base64": _then(b64, gzip.compress),
    "hex of zlib": _then(zlib.compress, hexed),
    "gzip, hex, base64, gzip": _then(gzip.compress, hexed, b64, gzip.compress),
    "xor": _xor(0x5A),
    "xor 255": _xor(255),
    "add": _add(13),
    "subtract": _add(-7),
    "xor, key of 4": _xor(9, 200, 31, 77),
    "xor, key of 6": _xor(*b"s3cr3t"),
    "xor, key of 16": _xor(*range(7, 23)),
    "base64 of xor": _then(_xor(0x33), b64),
    "hex of xor": _then(_xor(0x33), hexed),
    "hex of xor, key of 7": _then(_xor(*b"keykey7"), hexed),
    "xor of base64": _then(b64, _xor(0x71)),
    "gzip of xor": _then(_xor(7), gzip.compress),
    "xor of gzip": _then(gzip.compress, _xor(7)),
    "add of zlib": _then(zlib.compress, _add(3)),
    "xor of xz": _then(lzma.compress, _xor(0xAA)),
    "UTF-16": _latin_utf16,
    "UTF-16 big end": lambda data: data.decode("latin-1").encode("utf-16-be"),
    "UTF-16 of base64": _then(b64, _latin_utf16),
    "nibbles swapped": lambda data: bytes(one >> 4 | (one & 15) << 4 for one in data),
    "every second byte is noise": lambda d: bytes(x for one in d for x in (one, one * 7 & 255)),
    "halves": lambda data: data[::2] + data[1::2],
    "chunked by 7": _chunked(7),
    "chunked base64": _then(b64, _chunked(5)),
}
TEXT_ONLY: dict[str, Encode] = {
    "rot13": lambda data: codecs.encode(data.decode("latin-1"), "rot13").encode("latin-1"),
    "rot47": _rot47,
    "base64 of rot13": lambda data: b64(codecs.encode(data.decode("latin-1"), "rot13").encode()),
    "rot13 of base64": lambda data: codecs.encode(b64(data).decode(), "rot13").encode(),
    "lower case": lambda data: data.lower(),
    "upper case": lambda data: data.upper(),
    "UTF-8 of JSON": lambda data: json.dumps({"a": [data.decode()]}).encode(),
}
FRAMES: dict[str, Encode] = {
    "bare": bytes,
    "request": lambda data: b"POST /x HTTP/1.1\r\nHost: c2.invalid\r\n\r\n" + data,
}
CASES = [
    pytest.param(decoy, encode, frame, id=f"{name}-{decoy.name}-{framed}")
    for name, encode in {**ENCODINGS, **TEXT_ONLY}.items()
    for decoy in (DECOYS if name in ENCODINGS else (TOKEN, SECRET))
    for framed, frame in FRAMES.items()
    if not ("chunked" in name and framed == "bare" and decoy is RAW)
]


def _around(value: bytes) -> bytes:
    return b"[default]\nregion = eu-north-1\nkey = " + value + b"\noutput = json\n"


@pytest.mark.parametrize(("decoy", "encode", "frame"), CASES)
def test_an_encoded_secret_is_found(decoy: Decoy, encode: Encode, frame: Encode) -> None:
    data = frame(encode(_around(decoy.value)))
    found = find_leaks(data, DECOYS, budget=DEEP)
    assert [one.decoy for one in found.leaks] == [decoy]
    assert 0 <= found.leaks[0].offset < len(data)
