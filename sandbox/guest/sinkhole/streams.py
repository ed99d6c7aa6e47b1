"""Bytes of one connection, plain or decrypted, behind one small interface."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from typing import Protocol, TypeVar

IDLE_S = 5.0
CHUNK_BYTES = 1 << 16
T = TypeVar("T")


class Pipe(Protocol):
    """What a stream reads from and writes to."""

    async def read(self, timeout_s: float) -> bytes:
        """Some bytes; none at the end. Raises TimeoutError when nothing comes."""

    async def send(self, data: bytes) -> None:
        """All of `data`."""

    async def finish(self) -> None:
        """Say that nothing more will be sent; what still comes can be read."""


class Socket:
    """A plain connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def read(self, timeout_s: float) -> bytes:
        """See `Pipe`."""
        async with asyncio.timeout(timeout_s):
            return await self.reader.read(CHUNK_BYTES)

    async def send(self, data: bytes) -> None:
        """See `Pipe`; a peer that does not read is given up like one that does not write."""
        self.writer.write(data)
        async with asyncio.timeout(IDLE_S):
            await self.writer.drain()

    async def finish(self) -> None:
        """See `Pipe`."""
        if self.writer.can_write_eof():
            self.writer.write_eof()


class Decrypted:
    """The inside of TLS over a stream; `handshake` comes first and may raise ssl.SSLError."""

    def __init__(self, outer: Stream, context: ssl.SSLContext) -> None:
        self.outer = outer
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)

    async def handshake(self) -> None:
        """Raises ssl.SSLError, OSError or TimeoutError where the client refuses or leaves."""
        await self._run(self.tls.do_handshake, IDLE_S)

    async def read(self, timeout_s: float) -> bytes:
        """See `Pipe`."""
        try:
            return await self._run(lambda: self.tls.read(CHUNK_BYTES), timeout_s)
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""

    async def send(self, data: bytes) -> None:
        """See `Pipe`."""
        await self._run(lambda: self.tls.write(data), IDLE_S)

    async def finish(self) -> None:
        """See `Pipe`."""
        with contextlib.suppress(ssl.SSLError):  # the other side has not said so yet
            self.tls.unwrap()
        await self.outer.pipe.send(self.outgoing.read())

    async def _run(self, act: Callable[[], T], timeout_s: float) -> T:
        while True:
            try:
                return act()
            except ssl.SSLWantReadError:
                pass
            finally:
                if self.outgoing.pending:  # alerts too: an error is told before it is raised
                    await self.outer.pipe.send(self.outgoing.read())
            data = self.outer.take() or await self.outer.pipe.read(timeout_s)
            if data:
                self.incoming.write(data)
            else:
                self.incoming.write_eof()


class Stream:
    """A pipe with what was read ahead of it."""

    def __init__(self, pipe: Pipe) -> None:
        self.pipe = pipe
        self.buffer = bytearray()
        self.is_finished = False

    async def fill(self, timeout_s: float = IDLE_S) -> bool:
        """Read some more into the buffer; False at the end and when nothing comes."""
        try:
            data = await self.pipe.read(timeout_s)
        except TimeoutError:
            return False
        self.buffer += data
        return bool(data)

    async def fill_or_finish(self, timeout_s: float) -> bool:
        """Like `fill`, but silence ends what we send first, and what comes then counts too."""
        if self.is_finished or not await self.fill(timeout_s):
            await self.finish()
            return await self.fill()
        return True

    async def send(self, data: bytes) -> None:
        """See `Pipe`; after our end nothing is sent."""
        if not self.is_finished:
            await self.pipe.send(data)

    async def finish(self) -> None:
        """End what we send, once; a client that waits for our end goes on, and may still send."""
        if not self.is_finished:
            self.is_finished = True
            with contextlib.suppress(OSError, TimeoutError):
                await self.pipe.finish()

    def take(self, size: int | None = None) -> bytes:
        """The first `size` bytes of the buffer, or all; they leave it."""
        size = len(self.buffer) if size is None else size
        data = bytes(self.buffer[:size])
        del self.buffer[:size]
        return data
