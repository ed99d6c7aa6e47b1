"""A locked project through a gate, cold and warm, paired with cargo's own way to the registry.

    python benchmarks/gate_project.py FOLDER [--rounds 3]

FOLDER holds a Cargo.toml and a Cargo.lock. Prints seconds of `cargo fetch --locked` with an empty
CARGO_HOME: direct, through a gate that knows nothing, through one that read all; how much of the
second was analysis, by the gate's own clock; and in how many lines the gate's index files are not
the upstream's (those of versions that are held).

The bar: cold takes at most twice the direct way, plus analysis time. That time is given twice: what
all workers worked, divided by their number, as if they had never waited for each other; and how
long any of them was at work. Few crates, or one large one at the end, drive the two apart.
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


def start(folder: Path, jobs: int) -> tuple[subprocess.Popen[bytes], str]:
    """A gate of its own, ready."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    code = "from analyzer.cli.main import main; main()"
    flags = ["gate", "serve", "--listen", f"127.0.0.1:{port}", "--data", str(folder), "--quiet"]
    log = (folder.parent / "gate.log").open("ab")
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", code, *flags],
        env=os.environ | {"PYTHONPATH": str(ROOT), "CRATESCOPE_GATE_JOBS": str(jobs)},
        stderr=log,
    )
    while True:
        try:
            with urllib.request.urlopen(f"{url}readyz") as answer:
                if answer.status == 200:
                    return process, url
        except urllib.error.URLError:
            time.sleep(0.1)


def analysis(gate: str) -> tuple[float, float]:
    """Seconds that the workers of a gate were at work: in sum, and with any of them at work."""
    with urllib.request.urlopen(f"{gate}metrics") as answer:
        rows = dict(one.rsplit(" ", 1) for one in answer.read().decode().splitlines())
    head = "cratescope_gate_analysis"
    return float(rows[f"{head}_busy_seconds"]), float(rows[f"{head}_wall_seconds"])


def told(cold_s: float, direct_s: float, busy_s: float, wall_s: float, jobs: int) -> str:
    """How a cold run divides into analysis and the rest."""
    least_s = busy_s / jobs
    rows = ((least_s, "work divided by workers"), (wall_s, "any worker at work"))
    ratios = [f"{(cold_s - one) / direct_s:.2f} ({how}: {one:.1f} s)" for one, how in rows]
    return (
        f"cold: direct {direct_s:.1f} s, gate {cold_s:.1f} s, {busy_s:.1f} s of analysis\n"
        f"cold ratio: (gate - analysis) / direct = {', '.join(ratios)}; bar: 2"
    )


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
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="gate-bench-"))
    (folder / "data").mkdir()
    fetch(asked.project, folder)  # the registry's own caches
    direct_cold = fetch(asked.project, folder)
    process, url = start(folder / "data", asked.jobs)
    try:
        before = analysis(url)
        cold = fetch(asked.project, folder, url)
        busy_s, wall_s = (b - a for a, b in zip(before, analysis(url), strict=True))
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
    print(told(cold, direct_cold, busy_s, wall_s, asked.jobs))
    print(f"warm: {', '.join(f'{a:.1f}/{b:.1f}' for a, b in pairs)} s (direct/gate)")
    print(f"warm ratio: median {statistics.median(ratios):.2f}, worst {max(ratios):.2f}")
    print(f"index: {files} files, {lines} lines, {changed} differ")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
