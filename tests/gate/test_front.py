"""Debian's nginx before the gate: TLS and HTTP/2, with the configuration that we ship."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.gate.conftest import Live

pytestmark = pytest.mark.cargo

ROOT = Path(__file__).parents[2]
Make = Callable[..., "Live"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A private authority's `ca.pem`, and a server's key that it signed."""
    folder = tmp_path_factory.mktemp("authority")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
    new = "req -newkey rsa:2048 -nodes -config /dev/null -subj"
    steps = [
        f"{new} /CN=authority -keyout ca.key -x509 -days 30 -out ca.pem"
        " -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign",
        f"{new} /CN=server -keyout key.pem -out server.csr",
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30"
        " -extfile names -out fullchain.pem",
    ]
    for step in steps:
        subprocess.run(["openssl", *step.split()], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def front(make: Make, authority: Path, tmp_path: Path) -> Iterator[tuple[Live, Path]]:
    """A gate behind nginx, which is asked in its place; and nginx's access log."""
    if shutil.which("nginx") is None:
        pytest.skip("needs Debian's nginx")
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    url = f"https://127.0.0.1:{port}/"
    live = make(base_url=url)
    text = (ROOT / "deploy/gate/nginx.conf").read_text()
    text = text.replace("127.0.0.1:8420", f"127.0.0.1:{live.gate.settings.port}")
    text = text.replace("listen 443", f"listen 127.0.0.1:{port}")
    text = text.replace("/etc/ssl/gate/", f"{authority}/")
    log = tmp_path / "access.log"
    folders = "".join(
        f"{one}_temp_path {tmp_path}/{one};\n"
        for one in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = tmp_path / "nginx.conf"
    config.write_text(
        f"daemon off;\nuser root;\npid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\n{folders}"
        f"log_format seen '$server_protocol $request_uri $status $connection';\naccess_log {log} seen;\n{text}}}\n"
    )
    process = subprocess.Popen(["nginx", "-c", str(config)], stderr=subprocess.DEVNULL)
    while not (tmp_path / "pid").exists():
        assert process.poll() is None
        time.sleep(0.05)
    yield replace(live, url=url), log
    process.terminate()
    process.wait(30)


def test_cargo_comes_by_http_2_and_hears_the_refusal(
    front: tuple[Live, Path], authority: Path, tmp_path: Path
) -> None:
    live, log = front
    names = [f"front-{number}" for number in range(8)]
    for name in names:
        live.publish(name, "1.0.0")
    folder = live.project(tmp_path / "p", *(f'{name} = "1"' for name in names))
    trust = {"CARGO_HTTP_CAINFO": str(authority / "ca.pem")}
    done = live.cargo(folder, "fetch", **trust)
    assert done.returncode == 0, done.stderr
    rows = [one.split() for one in log.read_text().splitlines()]
    assert {one[0] for one in rows} == {"HTTP/2.0"}
    assert len({one[3] for one in rows}) <= 2  # connections
    sha256 = live.publish(
        "front-bad",
        "1.0.0",
        {"build.rs": 'fn main() { let _ = std::net::TcpStream::connect("203.0.113.9:80"); }'},
    )
    bad = live.project(tmp_path / "q", 'front-bad = "1"')
    refused = live.cargo(bad, "fetch", **trust)
    assert refused.returncode == 101
    assert "cratescope gate: HELD front-bad 1.0.0" in refused.stderr
    assert f"{live.url}crate/front-bad/1.0.0" in refused.stderr
    assert sha256


def test_odd_paths_mean_the_same_to_both(front: tuple[Live, Path], authority: Path) -> None:
    live, _ = front
    sha256 = live.publish("front-path", "1.0.0")
    before = len(live.upstream.asked)
    for path in (
        "index/fr/on/front-path/",
        "index//fr/on/front-path",
        "index/./fr/on/front-path%00",
        f"crates/front-path/1.0.0/%2e%2e/{sha256}.crate",
        "index/fr/on/Front-path",
        f"crates/front%2dpath/1.0.0/{sha256}.crate",
    ):
        code = curl(live.url + path, authority)
        assert code in ("400", "404"), path
    assert len(live.upstream.asked) == before


def test_nobody_outside_speaks_for_a_proxy(
    make: Make, front: tuple[Live, Path], authority: Path
) -> None:
    live, _ = front
    told = live.gate.settings
    object.__setattr__(told, "proxies", frozenset({"127.0.0.1"}))
    object.__setattr__(told, "proxy_secret", "known to a spy")
    headers = ("-H", "X-Forwarded-User: spy", "-H", "X-Gate-Proxy-Secret: known to a spy")
    assert curl(f"{live.url}audit", authority, *headers) == "403"


def curl(url: str, authority: Path, *arguments: str) -> str:
    """The status of an answer, the path sent as it is written."""
    command = [
        "curl",
        "-s",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        "--path-as-is",
        "--noproxy",
        "*",
    ]
    command += ["--cacert", str(authority / "ca.pem"), *arguments, url]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
