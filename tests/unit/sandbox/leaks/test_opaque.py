"""Which bytes nobody can explain."""

from __future__ import annotations

import base64
import bz2
import gzip
import lzma
import random
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.leaks import is_opaque

NOISE = random.Random(3).randbytes(600)
TEXT = "".join(random.Random(4).choices("etaoin shrdlu\n", k=4000)).encode()


def _request(body: bytes) -> bytes:
    return b"POST / HTTP/1.1\r\nHost: c2.invalid\r\n\r\n" + body


@pytest.mark.parametrize(
    "data",
    [
        NOISE,
        NOISE[:64],
        _request(NOISE),
        base64.b64encode(NOISE),
        NOISE.hex().encode(),
        b'{"d":"' + base64.b64encode(NOISE) + b'"}',
    ],
    ids=["noise", "little noise", "request", "base64", "hex", "JSON"],
)
def test_what_nobody_can_read_is_opaque(data: bytes) -> None:
    assert is_opaque(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        TEXT,
        gzip.compress(TEXT),
        zlib.compress(TEXT),
        bz2.compress(TEXT),
        lzma.compress(TEXT),
        base64.b64encode(TEXT),
        TEXT.hex().encode(),
        _request(TEXT),
        _request(gzip.compress(TEXT)),
        bytes(5000),
        bytes(range(97, 123)) * 40,
    ],
)
def test_text_and_what_unpacks_is_not(data: bytes) -> None:
    assert not is_opaque(data)


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_break_it(data: bytes) -> None:
    is_opaque(data)
