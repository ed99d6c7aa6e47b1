"""Frames from a hostile container, and orders to it."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.guest import wire


def read_all(data: bytes) -> list[tuple[bytes, bytes]]:
    stream = io.BytesIO(data)
    found = []
    while (frame := wire.read_frame(stream.read)) is not None:
        found.append(frame)
    return found


@given(st.lists(st.tuples(st.sampled_from([b"t", b"o", b"e", b"f"]), st.binary())))
def test_frames_come_as_they_were_sent(rows: list[tuple[bytes, bytes]]) -> None:
    data = b"".join(part for channel, one in rows for part in wire.frames(channel, one))
    assert read_all(data) == rows


def test_large_data_goes_in_frames_that_a_reader_takes() -> None:
    data = b"x" * (2 * wire.FRAME_MAX_BYTES + 1)
    frames = read_all(b"".join(wire.frames(wire.TRACE, data)))
    assert [len(one) for _, one in frames] == [wire.FRAME_MAX_BYTES, wire.FRAME_MAX_BYTES, 1]
    assert b"".join(one for _, one in frames) == data


@pytest.mark.parametrize(
    "data",
    [
        b"t\0",
        b"t\0\0\0\x05abc",
        b"x\0\0\0\0",
        b"t" + struct.pack(">I", wire.FRAME_MAX_BYTES + 1),
        b"t\xff\xff\xff\xff",
    ],
    ids=["cut head", "cut body", "channel", "too large", "largest"],
)
def test_nonsense_is_a_wire_error_and_reserves_no_memory(data: bytes) -> None:
    with pytest.raises(wire.WireError):
        read_all(data)


@given(st.binary(max_size=64))
def test_any_bytes_are_frames_or_a_wire_error(data: bytes) -> None:
    try:
        read_all(data)
    except wire.WireError:
        return


def test_an_order_and_its_body() -> None:
    stream = io.BytesIO(wire.command({"do": "unpack"}, b"body") + wire.command({"do": "end"}))
    assert wire.read_command(stream) == {"do": "unpack", "size": 4}
    assert stream.read(4) == b"body"
    assert wire.read_command(stream) == {"do": "end"}
    assert wire.read_command(stream) is None


@pytest.mark.parametrize(
    "data",
    [b"\0\0", b"\xff\xff\xff\xff", b"\0\0\0\x021]", b"\0\0\0\x02[]"],
    ids=["cut", "too large", "no json", "no order"],
)
def test_what_is_no_order_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        wire.read_command(io.BytesIO(data))
