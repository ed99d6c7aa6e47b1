"""One connection from its first byte to its last: whatever ends it, what came is in a record."""

from __future__ import annotations

import asyncio
import ipaddress
import subprocess
from dataclasses import dataclass, replace

from sandbox.guest.sinkhole import http, raw
from sandbox.guest.sinkhole.answers import Answers
from sandbox.guest.sinkhole.records import Capture, Recorder
from sandbox.guest.sinkhole.streams import IDLE_S, Decrypted, Stream
from sandbox.guest.sinkhole.tls import Authority, hello_size, read_hello

DELAY_S = 0.004
MAX_DEPTH = 4
"""Tunnels and TLS within each other."""


@dataclass(frozen=True)
class Peer:
    """The ends of a connection, as far as they are known."""

    connection: int
    address: str
    port: int
    peer_port: int
    host: str = ""
    sni: str = ""
    alpn: tuple[str, ...] = ()

    def fields(self) -> dict[str, object]:
        """What every record of the connection says."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return fields | {"host": self.host or self.sni, "alpn": list(self.alpn)}


@dataclass(frozen=True)
class Services:
    """What all conversations share."""

    recorder: Recorder
    authority: Authority
    answers: Answers


class Conversation:
    """Finds out what is spoken, and speaks it."""

    def __init__(self, services: Services, peer: Peer, stream: Stream) -> None:
        self.services, self.peer, self.stream = services, peer, stream
        self.capture = Capture()
        self.protocol = "tcp"
        self.has_record = False

    async def run(self) -> None:
        """Raises what sockets raise; the record is written before."""
        try:
            await self._speak(0)
        finally:
            self.capture.add(self.stream.take())
            if self.capture.size_bytes or not self.has_record:
                self._record("cut-short" if self.capture.size_bytes else "silence")

    def _record(self, answer: str, **fields: object) -> None:
        fields = {"is_readable": True, "protocol": self.protocol, "answer": answer} | fields
        self.services.recorder.emit("connection", self.peer.fields() | fields, self.capture)
        self.capture, self.has_record = Capture(), True

    async def _speak(self, depth: int) -> None:
        await asyncio.sleep(DELAY_S)
        stream, greeting = self.stream, raw.GREETINGS.get(self.peer.port)
        if not await stream.fill(raw.SILENCE_S if greeting else IDLE_S / 2):
            if greeting is None:
                await self._raw()
                return
            await stream.send(greeting)
        while len(stream.buffer) < (size := hello_size(stream.buffer)) and await stream.fill():
            pass
        if size and depth < MAX_DEPTH:
            await self._tls(depth)
            return
        while (known := http.is_http(stream.buffer)) is None and await stream.fill():
            pass
        if known and depth < MAX_DEPTH:
            await self._http(depth)
        else:
            await self._raw()

    async def _tls(self, depth: int) -> None:
        self.capture.add(bytes(self.stream.buffer))
        hello = read_hello(bytes(self.stream.buffer))
        self.peer = replace(self.peer, sni=hello.sni, alpn=hello.alpn)
        self.protocol = "tls"
        try:
            name = hello.sni or self.peer.host
            context = await self.services.authority.context(name, self.peer.address)
            inside = Decrypted(self.stream, context)
            await inside.handshake()
        except (OSError, subprocess.CalledProcessError) as error:
            reason = getattr(error, "reason", "") or type(error).__name__
            self._record("handshake", is_readable=False, reason=str(reason))
            return
        self.capture, self.stream = Capture(), Stream(inside)
        await self._speak(depth + 1)

    async def _raw(self) -> None:
        self._record(await raw.keep(self.stream, self.peer.port, self.capture))

    async def _http(self, depth: int) -> None:
        self.protocol = "https" if self.protocol in ("tls", "https") else "http"
        while (request := await http.read_request(self.stream, self.capture)) is not None:
            host = _host(request.headers.get("host", "")) or self.peer.host or self.peer.address
            if not self.peer.host and not self.peer.sni:
                self.peer = replace(self.peer, host=host)
            answer = self.services.answers.answer(request, host)
            is_whole = {"is_whole": request.is_whole}
            self._record(answer.word, method=request.method, target=request.target, **is_whole)
            await self.stream.send(http.render(answer, request))
            if answer.word == "tunnel":
                self._tunnel(request.target)
                await self._speak(depth + 1)
                return
            if answer.word == "websocket":
                await self._websocket()
                return
            if not (request.is_kept_alive and request.is_whole):
                return
            if not self.stream.buffer and not await self.stream.fill_or_finish(raw.SILENCE_S):
                return
        if self.capture.size_bytes or self.stream.buffer:
            await self._raw()

    def _tunnel(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        host = host.strip("[]")
        number = int(port) if port.isascii() and port.isdecimal() and len(port) < 6 else 0
        peer = replace(self.peer, port=min(number, 65535), sni="", alpn=())
        try:
            self.peer = replace(peer, address=str(ipaddress.ip_address(host)), host="")
        except ValueError:
            self.peer = replace(peer, address=self.services.answers.names.address(host), host=host)
        self.protocol = "tcp"

    async def _websocket(self) -> None:
        frames = Capture()
        try:
            await raw.keep(self.stream, 0, frames)
        finally:
            self.capture.add(http.unmask(bytes(frames.data)))
            self.capture.size_bytes = max(self.capture.size_bytes, frames.size_bytes)
            self._record("websocket")


def _host(header: str) -> str:
    """A `Host` header without its port."""
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0].lower()
