"""What goes wrong between us and a container engine."""

from __future__ import annotations

from analyzer.errors import CratescopeError


class SandboxError(CratescopeError):
    """No engine, no image, or a run that could not be carried out. Never about a crate."""


def first_line(error: Exception) -> str:
    """What an error says, in one line."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
