"""`cratescope`: finds its sub-commands by walking this package, and is the one place that fails.

A command module holds a function of its own name, or a typer `app`. Only the module that is asked
for is imported, so that `--help` stays cheap; the others stand in the help by their first line.
"""

from __future__ import annotations

import ast
import errno
import importlib
import os
import pkgutil
import sys
import traceback
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import typer

import analyzer.cli
from analyzer import __version__
from analyzer.errors import CratescopeError, InternalError
from analyzer.report.text import one_line

_NOT_COMMANDS = frozenset({"main", "exits", "output", "progress", "reports", "options"})


def main() -> None:
    """Run the command line; every failure is one line on standard error and an exit code."""
    try:
        build(sys.argv[1:])(prog_name="cratescope")
    except CratescopeError as error:
        remedy = f"; {one_line(error.remedy)}" if error.remedy else ""
        _fail(f"{one_line(str(error))}{remedy}", error.exit_code)
    except KeyboardInterrupt:
        _fail("interrupted", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            _fail("no space left on the device; free some, or set CRATESCOPE_CACHE_DIR", 1)
        _fail(one_line(f"{error.filename or ''}: {error.strerror or error}"), 1)
    except Exception as error:  # noqa: BLE001  # the outermost call: fails closed, in one line
        if os.environ.get("CRATESCOPE_DEBUG"):
            traceback.print_exc()
        text = one_line(f"{type(error).__name__}: {error}")
        _fail(f"internal error: {text}; please report it (CRATESCOPE_DEBUG=1 shows more)", 1)


def _fail(text: str, code: int) -> None:
    print(f"cratescope: error: {text}", file=sys.stderr)  # noqa: T201  # the one place that does
    sys.exit(code)


def build(arguments: list[str]) -> typer.Typer:
    """The command tree, with only what `arguments` ask for imported."""
    app = typer.Typer(
        name="cratescope",
        help="May this Rust crate enter our build?"
        " Exit codes: 0 clear, 10 review, 20 block, 30 incomplete.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    wanted = {one for one in arguments if not one.startswith("-")}
    wanted |= set(os.environ.get("COMP_WORDS", "").split())
    wanted |= set(os.environ.get("_TYPER_COMPLETE_ARGS", "").split())
    for name, help_line in _commands():
        if name in wanted:
            _add(app, name, help_line)
        else:
            app.command(name, help=help_line)(_stub)
    for point in entry_points(group="cratescope.commands"):
        if point.name in wanted:
            app.add_typer(point.load(), name=point.name)
    return app


def _root(
    *,
    version: bool = typer.Option(
        False, "--version", help="Show the version and exit.", is_eager=True
    ),
) -> None:
    if version:
        typer.echo(f"cratescope {__version__}")
        raise typer.Exit


def _stub() -> None:
    """Stands for a command that was not asked for."""
    raise InternalError("this command was not loaded")


def _commands() -> Iterator[tuple[str, str]]:
    """(name, first line of help) of every command module, read without importing it."""
    for one in pkgutil.iter_modules(analyzer.cli.__path__):
        if one.name not in _NOT_COMMANDS:
            path = Path(analyzer.cli.__path__[0]) / f"{one.name}.py"
            doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            yield one.name, doc.split("\n", maxsplit=1)[0].partition(": ")[2].capitalize()


def _add(app: typer.Typer, name: str, help_line: str) -> None:
    module = importlib.import_module(f"analyzer.cli.{name}")
    if hasattr(module, "app"):
        app.add_typer(module.app, name=name, help=help_line)
    else:
        app.command(name)(getattr(module, name))
