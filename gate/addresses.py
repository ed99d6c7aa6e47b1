"""Where an upstream may be connected to: a public address, or one that the operator named (G12).

Asked at connect, of the very address that is connected to: names that answer otherwise the second
time (DNS rebinding) and redirects meet the same question.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit
from urllib.request import getproxies

Network = IPv4Network | IPv6Network
_INSIDE: tuple[Network, ...] = tuple(
    ip_network(one)
    for one in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/3"),
        "168.63.129.16/32",  # a cloud's own services at a public address
        *("::/127", "fc00::/7", "fe80::/9", "ff00::/8"),
    )
)
_V4_AT_THE_END = (ip_network("::/96"), ip_network("::ffff:0:0/96"), ip_network("64:ff9b::/96"))
"""IPv4 in other clothes: compatible, mapped, translated."""
_LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


def permits(hosts: Iterable[str], networks: Iterable[Network]) -> Callable[[str], bool]:
    """Whether a connection to an address may be made, for an upstream at `hosts`.

    A host that is written as an address, or as `localhost`, was meant to be there; `networks` are
    named by the operator; the proxies of the environment are where they are when this is made.
    """
    named = (*networks, *(one for host in hosts for one in _meant(host)), *_proxies())

    def is_permitted(text: str) -> bool:
        address = ip_address(text.partition("%")[0])
        if any(address in one for one in named):
            return True
        bare = _bare(address)
        return not any(one in network for one in {address, bare} for network in _INSIDE)

    return is_permitted


def _bare(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address within an IPv6 one, if there is one."""
    if isinstance(address, IPv4Address):
        return address
    if any(address in one for one in _V4_AT_THE_END):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.sixtofour or (address.teredo or (None, None))[1] or address


def _meant(host: str) -> tuple[Network, ...]:
    if host == "localhost":
        return _LOOPBACK
    try:
        return (ip_network(host.strip("[]")),)
    except ValueError:
        return ()


def _proxies() -> tuple[Network, ...]:
    found: list[Network] = []
    for scheme, url in getproxies().items():
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if scheme in ("http", "https", "all") and parts.hostname:
            try:
                rows = socket.getaddrinfo(parts.hostname, parts.port, type=socket.SOCK_STREAM)
            except OSError:
                continue  # out of reach then, too
            found += [ip_network(str(one[4][0]).partition("%")[0]) for one in rows]
    return tuple(found)
