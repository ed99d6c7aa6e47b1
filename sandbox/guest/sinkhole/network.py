"""A believable network of one machine: `eth0`, a default route, and all of it ends here.

Everything in this module needs NET_ADMIN; `drop_privileges` is the last that may happen as root.
"""

from __future__ import annotations

import os
import socket
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from sandbox.guest.sinkhole.seed import Seed

TCP_PORT, UDP_PORT, DNS_PORT = 38911, 38912, 38913
LOG_GROUP = 5
NETFILTER = 12  # netlink family
ORIGINAL_DESTINATION = 80


@dataclass(frozen=True)
class Plan:
    """Addresses of the machine that payloads believe to be on."""

    address: str
    gateway: str
    address6: str
    gateway6: str
    hardware: str


def plan(seed: Seed) -> Plan:
    """A private network as many have it."""
    one, two, three, last, *rest = seed.digest("network")
    net, net6 = f"10.{one}.{two}", f"fd{three:02x}:{rest[0]:x}{rest[1]:02x}:{rest[2]:x}::"
    hardware = "0a:" + ":".join(f"{part:02x}" for part in rest[3:8])
    return Plan(
        f"{net}.{10 + last % 240}", f"{net}.1", f"{net6}{10 + last:x}", f"{net6}1", hardware
    )


def commands(here: Plan) -> tuple[str, ...]:
    """The peer of `eth0` lies in this same namespace: the pair has a carrier and leads nowhere."""
    return (
        "ip link set lo up",
        "ip link add eth0 type veth peer name eth1",
        f"ip link set eth0 address {here.hardware} up",
        "ip link set eth1 up",
        f"ip addr add {here.address}/24 dev eth0",
        f"ip route add default via {here.gateway}",
        f"ip -6 addr add {here.address6}/64 dev eth0 nodad",
        f"ip -6 route add default via {here.gateway6} dev eth0",
    )


def rules(here: Plan) -> str:
    """Nothing is exempt but the machine's own addresses, so that servers of tests still work.

    The sinkhole opens no connections, so it needs no exemption. What is not TCP goes to the log
    group whole, with its true destination, which a redirected UDP socket cannot tell.
    """
    return f"""table inet sink {{
  chain notice {{
    type filter hook output priority -150;
    oifname "lo" return
    meta l4proto {{ 2, 6 }} return
    udp dport 53 return
    icmpv6 type != echo-request return
    log group {LOG_GROUP}
    meta l4proto != {{ 1, 17, 58 }} drop
  }}
  chain turn {{
    type nat hook output priority -100;
    udp dport 53 redirect to :{DNS_PORT}
    tcp dport 53 redirect to :{DNS_PORT}
    ip daddr {{ 127.0.0.0/8, {here.address} }} return
    ip6 daddr {{ ::1, {here.address6} }} return
    meta l4proto tcp redirect to :{TCP_PORT}
    meta l4proto udp redirect to :{UDP_PORT}
    meta l4proto icmp dnat ip to 127.0.0.1
    icmpv6 type echo-request dnat ip6 to ::1
  }}
}}
"""


def build(here: Plan) -> None:
    """Raises CalledProcessError: half a network is none."""
    for command in commands(here):
        subprocess.run(command.split(), check=True, capture_output=True, text=True)
    subprocess.run(
        ["nft", "-f", "-"],  # noqa: S607  # the image's own
        input=rules(here),
        check=True,
        capture_output=True,
        text=True,
    )


def open_packet_log() -> socket.socket:
    """Packets of the log group, one netlink message each. Raises OSError where the kernel has none.

    Bound with NET_ADMIN; reading needs none afterwards.
    """
    log = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETFILTER)
    log.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    log.bind((0, 0))
    attributes = (
        struct.pack("=HHB3x", 5, 1, 1),  # bind
        struct.pack("=HHI", 8, 5, socket.htonl(1)),  # hand over each packet at once
        struct.pack("=HHIB3x", 10, 2, socket.htonl(0xFFFF), 2),  # copy whole packets
    )
    for attribute in attributes:
        body = struct.pack("=BBH", 0, 0, socket.htons(LOG_GROUP)) + attribute
        log.send(struct.pack("=IHHII", 16 + len(body), (4 << 8) | 1, 5, 1, 0) + body)
        error = struct.unpack_from("=i", log.recv(4096), 16)[0]
        if error:
            raise OSError(-error, os.strerror(-error))
    log.setblocking(False)
    return log


def original_destination(connection: socket.socket) -> tuple[str, int]:
    """Where a redirected connection wanted to go."""
    try:
        if connection.family == socket.AF_INET6:
            raw = connection.getsockopt(socket.IPPROTO_IPV6, ORIGINAL_DESTINATION, 28)
            return socket.inet_ntop(socket.AF_INET6, raw[8:24]), struct.unpack_from("!H", raw, 2)[0]
        raw = connection.getsockopt(socket.IPPROTO_IP, ORIGINAL_DESTINATION, 16)
        return socket.inet_ntoa(raw[4:8]), struct.unpack_from("!H", raw, 2)[0]
    except OSError:  # not redirected: somebody found our own port
        address, port = connection.getsockname()[:2]
        return str(address), int(port)


def drop_privileges(identity: int) -> None:
    """Root and all capabilities are gone for good; raises PermissionError where they are not."""
    os.setgroups([])
    os.setresgid(identity, identity, identity)
    os.setresuid(identity, identity, identity)
    status = Path("/proc/self/status").read_text()
    left = dict(line.split(":\t", 1) for line in status.splitlines() if line.startswith("Cap"))
    if any(int(left[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")):
        raise PermissionError("capabilities are left after the drop")
