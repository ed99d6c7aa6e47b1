"""Names: every ordinary one has its own address, made from the run's seed."""

from __future__ import annotations

import ipaddress
import re
import socket
import struct
from collections import Counter
from dataclasses import dataclass, field

from sandbox.guest.sinkhole.seed import Seed

TYPES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA"}
TYPES |= {33: "SRV", 64: "SVCB", 65: "HTTPS", 255: "ANY"}
NO_ERROR, NO_NAME = 0, 3
MAX_NAMES = 50_000
TTL_S = 60
CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{6}")
MIXED = re.compile(r"(?:\d[a-z]+|[a-z]\d+){4}")
NOWHERE = ("onion", "local", "lan", "internal", "localdomain", "home")
MADE_UP = ("invalid", "test", "example")
"""Reserved endings that resolve all the same: samples and tests name their hosts so."""


@dataclass(frozen=True)
class Query:
    """The first question of a message."""

    identifier: bytes
    name: str
    type_number: int
    question: bytes
    is_recursive: bool

    @property
    def type(self) -> str:
        """The type's name, or its number."""
        return TYPES.get(self.type_number, str(self.type_number))


def read_query(message: bytes) -> Query | None:
    """The question in `message`; None if it is none."""
    if len(message) < 17 or message[2] & 0x80 or struct.unpack_from("!H", message, 4)[0] < 1:
        return None
    labels: list[str] = []
    at = 12
    while at < len(message) and message[at]:
        length = message[at]
        if length > 63 or len(labels) > 127:
            return None
        labels.append(message[at + 1 : at + 1 + length].decode("latin-1"))
        at += 1 + length
    if at + 5 > len(message):
        return None
    (kind,) = struct.unpack_from("!H", message, at + 1)
    return Query(message[:2], ".".join(labels), kind, message[12 : at + 5], bool(message[2] & 1))


def looks_random(name: str) -> bool:
    """Whether a name is of the sort that probes ask for to see whether everything resolves.

    Only the registered part counts: what stands below a domain is data, and data resolves.
    """
    labels = name.split(".")
    if labels[-1] in MADE_UP:
        return False
    if (
        len(labels) < 2
        or labels[-1] in NOWHERE
        or not re.fullmatch(r"[a-z]{2,18}|xn--\S+", labels[-1])
    ):
        return True
    registered = labels[-2]
    if len(registered) < 9 or "-" in registered:
        return False
    vowels = sum(registered.count(vowel) for vowel in "aeiouy") / len(registered)
    return vowels < 0.13 or bool(CONSONANTS.search(registered) or MIXED.search(registered))


@dataclass
class Names:
    """Addresses of names and names of addresses."""

    seed: Seed
    fixed: dict[str, str] = field(default_factory=dict)
    by_address: dict[str, str] = field(default_factory=dict)
    asked: Counter[tuple[str, int]] = field(default_factory=Counter)

    def address(self, name: str, *, six: bool = False) -> str:
        """The address of a name: the same for the same seed, and no other name's."""
        name = name.lower().rstrip(".")
        if name in self.fixed and not six:
            return self.fixed[name]
        make = self.seed.ipv6 if six else self.seed.ipv4
        found, turn = make(name), 0
        while self.by_address.get(found, name) != name:
            turn += 1
            found = make(f"{name}\0{turn}")
        if len(self.by_address) < MAX_NAMES:
            self.by_address[found] = name
        return found

    def exists(self, query: Query) -> bool:
        """Random-looking names exist once asked for again: a probe does not, a payload does."""
        name = query.name.lower()
        if query.type == "PTR":
            return bool(self.pointer(name))
        if name in self.fixed or not looks_random(name):
            return True
        if len(self.asked) < MAX_NAMES:
            self.asked[name, query.type_number] += 1
        return self.asked[name, query.type_number] > 1

    def pointer(self, name: str) -> str:
        """The name of an address in `in-addr.arpa`, or nothing."""
        labels = name.lower().split(".")[:-2][::-1]
        try:
            if name.lower().endswith(".in-addr.arpa"):
                return self.by_address.get(".".join(labels), "")
            address = ipaddress.IPv6Address(bytes.fromhex("".join(labels)))
            return self.by_address.get(str(address), "")
        except ValueError:
            return ""

    def reply(
        self, message: bytes, *, is_refusing: bool = False
    ) -> tuple[Query | None, bytes, str]:
        """The query, the answer in wire form, and a word for it: an address, a text, an error."""
        query = read_query(message)
        if query is None:
            return None, message[:2].ljust(2, b"\0") + b"\x81\x81" + bytes(8), "FORMERR"
        if is_refusing or not self.exists(query):
            return query, _message(query, NO_NAME, b""), "NXDOMAIN"
        data, word = self._data(query)
        return query, _message(query, NO_ERROR, data), word or "empty"

    def _data(self, query: Query) -> tuple[bytes, str]:
        name = query.name
        match query.type:
            case "A" | "ANY":
                found = self.address(name)
                return socket.inet_aton(found), found
            case "AAAA":
                if name.lower() in self.fixed:
                    return b"", ""
                found = self.address(name, six=True)
                return socket.inet_pton(socket.AF_INET6, found), found
            case "TXT":
                return b"\x0bv=spf1 -all", "v=spf1 -all"
            case "MX":
                return struct.pack("!H", 10) + _wire("mail." + name), "mail." + name
            case "NS":
                return _wire("ns1." + name), "ns1." + name
            case "SRV":
                target = name.split("._tcp.")[-1].split("._udp.")[-1]
                return struct.pack("!HHH", 0, 0, 443) + _wire(target), target
            case "PTR":
                found = self.pointer(name)
                return _wire(found), found
        return b"", ""


def _wire(name: str) -> bytes:
    labels = [label.encode("latin-1", "replace")[:63] for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def _message(query: Query, code: int, data: bytes) -> bytes:
    flags = struct.pack("!H", 0x8080 | (0x0100 if query.is_recursive else 0) | code)
    counts = struct.pack("!HHHH", 1, 1 if data else 0, 0, 0)
    kind = 1 if query.type == "ANY" else query.type_number
    answer = b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, TTL_S, len(data)) + data if data else b""
    return query.identifier + flags + counts + query.question + answer
