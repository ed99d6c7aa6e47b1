"""Hunting queries for the tools that defenders have: one module for each language.

A language is a module with `render(subject) -> str`; `subject.py` says what is searched for. Only
texts of harmless letters reach a query: what a hostile report smuggles in is left out and counted.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable

from analyzer.project.queries.subject import Subject

_OTHER = ("subject",)


def languages() -> tuple[str, ...]:
    """What `--format` takes, by the modules of this package."""
    found = (one.name for one in pkgutil.iter_modules(__path__))
    return tuple(one for one in found if one not in _OTHER)


def render(language: str, subject: Subject) -> str:
    """All queries of one language. Ends with a line feed. Raises KeyError for an unknown one."""
    if language not in languages():
        raise KeyError(language)
    module = importlib.import_module(f"{__name__}.{language}")
    made: Callable[[Subject], str] = module.render
    return made(subject)
