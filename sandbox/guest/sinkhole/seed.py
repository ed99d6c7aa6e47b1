"""Values that a run's seed gives: addresses, secrets handed out, the mark of second stages.

The host derives the same values to know them again; nothing here is secret from the host.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
from dataclasses import dataclass

# First octets of ordinary, public, unicast space: no reserved, private or multicast block in them.
ORDINARY = (13, 18, 20, 23, 34, 35, 44, 52, 54, 63, 65, 81, 89, 94, 104, 141, 151, 185, 195, 213)


@dataclass(frozen=True)
class Seed:
    """All values of one run."""

    text: str

    def digest(self, label: str) -> bytes:
        """32 bytes for one use."""
        return hashlib.sha256(f"{self.text}\0{label}".encode("utf-8", "surrogatepass")).digest()

    def token(self, label: str, length: int = 40) -> str:
        """Letters and digits for one use, as an access token has them."""
        text = base64.b64encode(self.digest(label) + self.digest(label + "+")).decode()
        return text.translate(str.maketrans("", "", "+/="))[:length]

    def ipv4(self, label: str) -> str:
        """A public address for one use."""
        first, second, third, last = self.digest(label)[:4]
        return f"{ORDINARY[first % len(ORDINARY)]}.{second}.{third}.{1 + last % 254}"

    def ipv6(self, label: str) -> str:
        """A public address for one use."""
        return str(ipaddress.IPv6Address(bytes.fromhex("26001f18") + self.digest(label)[4:16]))

    @property
    def marker(self) -> str:
        """The path that an executed second stage tries to open: its only act, seen in a trace."""
        return "/run/lock/" + self.digest("marker").hex()[:16]

    def values(self) -> dict[str, str]:
        """What answers are filled with; secrets among them are decoys of this run."""
        return {
            "ip": self.ipv4("own address"),
            "key_id": "ASIA" + base64.b32encode(self.digest("key id")).decode()[:16],
            "secret": self.token("secret"),
            "session": self.token("session", 80),
            "token": self.token("token"),
            "drop": self.token("drop", 10).lower() + ".net",
            "number": str(10**11 + int.from_bytes(self.digest("number")[:4], "big")),
        }
