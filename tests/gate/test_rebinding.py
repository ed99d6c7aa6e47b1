"""An upstream whose name leads elsewhere the second time it is asked for (threat model G12)."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

import pytest

from analyzer.config import RegistryAccess
from gate.settings import CRATES_IO, Mount

if TYPE_CHECKING:
    from tests.gate.conftest import Live

Make = Callable[..., "Live"]
NAME = "registry.example.invalid"


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the resolver says of the upstream's name, from now on."""
    real, told = socket.getaddrinfo, ["127.0.0.1"]

    def resolve(host: Any, port: Any, *rest: Any, **named: Any) -> Any:
        if host not in (NAME, NAME.encode()):
            return real(host, port, *rest, **named)
        return [
            (
                socket.AF_INET6 if ":" in one else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (one, port),
            )
            for one in told
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return told


@contextmanager
def listening(address: str, port: int) -> Iterator[list[bytes]]:
    """A service that is nobody's business; what it was sent."""
    heard: list[bytes] = []
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((address, port))
        server.listen()

        def run() -> None:
            while True:
                try:
                    one, _ = server.accept()
                except OSError:
                    return
                with one:
                    heard.append(one.recv(1000))

        threading.Thread(target=run, daemon=True).start()
        yield heard
        server.shutdown(socket.SHUT_RDWR)


def test_a_name_that_turns_inward_is_not_followed(make: Make, answers: list[str]) -> None:
    from sparse_server import _Handler  # type: ignore[import-not-found]  # conftest loads it

    class Once(_Handler):  # type: ignore[misc]  # as above
        protocol_version = "HTTP/1.0"  # a connection for each request: each has to be allowed

    front = ThreadingHTTPServer(("127.0.0.1", 0), Once)
    port = int(front.server_address[1])
    url = f"http://{NAME}:{port}/"
    mount = Mount(CRATES_IO, RegistryAccess(url), frozenset({NAME}), (ip_network("127.0.0.1"),))
    one = make(mounts=(mount,))
    front.sparse = one.upstream  # type: ignore[attr-defined]
    one.upstream.files["/config.json"] = json.dumps({"dl": f"{url}dl"}).encode()
    threading.Thread(target=front.serve_forever, daemon=True).start()
    sha256 = one.publish("steady", "1.0.0")
    fresh = one.publish("turned", "1.0.0")
    assert one.archive("steady", "1.0.0", sha256).status == 200
    assert one.get("index/tu/rn/turned").status == 200
    for inside in ("127.0.0.2", "169.254.169.254", "10.0.0.1", "::1"):
        answers[:] = [inside]
        bindable = inside in ("127.0.0.2", "::1")
        with listening(inside if bindable else "127.0.0.3", port) as heard:
            answer = one.get(f"crates/turned/1.0.0/{fresh}.crate")
            assert answer.status == 503, inside
            assert "no address where this should be" in answer.text
        assert heard == []
        one.gate.desk.parts.upstreams[CRATES_IO].breaker.worked()
    # The name is where it was, beside an answer that is not believed.
    answers[:] = ["127.0.0.2", "127.0.0.1"]
    with listening("127.0.0.2", port) as heard:
        assert one.archive("turned", "1.0.0", fresh).status == 200
    assert heard == []
    front.shutdown()
    front.server_close()


def test_a_redirect_within_the_named_hosts_meets_the_same_question(
    make: Make, answers: list[str]
) -> None:
    """An allowed host whose address is inside is refused, whoever led there."""
    one = make()
    mount = one.gate.settings.mounts[0]
    moved = Mount(CRATES_IO, mount.access, mount.hosts | {NAME}, mount.networks)
    two = make(mounts=(moved,))
    mine = two.upstream.files["/config.json"]
    two.upstream.files.update(one.upstream.files | {"/config.json": mine})
    port = int(one.upstream.url.rstrip("/").rpartition(":")[2])
    sha256 = one.publish("led", "1.0.0")
    answers[:] = ["127.0.0.2"]
    place = f"http://{NAME}:{port}/dl/led/1.0.0/download"
    with listening("127.0.0.2", port) as heard:
        one.upstream.say("/dl/led/1.0.0/download", 302, times=9, Location=place)
        answer = two.get(f"crates/led/1.0.0/{sha256}.crate")
    assert answer.status == 503
    assert "no address where this should be" in answer.text
    assert heard == []
