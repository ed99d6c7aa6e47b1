"""The sinkhole: sets up the network, drops root, then answers everything until it is stopped.

SIGUSR1 refuses from now on, SIGUSR2 answers again, SIGTERM writes what is half received and ends.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import resource
import secrets
import signal
import socket
import subprocess
from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

from sandbox.guest.sinkhole import network, raw
from sandbox.guest.sinkhole.answers import Answers
from sandbox.guest.sinkhole.conversation import DELAY_S, Conversation, Peer, Services
from sandbox.guest.sinkhole.dns import Names
from sandbox.guest.sinkhole.records import Capture, Recorder
from sandbox.guest.sinkhole.seed import Seed
from sandbox.guest.sinkhole.streams import IDLE_S, Socket, Stream
from sandbox.guest.sinkhole.tls import Authority

MAX_CONNECTIONS = 400
"""The oldest makes room for the newest: a flood cannot keep what comes later from being seen."""
LIFETIME_S = 120.0
LOOPBACK = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}
Address = tuple[str, int]


class Sinkhole:
    """Everything that serves; one per container."""

    def __init__(self, services: Services) -> None:
        self.services, self.recorder = services, services.recorder
        self.names = services.answers.names
        self.is_refusing = False
        self.open: dict[int, asyncio.Task[None]] = {}
        self.count = 0

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one redirected connection."""
        peer = self._peer(writer)
        self.recorder.emit("opened", peer.fields() | {"protocol": "tcp"})
        if len(self.open) >= MAX_CONNECTIONS:
            next(iter(self.open.values())).cancel()
        stream = Stream(Socket(reader, writer))
        conversation = Conversation(self.services, peer, stream).run()
        if self.is_refusing:
            conversation.close()
            self._refused(peer)
            _reset(writer)
            return
        task = self.open[peer.connection] = asyncio.create_task(
            asyncio.wait_for(conversation, LIFETIME_S)
        )
        try:
            with contextlib.suppress(OSError, TimeoutError, asyncio.CancelledError):
                await task
        finally:
            del self.open[peer.connection]
            writer.close()

    def _peer(self, writer: asyncio.StreamWriter) -> Peer:
        self.count += 1
        address, port = network.original_destination(writer.get_extra_info("socket"))
        peer_port = (writer.get_extra_info("peername") or ("", 0))[1]
        return Peer(self.count, address, port, peer_port, self.names.by_address.get(address, ""))

    def _refused(self, peer: Peer) -> None:
        fields = {"protocol": "tcp", "answer": "refused", "is_readable": False}
        self.recorder.emit("connection", peer.fields() | fields, Capture())

    async def asked(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """DNS over TCP: queries with their length before them."""
        with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
            async with asyncio.timeout(IDLE_S * 4):
                while size := int.from_bytes(await reader.readexactly(2), "big"):
                    message = await reader.readexactly(size)
                    reply = self.resolve(message, writer.get_extra_info("peername"))
                    writer.write(len(reply).to_bytes(2, "big") + reply)
                    await writer.drain()
        writer.close()

    def resolve(self, message: bytes, sender: Address) -> bytes:
        """The answer to a query, with its record."""
        query, reply, word = self.names.reply(message, is_refusing=self.is_refusing)
        name, kind = (query.name, query.type) if query else ("", "")
        fields = {"protocol": "dns", "name": name, "type": kind, "answer": word}
        self.recorder.emit("dns", fields | {"peer_port": sender[1]}, Capture.of(message))
        return reply

    def packets(self, log: socket.socket) -> None:
        """Record datagrams of all protocols from the kernel's log."""
        try:
            messages = raw.logged_packets(log.recv(1 << 18))
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
            self.recorder.note("cut: datagrams came faster than they were read")
            return
        for packet in filter(None, map(raw.read_packet, messages)):
            protocol, address, port, peer_port, data = packet
            host = self.names.by_address.get(address, "")
            fields = {"protocol": protocol, "address": address, "port": port, "host": host}
            self.recorder.emit("datagram", fields | {"peer_port": peer_port}, Capture.of(data))

    def datagram(self, data: bytes, _: Address) -> bytes:
        """What a datagram is answered with; it is recorded from the log."""
        return b"" if self.is_refusing else raw.datagram_reply(data)

    def unlogged(self, data: bytes, sender: Address) -> bytes:
        """The same where the kernel has no log: the destination stays unknown."""
        fields = {"protocol": "udp", "peer_port": sender[1]}
        self.recorder.emit("datagram", fields, Capture.of(data))
        return self.datagram(data, sender)

    def switch(self, *, is_refusing: bool) -> None:
        """Refuse, or answer, from now on; what is open ends when refusing begins."""
        self.is_refusing = is_refusing
        if is_refusing:
            self.hang_up()
        self.recorder.emit("mode", {"mode": "refuse" if is_refusing else "answer"})

    def hang_up(self) -> None:
        """End all conversations; each writes what it has."""
        for task in self.open.values():
            task.cancel()


def _reset(writer: asyncio.StreamWriter) -> None:
    linger = b"\x01\0\0\0" + bytes(4)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


class Datagrams(asyncio.DatagramProtocol):
    """Answers datagrams by a function, after a moment as a network takes it."""

    def __init__(self, answer: Callable[[bytes, Address], bytes]) -> None:
        self.answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """One datagram in, at most one out."""
        if reply := self.answer(data, addr):
            loop = asyncio.get_running_loop()
            loop.call_later(DELAY_S, self.transport.sendto, reply, addr)


async def listen(sinkhole: Sinkhole, log: socket.socket | None) -> None:
    """Open all doors, on loopback alone: redirected packets arrive there."""
    loop = asyncio.get_running_loop()
    datagram = sinkhole.datagram if log else sinkhole.unlogged
    for family, host in LOOPBACK.items():
        for port, act in (
            (network.TCP_PORT, sinkhole.connected),
            (network.DNS_PORT, sinkhole.asked),
        ):
            await asyncio.start_server(act, host, port, family=family, backlog=1024)
        for port, reply in ((network.UDP_PORT, datagram), (network.DNS_PORT, sinkhole.resolve)):
            factory = partial(Datagrams, reply)
            await loop.create_datagram_endpoint(factory, (host, port), family=family)
    if log:
        loop.add_reader(log, sinkhole.packets, log)


async def serve(sinkhole: Sinkhole, log: socket.socket | None, ready: dict[str, str]) -> None:
    """Answer until SIGTERM."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGUSR1, lambda: sinkhole.switch(is_refusing=True))
    loop.add_signal_handler(signal.SIGUSR2, lambda: sinkhole.switch(is_refusing=False))
    await listen(sinkhole, log)
    sinkhole.recorder.emit("ready", ready)
    if log is None:
        sinkhole.recorder.note("no packet log: destinations of datagrams are unknown")
    await stop.wait()
    sinkhole.hang_up()
    await asyncio.sleep(DELAY_S)


def main(argv: Sequence[str]) -> int:
    """Exit code 0 after SIGTERM, 1 where the network could not be set up."""
    parser = argparse.ArgumentParser(prog="sinkhole", description=__doc__)
    parser.add_argument("--seed", default=secrets.token_hex(16))
    parser.add_argument("--uid", type=int, default=998)
    options = parser.parse_args(argv)
    seed, recorder = Seed(options.seed), Recorder()
    here = network.plan(seed)
    try:
        network.build(here)
        log = _packet_log()
        network.drop_privileges(options.uid)
        authority = Authority()
    except (OSError, subprocess.CalledProcessError) as error:
        recorder.note(f"failed: {error} {getattr(error, 'stderr', None) or ''}")
        return 1
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    names = Names(seed)
    services = Services(recorder, authority, Answers(seed, names, here.address))
    ready = {"ca": authority.pem, "marker": seed.marker, "nameserver": here.gateway}
    asyncio.run(serve(Sinkhole(services), log, ready))
    return 0


def _packet_log() -> socket.socket | None:
    try:
        return network.open_packet_log()
    except OSError:
        return None
