from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

import analyzer.report
from analyzer.report import formats, renderer


def test_formats_are_the_modules_of_the_package() -> None:
    assert dict(formats()) == {
        "human": "human",
        "json": "json_v1",
        "jsonl": "jsonl",
        "markdown": "markdown",
        "sarif": "sarif",
        "html": "html",
    }


@pytest.mark.parametrize("name", formats())
def test_a_format_names_itself(name: str) -> None:
    module = importlib.import_module(f"analyzer.report.{formats()[name]}")
    assert name == module.NAME
    assert renderer(name) is module.render


def test_a_format_that_cannot_be_imported_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken.py").write_text("import nothing_of_this_name\n")
    monkeypatch.setattr(analyzer.report, "__path__", [*analyzer.report.__path__, str(tmp_path)])
    assert "broken" in formats()
    with pytest.raises(ModuleNotFoundError):
        renderer("broken")
    sys.modules.pop("analyzer.report.broken", None)
