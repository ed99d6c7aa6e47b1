"""The leak search over bytes that hold no decoy: false alarms and speed. Prints for a person.

Usage: python benchmarks/leaks.py [--every N] [FILE ...]; FILEs are compiled artifacts and logs.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from corpus import crates

from analyzer.limits import DEFAULT_LIMITS
from analyzer.unpack import unpack
from sandbox.bait import Profile, make_bait
from sandbox.leaks import Depth, LeakBudget, find_leaks

DECOYS = make_bait(b"benchmark", Profile.BOTH).decoys
SHALLOW, DEEP = LeakBudget(depth=Depth.SHALLOW), LeakBudget()


def measure(name: str, texts: Iterable[bytes], budget: LeakBudget) -> None:
    """Search all texts and print what came of it."""
    find_leaks(b"-", DECOYS, budget=budget)  # the automata are made once
    count = size_bytes = cut = 0
    cpu_s, found = 0.0, []
    for text in texts:
        start = time.process_time()
        search = find_leaks(text, DECOYS, budget=budget)
        cpu_s += time.process_time() - start
        count, size_bytes, cut = count + 1, size_bytes + len(text), cut + bool(search.cut)
        found += [(leak.decoy.name, leak.encoding) for leak in search.leaks]
    rate = size_bytes / cpu_s / 1e6 if cpu_s else 0
    print(f"{name}: {count} texts, {size_bytes / 1e6:.1f} MB, {rate:.1f} MB/s, cut {cut}: {found}")


def main() -> None:
    """Noise, sources of real crates, and the files that were named."""
    arguments = sys.argv[1:]
    every = int(arguments[1]) if arguments[:1] == ["--every"] else 5
    files = [Path(one) for one in arguments[2 if arguments[:1] == ["--every"] else 0 :]]
    print(f"{len(DECOYS)} decoys")
    noise = random.Random(1)
    sizes = [64] * 300 + [1024] * 150 + [4096] * 50
    measure("noise, deep", (noise.randbytes(one) for one in sizes), DEEP)
    measure("named files, shallow", (one.read_bytes() for one in files), SHALLOW)
    sources = [
        [file.data for file in unpack(one, limits=DEFAULT_LIMITS).files] for one in crates(every)
    ]
    print(f"{len(sources)} crates")
    whole = [b"".join(one) for one in sources]
    measure("sources, shallow", whole, SHALLOW)
    measure("sources, deep, first 16 KiB", (one[: 1 << 14] for one in whole), DEEP)


if __name__ == "__main__":
    main()
