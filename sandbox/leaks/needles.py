"""The texts by which secrets are recognized without undoing an encoding, in one automaton.

A secret is looked for by windows of 16 bytes, so that a part of it, or one broken by a line end,
is found too. Base 64 and base 32 give one needle for each alignment.
"""

from __future__ import annotations

import base64
import codecs
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ahocorasick_rs import BytesAhoCorasick

from sandbox.bait.model import Decoy

WINDOW = 16
SHORTEST = 12  # a shorter secret meets its like by chance: it is looked for in clear alone
CIPHER_LAGS = range(2, 33)
_STEP = 32
_BLOCK = 1 << 20
_ROT47 = bytes((byte - 33 + 47) % 94 + 33 if 33 <= byte <= 126 else byte for byte in range(256))
_TO_URL = bytes.maketrans(b"+/", b"-_")


@dataclass(frozen=True, slots=True)
class Needle:
    """One text to look for, of decoy number `owner`.

    `first` is the first byte of the text, where `data` has only its bytes' differences.
    """

    owner: int
    encoding: str
    data: bytes
    first: int = 0


class Automaton:
    """Many needles, found in one pass."""

    def __init__(self, needles: tuple[Needle, ...]) -> None:
        self.needles = needles
        self._longest = max((len(one.data) for one in needles), default=1)
        self._automaton = BytesAhoCorasick([one.data for one in needles])

    def find(self, data: bytes) -> Iterator[tuple[Needle, int]]:
        """Needles and offsets, in blocks: bytes full of needles take no memory of note."""
        for start in range(0, len(data), _BLOCK):
            block = data[start : start + _BLOCK + self._longest] if len(data) > _BLOCK else data
            for index, at, _ in self._automaton.find_matches_as_indexes(block, overlapping=True):
                yield self.needles[index], start + at


class NeedleSet:
    """All automata for one set of decoys, each made when it is first asked for."""

    def __init__(self, decoys: tuple[Decoy, ...]) -> None:
        self._decoys = decoys
        self._by_lag: dict[int, Automaton] = {}

    @functools.cached_property
    def plain(self) -> Automaton:
        """Secrets in clear and in their plain encodings."""
        return Automaton(tuple(_needles(self._decoys, is_wide=True)))

    @functools.cached_property
    def xored(self) -> Automaton:
        """The same under any one-byte xor: needles of neighbors' differences."""
        return self._differences(xors)

    @functools.cached_property
    def added(self) -> Automaton:
        """The same under any one-byte addition."""
        return self._differences(sums)

    def repeating(self, lag: int) -> Automaton:
        """Secrets and their base 64 under any repeating xor key of `lag` bytes."""
        if lag not in self._by_lag:
            self._by_lag[lag] = Automaton(tuple(_repeating(self._decoys, lag)))
        return self._by_lag[lag]

    def _differences(self, calculate: Callable[[bytes, int], bytes]) -> Automaton:
        return Automaton(
            tuple(
                Needle(one.owner, one.encoding, calculate(one.data, 1), one.data[0])
                for one in _needles(self._decoys, is_wide=False)
            )
        )


@functools.lru_cache(maxsize=8)
def needle_set(decoys: tuple[Decoy, ...]) -> NeedleSet:
    """The automata for these decoys; those of earlier searches are kept."""
    return NeedleSet(decoys)


def windows(value: bytes) -> Iterator[bytes]:
    """The parts by which a secret is recognized; a short one is its own window."""
    if len(value) < WINDOW + 8:
        yield value
        return
    yield from (value[at : at + WINDOW] for at in range(0, len(value) - WINDOW, _STEP))
    yield value[-WINDOW:]


def alignments(encode: str, value: bytes) -> Iterator[bytes]:
    """What of a value is certain to stand in a longer base 64 or base 32 text, however aligned."""
    group, bits, call = (3, 6, base64.b64encode) if encode == "base64" else (5, 5, base64.b32encode)
    for shift in range(group):
        text = call(b"\0" * shift + value)
        yield text[-(-shift * 8 // bits) : (shift + len(value)) * 8 // bits]


def _forms(window: bytes, *, is_wide: bool) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of a window's plain encodings; wide ones are left out of cipher needles."""
    yield "clear", window
    yield "reversed", window[::-1]
    for text in alignments("base64", window):
        yield "base64", text
        yield "base64url", text.translate(_TO_URL)
        yield "base64>reversed", text[::-1]
    for text in alignments("base64", window[::-1]):
        yield "reversed>base64", text
    for text in alignments("base32", window):
        yield "base32", text
        yield "base32", text.lower()
    yield "hex", window.hex().encode()
    yield "hex", window.hex().upper().encode()
    yield "reversed>hex", window[::-1].hex().encode()
    if not is_wide:
        return
    yield "case folded", window.lower()
    yield "case folded", window.upper()
    yield "rot13", codecs.encode(window.decode("latin-1"), "rot13").encode("latin-1")
    yield "rot47", window.translate(_ROT47)
    yield "utf-16", window.decode("latin-1").encode("utf-16-le")
    yield "utf-32", window.decode("latin-1").encode("utf-32-le")
    for separator in (", ", ",", " "):
        yield "numbers", separator.join(map(str, window)).encode()
    for separator in (" ", ":", ", ", "-"):
        yield "hex", separator.join(f"{byte:02x}" for byte in window).encode()
    yield "hex", ", ".join(f"0x{byte:02x}" for byte in window).encode()


def _needles(decoys: tuple[Decoy, ...], *, is_wide: bool) -> Iterator[Needle]:
    for owner, decoy in enumerate(decoys):
        if len(decoy.value) < SHORTEST:
            if decoy.value and is_wide:
                yield Needle(owner, "clear", decoy.value)
            continue
        for window in windows(decoy.value):
            seen: set[bytes] = set()
            for encoding, data in _forms(window, is_wide=is_wide):
                if data not in seen:
                    seen.add(data)
                    yield Needle(owner, encoding, data)
        if is_wide and len(decoy.value) >= 2 * SHORTEST:
            for start in (0, 1):  # every second byte alone
                yield Needle(owner, "every 2nd byte", decoy.value[start::2])


def _repeating(decoys: tuple[Decoy, ...], lag: int) -> Iterator[Needle]:
    for owner, decoy in enumerate(decoys):
        if len(decoy.value) < SHORTEST:
            continue
        texts = [("clear", decoy.value)]
        texts += [("base64", one) for one in alignments("base64", decoy.value)]
        for encoding, text in texts:
            if len(text) >= lag + SHORTEST:
                yield Needle(owner, encoding, xors(text[: lag + WINDOW + 8], lag))


def xors(data: bytes, lag: int) -> bytes:
    """Each byte xor the one `lag` behind it: a repeating key of that length falls out."""
    size = len(data) - lag
    if size <= 0:
        return b""
    one, two = int.from_bytes(data[:size], "big"), int.from_bytes(data[lag:], "big")
    return (one ^ two).to_bytes(size, "big")


def sums(data: bytes, lag: int) -> bytes:
    """Each byte taken from the one `lag` behind it, modulo 256: an added constant falls out."""
    size = len(data) - lag
    if size <= 0:
        return b""
    high = int.from_bytes(b"\x80" * size, "big")
    one, two = int.from_bytes(data[lag:], "big"), int.from_bytes(data[:size], "big")
    # All bytes at once: the upper bits are kept apart, so that no borrow crosses a byte.
    difference = ((one | high) - (two & ~high)) ^ ((one ^ ~two) & high)
    return difference.to_bytes(size, "big")
