"""Where reports go: formats and files in pairs, color by terminal, files replaced in one step."""

from __future__ import annotations

import errno
import inspect
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Protocol, TextIO

import typer

from analyzer.errors import CratescopeError, InternalError, UsageError
from analyzer.model import Report
from analyzer.project.formats import renderer as project_renderer
from analyzer.report import formats, renderer
from analyzer.report.text import one_line

STDOUT = "-"
_HUMAN = "human"
_MAX_WIDTH = 120
ENDINGS = {
    ".sarif": "sarif",
    ".sarif.json": "sarif",
    ".json": "json",
    ".jsonl": "jsonl",
    ".md": "markdown",
    ".html": "html",
}
"""What a file's name says of its format, the first that fits; any other name is for people."""


class Render(Protocol):
    """What knows how to put a result into words."""

    def __call__(self, name: str, *, width: int, color: bool) -> str:
        """The text of one format; width in columns."""


def plan(
    chosen: list[str], files: list[Path], known: Collection[str] = ()
) -> list[tuple[str, str]]:
    """(format, file) pairs; `-` is standard output. Raises UsageError if they do not pair up.

    `known` are the formats that a command has, empty for those of `scan`. One format more than
    files: the last one goes to standard output. A file alone takes its format from its name's
    ending, else `human`. Files that cannot be written are told here, before work.
    """
    known = known or formats()
    if len(files) > len(chosen) > 0:
        raise UsageError(
            "more -o files than --format options", remedy="give a --format for each -o"
        )
    names = chosen or [_by_ending(one) for one in files] or [_HUMAN]
    for one in names:
        if one not in known:
            raise UsageError(f"no format `{one}`", remedy=f"formats: {', '.join(known)}")
    targets = [str(one) for one in files] + [STDOUT] * (len(names) - len(files))
    if targets.count(STDOUT) > 1:
        raise UsageError("several formats for standard output", remedy="give an -o file for each")
    if len(set(targets)) < len(targets):
        raise UsageError("two formats for one file", remedy="give an -o file for each")
    for one in targets:
        if one != STDOUT:
            _check_folder(Path(one))
    return list(zip(names, targets, strict=True))


def _by_ending(path: Path) -> str:
    name = path.name.lower()
    return next((one for ending, one in ENDINGS.items() if name.endswith(ending)), _HUMAN)


def _check_folder(path: Path) -> None:
    if path.is_dir():
        raise UsageError(f"{path} is a folder", remedy="name a file behind -o")
    if _is_special(path):
        return
    folder = path.resolve().parent
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder", remedy="make it, or choose another -o file")
    if not os.access(folder if not path.exists() else path, os.W_OK):
        raise UsageError(f"{path} cannot be written", remedy="choose another -o file")


def prepare(pairs: list[tuple[str, str]]) -> None:
    """Load what renders, so that this costs nothing while workers are still at work."""
    for name, _ in pairs:
        renderer(name)


def write(reports: tuple[Report, ...], pairs: list[tuple[str, str]], **more: object) -> None:
    """Render and write every pair; `more` is for the formats that ask for it by name.

    Raises UsageError for a file that cannot be written.
    """

    def render(name: str, *, width: int, color: bool) -> str:
        return rendered(renderer(name), reports, width=width, color=color, **more)

    deliver(render, pairs)


def publish(command: str, result: object, pairs: list[tuple[str, str]], **more: object) -> None:
    """The result of a command over many crates, as `write` does it for reports."""

    def render(name: str, *, width: int, color: bool) -> str:
        one = project_renderer(command, name)
        return rendered(one, result, width=width, color=color, **more)

    deliver(render, pairs)


def rendered(render: Callable[..., str], result: object, **known: object) -> str:
    """What a format makes of a result. It is handed what it asks for by a parameter's name."""
    wanted = inspect.signature(render).parameters
    return render(result, **{name: one for name, one in known.items() if name in wanted})


def deliver(render: Render, pairs: list[tuple[str, str]]) -> None:
    """Write what `render` makes of each format. Raises UsageError as `replace_file` does."""
    for name, target in pairs:
        width, color = 100, False
        if target == STDOUT and is_terminal(sys.stdout):
            width = min(shutil.get_terminal_size((width, 24)).columns, _MAX_WIDTH)
            color = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        text = render(name, width=width, color=color)
        if target == STDOUT:
            show(text)
        else:
            replace_file(Path(target), text)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person watches this stream; a closed one (None) has nobody."""
    return stream is not None and stream.isatty()


def show(text: str) -> None:
    """Text on standard output. A reader that has gone away (`| head`) is no trouble.

    The verdict still decides the exit code: what is not read must not turn BLOCK into 0.
    """
    if sys.stdout is None:
        return
    try:
        sys.stdout.write(_fitting(text, sys.stdout.encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        silence(sys.stdout)


def _fitting(text: str, encoding: str) -> str:
    """The text in what a stream can carry; signs of ours that old encodings lack in plain form."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        plain = text.replace("─", "-").replace("…", "...").replace("→", ">")
        return plain.encode(encoding, "backslashreplace").decode(encoding)
    return text


def warn(warnings: Iterable[str]) -> None:
    """Lines on standard error for what stopped nothing."""
    for one in warnings:
        typer.echo(f"cratescope: warning: {one_line(one)}", err=True)


def silence(stream: TextIO) -> None:
    """Send what is still to come to nowhere: the interpreter flushes once more when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def replace_file(path: Path, text: str) -> None:
    """Write a file so that nobody ever reads half of it; pipes and devices are written as they are.

    Raises UsageError, and InternalError for a full disk.
    """
    try:
        if _is_special(path):
            path.write_text(text, encoding="utf-8", newline="\n")
        else:
            _replace(path.resolve(), text)  # a link stays a link
    except BrokenPipeError:
        return
    except OSError as error:
        raise _failure(path, error) from None


def _is_special(path: Path) -> bool:
    return path.exists() and not path.is_file()


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".cratescope-{secrets.token_hex(8)}")
    try:
        with temporary.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
        if path.exists():
            temporary.chmod(path.stat().st_mode & 0o7777)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _failure(path: Path, error: OSError) -> CratescopeError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return InternalError(f"{path}: {error.strerror}", remedy="free some space")
    return UsageError(f"{path}: {error.strerror}", remedy="choose another -o file")
