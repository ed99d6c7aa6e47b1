"""One report a line, in the shape of `json_v1`: for streams and for `grep`."""

from __future__ import annotations

import json

from analyzer.model import Report
from analyzer.report.json_v1 import plain

NAME = "jsonl"


def render(reports: tuple[Report, ...]) -> str:
    """Each report on its own line."""
    rows = (json.dumps(plain(one), separators=(",", ":"), ensure_ascii=True) for one in reports)
    return "".join(f"{row}\n" for row in rows)
