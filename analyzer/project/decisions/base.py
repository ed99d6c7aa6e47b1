"""The policy as it stands in the base commit of a range: what is judged cannot have changed it."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from analyzer.config import PROJECT_FILE
from analyzer.errors import UsageError
from analyzer.limits import Limits
from analyzer.project.decisions.load import Owner, load_owner
from analyzer.project.git_objects import Item, Repository

_SHOWN = 12


@dataclass(frozen=True, slots=True)
class _Commit:
    """The files of one commit; no link is followed."""

    repository: Repository
    items: dict[str, Item]

    def read(self, path: Path, most: int) -> bytes:
        """A file of at most `most` bytes. Raises UsageError for anything else."""
        item = self.items.get(posixpath.normpath(path.as_posix()))
        if item is None or item.kind:
            raise UsageError(f"{path}: no such file in the base commit")
        data = self.repository.data(item.blob)
        if len(data) > most:
            raise UsageError(f"{path}: over {most:,} bytes")
        return data

    def has(self, path: Path) -> bool:
        """Whether the commit holds such a path."""
        return posixpath.normpath(path.as_posix()) in self.items


def base_owner(path: Path, text: str, limits: Limits, today: date) -> Owner | None:
    """The owner that `cratescope.toml` of BASE describes, for `BASE..HEAD` of the repository at
    `path`; None if that commit holds none. Raises UsageError or TomlError.
    """
    base = text.partition("..")[0]
    with Repository(path, limits) as repository:
        commit = repository.commit(base)
        files = _Commit(repository, dict(repository.tree(commit)))
        policy = Path(PROJECT_FILE)
        if not files.has(policy):
            return None
        name = f"{PROJECT_FILE} of {commit[:_SHOWN]}"
        return load_owner(policy, today, files, name=name)
