"""Which formats the result of a command has: one module of this package each, named after both.

A format is a module `COMMAND_FORMAT.py` with `render(result) -> str`, the one for people
`COMMAND_text.py`. Its name is one that `scan` has too.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from pathlib import Path

from analyzer import report

_ENDINGS = {"human": "text"}


def formats(command: str) -> Mapping[str, str]:
    """Format name to module name, without importing any of them."""
    modules = {one.name for one in pkgutil.iter_modules([str(Path(__file__).parent)])}
    wanted = {one: f"{command}_{_ENDINGS.get(one, one)}" for one in report.formats()}
    return {name: module for name, module in wanted.items() if module in modules}


def renderer(command: str, name: str) -> Callable[..., str]:
    """The `render` of a format. Raises KeyError for a name that is not in `formats(command)`."""
    module = importlib.import_module(f"analyzer.project.{formats(command)[name]}")
    render: Callable[..., str] = module.render
    return render
