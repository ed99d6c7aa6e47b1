"""One line for each finding, gap and step of a hunt, in the shape of `hunt_json`."""

from __future__ import annotations

from analyzer.project.hunt_json import render_lines as render

__all__ = ["render"]
