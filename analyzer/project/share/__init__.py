"""Indicators and drafts for others: a plain list, STIX 2.1, MISP, OSV and RustSec.

A format is a module with `render(package) -> str`; those that need a library of the extra `share`
load it when they are asked.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable

from analyzer.errors import UsageError
from analyzer.project.share.package import Package

_OTHER = ("package",)


def kinds() -> tuple[str, ...]:
    """What `--format` takes, by the modules of this package."""
    return tuple(one.name for one in pkgutil.iter_modules(__path__) if one.name not in _OTHER)


def render(kind: str, package: Package) -> str:
    """The text of one format. Ends with a line feed. Raises KeyError, UsageError."""
    if kind not in kinds():
        raise KeyError(kind)
    try:
        module = importlib.import_module(f"{__name__}.{kind}")
        made: Callable[[Package], str] = module.render
        return made(package)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("stix2", "pymisp"):
            raise
        raise UsageError(
            f"--format {kind} needs {error.name}", remedy="pip install 'cratescope[share]'"
        ) from None
