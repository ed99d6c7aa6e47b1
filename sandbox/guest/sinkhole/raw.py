"""Protocols that are neither HTTP nor TLS: greetings of servers, mail, datagrams."""

from __future__ import annotations

import socket
import struct
import time

from sandbox.guest.sinkhole.records import Capture
from sandbox.guest.sinkhole.streams import IDLE_S, Stream

GREETINGS = {
    21: b"220 (vsFTPd 3.0.5)\r\n",
    22: b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n",
    25: b"220 mail ESMTP Postfix\r\n",
    587: b"220 mail ESMTP Postfix\r\n",
}
MAIL_PORTS = (25, 465, 587)
SILENCE_S = 1.0
NTP_EPOCH_S = 2_208_988_800


async def keep(stream: Stream, port: int, capture: Capture) -> str:
    """Keep what comes until the end or silence; the word for what was answered.

    A client that has sent and waits is told early that nothing will come: it need not wait for us.
    """
    lines, is_letter = b"", False
    while stream.buffer or await stream.fill_or_finish(IDLE_S if port in GREETINGS else SILENCE_S):
        data = stream.take()
        capture.add(data)
        if port in MAIL_PORTS:
            lines, is_letter, reply = mail(lines + data, is_letter=is_letter)
            await stream.send(reply)
    return "mail" if port in MAIL_PORTS else "greeting" if port in GREETINGS else "silence"


def mail(data: bytes, *, is_letter: bool) -> tuple[bytes, bool, bytes]:
    """What is left of `data`, whether a letter's text goes on, and a mail server's replies."""
    reply = b""
    while True:
        end = data.find(b"\r\n.\r\n" if is_letter else b"\n")
        if end < 0:
            return data[-4:] if is_letter else data[-4096:], is_letter, reply
        line, data = data[:end], data[end + (5 if is_letter else 1) :]
        word = b"" if is_letter else line[:4].upper()
        is_letter = word == b"DATA"
        codes = {b"DATA": b"354 End data with <CR><LF>.<CR><LF>", b"QUIT": b"221 Bye"}
        codes |= {b"AUTH": b"235 Authentication successful", b"EHLO": b"250-mail\r\n250 AUTH PLAIN"}
        reply += codes.get(word, b"250 OK") + b"\r\n"


def datagram_reply(data: bytes) -> bytes:
    """The time, to a client of NTP; nothing to others."""
    if len(data) < 48 or data[0] & 7 != 3:
        return b""
    now = struct.pack("!Q", int((time.time() + NTP_EPOCH_S) * (1 << 32)))
    head = bytes([0x24, 2, data[2], 0xEC]) + struct.pack("!II4s", 0x500, 0x400, b"\x0d\x25\x41\x07")
    return head + now + data[40:48] + now + now


PROTOCOLS = {1: "icmp", 17: "udp", 58: "icmp", 132: "sctp", 33: "dccp", 136: "udplite"}


def logged_packets(message: bytes) -> list[bytes]:
    """The packets in netlink messages of the kernel's log."""
    found, at = [], 0
    while at + 16 <= len(message):
        (size,) = struct.unpack_from("=I", message, at)
        if size < 16 or at + size > len(message):
            break
        part, inner = message[at : at + size], 20
        while inner + 4 <= len(part):
            length, kind = struct.unpack_from("=HH", part, inner)
            if kind == 9:
                found.append(part[inner + 4 : inner + length])
            inner += max(4, (length + 3) & ~3)
        at += (size + 3) & ~3
    return found


def read_packet(packet: bytes) -> tuple[str, str, int, int, bytes] | None:
    """Protocol, destination, its port, the sender's port and payload of an IP packet."""
    if len(packet) < 20:
        return None
    if packet[0] >> 4 == 4:
        start, number = (packet[0] & 15) * 4, packet[9]
        address = socket.inet_ntop(socket.AF_INET, packet[16:20])
    elif packet[0] >> 4 == 6 and len(packet) >= 40:
        start, number = 40, packet[6]
        address = socket.inet_ntop(socket.AF_INET6, packet[24:40])
    else:
        return None
    protocol = PROTOCOLS.get(number, f"ip-{number}")
    if number in (17, 136) and len(packet) >= start + 8:
        source, port = struct.unpack_from("!HH", packet, start)
        return protocol, address, port, source, packet[start + 8 :]
    return protocol, address, 0, 0, packet[start:]
