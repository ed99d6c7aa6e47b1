"""Real crates through every format: what is written fits its schema."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import analyzer.report
from analyzer.config import DEFAULT_INDEX, load_settings
from analyzer.limits import DEFAULT_LIMITS
from analyzer.registry.fetch import Registry

pytestmark = [pytest.mark.online, pytest.mark.enable_socket]

SCHEMAS = Path(analyzer.report.__path__[0]) / "schemas"
CRATES = ("torch-sys@0.26.0", "openssl-sys@0.9.100", "anyhow@1.0.75", "ring@0.17.8")
MAIN = "from analyzer.cli.main import main; main()"
Write = Callable[..., dict[str, Path]]


@pytest.fixture(scope="module")
def oasis() -> jsonschema.Draft7Validator:
    """The schema of SARIF, as a crate ships it: it is not ours to hand on."""
    with Registry(load_settings(os.environ), DEFAULT_LIMITS) as registry:
        source = registry.fetch(registry.resolve("serde-sarif", "0.8.0"))
    with tarfile.open(fileobj=io.BytesIO(source.data)) as archive:
        file = archive.extractfile("serde-sarif-0.8.0/src/schema.json")
        assert file is not None
        return jsonschema.Draft7Validator(json.load(file))


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Files of these formats, written by one run of the command in `tmp_path`."""

    def run(*words: str, formats: tuple[str, ...]) -> dict[str, Path]:
        files = {one: tmp_path / f"out.{one}" for one in formats}
        pairs = [word for one in formats for word in ("--format", one, "-o", str(files[one]))]
        command = [sys.executable, "-P", "-c", MAIN, *words, "--quiet", *pairs]
        environ = os.environ | {"PYTHONPATH": str(Path(analyzer.report.__path__[0]).parents[1])}
        done = subprocess.run(
            command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode in (0, 10, 20, 30), done.stderr
        return files

    return run


def validate(name: str, text: str) -> Any:
    document = json.loads(text)
    schema = json.loads((SCHEMAS / f"{name}.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(document)
    return document


def test_a_scan(write: Write, oasis: jsonschema.Draft7Validator) -> None:
    files = write("scan", *CRATES, formats=("json", "jsonl", "sarif", "markdown"))
    assert len(validate("report-v1", files["json"].read_text())["reports"]) == len(CRATES)
    for line in files["jsonl"].read_text().splitlines():
        validate("report-v1", line)
    oasis.validate(json.loads(files["sarif"].read_text()))
    assert files["markdown"].read_text().startswith("<!-- cratescope scan -->\n")


def test_an_audit(write: Write, tmp_path: Path, oasis: jsonschema.Draft7Validator) -> None:
    rows = ["version = 4", '[[package]]\nname = "own"\nversion = "0.1.0"']
    with Registry(load_settings(os.environ), DEFAULT_LIMITS) as registry:
        for one in CRATES:
            entry = registry.resolve(*one.split("@"))
            rows.append(
                f'[[package]]\nname = "{entry.name}"\nversion = "{entry.version}"\n'
                f'source = "sparse+{DEFAULT_INDEX}"\nchecksum = "{entry.checksum}"'
            )
    (tmp_path / "Cargo.lock").write_text("\n".join(rows) + "\n")
    files = write("audit", ".", "--scan", "--hygiene", formats=("json", "jsonl", "sarif"))
    found = validate("audit-v1", files["json"].read_text())
    assert len(found["scans"]) == len(CRATES)
    for line in files["jsonl"].read_text().splitlines():
        validate("audit-v1", line)
    log = json.loads(files["sarif"].read_text())
    oasis.validate(log)
    lines = (tmp_path / "Cargo.lock").read_text().splitlines()
    for result in log["runs"][0]["results"]:
        where = result["locations"][0]["physicalLocation"]
        if where["artifactLocation"]["uri"] == "Cargo.lock" and "crate" in result["properties"]:
            named = lines[where["region"]["startLine"]]
            assert named == f'name = "{result["properties"]["crate"]}"'


def test_a_diff(write: Write, oasis: jsonschema.Draft7Validator) -> None:
    both = ("anyhow@1.0.75", "anyhow@1.0.98")
    files = write("diff", *both, formats=("json", "jsonl", "sarif", "markdown"))
    validate("diff-v1", files["json"].read_text())
    for line in files["jsonl"].read_text().splitlines():
        validate("diff-v1", line)
    oasis.validate(json.loads(files["sarif"].read_text()))
