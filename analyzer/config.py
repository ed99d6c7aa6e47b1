"""Settings of one run: endpoints, folders, registries. Flag before environment before files.

The public registry's endpoints stand here and nowhere else. Nothing is ever read from a scanned
target, nor from cargo's files beside it: a crate must not configure its own judge (V10).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import platformdirs

from analyzer import __version__
from analyzer.errors import TomlError, UsageError
from analyzer.toml import TomlTable, read_toml

DEFAULT_INDEX = "https://index.crates.io/"
DEFAULT_DOWNLOAD = "https://static.crates.io/crates/{crate}/{version}/download"
"""Used only if the default index does not tell where archives are."""
DEFAULT_SOURCES = frozenset(
    {
        "https://crates.io",
        "https://github.com/rust-lang/crates.io-index",
        DEFAULT_INDEX.rstrip("/"),
    }
)
"""How lock files and package URLs spell the default registry, less prefix and last `/`."""
RUSTSEC_FEED = "https://github.com/RustSec/advisory-db/archive/refs/heads/main.tar.gz"
OSV_FEED = "https://osv-vulnerabilities.storage.googleapis.com/crates.io/all.zip"
WEB_API = "https://crates.io/api/v1/"
DATABASE_DUMP = "https://static.crates.io/db-dump.tar.gz"
FEED_HOSTS = {RUSTSEC_FEED: frozenset({"github.com", "codeload.github.com"})}
"""Where a feed may redirect to; any other URL may only redirect within its own host."""

PROJECT_FILE = "cratescope.toml"
_CA_VARIABLES = ("CRATESCOPE_CA_BUNDLE", "CARGO_HTTP_CAINFO", "SSL_CERT_FILE")
_POLICY_TABLES = frozenset({"policy", "waiver"})
"""Tables of the same file that are not settings; whoever decides reads them."""

_INDEX_MAX_AGE_S = 1800

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RegistryAccess:
    """One registry: base URL of its sparse index (ends in `/`), and a token if it wants one.

    `download_url` is the download template to use if the index does not give one.
    """

    index_url: str
    token: str = field(default="", repr=False)
    download_url: str = ""

    @property
    def is_default(self) -> bool:
        """Whether this is the public registry."""
        return self.index_url == DEFAULT_INDEX


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a run is told from outside. Times in seconds; `jobs` counts worker processes."""

    cache_dir: Path
    registry: RegistryAccess
    is_offline: bool = False
    jobs: int = 2
    timeout_s: float = 30.0
    retries: int = 3
    ca_bundle: str = ""
    user_agent: str = f"cratescope/{__version__} (reads crates before they are built)"
    index_max_age_s: int = 0
    """Index files younger than this are believed without asking the registry again."""
    data_dir: Path | None = None
    """Where databases of advisories and popularity are kept; None: there are none."""
    contact: str = ""
    """A mail address or URL of whoever runs this, for the web API's operators."""
    rustsec_feed: str = RUSTSEC_FEED
    osv_feed: str = OSV_FEED
    campaign_feed: str = ""
    """Where campaigns and known-bad names come from besides what is shipped; empty: nowhere."""
    web_api: str = WEB_API
    database_dump: str = DATABASE_DUMP


def load_settings(
    environ: Mapping[str, str],
    *,
    project_file: Path | None = None,
    registry: str = "",
    is_offline: bool | None = None,
    jobs: int | None = None,
) -> Settings:
    """Settings from flags (the keyword arguments), environment, files and defaults, in this order.

    `registry` is a sparse index URL or a name as cargo knows it. `project_file` must not come from
    a scanned target. Raises UsageError or TomlError.
    """
    table = _Table(environ, _files(environ, project_file))
    wanted = registry or table.get("registry", "", _text)
    number = jobs if jobs is not None else table.get("jobs", _processors(), _count)
    if number < 1:
        raise UsageError("--jobs must be at least 1")
    cache, data = table.get("cache-dir", "", _text), table.get("data-dir", "", _text)
    offline = environ.get("CARGO_NET_OFFLINE", "") == "true"
    return Settings(
        cache_dir=Path(cache).expanduser() if cache else platformdirs.user_cache_path("cratescope"),
        registry=find_registry(wanted, environ),
        is_offline=table.get("offline", offline, _flag) if is_offline is None else is_offline,
        jobs=number,
        timeout_s=table.get("timeout-s", 30.0, _seconds),
        retries=table.get("retries", 3, _number),
        ca_bundle=_ca_bundle(environ) or table.get("ca-bundle", "", _text),
        index_max_age_s=table.get("index-max-age-s", _INDEX_MAX_AGE_S, _number),
        data_dir=Path(data).expanduser() if data else platformdirs.user_data_path("cratescope"),
        contact=table.get("contact", "", _text),
        rustsec_feed=table.get("rustsec-feed", RUSTSEC_FEED, _text),
        osv_feed=table.get("osv-feed", OSV_FEED, _text),
        campaign_feed=table.get("campaign-feed", "", _text),
        web_api=table.get("web-api", WEB_API, _text),
        database_dump=table.get("database-dump", DATABASE_DUMP, _text),
    )


def is_default_source(source: str) -> bool:
    """Whether a lock file's `source`, a URL or an empty text means the default registry."""
    plain = source.removeprefix("sparse+").removeprefix("registry+").partition("#")[0]
    return plain in ("", "crates-io") or plain.rstrip("/") in DEFAULT_SOURCES


# One setting --------------------------------------------------------------------------------------


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.isprintable() else None


def _flag(value: object) -> bool | None:
    words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    return words.get(value.lower()) if isinstance(value, str) else _only(value, bool)


def _number(value: object) -> int | None:
    if isinstance(value, str):
        value = int(value) if value.isascii() and value.isdigit() and len(value) < 7 else None
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < 1_000_000 else None


def _count(value: object) -> int | None:
    return _number(value) or None


def _seconds(value: object) -> float | None:
    if isinstance(value, float):
        return value if 0 < value < 1_000_000 else None
    number = _count(value)
    return None if number is None else float(number)


def _only(value: object, kind: type[T]) -> T | None:
    return value if isinstance(value, kind) else None


_READERS: Mapping[str, tuple[Callable[[object], object], str]] = {
    "registry": (_text, "a text"),
    "cache-dir": (_text, "a text"),
    "ca-bundle": (_text, "a text"),
    "contact": (_text, "a text"),
    "data-dir": (_text, "a text"),
    "database-dump": (_text, "a text"),
    "osv-feed": (_text, "a text"),
    "campaign-feed": (_text, "a text"),
    "rustsec-feed": (_text, "a text"),
    "web-api": (_text, "a text"),
    "index-max-age-s": (_number, "a whole number of seconds"),
    "jobs": (_count, "a whole number from 1"),
    "retries": (_number, "a whole number"),
    "timeout-s": (_seconds, "a number of seconds"),
    "offline": (_flag, "true or false"),
}


def known_settings() -> Mapping[str, str]:
    """Every setting by its key in `cratescope.toml`, and what its value must be."""
    return {key: what for key, (_, what) in _READERS.items()}


def variable_of(key: str) -> str:
    """The environment variable that goes before a setting's key."""
    return f"CRATESCOPE_{_variable(key)}"


class _Table:
    """Settings by key: the environment's word (`CRATESCOPE_CACHE_DIR` for `cache-dir`) first."""

    def __init__(self, environ: Mapping[str, str], table: TomlTable) -> None:
        self._environ, self._table = environ, table

    def get(self, key: str, default: T, read: Callable[[object], T | None]) -> T:
        variable = variable_of(key)
        text = self._environ.get(variable, "")
        if text:
            value = read(text)
            if value is None:
                raise UsageError(f"{variable}={text!r}: must be {_READERS[key][1]}")
            return value
        value = read(self._table[key]) if key in self._table else default
        return default if value is None else value


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _ca_bundle(environ: Mapping[str, str]) -> str:
    return next((environ[one] for one in _CA_VARIABLES if environ.get(one)), "")


# Files --------------------------------------------------------------------------------------------


def _files(environ: Mapping[str, str], project_file: Path | None) -> TomlTable:
    """[settings] of the user's file, and of a project file over it if one is named."""
    named = environ.get("CRATESCOPE_CONFIG")
    user_file = Path(named) if named else platformdirs.user_config_path("cratescope") / PROJECT_FILE
    table = _settings(user_file, is_needed=bool(named))
    return table | _settings(project_file, is_needed=True) if project_file else table


def _settings(path: Path, *, is_needed: bool) -> TomlTable:
    document = _document(path, is_needed=is_needed)
    unknown = sorted(set(document) - _POLICY_TABLES - {"settings"})
    if unknown:
        raise TomlError(f"{path}: unknown table or key `{unknown[0]}`")
    settings = document.get("settings", {})
    if not isinstance(settings, dict):
        raise TomlError(f"{path}: [settings] must be a table")
    for key, value in settings.items():
        if key not in _READERS:
            known = ", ".join(sorted(_READERS))
            raise TomlError(f"{path}: unknown setting `{key}`", remedy=f"known: {known}")
        read, what = _READERS[key]
        if (isinstance(value, str) and read is not _text) or read(value) is None:
            raise TomlError(f"{path}: `{key}` must be {what}")
    return settings


def _document(path: Path, *, is_needed: bool) -> TomlTable:
    """A TOML file; an absent one is empty unless it was asked for, an unreadable one an error."""
    try:
        return read_toml(path.read_bytes(), name=str(path))
    except (FileNotFoundError, NotADirectoryError) as error:
        if is_needed:
            raise UsageError(f"{path}: {error.strerror}") from None
        return {}
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None


# Registries ---------------------------------------------------------------------------------------


def find_registry(wanted: str, environ: Mapping[str, str]) -> RegistryAccess:
    """The registry behind a URL or one of cargo's names; empty is the public one.

    Names come from cargo's variables and the user's own cargo files (never from a project's); a
    token kept there goes with the name, and with the URL if it is the same. Raises UsageError.
    """
    if is_default_source(wanted):
        return RegistryAccess(DEFAULT_INDEX, download_url=DEFAULT_DOWNLOAD)
    rows = _cargo_registries(environ)
    if "://" not in wanted:
        index, token = rows.get(_variable(wanted), ("", ""))
        if not index:
            raise UsageError(
                f"no registry `{wanted}`",
                remedy=f"give its URL, or set CARGO_REGISTRIES_{_variable(wanted)}_INDEX",
            )
        return RegistryAccess(_index_url(index), _checked_token(token, wanted))
    url = _index_url(wanted)
    same = (token for index, token in rows.values() if token and _is_same(index, url))
    return RegistryAccess(url, _checked_token(next(same, ""), wanted))


def is_configured(source: str, environ: Mapping[str, str]) -> bool:
    """Whether a registry that a lock file names is one that this machine's user told cargo of.

    A lock file must not choose whom we talk to.
    """
    plain = source.removeprefix("registry+").removeprefix("sparse+")
    return any(_is_same(index, plain) for index, _ in _cargo_registries(environ).values() if index)


def _checked_token(token: str, name: str) -> str:
    """A token that fits into a header; a wrong one is never shown."""
    if not token.isascii() or not token.isprintable():
        raise UsageError(f"registry {name}: its token holds a character that none can hold")
    return token


def _is_same(index: str, url: str) -> bool:
    return index.removeprefix("sparse+").rstrip("/") == url.rstrip("/")


def _index_url(url: str) -> str:
    """The base of a sparse index, checked: it is joined with paths and stands in reports."""
    plain = url.removeprefix("sparse+")
    try:
        parts = urlsplit(plain)
        is_sound = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_sound = False
    if not is_sound or not plain.isprintable() or not plain.startswith(("https://", "http://")):
        raise UsageError(
            f"{url!r}: only sparse registries can be read", remedy="write sparse+https://HOST/PATH/"
        )
    if parts.query or parts.fragment or parts.username is not None:
        raise UsageError(
            f"registry at {parts.hostname}: a URL of host and path only, please",
            remedy="a token belongs into CARGO_REGISTRIES_<NAME>_TOKEN",
        )
    return plain if plain.endswith("/") else f"{plain}/"


def _variable(name: str) -> str:
    return name.upper().replace("-", "_")


def _cargo_registries(environ: Mapping[str, str]) -> Mapping[str, tuple[str, str]]:
    """Index URL and token by NAME (as in variables): cargo's variables before the user's files."""
    home = Path(environ.get("CARGO_HOME") or Path.home() / ".cargo")
    values: dict[tuple[str, str], str] = {}
    for file in ("credentials", "credentials.toml", "config", "config.toml"):
        rows = _document(home / file, is_needed=False).get("registries", {})
        for name, row in rows.items() if isinstance(rows, dict) else ():
            for key in ("index", "token"):
                value = row.get(key) if isinstance(row, dict) else None
                if isinstance(value, str):
                    values[_variable(name), key] = value
    for variable, text in environ.items():
        for key in ("index", "token"):
            start, end = "CARGO_REGISTRIES_", f"_{key.upper()}"
            if variable.startswith(start) and variable.endswith(end) and text:
                values[variable.removeprefix(start).removesuffix(end), key] = text
    names = {name for name, _ in values}
    return {one: (values.get((one, "index"), ""), values.get((one, "token"), "")) for one in names}
