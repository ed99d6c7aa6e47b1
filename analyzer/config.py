"""Settings of one run: endpoints, folders, registries. Flag before environment before files.

The public registry's endpoints stand here and nowhere else. Nothing is ever read from a scanned
target: a crate must not configure its own judge (threat model V10).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import platformdirs

from analyzer import __version__
from analyzer.errors import TomlError, UsageError
from analyzer.toml import TomlTable, read_toml

DEFAULT_INDEX = "https://index.crates.io/"
DEFAULT_DOWNLOAD = "https://static.crates.io/crates"
"""Used only if the default index does not tell where archives are."""

_KEYS = frozenset({"cache-dir", "jobs", "timeout-s", "offline", "registry", "ca-bundle"})


@dataclass(frozen=True, slots=True)
class RegistryAccess:
    """One registry: base URL of its sparse index (ends in `/`), and a token if it wants one."""

    index_url: str
    token: str = field(default="", repr=False)
    download_url: str = ""

    @property
    def is_default(self) -> bool:
        """Whether this is the public registry."""
        return self.index_url == DEFAULT_INDEX


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a run is told from outside. Times in seconds."""

    cache_dir: Path
    registry: RegistryAccess
    is_offline: bool = False
    jobs: int = 2
    timeout_s: float = 30.0
    retries: int = 4
    ca_bundle: str = ""
    user_agent: str = f"cratescope/{__version__} (reads crates before they are built)"


def load_settings(
    environ: Mapping[str, str],
    *,
    project_file: Path | None = None,
    registry: str = "",
    is_offline: bool | None = None,
    jobs: int | None = None,
) -> Settings:
    """Settings from flags (the keyword arguments), environment, files and defaults, in this order.

    `registry` is a sparse index URL or a name as cargo knows it. Raises UsageError or TomlError.
    """
    table = _files(project_file)
    cache = environ.get("CRATESCOPE_CACHE_DIR") or table.get("cache-dir")
    wanted = registry or environ.get("CRATESCOPE_REGISTRY", "") or str(table.get("registry", ""))
    number = jobs if jobs is not None else _number(environ, table)
    if number < 1:
        raise UsageError("--jobs must be at least 1")
    timeout = table.get("timeout-s", 30)
    offline = environ.get("CRATESCOPE_OFFLINE", "") not in ("", "0", "false")
    return Settings(
        cache_dir=Path(str(cache)) if cache else platformdirs.user_cache_path("cratescope"),
        registry=find_registry(wanted, environ),
        is_offline=is_offline if is_offline else offline or table.get("offline") is True,
        jobs=number,
        timeout_s=float(timeout) if isinstance(timeout, (int, float)) else 30.0,
        ca_bundle=_ca_bundle(environ, table),
    )


def _number(environ: Mapping[str, str], table: TomlTable) -> int:
    text = environ.get("CRATESCOPE_JOBS", "")
    if text and not text.isdigit():
        raise UsageError(f"CRATESCOPE_JOBS={text}: must be a whole number")
    value = int(text) if text else table.get("jobs", os.cpu_count() or 1)
    return value if isinstance(value, int) else 1


def _ca_bundle(environ: Mapping[str, str], table: TomlTable) -> str:
    for name in ("CRATESCOPE_CA_BUNDLE", "CARGO_HTTP_CAINFO", "SSL_CERT_FILE"):
        if environ.get(name):
            return environ[name]
    return str(table.get("ca-bundle", ""))


def _files(project_file: Path | None) -> TomlTable:
    """The user's file, and a project file over it if one is named."""
    table: TomlTable = {}
    user_file = platformdirs.user_config_path("cratescope") / "cratescope.toml"
    for path in (user_file, project_file):
        if path is None:
            continue
        try:
            data = path.read_bytes()
        except OSError as error:
            if path is project_file:
                raise UsageError(f"{path}: {error.strerror}") from None
            continue
        settings = read_toml(data, name=str(path)).get("settings", {})
        if not isinstance(settings, dict):
            raise TomlError(f"{path}: [settings] must be a table")
        unknown = set(settings) - _KEYS
        if unknown:
            raise UsageError(f"{path}: unknown setting `{sorted(unknown)[0]}`")
        table.update(settings)
    return table


# Registries ----------------------------------------------------------------------------------------


def find_registry(wanted: str, environ: Mapping[str, str]) -> RegistryAccess:
    """The registry behind a URL or one of cargo's names; empty is the public one."""
    if not wanted or wanted == "crates-io":
        return RegistryAccess(DEFAULT_INDEX, download_url=DEFAULT_DOWNLOAD)
    if "://" in wanted:
        return RegistryAccess(_index_url(wanted))
    index, token = _named(wanted, environ)
    if not index:
        raise UsageError(
            f"no registry `{wanted}`",
            remedy=f"give its URL, or set CARGO_REGISTRIES_{_variable(wanted)}_INDEX",
        )
    return replace(RegistryAccess(_index_url(index)), token=token)


def _index_url(url: str) -> str:
    plain = url.removeprefix("sparse+")
    if not plain.startswith(("https://", "http://")):
        raise UsageError(f"{url}: only sparse registries (sparse+https://...) can be read")
    return plain if plain.endswith("/") else f"{plain}/"


def _variable(name: str) -> str:
    return name.upper().replace("-", "_")


def _named(name: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """Index URL and token of a registry from cargo's variables and the user's own cargo files."""
    home = Path(environ.get("CARGO_HOME") or Path.home() / ".cargo")
    index = environ.get(f"CARGO_REGISTRIES_{_variable(name)}_INDEX", "")
    token = environ.get(f"CARGO_REGISTRIES_{_variable(name)}_TOKEN", "")
    for file, key in (("config.toml", "index"), ("config", "index"), ("credentials.toml", "token")):
        row = _cargo_registries(home / file).get(name)
        value = row.get(key) if isinstance(row, dict) else None
        if isinstance(value, str):
            index = index or (value if key == "index" else "")
            token = token or (value if key == "token" else "")
    return index, token


def _cargo_registries(path: Path) -> TomlTable:
    try:
        table = read_toml(path.read_bytes(), name=str(path)).get("registries", {})
    except (OSError, TomlError):
        return {}
    return table if isinstance(table, dict) else {}
