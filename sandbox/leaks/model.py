"""The nouns of the leak search: frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sandbox.bait.model import Decoy

MIB = 1024 * 1024


class Depth(StrEnum):
    """SHALLOW: one pass for secrets and their plain encodings; DEEP: layers peeled, ciphers tried.

    Logs and target folders are read in the first, what left the build in the second.
    """

    SHALLOW = "shallow"
    DEEP = "deep"


@dataclass(frozen=True, slots=True)
class LeakBudget:
    """Bounds of one search, in bytes and steps, so that a result is the same on every machine.

    `levels`: encodings inside one another; `layers`: byte strings looked at; `work_bytes`: their
    sizes together; `layer_bytes`: the size of what one compressed stream may give;
    `cipher_bytes`: the largest layer on which repeating keys are tried.
    """

    depth: Depth = Depth.DEEP
    levels: int = 4
    layers: int = 800
    work_bytes: int = 64 * MIB
    layer_bytes: int = 16 * MIB
    cipher_bytes: int = MIB // 2


@dataclass(frozen=True, slots=True)
class Leak:
    """A decoy found. `encoding` reads from the outside in (`gzip>base64`, `clear`, `xor 0x5a`);
    `offset` is where in the searched bytes the outermost encoded piece starts.
    """

    decoy: Decoy
    encoding: str
    offset: int


@dataclass(frozen=True, slots=True)
class LeakSearch:
    """What was found, each decoy once and in its plainest encoding, and what the budget cut."""

    leaks: tuple[Leak, ...] = ()
    cut: tuple[str, ...] = ()
