"""Recorded logs of the tracer, read as a stage's log is read."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path

from analyzer.model import Fact
from analyzer.signatures import Signatures, load_signatures
from sandbox.conduct import Conduct, Reader
from sandbox.lineage import Lineage, Part, Places
from sandbox.observers.strace import read_calls

FOLDER = Path(__file__).parents[2] / "traces"
HOME = "/home/ada"
PLACES = Places(
    HOME,
    f"{HOME}/work/orders",
    f"{HOME}/work/orders/target",
    "/usr/local/rustup/toolchains/1.95.0",
)
DECOYS = {
    f"{HOME}/{one}": f"{{home}}/{one}"
    for one in (".aws/credentials", ".ssh/id_rsa", ".gitconfig", ".cargo/credentials.toml")
} | {f"{PLACES.project}/.env": ".env"}


@functools.cache
def signatures() -> Signatures:
    return load_signatures()


def conduct(lines: Iterable[bytes]) -> Conduct:
    calls, lost = read_calls(lines)
    assert lost == 0
    lineage = Lineage(PLACES, "orders", Part.CARGO)
    return Reader("build", PLACES, DECOYS, signatures()).read(lineage, calls)


def recorded(name: str) -> Conduct:
    return conduct((FOLDER / f"{name}.strace").read_bytes().splitlines(keepends=True))


def told(fact: Fact) -> str:
    """A fact in one line, as the files beside the logs have it."""
    subject = fact.subject.replace("\n", r"\n").replace("\u202e", r"\u202e")
    phases = " ".join(fact.phases)
    return f"{fact.kind} {subject} | {phases} | {fact.owner} | {'; '.join(fact.data)}"
