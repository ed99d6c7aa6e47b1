"""`cratescope doctor`: what works on this machine, what is missing, and how to get it."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from analyzer.check import Check
from analyzer.cli.output import show
from analyzer.config import Settings, load_settings
from analyzer.errors import CratescopeError, InternalError
from analyzer.limits import DEFAULT_LIMITS
from analyzer.model import Verdict

_ENGINE = "/var/run/docker.sock"
_SAMPLE = '[package]\nname = "sample"\nversion = "0.1.0"\n'


def doctor(
    *,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask the registry.")] = False,
) -> None:
    """What works on this machine, what is missing, and how to get it."""
    settings = load_settings(os.environ, is_offline=offline or None)
    missing = []
    for check in _checks(settings):
        show(f"{check}\n")
        if check.is_missing:
            missing.append(check.what)
    if missing:
        raise InternalError(
            f"scanning would not work here: {', '.join(missing)}", remedy="see the lines above"
        )


def _checks(settings: Settings) -> Iterator[Check]:
    version = ".".join(str(one) for one in sys.version_info[:3])
    yield Check("python", sys.version_info >= (3, 11), version, "needs 3.11 or newer")
    yield _rules()
    yield _worker()
    yield _confinement()
    yield _cache(settings.cache_dir)
    if settings.is_offline:
        yield Check("registry", False, "not asked (offline)", is_needed=False)
    else:
        yield _registry(settings)
    yield _engine()
    cargo = shutil.which("cargo")
    yield Check("cargo", bool(cargo), cargo or "not needed to scan", is_needed=False)


def _rules() -> Check:
    from analyzer.rules.ruleset import load_ruleset

    try:
        ruleset = load_ruleset()
    except CratescopeError as error:
        return Check("rules", False, str(error), "install cratescope anew")
    return Check("rules", True, f"{len(ruleset.rules)} rules, digest {ruleset.digest[:16]}")


def _worker() -> Check:
    """The main job itself, on a crate of one empty file."""
    from analyzer.local import folder_source
    from analyzer.worker.pool import Pool

    remedy = "please report it"
    try:
        with tempfile.TemporaryDirectory(prefix="cratescope-") as folder, Pool() as pool:
            Path(folder, "Cargo.toml").write_text(_SAMPLE, encoding="utf-8")
            Path(folder, "src").mkdir()
            Path(folder, "src/lib.rs").touch()
            report = pool.analyze_one(folder_source(Path(folder), limits=DEFAULT_LIMITS))
    except (CratescopeError, OSError) as error:
        return Check("worker", False, str(error), remedy)
    works = report.verdict is Verdict.CLEAR
    return Check("worker", works, "reads a crate" if works else report.summary, remedy)


def _confinement() -> Check:
    from analyzer.worker.confine import probe

    level = probe(DEFAULT_LIMITS)
    is_full = level.has_rlimits and level.has_landlock and level.has_seccomp
    remedy = "crates are read all the same; Linux 5.13 or newer has all three"
    return Check("confinement", is_full, level.text, remedy, is_needed=False)


def _cache(folder: Path) -> Check:
    remedy = "archives are fetched anew each time; set CRATESCOPE_CACHE_DIR"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Check("cache", False, f"{folder}: {error.strerror}", remedy, is_needed=False)
    return Check("cache", True, f"{folder}, {_size_bytes(folder) / 1e6:.1f} MB")


def _size_bytes(folder: Path) -> int:
    size = 0
    for where, _, files in os.walk(folder):
        for name in files:
            try:
                size += Path(where, name).lstat().st_size
            except OSError:  # another process has just replaced it
                continue
    return size


def _registry(settings: Settings) -> Check:
    from analyzer.registry.fetch import Registry

    try:
        with Registry(settings, DEFAULT_LIMITS) as registry:
            newest = registry.resolve("serde")
    except CratescopeError as error:
        remedy = error.remedy or "see proxy and CA settings; --offline does without"
        return Check("registry", False, str(error), remedy)
    return Check("registry", True, f"answers (serde {newest.version})")


def _engine() -> Check:
    host = os.environ.get("DOCKER_HOST", f"unix://{_ENGINE}")
    path = host.removeprefix("unix://")
    works = not host.startswith("unix://") or os.access(path, os.R_OK | os.W_OK)
    return Check(
        "engine",
        works,
        host if works else "needed for `scan --sandbox` alone",
        "apt-get install docker.io",
        is_needed=False,
    )
