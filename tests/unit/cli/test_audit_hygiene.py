from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import typer
from typer.testing import CliRunner, Result

import analyzer.report
from analyzer.cli.audit import audit

SCHEMA = json.loads((Path(analyzer.report.__path__[0]) / "schemas/audit-v1.json").read_text())
WORKFLOW = "on: push\njobs: {a: {steps: [{run: cargo update}]}}\n"
LOCK = 'version = 4\n[[package]]\nname = "own"\nversion = "0.1.0"\n'


def run(*arguments: str | Path) -> Result:
    app = typer.Typer()
    app.command()(audit)
    return CliRunner().invoke(app, [str(one) for one in arguments])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".github/workflows").mkdir(parents=True)
    (tmp_path / ".github/workflows/ci.yml").write_text(WORKFLOW)
    (tmp_path / "Cargo.lock").write_text(LOCK)
    return tmp_path


def test_hygiene_alone_never_changes_the_code(folder: Path) -> None:
    result = run(folder, "--hygiene")
    assert result.exit_code == 0
    assert ".github/workflows/ci.yml:2  cargo update" in result.output


def test_strict_hygiene_asks_for_a_review_at_most(folder: Path) -> None:
    assert run(folder, "--hygiene-strict").exit_code == 10
    (folder / ".github/workflows/ci.yml").write_text("on: push\njobs: {}\n")
    assert run(folder, "--hygiene-strict").exit_code == 0


def test_json_holds_hygiene_only_where_it_was_asked_for(folder: Path) -> None:
    assert "hygiene" not in json.loads(run(folder, "--format", "json").stdout)
    document = json.loads(run(folder, "--hygiene", "--format", "json").stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    (row,) = document["hygiene"]["rows"]
    shown = {key: row[key] for key in ("check", "severity", "file", "line", "job")}
    assert shown == {
        "check": "update-in-pipeline",
        "severity": "low",
        "file": ".github/workflows/ci.yml",
        "line": 2,
        "job": "a",
    }


def test_a_project_without_any_lock_is_judged_and_incomplete(folder: Path) -> None:
    (folder / "Cargo.lock").unlink()
    (folder / "Cargo.toml").write_text('[package]\nname = "own"\nversion = "0.1.0"\n')
    result = run(folder, "--hygiene")
    assert result.exit_code == 30
    assert "(lock-missing)" in result.output


def test_text_of_a_pipeline_reaches_no_terminal_raw(folder: Path) -> None:
    text = 'on: push\njobs: {a: {steps: [{run: "cargo install evil\\e[2Jx"}]}}\n'
    (folder / ".github/workflows/ci.yml").write_text(text)
    output = run(folder, "--hygiene").output
    assert "\x1b" not in output
    assert "install-newest" in output
