from __future__ import annotations

import gzip
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analyzer.config import Settings
from analyzer.errors import RegistryUnreachable, UsageError
from analyzer.registry.client import Client, Request, first_words, origin

if TYPE_CHECKING:
    from tests.unit.registry.conftest import Servers, SparseServer

SIZE = 100_000


@pytest.fixture
def pauses() -> list[float]:
    """Seconds that the client would have slept."""
    return []


@pytest.fixture
def client(settings: Settings, pauses: list[float]) -> Iterator[Client]:
    """A client that only notes its pauses."""
    with Client(settings, sleep=pauses.append) as one:
        yield one


# Retries ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_is_asked_again_with_growing_pauses(
    server: SparseServer, client: Client, pauses: list[float], status: int
) -> None:
    server.say("/x", status, times=2)
    server.files["/x"] = b"here"
    assert client.get(Request(f"{server.url}x", SIZE)).body == b"here"
    assert server.paths() == ["/x"] * 3
    assert 0.3 <= pauses[0] <= 0.5
    assert 0.6 <= pauses[1] <= 1.0


@pytest.mark.parametrize("status", [200, 304, 400, 401, 403, 404, 410, 451, 501])
def test_other_answers_are_answers(
    server: SparseServer, client: Client, pauses: list[float], status: int
) -> None:
    server.say("/x", status)
    assert client.get(Request(f"{server.url}x", SIZE)).status == status
    assert pauses == []


def test_the_last_refusal_is_quoted_harmlessly(server: SparseServer, client: Client) -> None:
    server.say("/x", 503, "scan in\nprogress \x1b[31m \u202e".encode(), times=3)
    with pytest.raises(RegistryUnreachable) as caught:
        client.get(Request(f"{server.url}x", SIZE))
    assert str(caught.value) == "127.0.0.1: status 503: scan in progress [31m"
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("asked", "pause"),
    [
        ("7", 7),
        ("0", 0),
        ("999999", 30),
        ("Wed, 25 Nov 2026 00:00:12 GMT", 12),
        ("Tue, 24 Nov 2026 00:00:00 GMT", 0),
    ],
)
def test_the_servers_own_pause_is_kept_within_reason(
    server: SparseServer, client: Client, pauses: list[float], asked: str, pause: float
) -> None:
    server.say("/x", 503, Retry_After=asked)
    client.get(Request(f"{server.url}x", SIZE))
    assert pauses == [pause]


@pytest.mark.parametrize("value", ["soon", "-1", "²", "1e3", "Wed, 99 Nov"])
def test_an_odd_retry_after_is_not_believed(
    server: SparseServer, client: Client, pauses: list[float], value: str
) -> None:
    server.say("/x", 429, Retry_After=value)
    client.get(Request(f"{server.url}x", SIZE))
    assert 0.3 <= pauses[0] <= 0.5


def test_a_broken_connection_is_asked_again(
    server: SparseServer, client: Client, pauses: list[float]
) -> None:
    server.say_half("/x", b"half")
    server.files["/x"] = b"whole"
    assert client.get(Request(f"{server.url}x", SIZE)).body == b"whole"
    assert len(pauses) == 1


def test_a_dead_host_is_one_line_and_its_next_request_does_not_wait(
    settings: Settings, client: Client, pauses: list[float]
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/x"
    for _ in range(2):
        with pytest.raises(RegistryUnreachable, match=r"127\.0\.0\.1: .*refused") as caught:
            client.get(Request(url, SIZE))
        assert "HTTPS_PROXY" in caught.value.remedy
    assert len(pauses) == settings.retries


def test_silence_ends(settings: Settings) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        Client(replace(settings, timeout_s=0.2, retries=0)) as client,
        pytest.raises(RegistryUnreachable, match="no answer in time"),
    ):
        client.get(Request(f"http://127.0.0.1:{silent.getsockname()[1]}/x", SIZE))


def test_closing_ends_a_pause_and_a_request(server: SparseServer, settings: Settings) -> None:
    server.say("/x", 503, Retry_After="30")
    errors: list[str] = []
    client = Client(settings)

    def ask() -> None:
        try:
            client.get(Request(f"{server.url}x", SIZE))
        except RegistryUnreachable as error:
            errors.append(str(error))

    thread = threading.Thread(target=ask)
    thread.start()
    while not server.asked:
        thread.join(0.01)
    client.close()
    client.close()
    thread.join()
    assert errors == ["the connection to the registry was closed"]


# Caps and redirects -------------------------------------------------------------------------------


@pytest.mark.parametrize("is_promised", [True, False])
@pytest.mark.parametrize("is_raw", [True, False])
def test_an_answer_over_the_limit_is_not_read(
    server: SparseServer, client: Client, pauses: list[float], is_promised: bool, is_raw: bool
) -> None:
    body = b"x" * (SIZE + 1)
    if is_promised:
        server.say("/x", 200, body)
    else:
        server.say_unannounced("/x", body)
    with pytest.raises(RegistryUnreachable, match="100000"):
        client.get(Request(f"{server.url}x", SIZE, is_raw=is_raw))
    assert pauses == []


def test_a_compressed_answer_is_capped_by_what_it_becomes(
    server: SparseServer, client: Client
) -> None:
    bomb = gzip.compress(b"\0" * 10_000_000)
    server.say("/x", 200, bomb, times=2, Content_Encoding="gzip")
    with pytest.raises(RegistryUnreachable, match="more than the 100000 bytes"):
        client.get(Request(f"{server.url}x", SIZE))
    # An archive is what came over the line, whatever a header calls it.
    assert client.get(Request(f"{server.url}x", SIZE, is_raw=True)).body == bomb


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(server: SparseServer, client: Client, status: int) -> None:
    server.say("/x", status, Location="y")
    server.files["/y"] = b"there"
    assert client.get(Request(f"{server.url}x", SIZE)).body == b"there"


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("file:///etc/passwd", "not HTTP"),
        ("ftp://r.invalid/x", "not HTTP"),
        ("javascript:1", "For absolute URLs"),
        ("/x", "too often"),
    ],
)
def test_redirects_to_nowhere_end_at_once(
    server: SparseServer, client: Client, pauses: list[float], location: str, reason: str
) -> None:
    server.say("/x", 302, times=10, Location=location)
    with pytest.raises(RegistryUnreachable, match=reason):
        client.get(Request(f"{server.url}x", SIZE))
    assert pauses == []


# Tokens -------------------------------------------------------------------------------------------


def test_a_token_goes_to_its_own_host_and_never_further(
    servers: Servers, server: SparseServer, client: Client
) -> None:
    stranger = servers.start()
    stranger.files["/y"] = b"there"
    server.say("/x", 302, Location=f"{stranger.url}y")
    request = Request(f"{server.url}x", SIZE, (), "secret", frozenset({origin(server.url)}))
    assert client.get(request).body == b"there"
    assert server.asked[0][1]["authorization"] == "secret"
    assert "authorization" not in stranger.asked[0][1]


def test_a_token_comes_back_when_a_stranger_redirects_home(
    servers: Servers, server: SparseServer, client: Client
) -> None:
    stranger = servers.start()
    stranger.say("/x", 302, Location=f"{server.url}y")
    request = Request(f"{stranger.url}x", SIZE, (), "secret", frozenset({origin(server.url)}))
    client.get(request)
    assert "authorization" not in stranger.asked[0][1]
    assert server.asked[0][1]["authorization"] == "secret"


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("https://R.invalid/a", "https://r.invalid:443/b?c", True),
        ("http://r.invalid", "http://r.invalid:80/", True),
        ("https://r.invalid", "http://r.invalid", False),
        ("https://r.invalid", "https://r.invalid:8443", False),
        ("https://r.invalid", "https://r.invalid.evil.invalid", False),
        ("https://r.invalid", "https://r.invalid@evil.invalid", False),
    ],
)
def test_origins_are_scheme_host_and_port(one: str, other: str, is_same: bool) -> None:
    assert (origin(one) == origin(other)) is is_same


def test_html_pages_are_not_quoted() -> None:
    assert first_words(b"<!doctype html><p>no") == ""
    assert first_words(b"") == ""
    assert first_words(b"\xff no") == ": \ufffd no"


# Proxies and certificates -------------------------------------------------------------------------


def test_the_proxy_variable_is_honored(
    server: SparseServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url)
    server.files["http://registry.invalid/x"] = b"through the proxy"
    with Client(settings) as client:
        answer = client.get(Request("http://registry.invalid/x", SIZE))
    assert answer.body == b"through the proxy"


@pytest.mark.parametrize("proxy", ["nonsense://x", "socks5://127.0.0.1:9"])
def test_a_proxy_that_cannot_be_used_is_a_usage_error(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(UsageError, match="proxy variable"):
        Client(settings)


def test_a_private_authority_is_trusted_when_named(
    servers: Servers, trusting: Settings, tls: ssl.SSLContext
) -> None:
    server = servers.start(tls)
    server.files["/x"] = b"private"
    with Client(trusting) as client:
        assert client.get(Request(f"{server.url}x", SIZE)).body == b"private"


def test_an_unknown_authority_is_one_line_with_its_remedy_and_no_retry(
    servers: Servers, client: Client, tls: ssl.SSLContext, pauses: list[float]
) -> None:
    server = servers.start(tls)
    with pytest.raises(RegistryUnreachable, match="certificate verify failed") as caught:
        client.get(Request(f"{server.url}x", SIZE))
    assert "CRATESCOPE_CA_BUNDLE" in caught.value.remedy
    assert pauses == []


def test_https_is_never_left_for_plain_http(
    servers: Servers, server: SparseServer, trusting: Settings, tls: ssl.SSLContext
) -> None:
    secure = servers.start(tls)
    secure.say("/x", 302, Location=f"{server.url}y")
    with Client(trusting) as client, pytest.raises(RegistryUnreachable, match="plain HTTP"):
        client.get(Request(f"{secure.url}x", SIZE))
    assert server.asked == []


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_bundle_that_holds_no_certificate_is_a_usage_error(
    settings: Settings, tmp_path: Path, content: bytes | None
) -> None:
    bundle = tmp_path / "bundle.pem"
    if content is not None:
        bundle.write_bytes(content)
    with pytest.raises(UsageError, match=r"bundle\.pem"):
        Client(replace(settings, ca_bundle=str(bundle)))
