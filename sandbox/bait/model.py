"""The nouns of bait: frozen values, no behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Profile(StrEnum):
    """Whose machine the build believes to be on: payloads stay quiet on others.

    PLAIN: a person with little; CI: an agent of a build service; DEVELOPER: a full home; BOTH.
    """

    PLAIN = "plain"
    CI = "ci"
    DEVELOPER = "developer"
    BOTH = "both"


class Service(StrEnum):
    """The build service that a machine is an agent of, as far as its profile has one."""

    GITHUB = "github"
    GITLAB = "gitlab"
    NONE = ""


@dataclass(frozen=True, slots=True)
class BaitFile:
    """One planted file.

    `path` starts with `~/`, `/`, `{project}/` (the parent project of the build) or `{parent}/`
    (the folder that holds that project). `mode` has permission bits only; `age_s` says how long
    before the run the file was last written.
    """

    path: str
    data: bytes
    mode: int
    age_s: int


@dataclass(frozen=True, slots=True)
class Decoy:
    """One planted secret: `value` stands nowhere else in the run.

    `place` is the subject of a fact that reads it: a path as in `BaitFile`, or `env:NAME`.
    `name` is short, unique in the bait, and the same in every run.
    """

    name: str
    place: str
    value: bytes

    @property
    def is_variable(self) -> bool:
        """Whether it stands in the environment, not in a file."""
        return self.place.startswith("env:")


@dataclass(frozen=True, slots=True)
class Persona:
    """The made-up person that all bait speaks of."""

    user: str
    full_name: str
    mail: str
    host_name: str
    company: str
    domain: str
    project: str
    aws_account: str

    @property
    def repository(self) -> str:
        """Owner and name on the forge: `acme/ledger-api`."""
        return f"{self.company}/{self.project}"


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of the parent project; `files` are what it adds or changes."""

    age_s: int
    message: str
    files: tuple[BaitFile, ...]


@dataclass(frozen=True, slots=True)
class Bait:
    """Everything planted in one run. Commits stand oldest first.

    Values in `environment` that start with `~/` or `{project}` are paths, as in `BaitFile`.
    """

    persona: Persona
    files: tuple[BaitFile, ...]
    environment: tuple[tuple[str, str], ...]
    decoys: tuple[Decoy, ...]
    commits: tuple[Commit, ...]
