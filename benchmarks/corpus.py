"""Real crates that many depend on: `python benchmarks/corpus.py [--every N] [--save]`.

Fetches the listed crates once (they stay in the cache), analyzes them in processes of its own and
compares every verdict but CLEAR with the reviewed table, `corpus-reviewed.toml`.
"""

from __future__ import annotations

import collections
import csv
import multiprocessing
import os
import sys
import time
from pathlib import Path
from typing import NamedTuple

from analyzer.config import load_settings
from analyzer.limits import DEFAULT_LIMITS
from analyzer.model import CrateSource
from analyzer.pipeline import analyze
from analyzer.registry.fetch import Registry
from analyzer.registry.targets import CrateTarget
from analyzer.rules.ruleset import load_ruleset
from analyzer.toml import read_toml

HERE = Path(__file__).parent
LIST = HERE.parent / "tests" / "data" / "benign-crates.csv"
REVIEWED = HERE / "corpus-reviewed.toml"


class Row(NamedTuple):
    """What was said of one crate, and what it cost."""

    name: str
    verdict: str
    rules: tuple[str, ...]
    cpu_s: float


def crates(every: int = 1) -> list[CrateSource]:
    """The listed crates, or each n-th of them; fetched where the cache has them not."""
    with LIST.open(newline="") as file:
        rows = list(csv.DictReader(file))[::every]
    targets = [CrateTarget(one["name"], one["version"]) for one in rows]
    with Registry(load_settings(dict(os.environ)), DEFAULT_LIMITS) as registry:
        found = [source for _, _, source in registry.fetch_all(targets)]
    return [one for one in found if isinstance(one, CrateSource)]


def _judge(crate: CrateSource) -> Row:
    start = time.process_time()
    report = analyze(crate, ruleset=load_ruleset())
    rules = tuple(sorted({one.rule for one in report.findings}))
    return Row(crate.ref.name, str(report.verdict), rules, time.process_time() - start)


def main() -> None:
    """Print counts, rules and what is not reviewed."""
    every = int(sys.argv[sys.argv.index("--every") + 1]) if "--every" in sys.argv else 1
    sources = crates(every)
    with multiprocessing.Pool(os.cpu_count(), maxtasksperchild=16) as pool:
        rows = list(pool.imap(_judge, sources, chunksize=4))
    verdicts = collections.Counter(one.verdict for one in rows)
    rules = collections.Counter(rule for one in rows for rule in one.rules)
    told = {one["crate"]: one for one in read_toml(REVIEWED.read_bytes(), name="x")["crate"]}
    lines = [f"{len(rows)} crates: " + ", ".join(f"{n} {v}" for v, n in verdicts.most_common())]
    lines += ["", "| rule | crates |", "| --- | --- |"]
    lines += [f"| {rule} | {count} |" for rule, count in rules.most_common()]
    lines += ["", "| crate | verdict | rules | reviewed |", "| --- | --- | --- | --- |"]
    for one in sorted(rows):
        if one.verdict != "CLEAR":
            why = told.get(one.name, {}).get("why", "**not reviewed**")
            lines.append(f"| {one.name} | {one.verdict} | {', '.join(one.rules)} | {why} |")
    print("\n".join(lines))
    if "--save" in sys.argv:
        text = "# Verdicts on real crates\n\n" + "\n".join(lines) + "\n"
        (HERE / "results" / "corpus.md").write_text(text)


if __name__ == "__main__":
    main()
