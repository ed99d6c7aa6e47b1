"""uvicorn's HTTP/1.1 as a front door: bounded heads, no slow writers or readers."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_MOST_BYTES = 32 << 10
HEAD_S = 15.0
"""For a request's head to arrive, from its first byte or the beginning of the connection."""
STALL_S = 60.0
"""For a reader that takes nothing while bytes wait for it."""


class GuardedProtocol(HttpToolsProtocol):
    """Closes connections whose heads are too long or too slow, or who do not read."""

    _head_bytes = 0
    _head_timer: asyncio.TimerHandle | None = None
    _stall_timer: asyncio.TimerHandle | None = None
    _is_in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its base
        """Begin to wait for a head."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """No timer outlives its connection."""
        self._cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what belongs to a head: no further byte is parsed once it is too long."""
        if self._is_in_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_MOST_BYTES and b"\r\n\r\n" not in data[:HEAD_MOST_BYTES]:
                self.send_400_response("Too long a head.")
                return
            if self._head_timer is None:
                self._await_head()
        super().data_received(data)

    def _unsupported_upgrade_warning(self) -> None:
        """Every cargo offers HTTP/2 without TLS on its first request: no news."""

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._is_in_head, self._head_bytes = False, 0
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """What follows is the next head."""
        self._is_in_head, self._head_bytes = True, 0
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The reader is slower than we are."""
        self._stall_timer = self.loop.call_later(STALL_S, self._abort)
        super().pause_writing()

    def resume_writing(self) -> None:
        """It reads again."""
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None
        super().resume_writing()

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_S, self._abort)

    def _abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def _cancel(self) -> None:
        for one in (self._head_timer, self._stall_timer):
            if one is not None:
                one.cancel()
        self._head_timer = self._stall_timer = None
