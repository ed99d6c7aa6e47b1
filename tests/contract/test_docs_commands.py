"""Commands in the documents that are marked to run do run, and say what the documents show.

A block ```` ```sh run ```` is run by bash, all of one page in one folder and in their order; `exit=20`
is the code it ends with, `online` that it needs the registry. A block ```` ```text shows ```` behind it
is what it prints, line by line: `...` stands for lines that are left out, or for the rest of a line.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_FENCE = re.compile(r"^```(\w+)([^\n`]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_WORD = re.compile(r"run|online|exit=\d+")


@dataclass(frozen=True)
class Block:
    """One block of commands; `shown` is what the page says they print, None if it does not."""

    text: str
    code: int
    is_online: bool
    shown: str | None


def blocks(text: str) -> list[Block]:
    """The marked blocks of a page. An unknown word behind `sh`, or output of nothing, fails."""
    found: list[Block] = []
    is_behind = False
    for language, info, body in _FENCE.findall(text):
        words = info.split()
        if language == "text" and words == ["shows"]:
            assert is_behind, f"output of nothing: {body}"
            last = found.pop()
            found.append(Block(last.text, last.code, last.is_online, body))
            is_behind = False
            continue
        is_behind = language == "sh" and "run" in words
        assert language != "sh" or all(_WORD.fullmatch(one) for one in words), info
        if is_behind:
            codes = [int(one[5:]) for one in words if one.startswith("exit=")]
            found.append(Block(body, codes[0] if codes else 0, "online" in words, None))
    return found


def is_shown(output: str, shown: str) -> bool:
    """Whether an output is what a page shows of it."""
    parts = [re.escape(one).replace(r"\.\.\.", ".*") for one in shown.rstrip("\n").split("\n")]
    lines = [r"(?:.*\n)*?" if one == ".*" else one + r" *\n" for one in parts]
    return re.fullmatch("".join(lines), output.rstrip("\n") + "\n") is not None


def test_the_comparison_can_fail() -> None:
    assert is_shown("a 1\nb\nc\n", "a ...\n...\nc\n")
    assert is_shown("a\nb\n", "a\n...\n")
    assert not is_shown("a\nb\n", "a\n")
    assert not is_shown("a\nb\n", "b\n")
    assert not is_shown("a\nx\nb\n", "a\nb\n")


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    """The environment of a reader who has the command on the path."""
    folder, home = tmp_path / "bin", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    call = f'exec "{sys.executable}" -c "from analyzer.cli.main import main; main()" "$@"\n'
    (folder / "cratescope").write_text(f"#!/bin/sh\n{call}")
    (folder / "cratescope").chmod(0o755)
    kept = {one: value for one, value in os.environ.items() if not one.startswith("CRATESCOPE_")}
    return kept | {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "CRATESCOPE_CACHE_DIR": os.environ.get("CRATESCOPE_CACHE_DIR", str(home / "cache")),
        "CRATESCOPE_DATA_DIR": str(home / "data"),
    }


def _run_page(page: Path, folder: Path, shell: dict[str, str], *, is_online: bool) -> int:
    folder.mkdir()
    count = 0
    for one in blocks(page.read_text()):
        if one.is_online and not is_online:
            continue
        done = subprocess.run(
            ["bash", "-eu", "-c", one.text],
            cwd=folder,
            env=shell,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == one.code, f"{one.text}\n{done.stdout}{done.stderr}"
        assert one.shown is None or is_shown(done.stdout, one.shown), f"{one.text}\n{done.stdout}"
        count += 1
    return count


def _pages(*, is_online: bool) -> list[Path]:
    return [
        page
        for page in PAGES
        if any(one.is_online or not is_online for one in blocks(page.read_text()))
        and any(one.is_online is is_online for one in blocks(page.read_text()))
    ]


@pytest.mark.parametrize("page", _pages(is_online=False), ids=lambda one: one.name)
def test_marked_commands_run_and_show(page: Path, tmp_path: Path, shell: dict[str, str]) -> None:
    assert _run_page(page, tmp_path / "work", shell, is_online=False)


@pytest.mark.online
@pytest.mark.parametrize("page", _pages(is_online=True), ids=lambda one: one.name)
def test_marked_commands_run_and_show_with_a_network(
    page: Path, tmp_path: Path, shell: dict[str, str]
) -> None:
    assert _run_page(page, tmp_path / "work", shell, is_online=True)


def test_the_tutorial_is_among_them() -> None:
    tutorial = ROOT / "docs/tutorial.md"
    assert tutorial in _pages(is_online=False)
    assert tutorial in _pages(is_online=True)


@pytest.mark.parametrize("page", ["ci.md", "tutorial.md"])
def test_settings_of_services_in_the_documents_fit_their_schema(page: str, tmp_path: Path) -> None:
    tools, file, checked = Path(sys.executable).parent, tmp_path / "file.yaml", []
    checkers = [
        ("jobs", "check-jsonschema", "--builtin-schema", "vendor.github-workflows"),
        ("jobs", "zizmor", "--offline"),
        ("repos", "pre-commit", "validate-config"),
    ]
    for language, _, body in _FENCE.findall((ROOT / "docs" / page).read_text()):
        for key, program, *words in checkers if language == "yaml" else ():
            if key in yaml.safe_load(body):
                file.write_text(body.replace("COMMIT", "0123456789" * 4))
                command = [str(tools / program), *words, str(file)]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                assert done.returncode == 0, done.stdout + done.stderr
                checked.append(key)
    assert sorted(checked) == ["jobs", "jobs", "repos"]
