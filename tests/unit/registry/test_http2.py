"""HTTP/2 over TLS, against a small server of our own."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived

from analyzer.config import Settings
from analyzer.registry.client import Client, Request

STREAMS = 16


@dataclass
class Http2Server:
    """Answers only when `STREAMS` requests are open at once; notes connections."""

    socket: socket.socket
    context: ssl.SSLContext
    url: str = ""
    connections: list[str | None] = field(default_factory=list)

    def serve(self) -> None:
        """Until the listening socket is shut down."""
        while True:
            try:
                plain, _ = self.socket.accept()
            except OSError:
                return
            with self.context.wrap_socket(plain, server_side=True) as one:
                self.connections.append(one.selected_alpn_protocol())
                self._talk(one)

    def _talk(self, one: ssl.SSLSocket) -> None:
        http = H2Connection(H2Configuration(client_side=False))
        http.initiate_connection()
        one.sendall(http.data_to_send())
        waiting: list[int] = []
        while data := one.recv(65536):
            asked = [e for e in http.receive_data(data) if isinstance(e, RequestReceived)]
            waiting += [event.stream_id for event in asked if event.stream_id is not None]
            if len(waiting) == STREAMS:
                for stream in waiting:
                    http.send_headers(stream, [(":status", "200")])
                    http.send_data(stream, b"x" * 1000, end_stream=True)
                waiting.clear()
            one.sendall(http.data_to_send())


@pytest.fixture
def http2(tls: ssl.SSLContext) -> Iterator[Http2Server]:
    """A running server."""
    tls.set_alpn_protocols(["h2"])
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"https://127.0.0.1:{listening.getsockname()[1]}/"
        server = Http2Server(listening, tls, url)
        thread = threading.Thread(target=server.serve)
        thread.start()
        yield server
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_many_threads_share_one_http2_connection(http2: Http2Server, trusting: Settings) -> None:
    with Client(trusting) as client, ThreadPoolExecutor(STREAMS) as threads:
        urls = [f"{http2.url}{number}" for number in range(3 * STREAMS)]
        answers = list(threads.map(lambda url: client.get(Request(url, 10_000)), urls))
    assert [one.body for one in answers] == [b"x" * 1000] * len(urls)
    assert http2.connections == ["h2"]
