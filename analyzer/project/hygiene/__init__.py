"""`audit --hygiene`: how a project pins, builds and hands out secrets; see `check`."""

from __future__ import annotations

from analyzer.project.hygiene.check import check
from analyzer.project.hygiene.model import HygieneResult, HygieneRow

__all__ = ["HygieneResult", "HygieneRow", "check"]
