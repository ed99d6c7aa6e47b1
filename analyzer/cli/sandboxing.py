"""The options of a command that may build what it reads, and how they become an observer."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from analyzer.config import Settings
from analyzer.errors import UsageError
from analyzer.model import CrateSource, Trace

Observe = Callable[[CrateSource], Trace]
_WORDS = ("auto", "require")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}", re.ASCII)

Sandbox = Annotated[
    str,
    typer.Option(
        "--sandbox",
        metavar="auto|require",
        help="Build and run it offline in a container too; `require`: or fail. Alone: auto.",
        show_default=False,
    ),
]
SandboxProfile = Annotated[
    str,
    typer.Option(
        "--sandbox-profile",
        metavar="plain|ci|developer|both",
        help="Whose machine the build believes to be on.",
    ),
]
Variables = Annotated[
    list[str] | None,
    typer.Option(
        "--env", metavar="NAME=VALUE", help="A variable for the sandboxed build; may repeat."
    ),
]
Features = Annotated[
    str,
    typer.Option(
        "--sandbox-features", metavar="A,B", help="Features to build it with, beside its defaults."
    ),
]
Project = Annotated[
    str,
    typer.Option(
        "--sandbox-project", metavar="NAME", help="The project that takes it, such as your own."
    ),
]
NoTests = Annotated[
    bool, typer.Option("--sandbox-no-tests", help="Build only: no tests, examples, programs.")
]
Artifacts = Annotated[
    Path | None,
    typer.Option(
        "--artifacts",
        metavar="DIR",
        help="Keep raw traces, logs and what was sent, of sandboxed builds.",
    ),
]


def with_word(arguments: list[str]) -> list[str]:
    """`--sandbox` alone means `--sandbox=auto`: what follows it is a target."""
    return ["--sandbox=auto" if one == "--sandbox" else one for one in arguments]


@dataclass(frozen=True, slots=True)
class Wish:
    """What the options say."""

    word: str
    profile: str
    variables: tuple[str, ...]
    artifacts: Path | None
    features: str
    project: str
    has_tests: bool


def observer(wish: Wish, settings: Settings, tell: Callable[[str], None]) -> Observe | None:
    """What observes a crate, or None if it was not asked for. Raises UsageError, SandboxError."""
    if not wish.word:
        if wish.variables or wish.artifacts is not None:
            raise UsageError("--env and --artifacts are about sandboxed builds", remedy="--sandbox")
        return None
    if wish.word not in _WORDS:
        raise UsageError(f"--sandbox={wish.word}: must be auto or require")
    # The engine's client is needed by nobody else: everything of it stays unimported until here.
    from sandbox.bait import Profile
    from sandbox.observer import Observer
    from sandbox.settings import SandboxOptions

    if wish.profile not in tuple(Profile):
        raise UsageError(f"--sandbox-profile {wish.profile}: must be one of {', '.join(Profile)}")
    if wish.project and not _NAME.fullmatch(wish.project):
        raise UsageError(f"--sandbox-project {wish.project!r}: no name that cargo takes")
    options = SandboxOptions(
        profile=Profile(wish.profile),
        environment=tuple(_pair(one) for one in wish.variables),
        features=tuple(one for one in wish.features.replace(",", " ").split() if one),
        project=wish.project,
        is_required=wish.word == "require",
        runs_tests=wish.has_tests,
        artifacts=wish.artifacts,
    )
    # Asked to end, a command must still remove its containers.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return Observer(settings.cache_dir, options, tell, is_offline=settings.is_offline)


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name.isidentifier() or "\0" in value:
        raise UsageError(f"--env {text!r}: must be NAME=VALUE")
    return name, value
