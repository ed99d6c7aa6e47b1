"""A real sparse registry on the loopback address, which can be told to misbehave."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import shutil
import ssl
import subprocess
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast

import pytest

from analyzer.config import RegistryAccess, Settings


@dataclass(frozen=True)
class Reply:
    """One scripted answer; `cut` bytes are promised and not sent, `is_chunked` promises nothing."""

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    cut: int = 0
    is_chunked: bool = False


@dataclass
class SparseServer:
    """Files by path, answers to give before them, and everything that was asked."""

    url: str = ""
    has_etag: bool = True
    token: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    script: dict[str, list[Reply]] = field(default_factory=lambda: defaultdict(list))
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def publish(self, name: str, version: str, data: bytes = b"", **fields: object) -> str:
        """Add a version; returns the checksum that the index names."""
        data = data or gzip.compress(f"{name} {version}".encode(), mtime=0)
        checksum = hashlib.sha256(data).hexdigest()
        row = {"name": name, "vers": version, "deps": [], "cksum": checksum, "features": {}}
        line = json.dumps(row | {"yanked": False} | fields).encode() + b"\n"
        lower = name.lower()
        folder = {1: "1", 2: "2", 3: f"3/{lower[0]}"}.get(len(name), f"{lower[:2]}/{lower[2:4]}")
        path = f"/{folder}/{lower}"
        self.files[path] = self.files.get(path, b"") + line
        self.files[f"/dl/{name}/{version}/download"] = data
        return str(fields.get("cksum", checksum))

    def configure(self, **fields: object) -> None:
        """Write config.json."""
        self.files["/config.json"] = json.dumps({"dl": f"{self.url}dl"} | fields).encode()

    def say(
        self, path: str, status: int, body: bytes = b"", *, times: int = 1, **headers: str
    ) -> None:
        """Give this answer first, so many times; `Retry_After` is a header `Retry-After`."""
        pairs = tuple((key.replace("_", "-"), value) for key, value in headers.items())
        self.script[path] += [Reply(status, body, pairs)] * times

    def say_half(self, path: str, body: bytes) -> None:
        """Promise more than is sent."""
        self.script[path].append(Reply(200, body, cut=10))

    def say_unannounced(self, path: str, body: bytes) -> None:
        """Send without telling the size."""
        self.script[path].append(Reply(200, body, is_chunked=True))

    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [path for path, _ in self.asked]

    def reply(self, path: str, headers: dict[str, str]) -> Reply:
        """The scripted answer if one is left, else the file."""
        self.asked.append((path, headers))
        if self.script[path]:
            return self.script[path].pop(0)
        if self.token and headers.get("authorization") != self.token:
            return Reply(401, b"a token, please")
        if path not in self.files:
            return Reply(404)
        body = self.files[path]
        etag = f'"{hashlib.sha256(body).hexdigest()[:12]}"' if self.has_etag else ""
        if etag and headers.get("if-none-match") == etag:
            return Reply(304, headers=(("ETag", etag),))
        return Reply(200, body, (("ETag", etag),) if etag else ())


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    sparse: SparseServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = cast("_Http", self.server)
        headers = {key.lower(): value for key, value in self.headers.items()}
        reply = server.sparse.reply(self.path, headers)
        self.send_response(reply.status)
        for key, value in reply.headers:
            self.send_header(key, value)
        body = reply.body
        if reply.is_chunked:
            self.send_header("Transfer-Encoding", "chunked")
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        else:
            self.send_header("Content-Length", str(len(body) + reply.cut))
        self.end_headers()
        if reply.status != 304:
            with contextlib.suppress(OSError):  # a client may hang up over too large an answer
                self.wfile.write(body)
        if reply.cut:
            self.close_connection = True

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The same moment always."""
        return "Wed, 25 Nov 2026 00:00:00 GMT"

    def log_message(self, *_args: object) -> None:
        """Nothing on the terminal."""


class Servers:
    """Starts servers and stops them all at the end."""

    def __init__(self) -> None:
        self._running: list[tuple[_Http, threading.Thread]] = []

    def start(self, tls: ssl.SSLContext | None = None) -> SparseServer:
        """A new empty registry with a config.json."""
        http = _Http(("127.0.0.1", 0), _Handler)
        scheme = "http"
        if tls is not None:
            http.socket = tls.wrap_socket(http.socket, server_side=True)
            scheme = "https"
        http.sparse = SparseServer(f"{scheme}://127.0.0.1:{http.server_address[1]}/")
        http.sparse.configure()
        thread = threading.Thread(target=lambda: http.serve_forever(0.01), daemon=True)
        thread.start()
        self._running.append((http, thread))
        return http.sparse

    def stop(self) -> None:
        """Stop all."""
        for http, thread in self._running:
            http.shutdown()
            thread.join()
            http.server_close()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def servers() -> Iterator[Servers]:
    """A maker of registries."""
    running = Servers()
    yield running
    running.stop()


@pytest.fixture
def server(servers: Servers) -> SparseServer:
    """One registry."""
    return servers.start()


@pytest.fixture
def settings(server: SparseServer, tmp_path: Path) -> Settings:
    """Settings that name `server` and an empty cache."""
    return Settings(
        cache_dir=tmp_path / "cache",
        registry=RegistryAccess(server.url),
        timeout_s=5,
        retries=2,
    )


@pytest.fixture
def offline(settings: Settings) -> Settings:
    """The same cache, without the network."""
    return replace(settings, is_offline=True)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a private authority's `ca.pem`, and a server's key that it signed."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command")
    folder = tmp_path_factory.mktemp("authority")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
    new = "req -newkey rsa:2048 -nodes -config /dev/null -subj"
    steps = [
        f"{new} /CN=authority -keyout ca.key -x509 -days 30 -out ca.pem"
        " -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign",
        f"{new} /CN=server -keyout server.key -out server.csr",
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30"
        " -extfile names -out server.pem",
    ]
    for step in steps:
        subprocess.run(["openssl", *step.split()], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def tls(authority: Path) -> ssl.SSLContext:
    """A server's context, its key signed by the private authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "server.pem", authority / "server.key")
    return context


@pytest.fixture
def trusting(settings: Settings, authority: Path) -> Settings:
    """Settings that name the private authority."""
    return replace(settings, ca_bundle=str(authority / "ca.pem"))
