"""Which addresses an upstream's name may lead to."""

from __future__ import annotations

import socket
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from analyzer.config import DEFAULT_DOWNLOAD
from analyzer.errors import UsageError
from gate.addresses import permits
from gate.settings import load_gate

INSIDE = (
    *("127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255"),
    *("192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.192"),
    *("168.63.129.16", "224.0.0.1", "255.255.255.255", "198.18.0.1"),
    *("::", "::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fd00:ec2::254", "ff02::1"),
    *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::10.0.0.1", "64:ff9b::a9fe:a9fe"),
    *("2002:7f00:1::", "2001:0:4136:e378:8000:0:80ff:fffe"),
)
OUTSIDE = ("151.101.2.137", "203.0.113.80", "172.32.0.1", "2a04:4e42::649", "::ffff:151.101.2.137")


@pytest.mark.parametrize("address", INSIDE)
def test_what_lies_inside_is_no_registry(address: str) -> None:
    assert not permits(["index.example.invalid"], ())(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_public_addresses_are(address: str) -> None:
    assert permits(["index.example.invalid"], ())(address)


def test_what_is_written_as_an_address_was_meant() -> None:
    may = permits(["10.1.2.3", "localhost", "[fd00::7]"], (ip_network("192.168.7.0/24"),))
    told = ("10.1.2.3", "127.0.0.1", "::1", "fd00::7", "192.168.7.9")
    assert [one for one in told if may(one)] == list(told)
    assert not any(map(may, ("10.1.2.4", "fd00::8", "192.168.8.1", "169.254.169.254")))


def test_the_proxy_of_the_environment_is_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:word@proxy.example.invalid:3128")
    row = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.9.9.9", 3128))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [row])
    may = permits(["index.example.invalid"], ())
    assert may("10.9.9.9")
    assert not may("10.9.9.8")


def test_the_settings_name_networks(tmp_path: Path) -> None:
    file = tmp_path / "gate.toml"
    file.write_text(
        '[upstreams.crates-io]\naddresses = ["10.1.2.0/24"]\n'
        '[upstreams.own]\nindex = "sparse+https://own.example.invalid/"\naddresses = ["fd00::7"]\n'
    )
    first, second = load_gate({"config": str(file)}, {}).mounts
    assert first.networks == (ip_network("10.1.2.0/24"),)
    assert urlsplit(DEFAULT_DOWNLOAD).hostname in first.hosts
    assert second.networks == (ip_network("fd00::7/128"),)


@pytest.mark.parametrize("row", ['addresses = ["10.1.2.3/24"]', 'adresses = ["10.0.0.0/8"]'])
def test_odd_networks_are_refused(tmp_path: Path, row: str) -> None:
    file = tmp_path / "gate.toml"
    file.write_text(f"[upstreams.crates-io]\n{row}\n")
    with pytest.raises(UsageError):
        load_gate({"config": str(file)}, {})
