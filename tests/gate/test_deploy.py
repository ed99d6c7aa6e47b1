"""The files for operators: rules that parse, settings that load, locks that agree."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from gate.settings import _FLAGS, _LISTS, _NUMBERS, _TABLES, _TEXTS, load_gate

DEPLOY = Path(__file__).parents[2] / "deploy/gate"


def test_the_settings_file_loads() -> None:
    told = load_gate({"config": str(DEPLOY / "gate.toml")}, {})
    assert (told.host, told.port, told.own_url) == (
        "0.0.0.0",
        8420,
        "https://gate.example.invalid/",
    )


def test_every_setting_is_told() -> None:
    text = (DEPLOY.parents[1] / "docs/gate.md").read_text()
    rows = set(re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE))
    assert rows == {*_TEXTS, *_NUMBERS, *_FLAGS, *_LISTS, *_TABLES}


def test_the_compose_file_names_what_is_there() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    for one in services.values():
        assert (DEPLOY / one["build"]["context"] / one["build"]["dockerfile"]).exists()
    assert services["gate"]["read_only"] is True
    assert services["gate"]["cap_drop"] == ["ALL"]
    variables = services["gate"]["environment"]
    told = load_gate({}, {key: str(one) for key, one in variables.items() if "$" not in str(one)})
    assert told.port == 8420
    known = {"CRATESCOPE_GATE_DATABASE", "CRATESCOPE_GATE_BASE_URL", "CRATESCOPE_DATA_DIR"}
    assert set(variables) <= known


def test_the_dockerfile_installs_by_hash_and_runs_as_nobody_special() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    assert "--require-hashes -r /src/requirements-gate.lock" in text
    assert "USER gate" in text
    assert "FROM ${BASE}" in text


def test_the_locks_of_gate_and_developers_agree() -> None:
    root = DEPLOY.parents[1]
    pinned = re.compile(r"^([a-z0-9-]+(?:\[[a-z0-9]+\])?)==([^ ;\\]+)", re.MULTILINE)
    gate = dict(pinned.findall((root / "requirements-gate.lock").read_text()))
    developers = dict(pinned.findall((root / "requirements-dev.lock").read_text()))
    assert gate.items() <= developers.items()
    assert {"starlette", "uvicorn", "sqlalchemy", "psycopg"} <= set(gate)


def test_the_firewall_rules_parse() -> None:
    if shutil.which("nft") is None:
        pytest.skip("needs nftables")
    command = ["unshare", "-rn", "nft", "-c", "-f", str(DEPLOY / "nftables.conf")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "name",
    ["cratescope-gate.service", "cratescope-advisories.service", "cratescope-advisories.timer"],
)
def test_the_units_are_such_that_systemd_reads(tmp_path: Path, name: str) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd")
    for one in DEPLOY.glob("cratescope-*"):
        text = one.read_text().replace("/opt/cratescope/bin/cratescope", "/bin/true")
        (tmp_path / one.name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / name)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "cratescope-" not in done.stderr, done.stderr


def test_gate_and_advisories_share_folder_and_user() -> None:
    units = [
        (DEPLOY / f"cratescope-{one}.service").read_text().splitlines()
        for one in ("gate", "advisories")
    ]
    for key in ("Environment", "DynamicUser", "StateDirectory", "StateDirectoryMode"):
        first, second = ([row for row in unit if row.startswith(f"{key}=")] for unit in units)
        assert first == second
    assert "User=cratescope-gate" in units[1]  # the name that systemd makes up for the first
