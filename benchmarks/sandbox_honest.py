"""Honest crates in the sandbox: whether they build, and whether observation alone says anything.

    python benchmarks/sandbox_honest.py [NAME[@VERSION][:FEATURE,FEATURE] ...]

Prints a line a crate: whether it was built, facts seen, findings that observation alone made.
Needs an engine, cargo and the registry; takes about a minute a crate on two cores.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

CRATES = (
    *("serde", "serde_derive", "serde_json", "syn", "proc-macro2", "libc", "rand", "regex", "clap"),
    *("anyhow", "thiserror", "async-trait", "tracing", "tokio", "hyper", "rustls", "chrono"),
    *("url", "log", "bytes", "indexmap", "hashbrown", "crossbeam-utils", "rayon", "parking_lot"),
    *(
        "memchr",
        "num-traits",
        "ahash",
        "rustix",
        "zstd-sys",
        "libz-sys",
        "bindgen",
        "cxx",
        "blake3",
    ),
    *("openssl-sys:vendored", "libgit2-sys", "ring", "aws-lc-sys", "prost-build"),
    "sqlx-macros-core",
)


def main(wanted: list[str]) -> None:
    """One line a crate, then the sum."""
    built = loud = 0
    for one in wanted:
        began = time.time()
        report = observed(one)
        gaps = [gap["reason"] for gap in report["gaps"] if gap["kind"] == "sandbox"]
        is_built = not any(gap.startswith(("not built", "it does not build")) for gap in gaps)
        alone = [
            finding["rule"] for finding in report["findings"] if finding["support"] == "observed"
        ]
        facts = [fact for fact in report["facts"] if "stage" in fact["where"]]
        built += is_built
        loud += bool(alone)
        word = "built" if is_built else "NOT BUILT"
        print(f"{one:28} {word:9} {report['verdict']:10} {time.time() - began:5.0f} s", end=" ")
        print(f"{len(facts):3} facts; observed alone: {', '.join(alone) or 'nothing'}")
        for text in [*gaps, *(f"{fact['kind']} {fact['subject']}" for fact in facts)][:8]:
            print(f"    {text[:150]}")
        sys.stdout.flush()
    print(f"{built} of {len(wanted)} built; {loud} with findings from observation alone")


def observed(wanted: str) -> dict[str, Any]:
    """The report of one crate, built in the sandbox without its tests."""
    name, _, features = wanted.partition(":")
    argv = ["cratescope", "scan", name, "--sandbox", "--sandbox-no-tests", "--format", "json", "-q"]
    argv += ["--sandbox-features", features] if features else []
    done = subprocess.run(argv, stdout=subprocess.PIPE, check=False)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    main(sys.argv[1:] or list(CRATES))
