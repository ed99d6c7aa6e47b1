"""What a gate is told: flags before environment before `gate.toml`. Nothing comes from a crate.

Outages are settings, and loud ones: what is new is never served unjudged, whatever they say.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

import platformdirs

from analyzer.config import DEFAULT_DOWNLOAD, DEFAULT_INDEX, RegistryAccess, find_registry
from analyzer.errors import TomlError, UsageError
from analyzer.signatures import fold_name
from analyzer.toml import read_toml
from gate.addresses import Network
from gate.paths import MOUNT

CRATES_IO = "crates-io"
"""Name of the mount at `/index/`; others stand at `/registries/NAME/index/`."""
CONFIG_SIZE_BYTES = 1 << 20


class JudgedOn(StrEnum):
    """What a release with an accepted one before it is held for: what it brings, or all it is."""

    CHANGE = "change"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Mount:
    """One upstream under a name of its own: two are never merged (threat model G2).

    `hosts`: where its index and archives may lie; nothing else is ever asked (G12). `networks`:
    addresses of one's own that they may lead to.
    """

    name: str
    access: RegistryAccess
    hosts: frozenset[str]
    networks: tuple[Network, ...] = ()

    @property
    def is_public(self) -> bool:
        """Whether anybody may publish there: internal names are none of it (G2)."""
        return self.name == CRATES_IO or self.access.is_default

    @property
    def index_route(self) -> str:
        """Path of its index, `/` at both ends."""
        return "/index/" if self.name == CRATES_IO else f"/registries/{self.name}/index/"

    @property
    def archive_route(self) -> str:
        """Path of its archives, `/` at both ends."""
        return "/crates/" if self.name == CRATES_IO else f"/registries/{self.name}/crates/"


@dataclass(frozen=True, slots=True)
class Outages:
    """What still goes on when something else does not. Never: a release that nobody judged.

    `upstream_down`: serve what the gate has (`stale`), or nothing (`closed`). `database_down`:
    releases that are known to be served go on (`served`), or nothing does (`closed`);
    `analysis_down` likewise.
    """

    is_stale_served: bool = True
    is_served_kept: bool = True
    is_judged_kept: bool = True


@dataclass(frozen=True, slots=True)
class GateSettings:
    """Times in seconds, sizes in bytes. `proxies` are addresses whose word on people counts.

    `internal` are names, folded, that the public mount says nothing about.
    """

    data_dir: Path
    database_url: str = ""
    host: str = "127.0.0.1"
    port: int = 8420
    base_url: str = ""
    policy: Path | None = None
    mounts: tuple[Mount, ...] = ()
    needs_token: bool = False
    internal: frozenset[str] = frozenset()
    judged_on: JudgedOn = JudgedOn.CHANGE
    name_age_days: int = 7
    compared_days: int = 180
    outages: Outages = field(default_factory=Outages)
    jobs: int = 2
    wait_s: float = 20.0
    index_age_s: int = 60
    absent_age_s: float = 30.0
    upstream_timeout_s: float = 10.0
    queue_size: int = 2000
    scans_ahead: bool = True
    hot_size_bytes: int = 64 << 20
    ca_bundle: str = ""
    proxies: frozenset[str] = frozenset()
    proxy_secret: str = field(default="", repr=False)

    @property
    def own_url(self) -> str:
        """Where clients find this gate; never taken from a request (G6). Ends in `/`."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return self.base_url or f"http://{shown}:{self.port}/"

    def mount(self, name: str) -> Mount | None:
        """The upstream of this name."""
        return next((one for one in self.mounts if one.name == name), None)


_TEXTS = ("listen", "base-url", "data", "database", "policy", "ca-bundle", "judged-on")
_NUMBERS = ("name-age-days", "compared-days", "jobs", "wait-s", "index-age-s", "queue-size")
_FLAGS = ("auth-required", "scan-ahead")
_LISTS = ("internal", "proxies")
_TABLES = ("upstreams", "outages")
_UPSTREAM = {"index", "hosts", "addresses"}
_OUTAGES = {
    "upstream-down": ("stale", "closed"),
    "database-down": ("served", "closed"),
    "analysis-down": ("served", "closed"),
}


def load_gate(flags: Mapping[str, str], environ: Mapping[str, str]) -> GateSettings:
    """Settings of a gate. `flags` are keys of the file; empty ones were not given.

    A variable `CRATESCOPE_GATE_BASE_URL` stands for `base-url`. The file is the one that the flag
    `config` names, else there is none. Raises UsageError or TomlError.
    """
    rows = _file(flags.get("config") or environ.get("CRATESCOPE_GATE_CONFIG", ""))
    for key in (*_TEXTS, *_NUMBERS, *_FLAGS, *_LISTS):
        given = flags.get(key) or environ.get(f"CRATESCOPE_GATE_{_variable(key)}", "")
        if given:
            rows[key] = _from_text(key, given)
    data = Path(_text(rows, "data") or platformdirs.user_data_path("cratescope-gate"))
    host, port = _listen(_text(rows, "listen") or "127.0.0.1:8420")
    policy = _text(rows, "policy")
    judged_on = _text(rows, "judged-on") or JudgedOn.CHANGE
    if judged_on not in tuple(JudgedOn):
        raise UsageError(f"judged-on: {judged_on!r}", remedy="write `change` or `whole`")
    return GateSettings(
        data_dir=data,
        database_url=_text(rows, "database"),
        host=host,
        port=port,
        base_url=_base_url(_text(rows, "base-url")),
        policy=Path(policy) if policy else None,
        mounts=_mounts(rows.get("upstreams", {}), environ),
        needs_token=bool(rows.get("auth-required", False)),
        internal=frozenset(map(fold_name, _list(rows, "internal"))),
        judged_on=JudgedOn(judged_on),
        name_age_days=_number(rows, "name-age-days", 7),
        compared_days=_number(rows, "compared-days", 180),
        outages=_outages(rows.get("outages", {})),
        jobs=max(1, _number(rows, "jobs", os.cpu_count() or 2)),
        wait_s=float(_number(rows, "wait-s", 20)),
        index_age_s=_number(rows, "index-age-s", 60),
        queue_size=_number(rows, "queue-size", 2000),
        scans_ahead=bool(rows.get("scan-ahead", True)),
        ca_bundle=_text(rows, "ca-bundle") or environ.get("SSL_CERT_FILE", ""),
        proxies=frozenset(map(_address, _list(rows, "proxies"))),
        proxy_secret=environ.get("CRATESCOPE_GATE_PROXY_SECRET", ""),
    )


def default_mount() -> Mount:
    """The public registry."""
    hosts = frozenset(str(urlsplit(one).hostname) for one in (DEFAULT_INDEX, DEFAULT_DOWNLOAD))
    return Mount(CRATES_IO, RegistryAccess(DEFAULT_INDEX, download_url=DEFAULT_DOWNLOAD), hosts)


def own_mount(name: str, access: RegistryAccess, hosts: tuple[str, ...] = ()) -> Mount:
    """Another registry; its archives lie with its index unless `hosts` says more."""
    home = str(urlsplit(access.index_url).hostname)
    return Mount(name, access, frozenset({home, *hosts}))


# One value ----------------------------------------------------------------------------------------


def _file(name: str) -> dict[str, object]:
    if not name:
        return {}
    path = Path(name)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    if len(data) > CONFIG_SIZE_BYTES:
        raise UsageError(f"{path}: over {CONFIG_SIZE_BYTES:,} bytes")
    rows = dict(read_toml(data, name=name))
    known = {*_TEXTS, *_NUMBERS, *_FLAGS, *_LISTS, *_TABLES}
    for key, value in rows.items():
        if key not in known:
            raise TomlError(f"{path}: unknown key `{key}`", remedy=f"known: {sorted(known)}")
        if (key in _FLAGS) != isinstance(value, bool):
            raise TomlError(f"{path}: `{key}`: a wrong kind of value")
    return rows


def _from_text(key: str, text: str) -> object:
    if key in _NUMBERS:
        if not (text.isascii() and text.isdigit() and len(text) < 7):
            raise UsageError(f"{key}: {text!r} is no whole number")
        return int(text)
    if key in _FLAGS:
        return text.lower() in ("1", "true", "yes")
    return [one for one in text.split(",") if one] if key in _LISTS else text


def _text(rows: Mapping[str, object], key: str) -> str:
    value = rows.get(key, "")
    if not isinstance(value, str) or not value.isprintable():
        raise UsageError(f"{key}: must be a text")
    return value


def _number(rows: Mapping[str, object], key: str, default: int) -> int:
    value = rows.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1_000_000:
        raise UsageError(f"{key}: must be a whole number")
    return value


def _list(rows: Mapping[str, object], key: str) -> list[str]:
    value = rows.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise UsageError(f"{key}: must be a list of texts")
    return value


def _listen(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > 65_535:
        raise UsageError(f"--listen {text!r}", remedy="write 127.0.0.1:8420 or [::1]:8420")
    return host.strip("[]"), int(port)


def _base_url(text: str) -> str:
    if not text:
        return ""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise UsageError(f"base-url {text!r}", remedy="write https://gate.example.invalid/")
    return text if text.endswith("/") else f"{text}/"


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise UsageError(f"proxies: {text!r} is no address") from None


def _mounts(table: object, environ: Mapping[str, str]) -> tuple[Mount, ...]:
    """`[upstreams.NAME] index = URL, hosts = [...], addresses = [...]`; else the public one."""
    if not isinstance(table, dict):
        raise UsageError("upstreams: must be a table")
    found = [_mount(name, row, environ) for name, row in table.items()]
    return tuple(found) or (default_mount(),)


def _mount(name: str, row: object, environ: Mapping[str, str]) -> Mount:
    told = row if isinstance(row, dict) else {}
    index, place = told.get("index", ""), f"upstreams.{name}"
    if not MOUNT.fullmatch(name) or not isinstance(index, str) or not told.keys() <= _UPSTREAM:
        raise UsageError(f"{place}: a short name and {', '.join(sorted(_UPSTREAM))}, please")
    mount = default_mount()
    if index or name != CRATES_IO:
        access = find_registry(index or name, environ)
        mount = mount if access.is_default else own_mount(name, access)
    hosts = mount.hosts | set(_list(told, "hosts"))
    return Mount(name, mount.access, hosts, tuple(map(_network, _list(told, "addresses"))))


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError:
        raise UsageError(
            f"addresses: {text!r} is no network", remedy="write 10.1.2.0/24 or 10.1.2.3"
        ) from None


def _outages(table: object) -> Outages:
    if not isinstance(table, dict):
        raise UsageError("outages: must be a table")
    for key, value in table.items():
        if key not in _OUTAGES or value not in _OUTAGES[key]:
            raise UsageError(f"outages: {key} = {value!r}", remedy=f"known: {_OUTAGES}")
    return Outages(
        is_stale_served=table.get("upstream-down", "stale") == "stale",
        is_served_kept=table.get("database-down", "served") == "served",
        is_judged_kept=table.get("analysis-down", "served") == "served",
    )


def _variable(key: str) -> str:
    return key.upper().replace("-", "_")
