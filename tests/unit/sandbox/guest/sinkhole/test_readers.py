"""Small readers and quotas: no bytes raise, and what was cut is said."""

from __future__ import annotations

import json
import socket
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.guest.sinkhole import network, records
from sandbox.guest.sinkhole.http import unmask
from sandbox.guest.sinkhole.raw import datagram_reply, logged_packets, mail, read_packet
from sandbox.guest.sinkhole.records import Capture, Recorder
from sandbox.guest.sinkhole.seed import Seed
from sandbox.guest.sinkhole.tls import hello_size, read_hello

HELLO = bytes.fromhex(
    "160301003d010000390303" + "00" * 32 + "00" + "0002c02b" + "0100" + "000e"
    "0000000a00080000056150622e78"
)  # fmt: skip


def attribute(kind: int, body: bytes) -> bytes:
    head = struct.pack("=HH", 4 + len(body), kind)
    return head + body + bytes(-len(body) % 4)


def test_a_server_name_is_read() -> None:
    assert read_hello(HELLO).sni == "aPb.x"


@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda tail: HELLO[:44] + tail))
def test_no_hello_raises(data: bytes) -> None:
    read_hello(data)
    assert 0 <= hello_size(data) <= (1 << 14) + 5


@given(st.binary(max_size=120))
def test_no_packet_raises(data: bytes) -> None:
    assert isinstance(logged_packets(data), list)
    read_packet(data)
    read_packet(b"\x45" + data)
    read_packet(b"\x60" + data)
    assert len(datagram_reply(data)) in (0, 48)


def test_a_logged_datagram_has_its_true_destination() -> None:
    packet = b"\x45" + bytes(8) + b"\x11" + bytes(6) + socket.inet_aton("192.0.2.9")
    packet += struct.pack("!HHHH", 50_000, 999, 14, 0) + b"secret"
    body = bytes(4) + attribute(1, b"xxxx") + attribute(9, packet)
    message = struct.pack("=IHHII", 16 + len(body), 0x400, 0, 0, 0) + body
    (found,) = logged_packets(message)
    assert read_packet(found) == ("udp", "192.0.2.9", 999, 50_000, b"secret")


@given(st.binary(max_size=150))
def test_no_frame_raises_or_grows(data: bytes) -> None:
    assert len(unmask(data)) <= len(data)


@given(st.lists(st.sampled_from([b"DATA\r\n", b"\r\n.\r\n", b"EHLO a\r\n", b"x", b"QUIT\r\n"])))
def test_mail_in_any_pieces_is_answered_alike(pieces: list[bytes]) -> None:
    whole = mail(b"".join(pieces), is_letter=False)[2]
    parts, lines, is_letter = b"", b"", False
    for piece in pieces:
        lines, is_letter, reply = mail(lines + piece, is_letter=is_letter)
        parts += reply
    assert parts == whole


def test_a_flood_of_one_kind_is_cut_and_said_and_hides_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "KIND_RECORDS", 3)
    monkeypatch.setattr(records, "KIND_BYTES", 10)
    monkeypatch.setattr(records, "RECORD_BYTES", 6)
    with (tmp_path / "records").open("wb") as file:
        recorder = Recorder(file.fileno())
        for _ in range(9):
            recorder.emit("datagram", {}, Capture.of(b"12345678"))
        recorder.emit("connection", {}, Capture.of(b"secret"))
    lines = [json.loads(one) for one in (tmp_path / "records").read_bytes().splitlines()]
    assert [one["kind"] for one in lines] == [*["datagram"] * 3, "note", "connection"]
    assert [len(one.get("data", "")) for one in lines] == [8, 8, 0, 0, 8]
    assert [one.get("is_cut") for one in lines] == [True, True, True, None, False]
    assert lines[3]["reason"].startswith("cut: ")


def test_every_run_has_its_own_private_network() -> None:
    plans = {network.plan(Seed(str(number))) for number in range(50)}
    assert len({one.address for one in plans}) == 50
    for one in plans:
        socket.inet_pton(socket.AF_INET6, one.address6)
        assert one.address.startswith("10.")
        assert one.address != one.gateway
