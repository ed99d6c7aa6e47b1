"""The bar of the benchmark, on a tree with shorter histories: all that was planted, nothing else."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from analyzer.project.hunt.model import Place
from tests.unit.project.hunt.conftest import Search

BENCHMARK = Path(__file__).parents[4] / "benchmarks/hunt.py"


def _benchmark() -> ModuleType:
    """By its path: a benchmark is no module of the product."""
    spec = importlib.util.spec_from_file_location("hunt_benchmark", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(shutil.which("git") is None, reason="git writes the histories")
def test_three_hundred_repositories_hold_what_was_planted_and_nothing_else(
    tmp_path: Path, search: Search
) -> None:
    planted = _benchmark().make(tmp_path / "tree", 300, 20, None)
    result = search(tmp_path / "tree", jobs=2)
    found = {one.name: Path(one.root).name for one in result.findings}
    assert found == planted
    assert result.gaps == ()
    assert (result.counts.repositories, result.counts.lockfiles) == (300, 300)
    places = {one.name: {each.place for each in one.sightings} for one in result.findings}
    assert places == {
        "rustdecimal": {Place.HISTORY_LOCKFILE},
        "time_calibrator": {Place.MANIFEST, Place.HISTORY_MANIFEST},
        "time-api": {Place.LOCKFILE, Place.HISTORY_LOCKFILE},
        "chrono_anchor": {Place.VENDORED},
        "logs-update": {Place.INSTALLED, Place.BINARY},
    }
    (past,) = next(one for one in result.findings if one.name == "rustdecimal").sightings
    assert (past.first[:10], past.last[:10]) == ("2024-11-20", "2024-11-27")
