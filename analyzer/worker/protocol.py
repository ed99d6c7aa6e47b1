"""Length-prefixed messages between parent and worker; what a worker says is treated as hostile.

    request   8 bytes: size of the head, 8 bytes: size of the archive; head in JSON; archive
    frame     8 bytes: size; a JSON object with one key
    greeting  one frame: {"ready": ""}, or {"refused": [text, remedy]} when rules cannot be read
    answer    frames {"facts": [...]}, {"findings": [...]} ..., at last {"report": the rest};
              or, after any of them, {"failure": text}

An answer comes in many small frames, each checked before the next is read: a frame of nonsense
costs its reader megabytes, not the gigabytes that one large JSON text of `[[[],[],...` would.
The parent keeps an answer `Sealed` until somebody needs what it says.
"""

from __future__ import annotations

import io
import json
import struct
import typing
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, BinaryIO

from analyzer.codec import CodecError, from_plain, to_plain
from analyzer.errors import SignatureError
from analyzer.limits import Limits
from analyzer.model import Context, CrateRef, CrateSource, Gap, Origin, Report

_REQUEST, _FRAME = struct.Struct("=QQ"), struct.Struct("=Q")
_FRAME_MAX_BYTES = 16 << 20
_FRAME_AIM_BYTES = 256 << 10
_TEXT_MAX = 500
_encode = json.JSONEncoder(separators=(",", ":")).encode

_HINTS = typing.get_type_hints(Report)
_PARTS: dict[str, Any] = {
    one.name: _HINTS[one.name]
    for one in fields(Report)
    if typing.get_origin(_HINTS[one.name]) is tuple
}
"""The many-valued fields of a report, which travel in frames of their own."""
_BULK = tuple(f'{{"{one}":' for one in ("facts", "indicators", "files"))
_BULK_BYTES = tuple(one.encode() for one in _BULK)
"""How frames begin that a brief report does without."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a worker is told once, at its start. Empty `folder`: the shipped rules."""

    folder: str
    rules: tuple[str, ...]
    limits: Limits


@dataclass(frozen=True, slots=True)
class Head:
    """Everything of a request but the archive's bytes."""

    ref: CrateRef
    sha256: str
    origin: Origin
    gaps: tuple[Gap, ...]
    context: Context


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no report."""

    reason: str


def write_request(stream: BinaryIO, crate: CrateSource, context: Context) -> None:
    """Send one crate. Raises OSError when the other end is gone."""
    head = Head(crate.ref, crate.sha256, crate.origin, crate.gaps, context)
    text = _encode(to_plain(head)).encode()
    stream.write(_REQUEST.pack(len(text), len(crate.data)))
    stream.write(text)
    stream.write(crate.data)
    stream.flush()


def read_request(stream: BinaryIO) -> tuple[CrateSource, Context] | None:
    """The next crate; None when the parent has closed the pipe. Raises CodecError."""
    prefix = stream.read(_REQUEST.size)
    if len(prefix) < _REQUEST.size:
        return None
    head_size, data_size = _REQUEST.unpack(prefix)
    head = from_plain(Head, json.loads(stream.read(head_size)))
    data = stream.read(data_size)
    if len(data) != data_size:
        raise CodecError("request cut short")
    return CrateSource(head.ref, head.sha256, data, head.origin, head.gaps), head.context


def write_greeting(stream: BinaryIO, refusal: SignatureError | None = None) -> None:
    """Say that crates can come, or why they cannot."""
    if refusal is None:
        _write(stream, _encode({"ready": ""}))
    else:
        _write(stream, _encode({"refused": [str(refusal), refusal.remedy]}))


def read_greeting(stream: BinaryIO) -> None:
    """Return when the worker is ready.

    Raises SignatureError when it refuses the rules, EOFError when it has ended, CodecError when it
    said something else.
    """
    key, value = _message(_read_text(stream, _FRAME_MAX_BYTES))
    if key == "refused":
        message, remedy = from_plain(tuple[str, str], value)
        raise SignatureError(message, remedy=remedy)
    if key != "ready":
        raise CodecError("no greeting")


def write_answer(stream: BinaryIO, answer: Report | Failure, *, max_size_bytes: int) -> None:
    """Send a report or a failure. Raises CodecError when a report would grow over the limit."""
    if isinstance(answer, Failure):
        _write(stream, _encode({"failure": answer.reason[:_TEXT_MAX]}))
        return
    total = 0
    for frame in _frames(answer):
        total += len(frame) + _FRAME.size
        if total > max_size_bytes or len(frame) > _FRAME_MAX_BYTES:
            raise CodecError("the report is too large to be handed over")
        _write(stream, frame)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A report as the frames it came in: those of its brief form, and the bulk, still unread."""

    brief: bytes
    bulk: bytes

    def open_brief(self) -> Report:
        """The report without facts, indicators and files, checked against its type.

        Raises CodecError.
        """
        parts, rest = _opened(self.brief)
        if rest is None:
            raise CodecError("a report cut short")
        # No worker decides: a crate that has taken one over must not speak for the owner.
        return replace(from_plain(Report, rest), decision=None, **parts)

    def complete(self, brief: Report) -> Report:
        """The whole report, from what `open_brief` gave. Raises CodecError."""
        return replace(brief, **_opened(self.bulk)[0])


def seal(report: Report) -> Sealed:
    """A report that no worker made, in the form of those that one did."""
    brief, bulk = io.BytesIO(), io.BytesIO()
    for frame in _frames(report):
        _write(bulk if frame.startswith(_BULK) else brief, frame)
    return Sealed(brief.getvalue(), bulk.getvalue())


def read_answer(stream: BinaryIO, *, max_size_bytes: int) -> Sealed | Failure:
    """The report, of which only the brief part was looked at, or why there is none.

    Raises EOFError when the worker ended before its answer did, CodecError for anything else.
    """
    brief, bulk = bytearray(), bytearray()
    left = max_size_bytes
    while True:
        text = _read_text(stream, min(left, _FRAME_MAX_BYTES))
        left -= len(text) + _FRAME.size
        if text.startswith(_BULK_BYTES):
            bulk += _FRAME.pack(len(text)) + text
            continue
        key, value = _message(text)
        if key == "failure":
            return Failure(from_plain(str, value)[:_TEXT_MAX])
        brief += _FRAME.pack(len(text)) + text
        if key == "report":
            return Sealed(bytes(brief), bytes(bulk))
        if key not in _PARTS:
            raise CodecError("no part of an answer")


def _opened(frames: bytes) -> tuple[dict[str, Any], object]:
    """The many-valued fields in some frames, and the rest of the report if it is there."""
    stream = io.BytesIO(frames)
    parts: dict[str, list[object]] = {}
    rest: object = None
    while stream.tell() < len(frames):
        try:
            key, value = _message(_read_text(stream, _FRAME_MAX_BYTES))
        except EOFError:
            raise CodecError("a report cut short") from None
        if key in _PARTS:
            parts.setdefault(key, []).extend(from_plain(_PARTS[key], value))
        elif key == "report":
            rest = value
        else:
            raise CodecError("no part of a report")
    return {name: tuple(items) for name, items in parts.items()}, rest


def _frames(report: Report) -> Iterator[str]:
    bare: Any = report
    for name in _PARTS:
        texts: list[str] = []
        size = 0
        for item in getattr(report, name):
            texts.append(_encode(to_plain(item)))
            size += len(texts[-1])
            if size >= _FRAME_AIM_BYTES:
                yield _part(name, texts)
                texts, size = [], 0
        if texts:
            yield _part(name, texts)
        bare = replace(bare, **{name: ()})
    yield _encode({"report": to_plain(bare)})


def _part(name: str, texts: list[str]) -> str:
    return f'{{"{name}":[{",".join(texts)}]}}'


def _write(stream: BinaryIO, text: str) -> None:
    stream.write(_FRAME.pack(len(text)))  # the encoder leaves nothing but ASCII
    stream.write(text.encode("ascii"))
    stream.flush()


def _read_text(stream: BinaryIO, max_size_bytes: int) -> bytes:
    prefix = stream.read(_FRAME.size)
    if len(prefix) < _FRAME.size:
        raise EOFError
    (size,) = _FRAME.unpack(prefix)
    if size > max_size_bytes:
        raise CodecError(f"a message of {size} bytes")
    text = stream.read(size)
    if len(text) < size:
        raise EOFError
    return text


def _message(text: bytes) -> tuple[str, object]:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise CodecError("a message that is no JSON") from None
    if type(message) is not dict or len(message) != 1:
        raise CodecError("a message of no known form")
    ((key, value),) = message.items()
    return key, value
