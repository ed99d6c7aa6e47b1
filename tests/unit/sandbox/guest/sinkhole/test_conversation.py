"""Connections over real sockets on loopback: whatever is spoken, what came is in a record."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.guest.sinkhole import conversation, network, raw, serve, streams
from sandbox.guest.sinkhole.answers import Answers
from sandbox.guest.sinkhole.conversation import Services
from sandbox.guest.sinkhole.dns import Names
from sandbox.guest.sinkhole.records import Recorder
from sandbox.guest.sinkhole.seed import Seed
from sandbox.guest.sinkhole.serve import Sinkhole
from sandbox.guest.sinkhole.tls import Authority

pytestmark = [pytest.mark.enable_socket]

Records = list[dict[str, Any]]
Client = Callable[[Sinkhole, int], Awaitable[None]]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is short; nothing else differs."""
    for module in (streams, conversation, serve):
        monkeypatch.setattr(module, "IDLE_S", 0.4)
    monkeypatch.setattr(streams.Stream.fill, "__defaults__", (0.4,))
    monkeypatch.setattr(raw, "SILENCE_S", 0.1)


def run(authority: Authority, folder: Path, client: Client) -> Records:
    """What a client's visit leaves, apart from the openings."""
    path = folder / f"records{len(list(folder.iterdir()))}"

    async def visit() -> None:
        with path.open("wb") as file:
            names = Names(Seed("tests"))
            answers = Answers(Seed("tests"), names, "10.1.2.3")
            sinkhole = Sinkhole(Services(Recorder(file.fileno()), authority, answers))
            authority.contexts.clear()
            server = await asyncio.start_server(sinkhole.connected, "127.0.0.1", 0)
            try:
                await client(sinkhole, server.sockets[0].getsockname()[1])
                async with asyncio.timeout(5):
                    while sinkhole.open:
                        await asyncio.sleep(0.01)
            finally:
                server.close()
                sinkhole.hang_up()
                await asyncio.sleep(0.02)

    asyncio.run(visit())
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def sending(*parts: bytes, read: int = 0) -> Client:
    """A client that writes, waits for an answer of some length, and leaves."""

    async def client(_: Sinkhole, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.01)
        writer.write_eof()
        await reader.read(-1)
        writer.close()

    return client


def visits(records: Records) -> Records:
    return [one for one in records if one["kind"] == "connection"]


def data(record: dict[str, Any]) -> bytes:
    return base64.b64decode(record["data"])


def test_each_request_of_a_kept_connection_has_a_record(
    authority: Authority, tmp_path: Path
) -> None:
    client = sending(
        b"GET /one HTTP/1.1\r\nHost: a.invalid\r\n\r\nPOST /two HTTP/1.1\r\nHost: a.invalid\r\n",
        b"Content-Length: 6\r\n\r\nsecr",
        b"et",
    )
    opened, *rest = run(authority, tmp_path, client)
    assert opened["kind"] == "opened"
    assert [(one["target"], one["host"]) for one in rest] == [
        ("/one", "a.invalid"),
        ("/two", "a.invalid"),
    ]
    assert data(rest[1]).endswith(b"\r\n\r\nsecret")


def test_chunks_are_joined(authority: Authority, tmp_path: Path) -> None:
    head = b"PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    client = sending(head, b"3\r\nsec\r\n3;x=1\r\nret\r\n", b"0\r\nTrailer: t\r\n\r\n")
    (one,) = visits(run(authority, tmp_path, client))
    assert data(one).endswith(b"\r\n\r\nsecretTrailer: t\r\n")


@pytest.mark.parametrize(
    "half",
    [
        b"GET /no-end HTTP/1.1\r\nCookie: secret",
        b"POST /no-end HTTP/1.1\r\nContent-Length: 99\r\n\r\nsecret",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n63\r\nsecret",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nsecret\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\nsecret",
        b"GET secret\r\n",
        b"\x16\x03\x01\x40\x00secret",
        b"\x16secret",
        b"G secret",
    ],
)
def test_what_stops_half_way_is_kept(authority: Authority, tmp_path: Path, half: bytes) -> None:
    records = visits(run(authority, tmp_path, sending(half)))
    assert b"secret" in b"".join(map(data, records))


def test_what_is_under_way_when_the_sinkhole_ends_is_kept(
    authority: Authority, tmp_path: Path
) -> None:
    async def client(sinkhole: Sinkhole, port: int) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nContent-Length: 99\r\n\r\nsecret")
        await asyncio.sleep(0.1)
        sinkhole.hang_up()
        writer.close()

    (one,) = visits(run(authority, tmp_path, client))
    assert (one["answer"], data(one)[-6:]) == ("cut-short", b"secret")


def test_tls_by_name_is_decrypted(authority: Authority, tmp_path: Path) -> None:
    async def client(_: Sinkhole, port: int) -> None:
        trusting = ssl.create_default_context(cadata=authority.pem)
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=trusting, server_hostname="c2.invalid"
        )
        writer.write(b"POST /in HTTP/1.1\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret")
        assert (await reader.read(99)).startswith(b"HTTP/1.1 200 OK\r\n")
        writer.close()

    (one,) = visits(run(authority, tmp_path, client))
    wanted = {"protocol": "https", "sni": "c2.invalid", "host": "c2.invalid", "is_readable": True}
    assert wanted.items() <= one.items()
    assert data(one).endswith(b"secret")


def test_a_refused_handshake_has_its_name(authority: Authority, tmp_path: Path) -> None:
    async def client(_: Sinkhole, port: int) -> None:
        pinned = ssl.create_default_context()
        pinned.set_alpn_protocols(["h2"])
        with pytest.raises(ssl.SSLError):
            await asyncio.open_connection(
                "127.0.0.1", port, ssl=pinned, server_hostname="pinned.invalid"
            )

    (one,) = visits(run(authority, tmp_path, client))
    wanted = {"protocol": "tls", "sni": "pinned.invalid", "alpn": ["h2"], "is_readable": False}
    assert wanted.items() <= one.items()


def test_a_tunnel_leads_to_what_was_asked_for(authority: Authority, tmp_path: Path) -> None:
    client = sending(
        b"CONNECT c2.invalid:8080 HTTP/1.1\r\n\r\n",
        b"POST /deep HTTP/1.1\r\nContent-Length: 6\r\n\r\nsecret",
    )
    tunnel, inside = visits(run(authority, tmp_path, client))
    assert (tunnel["method"], tunnel["answer"]) == ("CONNECT", "tunnel")
    assert (inside["host"], inside["port"], inside["target"]) == ("c2.invalid", 8080, "/deep")


def test_frames_of_a_websocket_are_unmasked(authority: Authority, tmp_path: Path) -> None:
    frame = b"\x81\x86abcd" + bytes(
        one ^ two for one, two in zip(b"secret", b"abcdab", strict=True)
    )
    head = b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n"
    _, frames = visits(run(authority, tmp_path, sending(head, frame)))
    assert data(frames) == b"secret"


def test_expecting_clients_are_told_to_go_on(authority: Authority, tmp_path: Path) -> None:
    async def client(_: Sinkhole, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"ok")
        assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
        writer.close()

    (one,) = visits(run(authority, tmp_path, client))
    assert data(one).endswith(b"ok")


def test_refusing_gives_nothing_away(authority: Authority, tmp_path: Path) -> None:
    async def client(sinkhole: Sinkhole, port: int) -> None:
        sinkhole.switch(is_refusing=True)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with pytest.raises(ConnectionError):
            await reader.readexactly(1)
        writer.close()

    records = run(authority, tmp_path, client)
    assert [one["kind"] for one in records] == ["mode", "opened", "connection"]
    assert records[-1]["answer"] == "refused"


def test_the_oldest_connection_makes_room_with_its_record(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "MAX_CONNECTIONS", 3)

    async def client(_sinkhole: Sinkhole, port: int) -> None:
        writers = []
        for number in range(6):
            _reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"\0held %d" % number)
            await asyncio.sleep(0.03)
            writers.append(writer)
        for writer in writers:
            writer.close()

    records = visits(run(authority, tmp_path, client))
    assert [data(one) for one in records] == [b"\0held %d" % number for number in range(6)]


@pytest.mark.parametrize("number", [21, 22, 25, 587])
def test_servers_that_speak_first_do(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(network, "original_destination", lambda _: ("192.0.2.1", number))

    async def client(_: Sinkhole, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await reader.readline() == raw.GREETINGS[number]
        writer.close()

    (one,) = visits(run(authority, tmp_path, client))
    assert one["port"] == number


def test_a_letter_is_taken_as_mail_servers_do(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import smtplib

    monkeypatch.setattr(network, "original_destination", lambda _: ("192.0.2.1", 25))

    async def client(_: Sinkhole, port: int) -> None:
        def send() -> None:
            with smtplib.SMTP("127.0.0.1", port, "a.invalid") as mail:
                mail.login("user", "password")
                mail.sendmail("a@a.invalid", ["b@b.invalid"], "Subject: x\n\nsecret\n.\nmore")

        await asyncio.to_thread(send)

    (one,) = visits(run(authority, tmp_path, client))
    assert b"secret\r\n..\r\nmore" in data(one)
    assert one["answer"] == "mail"


def test_certificates_hold_no_text_of_a_client(authority: Authority) -> None:
    async def make() -> ssl.SSLContext:
        authority.contexts.clear()
        name = "a.invalid\nbasicConstraints=CA:TRUE"
        await authority.context(name, "192.0.2.1")
        assert list(authority.contexts) == ["192.0.2.1"]
        return await authority.context("b.invalid", "192.0.2.1")

    asyncio.run(make())
    command = ["openssl", "x509", "-noout", "-text", "-in", f"{authority.folder}/leaf0.pem"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "IP Address:192.0.2.1" in shown
    assert "CA:FALSE" in shown


PIECES = st.sampled_from(
    [b"GET ", b"POST / HTTP/1.1\r\n", b"Content-Length: 5\r\n", b"\r\n\r\n", b"\x16\x03\x01\0\x05",
     b"Transfer-Encoding: chunked\r\n", b"5\r\nhello\r\n", b"0\r\n\r\n", b"CONNECT a:1 HTTP/1.1\r\n\r\n",
     b"Upgrade: websocket\r\n", b"\x81\xff", b"\n", b"GET / HTTP/1.0\n\n"]
) | st.binary(max_size=20)  # fmt: skip


@settings(max_examples=40)
@given(st.lists(PIECES, max_size=8))
def test_no_bytes_break_a_connection_or_get_lost(
    authority: Authority, tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]
) -> None:
    sent = b"".join(pieces)
    records = run(authority, tmp_path_factory.mktemp("fuzz"), sending(sent))
    kinds = [one["kind"] for one in records]
    assert kinds[0] == "opened"
    assert kinds.count("connection") >= 1
    assert sum(one["size_bytes"] for one in records[1:]) <= len(sent)
    if b"chunked" not in sent and b"websocket" not in sent and b"\x16" not in sent:
        assert sum(one["size_bytes"] for one in records[1:]) == len(sent)


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """We leave after a silence longer than any test may last."""
    monkeypatch.setattr(streams.Stream.fill, "__defaults__", (30,))


def waiting(first: bytes, later: bytes = b"") -> Client:
    """A client that sends, waits for our end before its own, and may then send more."""

    async def client(_: Sinkhole, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(first)
        async with asyncio.timeout(3):  # less than the silence after which we leave
            await reader.read(-1)
        writer.write(later)
        writer.write_eof()
        await writer.drain()
        writer.close()

    return client


@pytest.mark.usefixtures("_patient")
@pytest.mark.parametrize(
    "first",
    [b"loot", b"POST / HTTP/1.1\r\nHost: a.invalid\r\nContent-Length: 4\r\n\r\nloot", b""],
    ids=["raw", "http", "nothing"],
)
def test_a_client_that_waits_for_the_end_is_not_held(
    authority: Authority, tmp_path: Path, first: bytes
) -> None:
    rest = visits(run(authority, tmp_path, waiting(first)))
    assert b"".join(map(data, rest)) == first


def test_what_a_client_sends_after_our_end_is_kept(authority: Authority, tmp_path: Path) -> None:
    rest = visits(run(authority, tmp_path, waiting(b"one", b"two")))
    assert data(rest[0]) == b"onetwo"
    again = b"GET / HTTP/1.1\r\nHost: a.invalid\r\n\r\n"
    rest = visits(run(authority, tmp_path, waiting(again, again.replace(b"/ ", b"/two "))))
    assert [one["target"] for one in rest] == ["/", "/two"]


@pytest.mark.usefixtures("_patient")
def test_a_client_over_tls_that_waits_for_the_end_is_not_held(
    authority: Authority, tmp_path: Path
) -> None:
    async def client(_: Sinkhole, port: int) -> None:
        context = ssl.create_default_context(cadata=authority.pem)
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=context, server_hostname="a.invalid"
        )
        writer.write(b"loot")
        async with asyncio.timeout(3):
            await reader.read(-1)
        writer.close()

    rest = visits(run(authority, tmp_path, client))
    assert b"loot" in b"".join(map(data, rest))
