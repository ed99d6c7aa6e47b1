"""The search itself: layers in breadth, each looked through once, within a budget."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from sandbox.bait.model import Decoy
from sandbox.leaks.layers import Breadth, breadth_of, contents
from sandbox.leaks.model import Depth, Leak, LeakBudget, LeakSearch
from sandbox.leaks.needles import CIPHER_LAGS, NeedleSet, needle_set, sums, xors


@dataclass(frozen=True, slots=True)
class _Layer:
    """Bytes to look through, how they came about, and where in the searched bytes they began.

    `is_sent`: the bytes themselves or the body of a message, as they were found.
    """

    data: bytes
    encodings: tuple[str, ...] = ()
    marks: tuple[tuple[int, int], ...] = ((0, 0),)
    level: int = 0
    is_guess: bool = False
    is_sent: bool = False

    def origin(self, offset: int) -> int:
        """The offset in the searched bytes; below the first level, where the piece starts."""
        start, origin = self.marks[bisect_right(self.marks, (offset, 1 << 62)) - 1]
        return origin + offset - start if not self.encodings else origin


@dataclass(slots=True)
class _Search:
    decoys: tuple[Decoy, ...]
    budget: LeakBudget
    needles: NeedleSet
    found: dict[int, Leak] = field(default_factory=dict)
    cut: dict[str, None] = field(default_factory=dict)
    left_bytes: int = 0

    def run(self, data: bytes) -> None:
        """Look through all layers."""
        self.left_bytes = max(self.budget.work_bytes, len(data))
        seen: set[bytes] = set()
        for layer in self._layers(data, seen):
            self._look(layer)
            if len(self.found) == len(self.decoys):
                return

    def _layers(self, data: bytes, seen: set[bytes]) -> Iterator[_Layer]:
        """The bytes themselves, then what they contain, level by level; each once."""
        waiting = deque([_Layer(data, is_sent=True)])
        while waiting:
            layer = waiting.popleft()
            yield layer
            if self.budget.depth is Depth.SHALLOW or layer.level >= self.budget.levels:
                continue
            breadth = breadth_of(layer.data, layer.level, is_guess=layer.is_guess)
            if layer.is_sent:
                breadth = Breadth.GUESSES
            for content in contents(layer.data, self.budget.layer_bytes, breadth):
                key = hashlib.blake2b(content.data, digest_size=12).digest()
                if len(content.data) < 12 or key in seen:
                    continue
                self.left_bytes -= len(content.data)
                if self.left_bytes < 0 or len(seen) >= self.budget.layers:
                    self.cut["layers"] = None
                    break
                seen.add(key)
                encodings = layer.encodings + ((content.encoding,) if content.encoding else ())
                marks = tuple((at, layer.origin(start)) for at, start in content.marks)
                level = layer.level + bool(content.encoding)
                is_guess = layer.is_guess or content.is_guess
                is_sent = not encodings and layer.data.endswith(content.data)  # a message's body
                waiting.append(_Layer(content.data, encodings, marks, level, is_guess, is_sent))

    def _look(self, layer: _Layer) -> None:
        needles = self.needles
        for needle, at in needles.plain.find(layer.data):
            self._add(layer, needle.owner, needle.encoding, at)
        if self.budget.depth is Depth.SHALLOW:
            return
        for needle, at in needles.xored.find(xors(layer.data, 1)):
            key = layer.data[at] ^ needle.first
            self._add(layer, needle.owner, f"xor 0x{key:02x}>{needle.encoding}", at)
        for needle, at in needles.added.find(sums(layer.data, 1)):
            key = (layer.data[at] - needle.first) & 255
            self._add(layer, needle.owner, f"add 0x{key:02x}>{needle.encoding}", at)
        if len(layer.data) > self.budget.cipher_bytes:
            self.cut["repeating keys"] = None
            return
        for lag in CIPHER_LAGS if layer.level <= 1 and not layer.is_guess else ():
            for needle, at in needles.repeating(lag).find(xors(layer.data, lag)):
                self._add(layer, needle.owner, f"xor of {lag} bytes>{needle.encoding}", at)

    def _add(self, layer: _Layer, owner: int, encoding: str, at: int) -> None:
        if owner not in self.found:
            text = ">".join((*layer.encodings, encoding)).removesuffix(">clear")
            self.found[owner] = Leak(self.decoys[owner], text, layer.origin(at))


def find_leaks(data: bytes, decoys: tuple[Decoy, ...], *, budget: LeakBudget) -> LeakSearch:
    """Which decoys stand in `data`, in clear or encoded. Never raises on any bytes."""
    if not decoys or not data:
        return LeakSearch()
    search = _Search(decoys, budget, needle_set(decoys))
    search.run(data)
    leaks = sorted(search.found.values(), key=lambda one: (one.offset, one.decoy.name))
    return LeakSearch(tuple(leaks), tuple(search.cut))
