"""`cratescope doctor`: what works on this machine, what is missing, and how to get it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from analyzer.config import Settings, load_settings
from analyzer.errors import CratescopeError, InternalError
from analyzer.limits import DEFAULT_LIMITS
from analyzer.report.text import one_line

Check = tuple[str, bool, bool, str]
"""What, whether it works, whether the main job needs it, and a word on it."""


def doctor(
    *,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask the registry.")] = False,
) -> None:
    """What works on this machine, what is missing, and how to get it."""
    settings = load_settings(os.environ, is_offline=offline or None)
    is_well = True
    for what, works, is_needed, word in _checks(settings):
        mark = "ok" if works else ("MISSING" if is_needed else "absent")
        typer.echo(f"{mark:8} {what:12} {one_line(word)}")
        is_well = is_well and (works or not is_needed)
    if not is_well:
        raise InternalError("the main job would not work here", remedy="see the lines above")


def _checks(settings: Settings) -> Iterator[Check]:
    yield "python", sys.version_info >= (3, 11), True, sys.version.split()[0]
    yield _rules()
    yield _cache(settings)
    yield _confinement()
    yield _registry(settings)
    engine = "/var/run/docker.sock"
    has_engine = os.access(os.environ.get("DOCKER_HOST", engine).removeprefix("unix://"), os.R_OK)
    yield (
        "engine",
        has_engine,
        False,
        "needed by a later release's sandbox: apt-get install docker.io",
    )
    cargo = shutil.which("cargo")
    yield "cargo", cargo is not None, False, cargo or "not needed to scan; tests compare with it"


def _rules() -> Check:
    from analyzer.rules.ruleset import load_ruleset

    try:
        ruleset = load_ruleset()
    except CratescopeError as error:
        return "rules", False, True, str(error)
    return "rules", True, True, f"{len(ruleset.rules)} rules, digest {ruleset.digest[:16]}"


def _cache(settings: Settings) -> Check:
    folder = settings.cache_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        size = sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())
    except OSError as error:
        return "cache", False, False, f"{folder}: {error.strerror} (set CRATESCOPE_CACHE_DIR)"
    is_writable = os.access(folder, os.W_OK)
    word = f"{folder}, {size / 1e6:.1f} MB" if is_writable else f"{folder} is not writable"
    return "cache", is_writable, False, word


def _confinement() -> Check:
    from analyzer.worker.confine import probe

    level = probe(DEFAULT_LIMITS)
    is_full = level.has_rlimits and level.has_landlock and level.has_seccomp
    return "confinement", is_full, False, level.text


def _registry(settings: Settings) -> Check:
    if settings.is_offline:
        return "registry", False, False, "not asked (--offline)"
    from analyzer.registry.fetch import Registry

    try:
        with Registry(settings, DEFAULT_LIMITS) as registry:
            newest = registry.resolve("serde")
    except CratescopeError as error:
        return "registry", False, True, f"{error}; {error.remedy}"
    return "registry", True, True, f"answers (serde {newest.version})"
