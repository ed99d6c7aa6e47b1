"""The table of `test_manifest.py` against a real cargo, in folders that this test writes itself."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from analyzer.toml import read_toml

TABLE = Path(__file__).parent / "manifest/cases.toml"
CASES: list[dict[str, object]] = read_toml(TABLE.read_bytes(), name="cases")["case"]  # type: ignore[assignment]  # our own file
HELPER = '[package]\nname = "helper"\nversion = "0.1.0"\n'

pytestmark = pytest.mark.cargo


def metadata(case: dict[str, object], folder: Path) -> dict[str, object] | None:
    """What cargo says of the package; None if it refuses or finds none."""
    root = folder / "package"
    for one in str(case["files"]).split():
        path = root / one
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HELPER if path.name == "Cargo.toml" else "")
    root.mkdir(exist_ok=True)
    (root / "Cargo.toml").write_bytes(str(case["manifest"]).encode())
    command = ["cargo", "metadata", "--no-deps", "--offline", "--format-version", "1"]
    environment = os.environ | {"CARGO_HOME": str(folder / "home")}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, check=False)
    packages = json.loads(done.stdout)["packages"] if done.returncode == 0 else []
    return next((one for one in packages if one["name"] == "my-crate"), None)


def kind(target: dict[str, object]) -> str:
    kinds: list[str] = target["kind"]  # type: ignore[assignment]  # by cargo's schema
    if kinds[0] == "cdylib":
        return "example" if "/examples/" in str(target["src_path"]) else "lib"
    return {"custom-build": "build-script"}.get(kinds[0], kinds[0])


@pytest.mark.parametrize("case", CASES, ids=lambda one: one["name"])
def test_cargo_reads_the_table_as_we_do(case: dict[str, object], tmp_path: Path) -> None:
    found = metadata(case, tmp_path)
    assert (found is None) is case.get("refused", False)
    if found is None:
        return

    root = tmp_path / "package"
    targets: list[dict[str, object]] = found["targets"]  # type: ignore[assignment]
    dependencies: list[dict[str, object]] = found["dependencies"]  # type: ignore[assignment]
    assert found["edition"] == case["edition"]
    assert sorted(
        f"{kind(one)} {one['name']} {os.path.relpath(str(one['src_path']), root)}"
        for one in targets
    ) == case.get("targets", [])
    assert sorted(
        f"{one['kind'] or 'normal'} {one['rename'] or one['name']} {one['name']}"
        + (" optional" if one["optional"] else "")
        + (f" {one['target']}" if one["target"] else "")
        for one in dependencies
    ) == case.get("dependencies", [])
