"""The gate before the real public registry, with a real cargo."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gate.settings import default_mount

if TYPE_CHECKING:
    from tests.gate.conftest import Live

pytestmark = [pytest.mark.online, pytest.mark.cargo, pytest.mark.enable_socket]
Make = Callable[..., "Live"]
DEPENDENCIES = (
    'serde = { version = "=1.0.219", features = ["derive"] }',
    'anyhow = "=1.0.98"',
    'itoa = "=1.0.15"',
)


def test_a_real_project_resolves_fetches_and_builds(make: Make, tmp_path: Path) -> None:
    live = make(mounts=(default_mount(),), scans_ahead=True, index_age_s=60)
    folder = live.project(tmp_path / "p", *DEPENDENCIES)
    done = live.cargo(folder, "build")
    assert done.returncode == 0, done.stderr
    locked = set(re.findall(r'name = "([^"]+)"', (folder / "Cargo.lock").read_text())) - {"asks"}
    decided = {one.release.name: one for one in live.gate.store.latest() if one.outcome == "serve"}
    assert locked <= set(decided)
    assert all(decided[one].verdict == "CLEAR" for one in locked)
