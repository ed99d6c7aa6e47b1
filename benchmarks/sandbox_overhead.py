"""What watching a build costs: processor time traced against untraced, in pairs, same container.

    python benchmarks/sandbox_overhead.py [PAIRS]

Counts all of the container (build, tracer, supervisor) by the engine's own accounting. The last
column is what a run needs beyond its build: fetch from a warm cache, containers, bait, clean-up.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from analyzer.config import load_settings
from analyzer.limits import DEFAULT_LIMITS
from analyzer.manifest import read_manifest
from analyzer.model import CrateRef, CrateSource
from analyzer.registry.fetch import Registry
from analyzer.registry.targets import parse_target
from analyzer.unpack import unpack
from sandbox.bait import Profile, make_bait
from sandbox.engine import connect
from sandbox.fetch import Shelf, consumer_manifest, fetch
from sandbox.image import build_image
from sandbox.machine import Machine, Watching
from sandbox.settings import SandboxOptions
from sandbox.toolchain import find_toolchain

CRATES = (
    ("serde_json", ()),
    ("clap", ("derive",)),
    ("ring", ()),
    ("libsqlite3-sys", ("bundled",)),
    ("tokio", ("full",)),
)


def main(pairs: int) -> None:
    """A line a crate, then the median."""
    ratios, extra = [], []
    with tempfile.TemporaryDirectory() as folder:
        for name, features in CRATES:
            found, beyond = measured(source(name), features, pairs, Path(folder))
            ratios.append(statistics.median(found))
            extra.append(beyond)
            shown = " ".join(f"{one:.2f}" for one in found)
            print(f"{name:16} {ratios[-1]:.2f}  [{shown}]  beyond the build {beyond:.1f} s")
            sys.stdout.flush()
    print(f"median of {len(ratios)}: {statistics.median(ratios):.2f};", end=" ")
    print(f"beyond the build: median {statistics.median(extra):.1f} s, most {max(extra):.1f} s")


def source(name: str) -> CrateSource:
    """The newest release's bytes."""
    settings = load_settings({})
    with Registry(settings, DEFAULT_LIMITS) as registry:
        for _, _, got in registry.fetch_all([parse_target(name)]):
            assert isinstance(got, CrateSource), got
            assert isinstance(got.ref, CrateRef)
            return got
    raise AssertionError(name)


def measured(
    crate: CrateSource, features: tuple[str, ...], pairs: int, folder: Path
) -> tuple[list[float], float]:
    """Ratios of processor time, and seconds of a run that are not the build's."""
    tree = unpack(crate, limits=DEFAULT_LIMITS)
    manifest = read_manifest(tree, limits=DEFAULT_LIMITS)
    client, toolchain = connect(), find_toolchain()
    image = build_image(client, print)
    shelf = Shelf(folder / "home", toolchain, False, features)
    with fetch(crate, tree, manifest, shelf).folder:
        pass  # warm
    bait = make_bait(b"0" * 32, Profile.BOTH, variant=0)
    began = time.time()
    supplies = fetch(crate, tree, manifest, shelf)
    tell = lambda _: None  # noqa: E731
    with (
        supplies.folder,
        Machine(client, image, toolchain, bait, SandboxOptions().room, tell) as machine,
    ):
        machine.plant(bait, began, has_history=True)
        packing = machine.packing(began)
        for inside, path in supplies.home:
            packing.add_file(f"{machine.places.home}/.cargo/{inside}", path)
        project = machine.places.project
        settings = b"[net]\noffline = true\n"
        packing.add(f"{machine.places.home}/.cargo/config.toml", settings)
        text = consumer_manifest(manifest, features, name="consumer")
        packing.add(f"{project}/Cargo.toml", text.encode())
        packing.add(f"{project}/Cargo.lock", supplies.consumer_lock)
        packing.add(f"{project}/src/main.rs", b"fn main() {}\n")
        machine.ask({"do": "unpack"}, packing.done())
        machine.run("unpacking", ["cargo", "fetch"], Watching(is_traced=False))
        before = time.time() - began
        ratios, ended = [], 0.0
        for _ in range(pairs):
            plain = built(machine, Watching(is_traced=False))
            ratios.append(built(machine, Watching()) / plain)
            ended = time.time()
    return ratios, before + time.time() - ended


def built(machine: Machine, watching: Watching) -> float:
    """Processor seconds of one whole build."""
    machine.ask({"do": "remove", "paths": [machine.places.target]})
    before = used(machine)
    done = machine.run("build", ["cargo", "build"], watching, timeout_s=1800)
    assert done.told["code"] == 0, bytes(done.output[-500:])
    return used(machine) - before


def used(machine: Machine) -> float:
    """Processor seconds of the build's container so far."""
    stats: dict[str, Any] = machine.container.stats(stream=False)
    return float(stats["cpu_stats"]["cpu_usage"]["total_usage"]) / 1e9


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
