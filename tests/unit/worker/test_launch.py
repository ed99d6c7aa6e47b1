from __future__ import annotations

import sys
from pathlib import Path

import pytest

import analyzer
from analyzer.worker.launch import environment, output_of


def test_child_finds_the_modules_of_its_parent() -> None:
    program = "import analyzer, tree_sitter; print(analyzer.__file__)"
    assert output_of(program).decode().strip() == analyzer.__file__


def test_child_stands_in_no_crate_and_imports_nothing_from_where_its_parent_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "colorsys.py").write_text("print('taken over')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", ".", *sys.path])
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    program = "import colorsys, os; print(os.getcwd(), sys.path[0] not in ('', '.'))"
    assert output_of(program) == b"/ True\n"


def test_child_sees_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARGO_REGISTRY_TOKEN", "secret")
    monkeypatch.setenv("PYTHONSTARTUP", "/nowhere.py")
    assert "CARGO_REGISTRY_TOKEN" not in environment()
    names = output_of("import os; print(*os.environ)").decode().split()
    assert "CARGO_REGISTRY_TOKEN" not in names
    assert "PYTHONSTARTUP" not in names


@pytest.mark.parametrize("is_off", [True, False])
def test_child_writes_bytecode_only_where_its_parent_does(
    monkeypatch: pytest.MonkeyPatch, is_off: bool
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", is_off)
    assert output_of("print(sys.dont_write_bytecode)") == f"{is_off}\n".encode()


def test_arguments_of_any_text_arrive() -> None:
    assert output_of("print(ascii(sys.argv[2:]))", "ä", "a b") == b"['\\xe4', 'a b']\n"


def test_child_that_fails_or_cannot_start_has_no_output(monkeypatch: pytest.MonkeyPatch) -> None:
    assert output_of("print(1); raise SystemExit(3)") == b""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert output_of("print(1)") == b""
