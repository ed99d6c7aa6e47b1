"""`cratescope`: finds its sub-commands by walking this package, and is the one place that fails.

A command is a module whose first line begins with its call; it holds a function of its own name, or
a typer `app`. Only the module that is asked for is imported, so that `--help` stays cheap; the
others stand in the help by that first line.
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
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn, cast

import typer

import analyzer.cli
from analyzer import __version__
from analyzer.cli.output import silence
from analyzer.cli.sandboxing import with_word
from analyzer.errors import CratescopeError, InternalError
from analyzer.report.text import one_line

_HELP = "May this Rust crate enter our build? Exit: 0 clear, 10 review, 20 block, 30 incomplete."
_INTERRUPTED = 130
# What typer raises for a request it cannot read; the name of that class moves between its releases.
_Refused = cast(
    "type[typer.BadParameter]",
    next(one for one in reversed(typer.BadParameter.__mro__) if hasattr(one, "format_message")),
)


def main() -> None:
    """Run the command line; every failure is one line on standard error and an exit code."""
    _run("cratescope", sys.argv[1:])


def cargo() -> None:
    """`cargo cratescope ...`: cargo runs `cargo-cratescope cratescope ...`; by hand without."""
    arguments = sys.argv[1:]
    _run("cargo cratescope", arguments[1:] if arguments[:1] == ["cratescope"] else arguments)


def _run(name: str, arguments: list[str]) -> NoReturn:
    """`name`: how the command was called, for the help."""
    try:
        _prepare_streams()
        arguments = with_word(arguments)
        app = build(arguments, completes=" " not in name)
        _leave(app(arguments, prog_name=name, standalone_mode=False) or 0)
    except CratescopeError as error:
        _fail(_said(str(error), error.remedy), error.exit_code)
    except _Refused as error:
        _refuse(error)
    except (KeyboardInterrupt, typer.Abort):
        _fail("interrupted", _INTERRUPTED)
    except BrokenPipeError:
        _fail("nobody reads what is written", 1)
    except OSError as error:
        _fail(_trouble(error), 1)
    except Exception as error:  # noqa: BLE001  # the outermost call: fails closed, in one line
        if os.environ.get("CRATESCOPE_DEBUG") or "-vv" in sys.argv:
            traceback.print_exc()
        text = one_line(f"{type(error).__name__}: {error}")
        _fail(f"internal error: {text}; please report it (CRATESCOPE_DEBUG=1 shows more)", 1)


def _prepare_streams() -> None:
    """File names that are no text, and terminals of old encodings, must not end a run."""
    for stream, errors in (
        (sys.stdin, "surrogateescape"),
        (sys.stdout, "backslashreplace"),
        (sys.stderr, "backslashreplace"),
    ):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=errors)


def _said(text: str, remedy: str) -> str:
    return f"{one_line(text)}; {one_line(remedy)}" if remedy else one_line(text)


def _trouble(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return "no space left on the device; free some, or set CRATESCOPE_CACHE_DIR"
    return _said(
        ": ".join(str(one) for one in (error.filename, error.strerror or error) if one), ""
    )


def _refuse(error: typer.BadParameter) -> NoReturn:
    """A wrong option or argument in one line; a bare `cratescope` is answered with the help."""
    context = getattr(error, "ctx", None)
    if "\n" in error.message and context is not None:
        print(context.get_help(), file=sys.stderr)  # noqa: T201  # as below
        sys.exit(error.exit_code)
    asked = context.command_path if context is not None else "cratescope"
    _fail(_said(error.format_message().rstrip("."), f"see {asked} --help"), error.exit_code)


def _fail(text: str, code: int) -> NoReturn:
    if sys.stderr is not None:
        print(f"cratescope: error: {text}", file=sys.stderr)  # noqa: T201  # the one place that does
    _leave(code)


def _leave(code: int) -> NoReturn:
    """Exit. What cannot be flushed any more must not change the code: Python would exit by 120."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        silence(sys.stdout)
        if code == 0 and not isinstance(error, BrokenPipeError):
            _fail(_trouble(error), 1)
    sys.exit(code)


# The command tree ---------------------------------------------------------------------------------


def build(arguments: list[str], *, completes: bool = True) -> typer.Typer:
    """The command tree, with only what `arguments` ask for imported.

    `completes`: whether it offers shell completion (a command of two words cannot).
    """
    app = typer.Typer(
        name="cratescope",
        help=_HELP,
        no_args_is_help=True,
        add_completion=completes,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    wanted = {one for one in arguments if not one.startswith("-")}
    for variable in ("COMP_WORDS", "_TYPER_COMPLETE_ARGS"):
        wanted |= set(os.environ.get(variable, "").split())
    own = dict(commands())
    for name, help_line in own.items():
        if name in wanted:
            _add(app, name, importlib.import_module(f"analyzer.cli.{name}"), help_line)
        else:
            app.command(name, short_help=help_line)(_stub)
    for point in entry_points(group="cratescope.commands"):
        if point.name in wanted and point.name not in own:
            app.add_typer(point.load(), name=point.name)
        elif point.name not in own:
            app.command(point.name, short_help=f"From {point.value.partition('.')[0]}.")(_stub)
    return app


def _show_version(wanted: bool) -> None:  # noqa: FBT001  # typer calls it so
    if wanted:
        typer.echo(f"cratescope {__version__}")
        raise typer.Exit


def _root(
    *,
    _version: bool = typer.Option(
        False, "--version", help="Show the version and exit.", callback=_show_version, is_eager=True
    ),
) -> None:
    """Options that stand before any command."""


def _stub() -> None:
    """Stands for a command that was not asked for."""
    raise InternalError("this command was not loaded")


def commands() -> Iterator[tuple[str, str]]:
    """(name, first line of help) of every command module, read without importing it."""
    for one in pkgutil.iter_modules(analyzer.cli.__path__):
        path = Path(analyzer.cli.__path__[0]) / f"{one.name}.py"
        doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        call, _, said = doc.partition("\n")[0].partition("`: ")
        if call.startswith(f"`cratescope {one.name}"):
            yield one.name, said[:1].upper() + said[1:]


def _add(app: typer.Typer, name: str, module: object, help_line: str) -> None:
    inner = getattr(module, "app", None)
    if isinstance(inner, typer.Typer):
        app.add_typer(inner, name=name, help=help_line)
    else:
        app.command(name, short_help=help_line)(getattr(module, name))
