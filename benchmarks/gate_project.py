"""A locked project through a gate, cold and warm, paired with cargo's own way to the registry.

    python benchmarks/gate_project.py FOLDER [--rounds 3]

FOLDER holds a Cargo.toml and a Cargo.lock. Prints seconds of `cargo fetch --locked` with an empty
CARGO_HOME: direct, through a gate that knows nothing, through one that read all; and in how many
lines the gate's index files are not the upstream's (those of versions that are held).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def fetch(project: Path, folder: Path, gate: str = "") -> float:
    """Seconds of one `cargo fetch` with an empty home; ends the program if it fails."""
    home = folder / "home"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    if gate:
        text = '[source.crates-io]\nreplace-with = "gate"\n[registries.gate]\n'
        (home / "config.toml").write_text(f'{text}index = "sparse+{gate}index/"\n')
    environment = os.environ | {"CARGO_HOME": str(home)}
    began = time.monotonic()
    command = ["cargo", "fetch", "--locked"]
    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    return time.monotonic() - began


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def start(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """A gate of its own, ready."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    code = "from analyzer.cli.main import main; main()"
    flags = ["gate", "serve", "--listen", f"127.0.0.1:{port}", "--data", str(folder), "--quiet"]
    log = (folder.parent / "gate.log").open("ab")
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", code, *flags],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=log,
    )
    while True:
        try:
            with urllib.request.urlopen(f"{url}readyz") as answer:
                if answer.status == 200:
                    return process, url
        except urllib.error.URLError:
            time.sleep(0.1)


def differing(project: Path, gate: str) -> tuple[int, int, int]:
    """Index files asked for, lines in all, lines that are not the upstream's."""
    from analyzer.config import load_settings
    from analyzer.limits import DEFAULT_LIMITS
    from analyzer.lockfile import read_lockfile
    from analyzer.registry.cache import Cache
    from analyzer.registry.index import index_path
    from analyzer.registry.remote import Remote

    lock = read_lockfile((project / "Cargo.lock").read_bytes(), path="Cargo.lock")
    names = sorted({one.name for one in lock.packages if one.source})
    settings = load_settings(os.environ)
    remote = Remote(settings, DEFAULT_LIMITS, Cache(Path(tempfile.mkdtemp())))
    lines = changed = 0
    for name in names:
        own = remote.index(name).split(b"\n")
        with urllib.request.urlopen(f"{gate}index/{index_path(name)}") as answer:
            served = answer.read().split(b"\n")
        lines += len(own)
        changed += sum(one != other for one, other in zip(own, served, strict=False))
        changed += abs(len(own) - len(served))
    remote.close()
    return len(names), lines, changed


def main() -> None:
    """Measure, print, clean up."""
    parser = argparse.ArgumentParser()
    parser.add_argument("project", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="gate-bench-"))
    (folder / "data").mkdir()
    fetch(asked.project, folder)  # the registry's own caches
    direct_cold = fetch(asked.project, folder)
    process, url = start(folder / "data")
    try:
        cold = fetch(asked.project, folder, url)
        pairs = [
            (fetch(asked.project, folder), fetch(asked.project, folder, url))
            for _ in range(asked.rounds)
        ]
        with urllib.request.urlopen(f"{url}api/v1/status") as answer:
            counted = json.load(answer)["releases"]
        files, lines, changed = differing(asked.project, url)
    finally:
        process.terminate()
        process.wait()
    ratios = [gate / direct for direct, gate in pairs]
    print(f"decided: {counted}")
    print(f"cold: direct {direct_cold:.1f} s, gate with analysis {cold:.1f} s")
    print(f"warm: {', '.join(f'{a:.1f}/{b:.1f}' for a, b in pairs)} s (direct/gate)")
    print(f"warm ratio: median {statistics.median(ratios):.2f}, worst {max(ratios):.2f}")
    print(f"index: {files} files, {lines} lines, {changed} differ")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
