"""Whole-process time and memory of the promises: `python benchmarks/bars.py [--online]`.

Runs the `cratescope` beside this Python several times each and prints the median. `--online` adds
the largest known crate, fetched from the registry once. Nothing here passes or fails: read it.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMAND = str(Path(sys.executable).parent / "cratescope")
CRATES = Path(__file__).parent.parent / "tests" / "crates"
RUNS = 7


def main() -> None:
    """Measure and print one line a promise."""
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder) / "Cargo.lock"
        lock.write_text(_lock(500))
        small = str(CRATES / "plain-directives" / "crate")
        _show("--help", ["--help"], "at most 0.25 s")
        _show("scan of a small folder", ["scan", small], "at most 0.6 s")
        _show("audit of 500 packages", ["audit", folder], "under 0.5 s")
        if "--online" in sys.argv:
            command = ["scan", "windows@0.62.2", "--quiet"]
            subprocess.run([COMMAND, *command], capture_output=True, check=False)
            _show("scan of windows", command, "under 700 MB", runs=1)


def _show(what: str, arguments: list[str], wanted: str, *, runs: int = RUNS) -> None:
    times: list[float] = []
    for _ in range(runs + (runs > 1)):
        start = time.perf_counter()
        subprocess.run([COMMAND, *arguments], capture_output=True, check=False, env=_environment())
        times.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    median = statistics.median(times[-runs:])
    print(f"{what:28} median {median:6.3f} s   peak so far {peak:6.0f} MB   ({wanted})")


def _environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def _lock(count: int) -> str:
    head = 'version = 4\n\n[[package]]\nname = "root"\nversion = "0.1.0"\n'
    body = "".join(
        f'\n[[package]]\nname = "package-{number}"\nversion = "1.0.{number}"\n'
        'source = "registry+https://registry.invalid/index"\n'
        f'checksum = "{number:064x}"\n'
        for number in range(count)
    )
    return head + body


if __name__ == "__main__":
    main()
