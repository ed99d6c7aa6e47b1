"""Rivals on the same inputs: `python benchmarks/rivals.py [--guarddog FILE] [--rustinel FILE]
[--real N] [--save]`.

Fixtures are written out as folders, real crates as unpacked folders, and each tool is run the way
its own help says for a local folder. GuardDog (PyPI, 3.2.0) gives findings and a risk label; both
thresholds are shown, any `threat-` finding and any label but none. cargo-rustinel (crates.io,
0.1.1) decides about a lock file; anything but a pass counts.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent))

from corpus import crates
from fixtures import Fixture, load
from shares import share

from analyzer.config import DEFAULT_SOURCES
from analyzer.limits import DEFAULT_LIMITS
from analyzer.local import folder_source
from analyzer.pipeline import analyze
from analyzer.rules.ruleset import load_ruleset
from analyzer.toml import read_toml
from analyzer.unpack import unpack

RESULTS = Path(__file__).parent / "results"
NEAR = 2

Places = list[tuple[str, int]]


class Said(NamedTuple):
    """Whether a tool raises its hand, and the places it names."""

    is_flagged: bool
    places: Places


Tool = Callable[[Path], Said]


def guarddog(command: str, *, by_label: bool) -> Tool:
    """GuardDog's answer for a folder, by its risk label or by any `threat-` finding."""

    def scan(folder: Path) -> Said:
        arguments = ["crates", "scan", str(folder), "--no-sandbox", "--output-format", "json"]
        done = subprocess.run([command, *arguments], capture_output=True, text=True, check=False)
        answer = json.loads(done.stdout or "{}")
        threats = {
            rule: rows
            for rule, rows in answer.get("results", {}).items()
            if rule.startswith("threat-") and rows
        }
        label = answer.get("risk_score", {}).get("label", "")
        is_flagged = label not in ("", "no_risks_detected") if by_label else bool(threats)
        rows = [row for found in threats.values() if isinstance(found, list) for row in found]
        located = [row["location"] for row in rows]
        return Said(is_flagged, [_place(one) for one in located])

    return scan


def rustinel(command: str) -> Tool:
    """cargo-rustinel's decision on a lock file with the one crate, its sources unpacked beside it;
    anything but `pass` counts. It names files, no lines.
    """

    def scan(folder: Path) -> Said:
        with tempfile.TemporaryDirectory() as text:
            root = Path(text)
            package = read_toml((folder / "Cargo.toml").read_bytes(), name="Cargo.toml")["package"]
            name, version = str(package["name"]), str(package["version"])
            shutil.copytree(folder, root / "src" / f"{name}-{version}")
            (root / "Cargo.lock").write_text(_lock(name, version))
            arguments = ["rustinel", "check", "--lockfile", str(root / "Cargo.lock"), "--offline"]
            arguments += ["--source-path", str(root / "src"), "--format", "json"]
            done = subprocess.run([command, *arguments], capture_output=True, check=False)
        answer = json.loads(done.stdout or "{}")
        return Said(answer.get("policy", {}).get("decision", "") not in ("pass", "allow", ""), [])

    return scan


def _lock(name: str, version: str) -> str:
    return (
        'version = 3\n\n[[package]]\nname = "root-of-all"\nversion = "0.1.0"\n'
        f'dependencies = ["{name}"]\n\n[[package]]\nname = "{name}"\nversion = "{version}"\n'
        f'source = "registry+{sorted(DEFAULT_SOURCES, key=len)[-1]}"\nchecksum = "{"0" * 64}"\n'
    )


def ours() -> Tool:
    """Our own answer for the same folder, at REVIEW or above."""
    ruleset = load_ruleset()

    def scan(folder: Path) -> Said:

        report = analyze(folder_source(folder, limits=DEFAULT_LIMITS), ruleset=ruleset)
        places = [
            (getattr(each.where, "file", ""), getattr(each.where, "line", 0))
            for one in report.findings
            for each in one.evidence
        ]
        return Said(report.verdict in ("REVIEW", "BLOCK"), places)

    return scan


def _place(text: str) -> tuple[str, int]:
    file, _, line = text.rpartition(":")
    return file, int(line) if line.isdigit() else 0


def main() -> None:
    """Print a table of all tools that were named, ours first."""
    tools: dict[str, Tool] = {"cratescope": ours()}
    if "--guarddog" in sys.argv:
        command = sys.argv[sys.argv.index("--guarddog") + 1]
        tools["GuardDog 3.2.0, any threat finding"] = guarddog(command, by_label=False)
        tools["GuardDog 3.2.0, its risk label"] = guarddog(command, by_label=True)
    if "--rustinel" in sys.argv:
        tools["cargo-rustinel 0.1.1"] = rustinel(sys.argv[sys.argv.index("--rustinel") + 1])
    every = int(sys.argv[sys.argv.index("--real") + 1]) if "--real" in sys.argv else 5
    with tempfile.TemporaryDirectory() as text:
        lines = list(_table(tools, Path(text), every))
    print("\n".join(lines))
    if "--save" in sys.argv:
        (RESULTS / "rivals.md").write_text("# Rivals\n\n" + "\n".join(lines) + "\n")


def _table(tools: dict[str, Tool], root: Path, every: int) -> Iterator[str]:
    fixtures = load()
    for one in fixtures:
        _write(root / "fixtures" / one.id, one.files)
    real = []
    for crate in crates(every):
        folder = root / "real" / crate.ref.name
        tree = unpack(crate, limits=DEFAULT_LIMITS)
        _write(folder, {one.path: one.data for one in tree.files})
        real.append(folder)
    columns = ["tool", "hostile found", "right lines, where found", "honest fixtures flagged"]
    yield f"| {' | '.join([*columns, 'real crates flagged', 'seconds a crate'])} |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for name, tool in tools.items():
        start = time.perf_counter()
        said = {one.id: tool(root / "fixtures" / one.id) for one in fixtures}
        flagged = sum(tool(folder).is_flagged for folder in real)
        spent = (time.perf_counter() - start) / (len(fixtures) + len(real))
        hostile = [one for one in fixtures if one.is_hostile]
        honest = [one for one in fixtures if not one.is_hostile]
        found = [one for one in hostile if said[one.id].is_flagged]
        right = sum(_is_right(one, said[one.id].places) for one in found)
        wrong = sum(said[one.id].is_flagged for one in honest)
        yield (
            f"| {name} | {share(len(found), len(hostile))} | {share(right, len(found))}"
            f" | {share(wrong, len(honest))} | {share(flagged, len(real))} | {spent:.2f} |"
        )


def _is_right(fixture: Fixture, places: Places) -> bool:
    return any(
        file.endswith(true) and abs(line - number) <= NEAR
        for file, line in places
        for true, numbers in fixture.lines.items()
        for number in numbers
    )


def _write(folder: Path, files: dict[str, bytes]) -> None:
    for path, data in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


if __name__ == "__main__":
    main()
