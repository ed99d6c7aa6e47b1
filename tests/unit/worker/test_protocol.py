from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable
from dataclasses import replace

import pytest

from analyzer.codec import CodecError, to_plain
from analyzer.errors import SignatureError
from analyzer.limits import DEFAULT_LIMITS, MIB
from analyzer.model import (
    Context,
    CrateSource,
    Decision,
    Fact,
    FactKind,
    Gap,
    GapKind,
    IndexEntry,
    Outcome,
    Report,
    Span,
)
from analyzer.worker.protocol import (
    Failure,
    Sealed,
    read_answer,
    read_greeting,
    read_request,
    write_answer,
    write_greeting,
    write_request,
)
from analyzer.worker.verdicts import unanswered

MakeCrate = Callable[..., CrateSource]


def framed(*messages: object) -> io.BytesIO:
    texts = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in messages]
    return io.BytesIO(b"".join(struct.pack("=Q", len(one)) + one for one in texts))


def answered(stream: io.BytesIO, max_size_bytes: int = MIB) -> Report | Failure:
    answer = read_answer(stream, max_size_bytes=max_size_bytes)
    return answer.complete(answer.open_brief()) if isinstance(answer, Sealed) else answer


@pytest.fixture
def report(make_crate: MakeCrate) -> Report:
    return unanswered(make_crate("small"), "why", DEFAULT_LIMITS)


def test_request_arrives_as_it_was_sent(make_crate: MakeCrate) -> None:
    crate = replace(make_crate("small"), gaps=(Gap(GapKind.UNREADABLE, "why", "a\udcff"),))
    context = Context("2026-11-25", (IndexEntry("small", "0.1.0", "ff"),))
    stream = io.BytesIO()
    write_request(stream, crate, context)
    write_request(stream, make_crate("other"), Context())
    stream.seek(0)
    assert read_request(stream) == (crate, context)
    assert read_request(stream) == (make_crate("other"), Context())
    assert read_request(stream) is None


def test_request_cut_short_is_an_error(make_crate: MakeCrate) -> None:
    stream = io.BytesIO()
    write_request(stream, make_crate("small"), Context())
    with pytest.raises(CodecError, match="cut short"):
        read_request(io.BytesIO(stream.getvalue()[:-1]))


def test_large_report_travels_in_many_frames_and_arrives_equal(report: Report) -> None:
    facts = tuple(
        Fact(FactKind.FILE_READ, f"{number}\ud800" * 20, Span("a.rs", number + 1))
        for number in range(5000)
    )
    sent = replace(report, facts=facts)
    stream = io.BytesIO()
    write_answer(stream, sent, max_size_bytes=64 * MIB)
    stream.seek(0)
    first = struct.unpack("=Q", stream.read(8))[0]
    assert first < MIB < len(stream.getvalue())
    stream.seek(0)
    assert answered(stream, 64 * MIB) == sent


def test_no_worker_decides(report: Report) -> None:
    """A crate that has taken its worker over must not speak for the owner."""
    stream = io.BytesIO()
    write_answer(stream, replace(report, decision=Decision(Outcome.ALLOW, ())), max_size_bytes=MIB)
    stream.seek(0)
    assert answered(stream) == report


def test_report_over_the_limit_is_not_sent(report: Report) -> None:
    with pytest.raises(CodecError, match="too large"):
        write_answer(io.BytesIO(), replace(report, summary="x" * 3000), max_size_bytes=2000)


def test_failure_may_follow_parts_of_a_report() -> None:
    assert answered(framed({"facts": []}, {"failure": "why"})) == Failure("why")


def test_failure_is_cut() -> None:
    stream = io.BytesIO()
    write_answer(stream, Failure("x" * 10_000), max_size_bytes=MIB)
    stream.seek(0)
    assert answered(stream) == Failure("x" * 500)
    assert answered(framed({"failure": "x" * 10_000})) == Failure("x" * 500)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\x80\x04N.",
        b"no json",
        b'{"failure": "\xff"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"report": NaN}',
        b'{"report": ' + b"9" * 10_000 + b"}",
        None,
        [],
        {},
        "failure",
        {"failure": 3},
        {"failure": None},
        {"failure": "a", "report": {}},
        {"report": {}},
        {"report": None},
        {"report": []},
        {"facts": {}},
        {"facts": [{}]},
        {"facts": [None]},
        {"crate": []},
        {"ready": ""},
        {"__class__": "os.system"},
    ],
)
def test_nonsense_is_an_error(message: object, report: Report) -> None:
    with pytest.raises(CodecError):
        answered(framed(message, {"report": to_plain(report)}))


def test_nonsense_after_a_good_part_is_an_error(report: Report) -> None:
    with pytest.raises(CodecError):
        answered(framed({"facts": []}, {"report": to_plain(report) | {"verdict": "FINE"}}))


@pytest.mark.parametrize("size", [MIB, 2**40, 2**64 - 1])
def test_message_over_the_limit_is_an_error_before_it_is_read(size: int) -> None:
    with pytest.raises(CodecError, match="message of"):
        answered(io.BytesIO(struct.pack("=Q", size)), MIB - 1)


def test_many_small_messages_count_against_the_limit() -> None:
    with pytest.raises(CodecError, match="message of"):
        answered(framed(*[{"facts": []}] * 1000), 10_000)


def test_answer_cut_short_is_the_end_of_the_worker(report: Report) -> None:
    stream = io.BytesIO()
    write_answer(stream, report, max_size_bytes=MIB)
    whole = stream.getvalue()
    for end in range(0, len(whole), 7):
        with pytest.raises(EOFError):
            answered(io.BytesIO(whole[:end]))


def test_greeting_of_a_ready_worker_is_silent() -> None:
    stream = io.BytesIO()
    write_greeting(stream)
    read_greeting(io.BytesIO(stream.getvalue()))


def test_refused_rules_are_a_signature_error_with_its_remedy() -> None:
    stream = io.BytesIO()
    write_greeting(stream, SignatureError("a.toml: no id", remedy="add one"))
    with pytest.raises(SignatureError, match="no id") as caught:
        read_greeting(io.BytesIO(stream.getvalue()))
    assert caught.value.remedy == "add one"


@pytest.mark.parametrize("message", [{}, {"failure": "a"}, {"refused": "a"}, {"refused": ["a"]}])
def test_another_greeting_is_an_error(message: object) -> None:
    with pytest.raises(CodecError):
        read_greeting(framed(message))
