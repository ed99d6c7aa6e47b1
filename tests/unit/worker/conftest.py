"""Small crates, and stand-ins for the worker's program: honest ones that misbehave on one crate,
and liars that speak the protocol wrongly.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import textwrap
from collections.abc import Callable

import pytest

from analyzer.limits import Limits
from analyzer.model import CrateRef, CrateSource, Origin
from analyzer.worker.launch import command

MakeCrate = Callable[..., CrateSource]
Double = Callable[..., tuple[str, ...]]

_HONEST = """
import os, signal, time
from dataclasses import replace
from analyzer.limits import Limits
from analyzer.model import Verdict
from analyzer.worker.serve import serve
from analyzer.worker.verdicts import unanswered

served = []
limits = Limits(worker_cpu_s=int(sys.argv[2]), worker_memory_bytes=int(sys.argv[3]))

def judge(crate, context):
    if crate.ref.name.startswith("evil"):
        misbehave(crate)
    return replace(unanswered(crate, str(os.getpid()), limits), verdict=Verdict.CLEAR, gaps=())

def misbehave(crate):
"""

_LIAR = """
import os, signal, struct, time
from analyzer.worker.protocol import read_request, write_greeting

source, answers = sys.stdin.buffer, sys.stdout.buffer
write_greeting(answers)

def frame(text):
    data = text if isinstance(text, bytes) else text.encode()
    answers.write(struct.pack("=Q", len(data)) + data)
    answers.flush()

"""


@pytest.fixture
def make_crate() -> MakeCrate:
    def make(name: str, build: str = "fn main() {}\n", padding: int = 0) -> CrateSource:
        manifest = f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\n'
        files = {"Cargo.toml": manifest, "build.rs": build, "src/lib.rs": "pub fn one() {}\n"}
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            for path, text in files.items():
                entry = tarfile.TarInfo(f"{name}-0.1.0/{path}")
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text.encode()))
        data = gzip.compress(packed.getvalue(), mtime=0) + bytes(padding)
        sha256 = hashlib.sha256(data).hexdigest()
        return CrateSource(CrateRef(name, "0.1.0"), sha256, data, Origin.CRATES_IO)

    return make


@pytest.fixture
def honest() -> Double:
    """A confined worker whose analysis runs `body` for each crate named `evil...`; it has the
    `crate`, and `served`, an empty list, to remember things by.
    """

    def make(body: str, limits: Limits | None = None) -> tuple[str, ...]:
        held = limits or Limits()
        program = (
            f"{_HONEST}{textwrap.indent(textwrap.dedent(body), '    ')}\nserve(judge, limits)\n"
        )
        return command(program, str(held.worker_cpu_s), str(held.worker_memory_bytes))

    return make


@pytest.fixture
def liar() -> Double:
    """A program that greets like a worker and then does what `body` says."""

    def make(body: str) -> tuple[str, ...]:
        return command(_LIAR + textwrap.dedent(body))

    return make
