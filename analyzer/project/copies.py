"""Vendored copies against the archives they are copies of: what cargo builds is the copy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from analyzer.model import FileInfo, Report, Verdict
from analyzer.project.audit import Key, Reason, some

COPY_DIFFERS = "copy-differs"
_NOT_COMPARED = frozenset({".cargo-checksum.json"})
_NAMED = 5


@dataclass(slots=True)
class Copies:
    """Pairs of checksums that must hold the same files. `lost`: copies without their original."""

    pairs: list[tuple[Key, str, str]] = field(default_factory=list)
    lost: list[tuple[Key, str]] = field(default_factory=list)
    files: dict[str, tuple[FileInfo, ...]] = field(default_factory=dict)

    def expect(self, key: Key, copy: str, original: str) -> None:
        """Two checksums whose reports are to come."""
        self.pairs.append((key, copy, original))

    def read(self, report: Report) -> None:
        """Remember the files of a report."""
        if report.files:
            self.files[report.crate.sha256] = report.files

    def reasons(self) -> Iterator[tuple[Key, Reason]]:
        """A reason for each copy that holds other or more files than its original."""
        for key, copy, original in self.pairs:
            names = changed_files(self.files.get(original, ()), self.files.get(copy, ()))
            if names:
                text = f"the vendored copy is not what the registry has: {some(names, _NAMED)}"
                yield key, Reason(COPY_DIFFERS, Verdict.REVIEW, text)


def changed_files(original: tuple[FileInfo, ...], copy: tuple[FileInfo, ...]) -> tuple[str, ...]:
    """Files of the copy that are changed or added. What a copy leaves out cannot be built."""
    known = {one.path: one.sha256 for one in original}
    return tuple(
        one.path
        for one in copy
        if one.path not in _NOT_COMPARED and known.get(one.path) != one.sha256
    )
