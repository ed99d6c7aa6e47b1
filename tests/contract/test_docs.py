"""What the documents name exists: files, commands, options, exit codes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main

from analyzer.cli.exits import CODES
from analyzer.cli.main import build
from analyzer.errors import (
    ChecksumMismatch,
    InternalError,
    RegistryUnreachable,
    UnknownCrate,
    UsageError,
)
from analyzer.report import formats

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
WORDS = "scan audit hunt queries share policy baseline diff db explain rules doctor gate".split()
_PATHS = re.compile(r"`((?:\./)?(?:analyzer|signatures|tests|docs|\.ci|sandbox)/[\w./-]*)`")
_OPTIONS = re.compile(r"`(--[a-z-]+)")
_COMMANDS = re.compile(r"`cratescope ([a-z]+)")


def _options() -> set[str]:
    command = typer.main.get_command(build(WORDS))
    found: set[str] = set()
    pending = [command]
    while pending:
        one = pending.pop()
        for parameter in one.params:
            found |= set(getattr(parameter, "opts", ()))
        pending += list(getattr(one, "commands", {}).values())
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda one: one.name)
def test_paths_commands_and_options_exist(page: Path) -> None:
    text = page.read_text()
    missing = [one for one in _PATHS.findall(text) if not (ROOT / one.rstrip("/")).exists()]
    assert missing == []
    assert set(_COMMANDS.findall(text)) <= set(WORDS)
    known = _options() | {"--everything", "--help", "--version"}
    known |= {"--locked", "--frozen"}  # cargo's own
    assert set(_OPTIONS.findall(text)) <= known


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", ROOT / "docs/usage.md"], ids=lambda one: one.name
)
def test_exit_codes_are_the_ones_documented(page: Path) -> None:
    codes = {int(one) for one in re.findall(r"^\| (\d+) \|", page.read_text(), re.MULTILINE)}
    errors = (ChecksumMismatch, InternalError, RegistryUnreachable, UnknownCrate, UsageError)
    assert codes == {*CODES.values(), *(one.exit_code for one in errors)}


def test_every_report_format_is_documented() -> None:
    text = (ROOT / "docs/usage.md").read_text()
    assert all(one in text for one in formats())
