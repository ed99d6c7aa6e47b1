"""Real crates: what we unpack is, byte for byte, what `tarfile` and a real cargo unpack."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from analyzer.config import load_settings
from analyzer.errors import CratescopeError
from analyzer.limits import DEFAULT_LIMITS
from analyzer.model import CrateSource
from analyzer.registry.fetch import Registry
from analyzer.registry.targets import CrateTarget
from analyzer.unpack import unpack

pytestmark = [pytest.mark.online, pytest.mark.cargo, pytest.mark.enable_socket]

LIST = Path(__file__).parents[1] / "data/benign-crates.csv"
EVERY = 4


@pytest.fixture(scope="module")
def crates(tmp_path_factory: pytest.TempPathFactory) -> tuple[CrateSource, ...]:
    """Every fourth crate of the list, in exactly the listed bytes."""
    with LIST.open(newline="") as file:
        rows = list(csv.DictReader(file))[::EVERY]
    targets = [CrateTarget(one["name"], one["version"]) for one in rows]
    cache = {"CRATESCOPE_CACHE_DIR": str(tmp_path_factory.mktemp("cache"))}
    with Registry(load_settings(os.environ | cache), DEFAULT_LIMITS) as registry:
        fetched = [source for _, _, source in registry.fetch_all(targets)]
    found = tuple(one for one in fetched if not isinstance(one, CratescopeError))
    assert [hashlib.sha256(one.data).hexdigest() for one in found] == [
        one["sha256"] for one in rows
    ]
    assert len(found) >= 200
    return found


def test_no_real_crate_has_an_anomaly(crates: tuple[CrateSource, ...]) -> None:
    for crate in crates:
        tree = unpack(crate, limits=DEFAULT_LIMITS)
        assert (crate.ref, tree.facts, tree.gaps) == (crate.ref, (), ())


def test_tarfile_unpacks_the_same(crates: tuple[CrateSource, ...]) -> None:
    for crate in crates:
        ours = {one.path: one.data for one in unpack(crate, limits=DEFAULT_LIMITS).files}
        root = f"{crate.ref.name}-{crate.ref.version}/"
        with tarfile.open(fileobj=io.BytesIO(crate.data), mode="r|gz") as archive:
            files = ((one.name, archive.extractfile(one)) for one in archive)
            theirs = {name.removeprefix(root): one.read() for name, one in files if one}
        assert ours == theirs, crate.ref


def test_cargo_unpacks_the_same(
    crates: tuple[CrateSource, ...],
    cargo_unpack: Callable[[Sequence[tuple[str, str, bytes]]], dict[tuple[str, str], Path]],
) -> None:
    folders = cargo_unpack([(one.ref.name, one.ref.version, one.data) for one in crates])
    for crate in crates:
        folder = folders[crate.ref.name, crate.ref.version]
        files = [one for one in folder.rglob("*") if not one.is_dir()]
        theirs = {
            one.relative_to(folder).as_posix(): (one.read_bytes(), bool(one.stat().st_mode & 0o100))
            for one in files
            if one.name != ".cargo-ok"
        }
        tree = unpack(crate, limits=DEFAULT_LIMITS)
        assert {one.path: (one.data, one.is_executable) for one in tree.files} == theirs, crate.ref
