"""Where reports go: formats and files in pairs, color by terminal, files replaced in one step."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import sys
from pathlib import Path
from typing import Protocol, TextIO

from analyzer.errors import CratescopeError, InternalError, UsageError
from analyzer.model import Report
from analyzer.report import formats, renderer

STDOUT = "-"
_HUMAN = "human"
_MAX_WIDTH = 120


class Render(Protocol):
    """What knows how to put a result into words."""

    def __call__(self, name: str, *, width: int, color: bool) -> str:
        """The text of one format; width in columns."""


def plan(chosen: list[str], files: list[Path], more: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """(format, file) pairs; `-` is standard output. Raises UsageError if they do not pair up.

    `more` are formats that a command has of its own.

    One format more than files: the last one goes to standard output. A file alone takes its format
    from its name's ending, else `human`. Files that cannot be written are told here, before work.
    """
    known = (*formats(), *more)
    for one in chosen:
        if one not in known:
            raise UsageError(f"no format `{one}`", remedy=f"formats: {', '.join(known)}")
    if len(files) > len(chosen) > 0:
        raise UsageError(
            "more -o files than --format options", remedy="give a --format for each -o"
        )
    names = chosen or [_by_ending(one) for one in files] or [_HUMAN]
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
    ending = path.suffix.removeprefix(".")
    return ending if ending in formats() else _HUMAN


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


def write(
    reports: tuple[Report, ...], pairs: list[tuple[str, str]], *, is_full: bool = False
) -> None:
    """Render and write every pair. Raises UsageError for a file that cannot be written."""

    def render(name: str, *, width: int, color: bool) -> str:
        if name == _HUMAN:
            return renderer(name)(reports, width=width, color=color, is_full=is_full)
        return renderer(name)(reports)

    deliver(render, pairs)


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
