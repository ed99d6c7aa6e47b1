"""What a hostile client may try, with figures; and what a power failure may not undo."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gate.store.engine import Database, sqlite_url
from gate.store.store import Store
from gate.web import protocol

if TYPE_CHECKING:
    from tests.gate.conftest import Live
    from tests.unit.registry.conftest import Servers, SparseServer

ROOT = Path(__file__).parents[2]
Make = Callable[..., "Live"]


@contextmanager
def connected(live: Live) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", live.gate.settings.port), 30) as one:
        yield one


def received(one: socket.socket) -> bytes:
    data = b""
    try:
        while part := one.recv(65_536):
            data += part
    except OSError:
        pass
    return data


def test_a_head_over_32_kib_ends_the_connection(live: Live) -> None:
    with connected(live) as one:
        one.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n")
        try:
            for _ in range(1000):
                one.sendall(b"x-filler: " + b"a" * 1000 + b"\r\n")
        except OSError:
            pass
        answer = received(one)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400")
    assert live.get("healthz").status == 200


def test_an_ordinary_head_is_no_attack(live: Live) -> None:
    assert live.get("healthz", x_filler="a" * 20_000).status == 200


def test_a_head_that_trickles_in_ends_after_its_time(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_S", 0.5)
    live = make()
    began = time.monotonic()
    with connected(live) as one:
        one.sendall(b"GET /healthz HTTP/1.1\r\n")
        assert received(one) == b""
    assert 0.4 < time.monotonic() - began < 10


def test_500_idle_connections_keep_nobody_out(live: Live) -> None:
    held = [socket.create_connection(("127.0.0.1", live.gate.settings.port)) for _ in range(500)]
    try:
        assert live.get("healthz").status == 200
    finally:
        for one in held:
            one.close()


def test_a_reader_that_takes_nothing_is_let_go(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "STALL_S", 0.5)
    live = make()
    noise = os.urandom(6 << 20).hex()
    sha256 = live.publish("heavy", "1.0.0", {"data.txt": noise})
    assert live.archive("heavy", "1.0.0", sha256).status == 200
    path = f"/crates/heavy/1.0.0/{sha256}.crate"
    with connected(live) as one:
        one.sendall(f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        time.sleep(2.5)
        assert len(received(one)) < 12 << 20
    assert live.get("healthz").status == 200


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /index/config.json HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /audit HTTP/1.1\r\n\r\n",
        b"GET /index/config.json HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET /\x00 HTTP/1.1\r\nhost: x\r\n\r\n",
    ],
)
def test_requests_that_parsers_read_differently_are_400(live: Live, raw: bytes) -> None:
    with connected(live) as one:
        one.sendall(raw)
        one.shutdown(socket.SHUT_WR)
        answer = received(one)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400")
    assert b"HTTP/1.1 200" not in answer


def test_a_thousand_made_up_names_cause_no_judging(live: Live) -> None:
    before = live.gate.line.done
    for number in range(1000):
        name = f"typo{number}"
        assert live.get(f"index/ty/po/{name}").status == 404
    assert live.gate.line.done == before
    assert 'name="typo' not in live.get("metrics").text
    assert "typo1" not in live.get("metrics").text


# A power failure --------------------------------------------------------------------------------


def process(upstream: SparseServer, folder: Path, port: int) -> subprocess.Popen[bytes]:
    """A gate as its operator starts it."""
    folder.mkdir(exist_ok=True)
    config = folder / "gate.toml"
    config.write_text(f'index-age-s = 0\n[upstreams.crates-io]\nindex = "sparse+{upstream.url}"\n')
    flags = ["--listen", f"127.0.0.1:{port}", "--data", str(folder), "--config", str(config), "-q"]
    code = "from gate.cli import app; app()"
    plain = {key: one for key, one in os.environ.items() if not key.lower().endswith("_proxy")}
    return subprocess.Popen(
        [sys.executable, "-P", "-c", code, "serve", *flags],
        env=plain | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.DEVNULL,
    )


def test_kill_9_at_any_moment_loses_no_decision(
    servers: Servers, tmp_path: Path, sparse_live: Callable[..., Live]
) -> None:
    upstream = servers.start()
    served: set[str] = set()
    number = 0
    for _ in range(3):
        one = sparse_live(upstream)
        running = process(upstream, tmp_path / "data", one.gate.settings.port)
        is_over = threading.Event()

        def ask(one: Live = one, is_over: threading.Event = is_over) -> None:
            nonlocal number
            while not is_over.is_set():
                number += 1
                sha256 = one.publish(f"power{number}", "1.0.0", {"src/lib.rs": f"// {number}\n"})
                try:
                    answer = one.get(f"crates/power{number}/1.0.0/{sha256}.crate")
                except OSError:
                    time.sleep(0.05)
                    continue
                if answer.status == 200:
                    served.add(sha256)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for each in threads:
            each.start()
        had, deadline = len(served), time.monotonic() + 40
        while len(served) < had + 9 and time.monotonic() < deadline:
            time.sleep(0.01)
        running.send_signal(signal.SIGKILL)
        running.wait()
        is_over.set()
        for each in threads:
            each.join()
        database = Database(sqlite_url(tmp_path / "data"))
        store = Store(database, lambda: "")
        kept = {row.release.sha256 for row in store.latest(most=10_000) if row.outcome == "serve"}
        assert served <= kept
        assert store.broken_at() == 0
        database.close()
    assert len(served) >= 20


def test_a_stopped_gate_ends_in_order(
    servers: Servers, tmp_path: Path, sparse_live: Callable[..., Live]
) -> None:
    upstream = servers.start()
    one = sparse_live(upstream)
    running = process(upstream, tmp_path / "data", one.gate.settings.port)
    sha256 = one.publish("last-one", "1.0.0")
    for _ in range(200):
        try:
            if one.get(f"crates/last-one/1.0.0/{sha256}.crate").status == 200:
                break
        except OSError:
            time.sleep(0.1)
    running.send_signal(signal.SIGTERM)
    assert running.wait(45) in (0, -signal.SIGTERM)
    database = Database(sqlite_url(tmp_path / "data"))
    assert len(Store(database, lambda: "").who_got("last-one")) == 1
    database.close()


def test_the_api_answers_as_its_description_says(live: Live) -> None:
    import jsonschema

    described = json.loads(live.get("api/openapi.json").body)
    sha256 = live.publish("described", "1.0.0")
    path = f"api/v1/releases/crates-io/described/1.0.0/{sha256}"
    answer = live.get(f"{path}?wait=20")
    assert answer.status == 200
    jsonschema.validate(json.loads(answer.body), described["components"]["schemas"]["Ruling"])
    for one, methods in described["paths"].items():
        if "{" in one or "get" not in methods:
            continue
        assert live.get(one.removeprefix("/")).status in (200, 403), one
    assert live.get("api/v1/who-got?name=described").status == 403
    assert live.get("api/v1/nothing").status == 404


def test_the_api_decides_for_admins_alone(live: Live) -> None:
    sha256 = live.publish("by-api", "1.0.0")
    assert live.archive("by-api", "1.0.0", sha256).status == 200
    row = {"mount": "crates-io", "name": "by-api", "version": "1.0.0", "sha256": sha256}
    body = json.dumps(row | {"reason": "seen in an incident"}).encode()
    reader = live.gate.people.make_token("api-reader", "read", "root")
    admin = live.gate.people.make_token("api-admin", "admin", "root")
    live.gate.auth.refresh()
    for token, status in (("", 403), (reader, 403), ("csg_wrong", 403), (admin, 200)):
        headers = {"authorization": token} if token else {}
        assert live.get("api/v1/revoke", "POST", body, **headers).status == status
    assert live.archive("by-api", "1.0.0", sha256).status == 403
    assert live.gate.store.rulings("crates-io", "by-api")[-1].actor == "api-admin"
