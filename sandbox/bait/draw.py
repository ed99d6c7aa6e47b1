"""Numbers, bytes and texts drawn from one seed: the same label always gives the same value."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Draw:
    """A stream for each label; `path` keeps the labels of different owners apart."""

    seed: bytes
    path: str = ""

    def below(self, part: str) -> Draw:
        """The draw of one part, independent of all others."""
        return Draw(self.seed, f"{self.path}/{part}")

    def bytes(self, label: str, size_bytes: int) -> bytes:
        """Bytes that nobody without the seed can foretell."""
        key = len(self.seed).to_bytes(4, "big") + self.seed + f"{self.path}/{label}".encode()
        return hashlib.shake_256(key).digest(size_bytes)

    def number(self, label: str, low: int, high: int) -> int:
        """A number from `low` to `high`, both included."""
        size_bytes = (high - low).bit_length() // 8 + 9  # the remainder's bias is below 2**-64
        return low + int.from_bytes(self.bytes(label, size_bytes), "big") % (high - low + 1)

    def choice(self, label: str, items: Sequence[str]) -> str:
        """One of the items."""
        return items[self.number(label, 0, len(items) - 1)]

    def text(self, label: str, alphabet: str, length: int) -> str:
        """Characters of an alphabet."""
        value = self.number(label, 0, len(alphabet) ** length - 1)
        out = []
        for _ in range(length):
            value, digit = divmod(value, len(alphabet))
            out.append(alphabet[digit])
        return "".join(out)
