"""One thing that a machine has or lacks, as `doctor` and `sandbox doctor` tell it."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.report.text import one_line


@dataclass(frozen=True, slots=True)
class Check:
    """What was tried, and in a word what came of it; `remedy` is the way to get it."""

    what: str
    works: bool
    word: str
    remedy: str = ""
    is_needed: bool = True

    @property
    def is_missing(self) -> bool:
        """Whether something needed is not here."""
        return self.is_needed and not self.works

    def __str__(self) -> str:
        """The check in one line."""
        mark = "ok" if self.works else ("MISSING" if self.is_needed else "absent")
        remedy = f"; {self.remedy}" if self.remedy and not self.works else ""
        return f"{mark:8} {self.what:12} {one_line(self.word + remedy)}"
