"""Length-prefixed messages between parent and worker: a JSON head, then raw bytes.

request   8 bytes: length of the head, 8 bytes: length of the archive; head; archive
answer    8 bytes: length; JSON of {"report": ...} or {"failure": text}
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import BinaryIO

from analyzer.codec import CodecError, from_plain, to_plain
from analyzer.model import Context, CrateRef, CrateSource, Gap, Origin, Report

_REQUEST, _ANSWER = struct.Struct("=QQ"), struct.Struct("=Q")
_HEAD_MAX = 256 << 20


@dataclass(frozen=True, slots=True)
class Head:
    """Everything of a request but the archive's bytes."""

    ref: CrateRef
    sha256: str
    origin: Origin
    gaps: tuple[Gap, ...]
    context: Context


def write_request(stream: BinaryIO, crate: CrateSource, context: Context) -> None:
    """Send one crate. Raises OSError when the other end is gone."""
    head = Head(crate.ref, crate.sha256, crate.origin, crate.gaps, context)
    text = json.dumps(to_plain(head)).encode()
    stream.write(_REQUEST.pack(len(text), len(crate.data)))
    stream.write(text)
    stream.write(crate.data)
    stream.flush()


def read_request(stream: BinaryIO) -> tuple[CrateSource, Context] | None:
    """The next crate; None when the parent has closed the pipe."""
    prefix = stream.read(_REQUEST.size)
    if len(prefix) < _REQUEST.size:
        return None
    head_size, data_size = _REQUEST.unpack(prefix)
    if head_size > _HEAD_MAX:
        raise CodecError("request head too large")
    head = from_plain(Head, json.loads(stream.read(head_size)))
    data = stream.read(data_size)
    if not isinstance(head, Head) or len(data) != data_size:
        raise CodecError("request cut short")
    return CrateSource(head.ref, head.sha256, data, head.origin, head.gaps), head.context


def write_report(stream: BinaryIO, report: Report) -> None:
    """Send an answer."""
    _write(stream, {"report": to_plain(report)})


def write_failure(stream: BinaryIO, reason: str) -> None:
    """Say that this crate could not be analyzed, and why, in one line."""
    _write(stream, {"failure": reason[:500]})


def _write(stream: BinaryIO, answer: object) -> None:
    text = json.dumps(answer, separators=(",", ":")).encode()
    stream.write(_ANSWER.pack(len(text)))
    stream.write(text)
    stream.flush()


def read_answer(stream: BinaryIO, *, max_size_bytes: int) -> Report | str:
    """The report, or why there is none. Raises CodecError for anything else, EOFError at the end."""
    prefix = stream.read(_ANSWER.size)
    if len(prefix) < _ANSWER.size:
        raise EOFError
    (size,) = _ANSWER.unpack(prefix)
    if size > max_size_bytes:
        raise CodecError(f"answer of {size} bytes")
    text = stream.read(size)
    if len(text) < size:
        raise EOFError
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        raise CodecError("answer is no JSON") from None
    if isinstance(answer, dict) and answer.keys() == {"failure"}:
        failure = answer["failure"]
        if isinstance(failure, str):
            return failure
    if not isinstance(answer, dict) or answer.keys() != {"report"}:
        raise CodecError("answer is neither report nor failure")
    report = from_plain(Report, answer["report"])
    if not isinstance(report, Report):
        raise CodecError("answer is no report")
    return report
