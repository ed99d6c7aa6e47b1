"""The nouns of hygiene: pipelines as they were read, and the rows that are shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from analyzer.model import Gap, Severity

PIPELINE_TOKENS = frozenset({"GITHUB_TOKEN", "GH_TOKEN", "CI_JOB_TOKEN"})


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret that steps can read: its name and class, never a value. `reach` says how far."""

    name: str
    group: str
    reach: str


@dataclass(frozen=True, slots=True)
class Step:
    """One thing a pipeline does: a shell text or an action, with the lines it stands on.

    `variables` are those with known plain texts, which commands may be put together from.
    """

    line: int
    end_line: int
    script: str = ""
    uses: str = ""
    arguments: str = ""
    secrets: tuple[Secret, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """Steps that share a machine and an environment."""

    name: str
    steps: tuple[Step, ...]
    is_untrusted: bool = False
    is_update: bool = False


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One file that says what a build machine does; `path` is relative to the project."""

    path: str
    system: str
    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True, order=True)
class HygieneRow:
    """One habit worth changing. `check` is a key of `signatures/hygiene.toml`."""

    file: str
    line: int
    check: str
    severity: Severity = field(compare=False)
    text: str = field(compare=False)
    job: str = field(compare=False, default="")


@dataclass(frozen=True, slots=True)
class HygieneResult:
    """All rows by file and line, what could not be read, and which files were.

    `roots`: what files of each project begin with here, and its folder on this machine (for places
    in a report that a service looks up; it stands in no public form).
    """

    rows: tuple[HygieneRow, ...]
    gaps: tuple[Gap, ...]
    files: tuple[str, ...]
    digest: str = ""
    roots: tuple[tuple[str, Path], ...] = ()

    def path(self, file: str) -> str:
        """A row's file as one on this machine; as it is where the project's folder is not known."""
        for start, root in self.roots:
            if file.startswith(start):
                return str(root / file.removeprefix(start))
        return file
