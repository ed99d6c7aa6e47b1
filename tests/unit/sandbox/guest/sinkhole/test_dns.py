"""Names: ordinary ones have stable addresses of their own; hostile queries are answered, not obeyed."""

from __future__ import annotations

import ipaddress
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.guest.sinkhole.dns import Names, looks_random, read_query
from sandbox.guest.sinkhole.seed import Seed

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33}
TYPES |= {"HTTPS": 65, "ANY": 255}


def names(seed: str = "seed") -> Names:
    return Names(Seed(seed), {"metadata.google.internal": "169.254.169.254"})


def query(name: str, kind: str = "A") -> bytes:
    labels = b"".join(bytes([len(one)]) + one.encode() for one in name.split("."))
    return b"\x12\x34\x01\0\0\1\0\0\0\0\0\0" + labels + b"\0" + struct.pack("!HH", TYPES[kind], 1)


def test_a_name_keeps_its_address_within_a_run_and_for_a_seed() -> None:
    assert names().address("evil.invalid") == names().address("EVIL.invalid.")
    assert names().address("evil.invalid") != names("other").address("evil.invalid")


@given(st.lists(st.from_regex(r"[a-z]{1,9}\.(com|test)", fullmatch=True), unique=True, max_size=60))
def test_addresses_are_ordinary_and_lead_back_to_their_names(asked: list[str]) -> None:
    here = names()
    for name in asked:
        for address in (here.address(name), here.address(name, six=True)):
            assert ipaddress.ip_address(address).is_global
            assert here.by_address[address] == name
    assert len(here.by_address) == 2 * len(asked)


def test_an_address_that_is_taken_goes_to_no_second_name() -> None:
    here = names()
    here.by_address[here.seed.ipv4("a.test")] = "other.test"
    assert here.address("a.test") != here.seed.ipv4("a.test")


@pytest.mark.parametrize("name", ["c2.invalid", "x.test", "h.example", "crates.io", "s3.amazonaws.com",
    "raw.githubusercontent.com", "msftconnecttest.com", "aGVsbG8gd29ybGQ.q7x.exfil-host.com",
    "c23b2la0kl1krjcrdj10cndmnioyyyyyn.oast.pro", "rhythms.org", "cloudflare-dns.com"])  # fmt: skip
def test_ordinary_and_made_up_names_exist(name: str) -> None:
    assert not looks_random(name)


@pytest.mark.parametrize("name", ["qzxkvjwpmrtl.com", "a8f3k2p9x7.net", "nosuchhost", "x.onion",
    "printer.local", "kq3v9z7m1t.org", "bcdfghjkl.io"])  # fmt: skip
def test_probes_for_a_resolver_that_knows_everything_find_nothing_at_first(name: str) -> None:
    here = names()
    assert here.reply(query(name))[2] == "NXDOMAIN"
    assert here.reply(query(name))[2] != "NXDOMAIN"


@pytest.mark.parametrize(
    ("kind", "word"),
    [("TXT", "v=spf1 -all"), ("MX", "mail.a.test"), ("NS", "ns1.a.test"), ("HTTPS", "empty"),
     ("CNAME", "empty"), ("SRV", "a.test")],
)  # fmt: skip
def test_each_type_is_answered_sanely(kind: str, word: str) -> None:
    found, reply, said = names().reply(query("a.test", kind))
    assert found is not None
    assert (found.type, said) == (kind, word)
    assert struct.unpack_from("!HH", reply, 4) == (1, 0 if word == "empty" else 1)


def test_an_address_has_the_name_that_was_asked_for() -> None:
    here = names()
    pointer = ipaddress.ip_address(here.address("a.test")).reverse_pointer
    pointer6 = ipaddress.ip_address(here.address("a.test", six=True)).reverse_pointer
    assert here.reply(query(pointer, "PTR"))[2] == "a.test"
    assert here.reply(query(pointer6, "PTR"))[2] == "a.test"
    assert here.reply(query("1.2.0.192.in-addr.arpa", "PTR"))[2] == "NXDOMAIN"


def test_refusing_knows_no_name() -> None:
    assert names().reply(query("a.test"), is_refusing=True)[2] == "NXDOMAIN"


def test_the_spelling_of_a_name_is_kept() -> None:
    found = read_query(query("c2VjcmV0.Exfil.invalid"))
    assert found is not None
    assert found.name == "c2VjcmV0.Exfil.invalid"


@given(
    st.binary(max_size=600) | st.binary(max_size=80).map(lambda tail: query("a.test")[:12] + tail)
)
def test_any_message_gets_an_answer_to_its_own_identifier(message: bytes) -> None:
    _, reply, _ = names().reply(message)
    assert reply[:2] == message[:2].ljust(2, b"\0")
    assert len(reply) >= 12
    assert reply[2] & 0x80
