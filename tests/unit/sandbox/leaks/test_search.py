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
import time
import urllib.parse
import zipfile
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    if framed == "bare" or decoy is TOKEN
]


def _around(value: bytes) -> bytes:
    return b"[default]\nregion = eu-north-1\nkey = " + value + b"\noutput = json\n"


@pytest.mark.parametrize(("decoy", "encode", "frame"), CASES)
def test_an_encoded_secret_is_found(decoy: Decoy, encode: Encode, frame: Encode) -> None:
    data = frame(encode(_around(decoy.value)))
    found = find_leaks(data, DECOYS, budget=DEEP)
    assert [one.decoy for one in found.leaks] == [decoy]
    assert 0 <= found.leaks[0].offset < len(data)


HEADERS = {
    "a header": b"GET / HTTP/1.1\r\nX-Id: %s\r\nHost: c2.invalid\r\n\r\n",
    "a cookie": b"GET / HTTP/1.1\r\nCookie: a=%s; b=1\r\n\r\n",
    "basic authorization": b"GET / HTTP/1.1\r\nAuthorization: Basic %s\r\n\r\n",
    "a query": b"GET /a?x=1&d=%s HTTP/1.1\r\n\r\n",
    "a form": b"POST / HTTP/1.1\r\n\r\n--b\r\nContent-Disposition: form-data; name=f\r\n\r\n%s\r\n--b--",
}


@pytest.mark.parametrize("frame", HEADERS.values(), ids=HEADERS)
@pytest.mark.parametrize("encode", [b64, hexed, _then(gzip.compress, url64)])
def test_parts_of_a_message_are_looked_at(frame: bytes, encode: Encode) -> None:
    found = find_leaks(frame % encode(_around(TOKEN.value)), DECOYS, budget=DEEP)
    assert [one.decoy for one in found.leaks] == [TOKEN]


@pytest.mark.parametrize("part", [slice(0, 16), slice(-16, None), slice(0, 20), slice(15, None)])
@pytest.mark.parametrize("encode", [bytes, b64, hexed, gzip.compress])
def test_the_first_or_last_part_is_enough(part: slice, encode: Encode) -> None:
    found = find_leaks(b"id=" + encode(SECRET.value[part]), DECOYS, budget=DEEP)
    assert [one.decoy for one in found.leaks] == [SECRET]


@pytest.mark.parametrize(
    ("encode", "encoding"),
    [
        (bytes, "clear"),
        (b64, "base64"),
        (_xor(0x5A), "xor 0x5a"),
        (_add(13), "add 0x0d"),
        (_then(gzip.compress, b64), "base64>gzip"),
        (_then(b64, gzip.compress), "gzip>base64"),
        (_xor(9, 200, 31, 77), "xor of 4 bytes"),
        (_then(gzip.compress, _xor(7)), "xor 0x07>gzip"),
    ],
)
def test_the_encoding_is_named_from_the_outside_in(encode: Encode, encoding: str) -> None:
    (leak,) = find_leaks(encode(_around(TOKEN.value)), DECOYS, budget=DEEP).leaks
    assert leak.encoding == encoding


def test_the_offset_is_where_the_piece_starts() -> None:
    pieces = [b"A" * 100, b"-" + TOKEN.value + b"-", gzip.compress(_around(SECRET.value))]
    found = find_leaks(b"\n".join(pieces), DECOYS, budget=DEEP)
    assert [(one.decoy, one.offset) for one in found.leaks] == [(TOKEN, 102), (SECRET, 140)]


def test_a_shallow_search_finds_plain_encodings() -> None:
    for encode in (bytes, b64, hexed, _latin_utf16, _each("{}", ", "), base64.b32encode):
        data = b"log line\n" * 50 + encode(TOKEN.value) + b"\nlog line"
        assert [one.decoy for one in find_leaks(data, DECOYS, budget=SHALLOW).leaks] == [TOKEN]


def test_a_shallow_search_peels_nothing() -> None:
    data = gzip.compress(_around(TOKEN.value))
    assert find_leaks(data, DECOYS, budget=SHALLOW).leaks == ()


@pytest.mark.parametrize("at", [(1 << 20) - 18, 1 << 20, (1 << 20) + 1])
def test_a_secret_over_the_edge_of_a_block_is_found(at: int) -> None:
    data = bytes(at) + TOKEN.value + bytes(1 << 20)
    assert find_leaks(data, DECOYS, budget=SHALLOW).leaks[0].offset == at


def test_a_short_secret_is_looked_for_in_clear_alone() -> None:
    short = (Decoy("pin", "~/.pin", b"Hx7-44kQ"),)
    assert find_leaks(b"pin=Hx7-44kQ", short, budget=DEEP).leaks
    assert not find_leaks(b64(b"pin=Hx7-44kQ"), short, budget=SHALLOW).leaks


def test_noise_holds_no_secret() -> None:
    noise = random.Random(1)
    for size in [64] * 350 + [512] * 140 + [4096] * 10:
        assert find_leaks(noise.randbytes(size), DECOYS, budget=DEEP).leaks == ()


def _bomb(levels: int) -> bytes:
    data = bytes(32 << 20)
    for _ in range(levels):
        data = gzip.compress(data, 9, mtime=0)
    return data


BOMBS: dict[str, Callable[[], bytes]] = {
    "gzip": lambda: _bomb(1),
    "gzip of gzip": lambda: _bomb(2),
    "many streams": lambda: zlib.compress(bytes(1 << 18)) * 500,
    "zip": lambda: _zip(bytes(32 << 20)),
    "base64": lambda: b64(random.Random(1).randbytes(1 << 20)),
    "hex": lambda: b"6162" * (1 << 18),
    "one letter": lambda: b"A" * (1 << 20),
    "digits": lambda: b"1," * (1 << 18),
    "bits": lambda: b"01" * (1 << 18),
    "percent": lambda: b"%25" * (1 << 18),
    "backslashes": lambda: b"\\" * (1 << 18),
    "line ends": lambda: b"\n" * (1 << 18),
    "chunks": lambda: b"1\r\na\r\n" * (1 << 18),
    "secrets": lambda: TOKEN.value * 20_000,
}


@pytest.mark.parametrize("make", BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_bounded(make: Callable[[], bytes]) -> None:
    data = make()
    budget = LeakBudget(work_bytes=2 << 20, layer_bytes=1 << 20)
    started = time.process_time()
    found = find_leaks(data, DECOYS, budget=budget)
    assert time.process_time() - started < 20
    assert {one.decoy for one in found.leaks} <= {TOKEN}


def test_what_the_budget_cuts_is_told() -> None:
    data = b64(random.Random(1).randbytes(1 << 20))
    found = find_leaks(data, DECOYS, budget=LeakBudget(work_bytes=1 << 20))
    assert set(found.cut) == {"layers", "repeating keys"}


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=600))
def test_no_bytes_break_the_search(data: bytes) -> None:
    assert find_leaks(data, DECOYS, budget=DEEP).leaks == ()


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from([b64, hexed, gzip.compress, zlib.compress, base64.b32encode]), max_size=4
    ),
    st.binary(max_size=60),
    st.binary(max_size=60),
)
def test_any_four_encodings_are_undone(steps: list[Encode], before: bytes, after: bytes) -> None:
    data = _then(*steps)(before + b" " + TOKEN.value + b" " + after)
    assert [one.decoy for one in find_leaks(data, DECOYS, budget=DEEP).leaks] == [TOKEN]
