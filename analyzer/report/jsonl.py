"""One report a line, in the shape of `json_v1`: for streams and for `grep`."""

from __future__ import annotations

from analyzer.model import Report
from analyzer.report.json_v1 import plain
from analyzer.report.text import json_text

NAME = "jsonl"


def render(reports: tuple[Report, ...]) -> str:
    """Each report on its own line."""
    return "".join(f"{json_text(plain(one))}\n" for one in reports)
