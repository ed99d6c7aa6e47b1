"""TLS to whoever asks: what a client says first, and certificates of a CA made for this run."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MAX_CERTIFICATES = 1_000
HELLO_BYTES = 1 << 14
HOST = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")


@dataclass(frozen=True)
class Hello:
    """What a client asked for, in clear."""

    sni: str = ""
    alpn: tuple[str, ...] = ()


def hello_size(data: bytes | bytearray) -> int:
    """Bytes of the first TLS record, header too; 0 when `data` does not begin a handshake."""
    if not data or not b"\x16\x03".startswith(data[:2]):
        return 0
    if len(data) < 5:
        return 5
    return 5 + min(int.from_bytes(data[3:5], "big"), HELLO_BYTES)


def read_hello(record: bytes) -> Hello:
    """Server name and protocols of a ClientHello; empty where it cannot be read."""
    try:
        body = record[9:]
        at = 34  # version and random
        at += 1 + body[at]  # session
        at += 2 + int.from_bytes(body[at : at + 2], "big")  # ciphers
        at += 1 + body[at]  # compressions
        found = dict(_extensions(body[at + 2 :]))
        name, protocols = found.get(0, b""), found.get(16, b"")
        return Hello(name[5:].decode("latin-1")[:255], tuple(_protocols(protocols[2:])))
    except IndexError:
        return Hello()


def _extensions(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= 4:
        kind, size = int.from_bytes(data[:2], "big"), int.from_bytes(data[2:4], "big")
        yield kind, data[4 : 4 + size]
        data = data[4 + size :]


def _protocols(data: bytes) -> Iterator[str]:
    while data:
        yield data[1 : 1 + data[0]].decode("latin-1")
        data = data[1 + data[0] :]


class Authority:
    """A certificate authority of this run, in a private folder; raises CalledProcessError."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.contexts: dict[str, asyncio.Task[ssl.SSLContext]] = {}
        self.turns = asyncio.Semaphore(2)
        for name in ("ca", "leaf"):
            self._openssl(
                "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{name}.key"
            )
        self._sign("ca", "ca", "O=Trust Services\nCN=Global Root R1", CA_PARTS)
        self.pem = (self.folder / "ca.pem").read_text()

    async def context(self, name: str, address: str) -> ssl.SSLContext:
        """A server's side of TLS for a name, or for the address where the name is none."""
        subject = name.lower().rstrip(".") if HOST.fullmatch(name) else address
        if subject not in self.contexts:
            if len(self.contexts) >= MAX_CERTIFICATES:
                raise ssl.SSLError("too many certificates")
            self.contexts[subject] = asyncio.create_task(self._make(subject, len(self.contexts)))
        return await asyncio.shield(self.contexts[subject])

    async def _make(self, subject: str, number: int) -> ssl.SSLContext:
        async with self.turns:
            await asyncio.to_thread(
                self._sign, f"leaf{number}", "leaf", "CN=server", _leaf(subject)
            )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(["http/1.1"])
        context.load_cert_chain(self.folder / f"leaf{number}.pem", self.folder / "leaf.key")
        return context

    def _sign(self, name: str, key: str, subject: str, parts: str) -> None:
        text = "[req]\nprompt=no\ndistinguished_name=dn\nx509_extensions=v3\n"
        text += f"[dn]\n{subject}\n[v3]\n{parts}"
        (self.folder / f"{name}.cnf").write_text(text)
        issuer = () if key == "ca" else ("-CA", "ca.pem", "-CAkey", "ca.key")
        request = (
            "req",
            "-x509",
            "-new",
            "-key",
            f"{key}.key",
            "-config",
            f"{name}.cnf",
            "-sha256",
        )
        self._openssl(*request, "-days", "3650", *issuer, "-out", f"{name}.pem")

    def _openssl(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)  # noqa: S607


CA_PARTS = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"


def _leaf(subject: str) -> str:
    try:
        kind = f"IP:{ipaddress.ip_address(subject)}"
    except ValueError:
        kind = f"DNS:{subject}"
    return (
        f"subjectAltName={kind}\nextendedKeyUsage=serverAuth\nbasicConstraints=critical,CA:FALSE\n"
    )
