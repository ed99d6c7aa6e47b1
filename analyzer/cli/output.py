"""Where reports go: formats and files in pairs, colour by terminal, files replaced in one step."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import typer

from analyzer.errors import UsageError
from analyzer.model import Report
from analyzer.report import formats, renderer

STDOUT = "-"


def plan(chosen: list[str], files: list[Path]) -> list[tuple[str, str]]:
    """(format, file) pairs; `-` is standard output. Raises UsageError if they do not pair up.

    One format more than files: the last one goes to standard output. A file alone takes its format
    from its name's ending, else `human`.
    """
    known = formats()
    for one in chosen:
        if one not in known:
            raise UsageError(f"no format `{one}`", remedy=f"formats: {', '.join(known)}")
    if not chosen:
        return [(_by_ending(one), str(one)) for one in files] or [("human", STDOUT)]
    if len(files) > len(chosen):
        raise UsageError(
            "more -o files than --format options", remedy="give a --format for each -o"
        )
    targets = [str(one) for one in files] + [STDOUT] * (len(chosen) - len(files))
    if targets.count(STDOUT) > 1:
        raise UsageError("several formats for standard output", remedy="give an -o file for each")
    return list(zip(chosen, targets, strict=True))


def _by_ending(path: Path) -> str:
    ending = path.suffix.removeprefix(".")
    return ending if ending in formats() else "human"


def write(reports: tuple[Report, ...], pairs: list[tuple[str, str]]) -> None:
    """Render and write every pair. Raises UsageError for a file that cannot be written."""
    for name, target in pairs:
        if target == STDOUT:
            typer.echo(_rendered(name, reports, is_terminal=sys.stdout.isatty()), nl=False)
        else:
            replace_file(Path(target), _rendered(name, reports, is_terminal=False))


def _rendered(name: str, reports: tuple[Report, ...], *, is_terminal: bool) -> str:
    if name != "human":
        return renderer(name)(reports)
    width = shutil.get_terminal_size((100, 24)).columns if is_terminal else 100
    color = is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return renderer(name)(reports, width=min(width, 120), color=color)


def replace_file(path: Path, text: str) -> None:
    """Write a file so that nobody ever reads half of it. Raises UsageError."""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)
        Path(temporary).replace(path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", remedy="choose another -o file") from None
