from __future__ import annotations

import importlib

import pytest

from analyzer.project.formats import formats, renderer

COMMANDS = {
    "audit": {"human", "html", "json", "jsonl", "markdown", "sarif"},
    "diff": {"human", "html", "json", "jsonl", "markdown", "sarif"},
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_has_the_formats_that_have_a_module(command: str) -> None:
    assert set(formats(command)) == COMMANDS[command]


@pytest.mark.parametrize(
    ("command", "name"), [(one, name) for one in COMMANDS for name in formats(one)]
)
def test_a_format_renders(command: str, name: str) -> None:
    module = importlib.import_module(f"analyzer.project.{formats(command)[name]}")
    assert renderer(command, name) is module.render


def test_a_format_that_a_command_lacks_is_none() -> None:
    with pytest.raises(KeyError):
        renderer("audit", "nothing")
