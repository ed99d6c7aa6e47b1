"""HTTP/1.1 as hostile clients speak it: one request after another, every byte kept."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from email.utils import formatdate

from sandbox.guest.sinkhole.records import Capture
from sandbox.guest.sinkhole.streams import Stream

METHODS = tuple(
    f"{word} ".encode()
    for word in "GET POST PUT HEAD DELETE PATCH OPTIONS CONNECT TRACE PROPFIND MKCOL REPORT".split()
)
HEAD_BYTES = 1 << 16
BODY_BYTES = 1 << 28
"""More than this of one body is not waited for."""
HEAD_END = re.compile(rb"\r?\n\r?\n")
REQUEST_LINE = re.compile(rb"([A-Z]+) (\S{1,60000}) HTTP/1\.([01])\r?\n")
REASONS = {101: "Switching Protocols", 200: "OK", 201: "Created", 204: "No Content"}
REASONS |= {401: "Unauthorized", 403: "Forbidden", 404: "Not Found"}


@dataclass(frozen=True)
class Request:
    """A request whose body has been read as far as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""
    is_kept_alive: bool = True
    is_whole: bool = True

    @property
    def path(self) -> str:
        """The target without query and, as proxies are asked, without scheme and host."""
        return re.sub(r"^https?://[^/]*", "", self.target.split("?", 1)[0]) or "/"


@dataclass(frozen=True)
class Answer:
    """What goes back, and a short word for it."""

    word: str
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def is_http(start: bytes | bytearray) -> bool | None:
    """Whether bytes begin a request; None while they are too few to tell."""
    start = bytes(start[:16])
    if any(start.startswith(method) for method in METHODS):
        return True
    return None if any(method.startswith(start) for method in METHODS) else False


async def read_request(stream: Stream, capture: Capture) -> Request | None:
    """The next request; None where the bytes are none, which then stay in the buffer."""
    while not (end := HEAD_END.search(stream.buffer)):
        line_ended = b"\n" in stream.buffer and not REQUEST_LINE.match(stream.buffer)
        if line_ended or len(stream.buffer) > HEAD_BYTES or not await stream.fill():
            return None
    if not REQUEST_LINE.match(stream.buffer):
        return None
    head = stream.take(end.end())
    capture.add(head)
    line = REQUEST_LINE.match(head)
    assert line is not None
    headers = _headers(head)
    if "100-continue" in headers.get("expect", "").lower():
        await stream.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    before = len(capture.data)
    if "chunked" in headers.get("transfer-encoding", "").lower():
        is_whole = await _chunks(stream, capture)
    else:
        size = headers.get("content-length", "0")
        is_whole = (
            size.isascii() and size.isdecimal() and await _body(stream, capture, int(size[:18]))
        )
    asked = headers.get("connection", "").lower()
    return Request(
        line[1].decode(),
        line[2].decode("latin-1"),
        headers,
        bytes(capture.data[before:]),
        is_kept_alive="close" not in asked and (line[3] == b"1" or "keep-alive" in asked),
        is_whole=is_whole,
    )


def _headers(head: bytes) -> dict[str, str]:
    """Lower-case names; of equal ones the first, as a second may be there to confuse."""
    headers: dict[str, str] = {}
    for line in head.decode("latin-1").split("\n")[1:]:
        name, _, value = line.partition(":")
        headers.setdefault(name.strip().lower(), value.strip())
    return headers


async def _body(stream: Stream, capture: Capture, size: int) -> bool:
    left = min(size, BODY_BYTES)
    while left:
        if not stream.buffer and not await stream.fill():
            return False
        data = stream.take(left)
        capture.add(data)
        left -= len(data)
    return size <= BODY_BYTES


async def _chunks(stream: Stream, capture: Capture) -> bool:
    """Chunks are joined, so that what a client split is found again."""
    while True:
        while b"\n" not in stream.buffer:
            if len(stream.buffer) > 4096 or not await stream.fill():
                return False
        line = stream.take(stream.buffer.index(b"\n") + 1).split(b";")[0].strip()
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,15}", line):
            if line:
                capture.add(line)
                return False
            continue  # the end of the chunk before
        size = int(line, 16)
        if not await _body(stream, capture, size):
            return False
        if not size:
            return await _trailers(stream, capture)


async def _trailers(stream: Stream, capture: Capture) -> bool:
    while True:
        while b"\n" not in stream.buffer:
            if len(stream.buffer) > HEAD_BYTES or not await stream.fill():
                return False
        line = stream.take(stream.buffer.index(b"\n") + 1)
        if not line.strip():
            return True
        capture.add(line)


def render(answer: Answer, request: Request) -> bytes:
    """An answer in wire form, with the true date."""
    headers = {"Server": "nginx", "Date": formatdate(usegmt=True)} | answer.headers
    if answer.status >= 200 and request.method != "CONNECT":
        headers["Content-Length"] = str(len(answer.body))
        headers["Connection"] = "keep-alive" if request.is_kept_alive else "close"
    lines = [f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, 'OK')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"
    return head if request.method in ("HEAD", "CONNECT") else head + answer.body


def websocket(request: Request) -> Answer:
    """The agreement to leave HTTP."""
    key = request.headers.get("sec-websocket-key", "")
    mark = hashlib.sha1(
        (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode(), usedforsecurity=False
    )
    accept = base64.b64encode(mark.digest()).decode()
    headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": accept}
    return Answer("websocket", b"", 101, headers)


def unmask(data: bytes) -> bytes:
    """The payloads of a client's frames, joined; what is no frame stays as it is."""
    out = bytearray()
    while len(data) >= 6 and data[1] & 0x80:
        size, at = data[1] & 0x7F, 2
        if size > 125:
            at = 4 if size == 126 else 10
            size = int.from_bytes(data[2:at], "big")
        key, body = data[at : at + 4], data[at + 4 : at + 4 + size]
        if len(key) < 4:
            break
        stream = key * (len(body) // 4 + 1)
        number = int.from_bytes(body, "big") ^ int.from_bytes(stream[: len(body)], "big")
        out += number.to_bytes(len(body), "big")
        data = data[at + 4 + size :]
    return bytes(out) + data
