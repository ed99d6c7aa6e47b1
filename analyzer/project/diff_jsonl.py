"""One line for each package that differs, in the shape of `diff_json`."""

from __future__ import annotations

from analyzer.project.diff_json import render_lines as render

__all__ = ["render"]
