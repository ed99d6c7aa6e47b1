"""One module per report format; the package walks itself, so a format is one file.

A format is a module with `NAME` and `render(reports) -> str`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping

_NOT_FORMATS = frozenset({"comment", "decisions", "human_run", "observation", "text", "wording"})


def formats() -> Mapping[str, str]:
    """Format name to module name, without importing any of them (a file `x_v1` is format `x`)."""
    names = (one.name for one in pkgutil.iter_modules(__path__))
    return {one.removesuffix("_v1"): one for one in sorted(names) if one not in _NOT_FORMATS}


def renderer(name: str) -> Callable[..., str]:
    """The `render` of a format. Raises KeyError for a name that is not in `formats()`."""
    module = importlib.import_module(f"{__name__}.{formats()[name]}")
    render: Callable[..., str] = module.render
    return render
