"""Fixtures that several test folders share."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

import pluggy
import pytest
from hypothesis import settings

# A slow machine is no failure.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

SHARED = Path(__file__).parents[2] / "shared"
"""The folder beside a developer's checkout; tests that need it are marked `shared`."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Golden files change only when asked."""
    parser.addoption("--snapshot-update", action="store_true", help="write golden files anew")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A checkout by itself has no folder beside it."""
    if not SHARED.is_dir():
        for one in items:
            if one.get_closest_marker("shared"):
                one.add_marker(pytest.mark.skip(reason=f"no {SHARED.name} folder beside this"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pluggy.Result[pytest.TestReport], None]:
    """Where everything must run, a skip is a failure."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("CRATESCOPE_NO_SKIPS") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be: {report.longrepr}"


@pytest.fixture(autouse=True)
def _network(request: pytest.FixtureRequest) -> None:
    """Only tests marked `online` reach beyond this machine."""
    if request.node.get_closest_marker("online"):
        request.getfixturevalue("socket_enabled")


Packed = tuple[str, str, bytes]
CargoUnpack = Callable[[Sequence[Packed]], dict[tuple[str, str], Path]]


@pytest.fixture
def cargo_unpack(tmp_path: Path) -> CargoUnpack:
    """The folders that a real cargo unpacks archives into, without a network.

    A local registry of our own stands in for the real one; its index names no dependencies, so
    any versions go together. An archive that cargo refuses has no folder with a `.cargo-ok`.
    """

    def run(crates: Sequence[Packed]) -> dict[tuple[str, str], Path]:
        registry, project, home = (tmp_path / one for one in ("registry", "project", "home"))
        for name, version, data in crates:
            _publish(registry, name, version, data)
        wanted = "".join(
            f'd{number} = {{ package = "{name}", version = "={version}" }}\n'
            for number, (name, version, _) in enumerate(crates)
        )
        (project / "src").mkdir(parents=True)
        (project / ".cargo").mkdir()
        (project / "src/lib.rs").touch()
        head = '[package]\nname = "asks"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\n'
        (project / "Cargo.toml").write_text(head + wanted)
        (project / ".cargo/config.toml").write_text(
            '[source.crates-io]\nreplace-with = "here"\n'
            f"[source.here]\nlocal-registry = {json.dumps(str(registry))}\n"
        )
        environment = os.environ | {"CARGO_HOME": str(home), "CARGO_NET_OFFLINE": "true"}
        command = ["cargo", "fetch"]
        subprocess.run(command, cwd=project, env=environment, capture_output=True, check=False)
        found = {one.name: one for one in home.glob("registry/src/*/*")}
        return {
            (name, version): found[f"{name}-{version}"]
            for name, version, _ in crates
            if f"{name}-{version}" in found
        }

    return run


def _publish(registry: Path, name: str, version: str, data: bytes) -> None:
    lower = name.lower()
    short = {1: "1", 2: "2", 3: f"3/{lower[0]}"}
    folder = registry / "index" / short.get(len(name), f"{lower[:2]}/{lower[2:4]}")
    folder.mkdir(parents=True, exist_ok=True)
    checksum = hashlib.sha256(data).hexdigest()
    line = {"name": name, "vers": version, "deps": [], "cksum": checksum, "features": {}}
    with (folder / lower).open("a") as index:
        index.write(json.dumps(line | {"yanked": False}) + "\n")
    (registry / f"{name}-{version}.crate").write_bytes(data)
