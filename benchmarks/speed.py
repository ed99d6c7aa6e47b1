"""Cost beside raw parsing, in one run: `python benchmarks/speed.py [--every N] [--save]`; of one
crate, in a process of its own: `python benchmarks/speed.py --one NAME@VERSION`.

Everything is divided by what tree-sitter alone needs to parse all Rust of the same crates, unpacked
by the same unpacker, in this process. Processor time, not wall time; one process.
"""

from __future__ import annotations

import collections
import gc
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import tree_sitter
import tree_sitter_rust
from corpus import crates

from analyzer import pipeline
from analyzer.config import load_settings
from analyzer.limits import DEFAULT_LIMITS
from analyzer.model import CrateSource
from analyzer.registry.fetch import Registry
from analyzer.registry.targets import CrateTarget
from analyzer.rules.ruleset import load_ruleset
from analyzer.syntax import reduce, sources
from analyzer.unpack import unpack
from analyzer.worker.serve import collect_rarely

RESULTS = Path(__file__).parent / "results"
SPENT: collections.Counter[str] = collections.Counter()
_RUNNING: list[float] = []
STAGES: tuple[tuple[object, str, str], ...] = (
    (pipeline, "unpack", "unpack"),
    (pipeline, "read_manifest", "manifest"),
    (pipeline, "_modules", "module tree"),
    (pipeline, "_package", "names"),
    (pipeline, "CrateCode", "names"),
    (sources, "Macros", "macros written out"),
    (sources.Sources, "_documented", "documentation"),
    (sources.Macros, "powerful", "macros written out"),
    (sources.Macros, "expanded", "macros written out"),
    (reduce.Reducer, "__init__", "choose what to parse"),
    (reduce.Reducer, "want", "choose what to parse"),
    (reduce.Reducer, "cuts", "choose what to parse"),
    (sources, "parse", "parse"),
    (sources, "Outline", "outline"),
    (pipeline, "emitted", "code from texts"),
    (pipeline, "generated", "code from texts"),
    (pipeline, "collect", "facts"),
    (pipeline, "flows", "flows"),
    (pipeline, "flow_ends", "rules"),
    (pipeline, "half_ends", "rules"),
    (pipeline, "drawn_ends", "rules"),
    (pipeline, "match", "rules"),
    (pipeline, "joining", "rules"),
    (pipeline, "left_open", "rules"),
    (pipeline, "changes", "changes"),
    (pipeline, "in_builds", "halves and exports"),
    (pipeline, "halves", "halves and exports"),
    (pipeline, "exports", "halves and exports"),
    (gc, "collect", "garbage collection"),
    (gc, "freeze", "garbage collection"),
    (pipeline, "analyze", "the rest"),
)
"""What is counted under which label; the rest is what `analyze` does besides."""


def timed(owner: object, name: str, label: str) -> None:
    """Count the processor time inside a function under a label, without what it calls that is
    counted elsewhere.
    """
    function: Callable[..., object] = getattr(owner, name)

    def around(*arguments: object, **named: object) -> object:
        start = time.process_time()
        _RUNNING.append(0.0)
        try:
            return function(*arguments, **named)
        finally:
            spent = time.process_time() - start
            SPENT[label] += spent - _RUNNING.pop()
            if _RUNNING:
                _RUNNING[-1] += spent

    setattr(owner, name, around)


def one(text: str) -> None:
    """Print what a single crate costs: processor time, and the peak of this process."""
    name, _, version = text.partition("@")
    with Registry(load_settings(dict(os.environ)), DEFAULT_LIMITS) as registry:
        crate = next(iter(registry.fetch_all([CrateTarget(name, version)])))[2]
    if not isinstance(crate, CrateSource):
        raise SystemExit(f"{text}: {crate}")
    ruleset = load_ruleset()
    collect_rarely()  # as a worker does
    start = time.process_time()
    report = pipeline.analyze(crate, ruleset=ruleset)
    spent = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = report.coverage.rust_size_bytes / 1e6
    print(f"{text}: {spent:.2f} s, peak {peak:.0f} MB, {size:.0f} MB of Rust, {report.verdict}")


def main() -> None:
    """Print the ratios, the slowest crates and the peak of memory."""
    every = int(sys.argv[sys.argv.index("--every") + 1]) if "--every" in sys.argv else 1
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_rust.language()))
    ruleset = load_ruleset()
    collect_rarely()  # as a worker does
    for owner, name, label in STAGES:
        timed(owner, name, label)
    raw = total = size = 0.0
    each: list[tuple[float, str]] = []
    pending = list(crates(every))[::-1]
    while pending:
        crate = pending.pop()
        files = [
            one.data
            for one in unpack(crate, limits=DEFAULT_LIMITS).files
            if one.path.endswith(".rs")
        ]
        start = time.process_time()
        for data in files:
            parser.parse(data)
        raw += time.process_time() - start
        size += sum(map(len, files))
        del files
        start = time.process_time()
        pipeline.analyze(crate, ruleset=ruleset)
        gc.collect()  # as a worker does
        gc.freeze()
        spent = time.process_time() - start
        total += spent
        each.append((spent, crate.ref.name))
    each.sort()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    at = {name: each[int(len(each) * part)][0] for name, part in (("p50", 0.5), ("p99", 0.99))}
    slowest = ", ".join(f"{name} {spent:.2f}" for spent, name in reversed(each[-6:]))
    lines = [
        f"{len(each)} crates, {size / 1e6:.0f} MB of Rust, raw parsing {raw:.1f} s of one core",
        f"whole analysis: {total / raw:.2f} times raw parsing",
        *(f"  {label:22} {spent / raw:.2f}" for label, spent in SPENT.most_common()),
        f"a crate: p50 {at['p50']:.3f} s, p99 {at['p99']:.2f} s; slowest: {slowest}",
        f"peak memory {peak:.0f} MB (archives that are still to come are held in it)",
    ]
    print("\n".join(lines))
    if "--save" in sys.argv:
        (RESULTS / "speed.md").write_text("# Cost\n\n```\n" + "\n".join(lines) + "\n```\n")


if __name__ == "__main__":
    one(sys.argv[sys.argv.index("--one") + 1]) if "--one" in sys.argv else main()
