"""24,000 requests at a gate whose upstream fails, whose workers die, whose database restarts.

    python benchmarks/gate_chaos.py [--requests 24000] [--seed 1]

Needs Debian's PostgreSQL. Every answer is checked: 200 only with the bytes of the index's checksum,
never for a crate that is refused; all else must be 403 or 503. At the end each release that was
ever served must have its ruling in the database, and the audit log must be whole.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # tests import each other by their place in the checkout
_CRATES = 60
_CLIENTS = 32


def module(path: str, name: str) -> ModuleType:
    """A module of the tests, which start gates, registries and databases already."""
    spec = importlib.util.spec_from_file_location(name, ROOT / path)
    if spec is None or spec.loader is None:
        sys.exit(f"{path} is missing")
    found = importlib.util.module_from_spec(spec)
    sys.modules[name] = found
    spec.loader.exec_module(found)
    return found


class Chaos:
    """One run: what was asked, what came, what was wrong."""

    def __init__(self, live: Any, postgres: Any, seed: int) -> None:
        self.live, self.postgres, self.random = live, postgres, random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.served: set[str] = set()
        self.releases: list[tuple[str, str, bool]] = []
        self.is_over = False

    def publish(self, steals: str) -> None:
        """Every third crate is a thief."""
        for number in range(_CRATES):
            is_bad = number % 3 == 0
            files = {"build.rs": steals} if is_bad else {"src/lib.rs": f"// {number}\n"}
            name = f"chaos-{'bad' if is_bad else 'good'}-{number}"
            self.releases.append((name, self.live.publish(name, "1.0.0", files), is_bad))

    def ask(self, _: int) -> None:
        """One request, checked."""
        name, sha256, is_bad = self.random.choice(self.releases)
        answer = self.live.get(f"crates/{name}/1.0.0/{sha256}.crate")
        self.counts[str(answer.status)] += 1
        if answer.status == 503:
            self.counts[answer.text[:100]] += 1
        if answer.status not in (200, 403, 404, 503):
            self.wrong.append(f"{answer.status} for {name}")
        if answer.status == 200:
            self.served.add(name)
            if is_bad or hashlib.sha256(answer.body).hexdigest() != sha256:
                self.wrong.append(f"wrong bytes or a refused crate: {name}")
        if answer.status == 404:
            self.wrong.append(f"404 for {name}, which is there")

    def upstream_fails(self) -> None:
        """Errors, cut answers and wrong bytes at random places."""
        while not self.is_over:
            name, _, _ = self.random.choice(self.releases)
            path = self.random.choice(
                [f"/dl/{name}/1.0.0/download", f"/{name[:2]}/{name[2:4]}/{name}"]
            )
            kind = self.random.choice(["status", "cut", "lie"])
            if kind == "status":
                self.live.upstream.say(path, self.random.choice([403, 429, 500, 502, 503]), times=2)
            elif kind == "cut":
                self.live.upstream.say_half(path, b"half")
            elif path.endswith("download"):
                self.live.upstream.say(path, 200, b"lies")
            time.sleep(0.4)

    def workers_die(self) -> None:
        """A worker is killed every other second."""
        while not self.is_over:
            living = list(self.live.gate.pool._living)
            if living:
                self.random.choice(living).kill()
                self.counts["workers killed"] += 1
            time.sleep(2.0)

    def database_restarts(self) -> None:
        """Killed as by a power failure, and started again, every ten seconds."""
        while not self.is_over:
            time.sleep(10.0)
            if not self.is_over:
                self.postgres.kill()
                time.sleep(1.0)
                self.postgres.start()
                self.counts["database killed"] += 1


def main() -> None:
    """Run, check, print; exit 1 if anything was wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=24_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    tests = module("tests/gate/conftest.py", "gate_tests")
    database = module("tests/gate/test_postgres.py", "gate_postgres")
    folder = Path(tempfile.mkdtemp(prefix="gate-chaos-"))
    postgres = database.cluster()
    servers = tests.sparse.Servers()
    upstream = servers.start()
    told = tests.settings_for(upstream, folder, database_url=postgres.url)
    live = tests.start(replace(told, index_age_s=2, hot_size_bytes=8 << 10), upstream, folder)
    chaos = Chaos(live, postgres, asked.seed)
    chaos.publish(tests.STEALS)
    began = time.monotonic()
    troubles = (chaos.upstream_fails, chaos.workers_die, chaos.database_restarts)
    threads = [threading.Thread(target=one) for one in troubles]
    for one in threads:
        one.start()
    with ThreadPoolExecutor(_CLIENTS) as clients:
        list(clients.map(chaos.ask, range(asked.requests)))
    chaos.is_over = True
    for one in threads:
        one.join()
    seconds = time.monotonic() - began
    found = {one.release.name: one for one in live.gate.store.latest(most=1000)}
    lost = [one for one in chaos.served if one not in found or found[one].outcome != "serve"]
    broken = live.gate.store.broken_at()
    live.stop()
    servers.stop()
    postgres.stop()
    print(f"{asked.requests} requests in {seconds:.0f} s: {dict(chaos.counts)}")
    print(f"served {len(chaos.served)} releases; wrong: {chaos.wrong[:5]}; lost decisions: {lost}")
    print(f"audit log: {'whole' if not broken else f'broken at {broken}'}")
    sys.exit(bool(chaos.wrong or lost or broken))


if __name__ == "__main__":
    main()
