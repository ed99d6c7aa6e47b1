"""How many inert hostile crates the sandbox sees acting, with bait and payload named.

    python benchmarks/sandbox_recall.py [NAME ...] [--jobs N] [--artifacts DIR] [--save]

The crates are `tests/docker/hostile/*.toml`: `b` acts when it is built or expanded, `t` in tests,
examples, programs or at load time. Patterns are `KIND SUBJECT` with `*` and `?`; `|` parts those of
which one must hold. Needs an engine, cargo and the registry; nothing of a crate runs outside.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from fixtures import packed
from shares import share

from analyzer.config import load_settings
from analyzer.model import CrateSource, Fact, Moment, Trace
from sandbox.observer import Observer
from sandbox.settings import SandboxOptions

FOLDER = Path(__file__).parents[1] / "tests/docker/hostile"
RESULTS = Path(__file__).parent / "results"
_LIBRARY = "/// One more.\npub fn next(n: u64) -> u64 {\n    n + 1\n}\n"
COLUMNS = ("seen", "bait", "payload", "blamed")
BARS = {"b": ("build or macro time", 0.90), "t": ("tests, examples, programs, load", 0.75)}


@dataclass(frozen=True)
class Hostile:
    """One crate and what it does."""

    name: str
    title: str
    crate: CrateSource
    phase: str
    owner: str
    wanted: dict[str, tuple[str, ...]]
    """What facts must say, by `acting`, `bait` and `payload`."""


@dataclass(frozen=True)
class Outcome:
    """What was seen of one crate: a truth for each of `COLUMNS`."""

    hostile: Hostile
    found: dict[str, bool]
    missing: tuple[str, ...]
    seconds: float
    stages: str

    @property
    def is_seen(self) -> bool:
        """As the bar counts it: acting, with bait and payload named."""
        return all(self.found[one] for one in COLUMNS[:3])


def load(names: list[str]) -> list[Hostile]:
    """The crates whose name starts with one of `names`; all without any."""
    paths = sorted(FOLDER.glob("*.toml"))
    return [read(one) for one in paths if not names or one.stem.startswith(tuple(names))]


def read(path: Path) -> Hostile:
    """One file; what every crate has need not stand in it."""
    table = tomllib.loads(path.read_text("utf-8"))
    name, _, version = table["crate"].partition("@")
    head = f'[package]\nname = "{name}"\nversion = "{version}"\nedition = "2021"\n'
    files = {one: text.encode() for one, text in table["files"].items()}
    files["Cargo.toml"] = (head + table.get("manifest", "")).encode()
    files.setdefault("src/lib.rs", _LIBRARY.encode())
    wanted = {one: tuple(table[one]) for one in ("acting", "bait", "payload")}
    crate = packed(table["crate"], files)
    return Hostile(path.stem, table["title"], crate, table["phase"], table["owner"], wanted)


def judge(hostile: Hostile, trace: Trace, seconds: float) -> Outcome:
    """Compare what was seen with what the crate does."""
    facts = [one for one in trace.facts if isinstance(one.where, Moment)]
    missing: list[str] = []
    found = {}
    for column, key in zip(COLUMNS, hostile.wanted, strict=False):
        absent = [one for one in hostile.wanted[key] if not _matching(one, facts)]
        missing += (f"{column}: {one}" for one in absent)
        found[column] = not absent
    acting = [one for text in hostile.wanted["acting"] for one in _matching(text, facts)]
    right = [one for one in acting if _is_blamed(hostile, one)]
    found["blamed"] = bool(right)
    if acting and not right:
        missing += dict.fromkeys(f"blamed: {one.owner} ({', '.join(one.phases)})" for one in acting)
    missing += (f"gap: {one.reason}" for one in trace.gaps)
    stages = trace.observation.stages if trace.observation else ()
    told = " ".join(f"{one.name}={one.took_ms / 1000:.1f}" for one in stages)
    return Outcome(hostile, found, tuple(missing), seconds, told)


def _matching(pattern: str, facts: list[Fact]) -> list[Fact]:
    texts = pattern.split("|")
    return [one for one in facts if any(fnmatchcase(f"{one.kind} {one.subject}", t) for t in texts)]


def _is_blamed(hostile: Hostile, fact: Fact) -> bool:
    owner = fact.owner.partition(": ")[2]
    is_phase = hostile.phase == "*" or hostile.phase in fact.phases
    return is_phase and fnmatchcase(owner, hostile.owner)


def table(outcomes: list[Outcome]) -> str:
    """All outcomes for people, with the shares that the bars ask for."""
    rows = [f"| {'crate':32} | seen | bait | payload | blamed | seconds |", "|---" * 6 + "|"]
    for one in outcomes:
        told = (("yes" if one.found[column] else "NO") for column in COLUMNS)
        name = f"{one.hostile.name}: {one.hostile.title}"
        rows.append(f"| {name} | {' | '.join(told)} | {one.seconds:.0f} |")
    rows.append("")
    for letter, (words, bar) in BARS.items():
        part = [one for one in outcomes if one.hostile.name.startswith(letter)]
        seen = sum(one.is_seen for one in part)
        blamed = sum(one.found["blamed"] for one in part)
        rows += [
            f"- {words}: seen with bait and payload {share(seen, len(part))}, bar {bar:.0%}",
            f"  - blamed on the right part and crate {share(blamed, len(part))}",
        ]
    took = sorted(one.seconds for one in outcomes)
    if took:
        middle = took[len(took) // 2]
        rows.append(f"- seconds a crate: median {middle:.0f}, longest {took[-1]:.0f}")
    return "\n".join(rows)


def main() -> None:
    """A line a crate, then the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--artifacts", type=Path)
    parser.add_argument("--jobs", type=int, default=1, help="crates at once: mostly they wait")
    parser.add_argument("--save", action="store_true")
    asked = parser.parse_args()
    options = SandboxOptions(artifacts=asked.artifacts)

    def run(one: Hostile) -> Outcome:
        observer = Observer(load_settings(os.environ).cache_dir, options, lambda _: None)
        began = time.time()
        outcome = judge(one, observer(one.crate), time.time() - began)
        told = (f"{key}={'yes' if value else 'NO'}" for key, value in outcome.found.items())
        lines = [f"{one.name:32} {' '.join(told)} {outcome.seconds:.0f} s  {outcome.stages}"]
        print("\n    ".join((*lines, *(text[:200] for text in outcome.missing))), flush=True)
        return outcome

    with ThreadPoolExecutor(asked.jobs) as pool:
        outcomes = list(pool.map(run, load(asked.names)))
    text = table(outcomes)
    print(f"\n{text}")
    if asked.save:
        (RESULTS / "sandbox-recall.md").write_text(
            f"# Inert hostile crates in the sandbox\n\n{text}\n"
        )


if __name__ == "__main__":
    main()
