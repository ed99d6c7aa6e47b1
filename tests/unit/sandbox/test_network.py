"""The sinkhole's records on the host: sense is read, nonsense is a gap, nothing raises."""

from __future__ import annotations

import base64
import json

from hypothesis import given
from hypothesis import strategies as st

from analyzer.model import GapKind
from sandbox.network import MAX_RECORDS, ModeChange, read_records

SENT = {
    "kind": "connection", "sequence": 4, "at_ms": 1_000, "protocol": "https", "host": "a.invalid",
    "address": "192.0.2.1", "port": 443, "peer_port": 50_000, "method": "POST", "target": "/x",
    "size_bytes": 3, "data": base64.b64encode(b"abc").decode(), "is_readable": True,
    "is_cut": False, "answer": "json", "sni": "a.invalid", "connection": 1,
}  # fmt: skip


def line(**changes: object) -> bytes:
    return json.dumps(SENT | changes).encode()


def test_a_request_becomes_an_exchange() -> None:
    read = read_records([line()])
    (one,) = read.exchanges
    assert (one.protocol, one.host, one.port, one.target) == ("https", "a.invalid", 443, "/x")
    assert (one.data, one.size_bytes, one.is_readable) == (b"abc", 3, True)
    assert read.gaps == ()


def test_a_question_becomes_a_lookup() -> None:
    text = b'{"kind":"dns","at_ms":5,"name":"c2VjcmV0.invalid","type":"TXT","answer":"x"}'
    (one,) = read_records([text]).lookups
    assert (one.name, one.type, one.at_ms) == ("c2VjcmV0.invalid", "TXT", 5)


def test_a_connection_that_never_ended_is_an_exchange_without_data() -> None:
    opened = {"kind": "opened", "connection": 2, "address": "192.0.2.2", "port": 9, "sequence": 1}
    read = read_records([json.dumps(opened).encode(), line()])
    assert [(one.address, one.answer) for one in read.exchanges] == [
        ("192.0.2.2", "unfinished"),
        ("192.0.2.1", "json"),
    ]


def test_modes_say_when() -> None:
    read = read_records([b'{"kind":"mode","mode":"refuse","at_ms":7}'])
    assert read.modes == (ModeChange(7, is_refusing=True),)


def test_what_was_cut_is_a_gap_that_blocks() -> None:
    (gap,) = read_records([b'{"kind":"note","reason":"cut: more than 20000 records"}']).gaps
    assert (gap.kind, gap.is_blocking) == (GapKind.BUDGET, True)


def test_a_payload_kept_in_part_is_a_gap() -> None:
    (gap,) = read_records([line(is_cut=True, size_bytes=10)]).gaps
    assert (gap.kind, gap.is_blocking) == (GapKind.TOO_LARGE, False)


def test_nonsense_is_one_gap_and_hides_nothing_after_it() -> None:
    nonsense = [
        b"",
        b"{",
        b"[]",
        b"7" * 5_000,
        b"[" * 100_000,
        b'{"kind":"other"}',
        b"\xff\xfe",
        line(port=70_000),
        line(port=True),
        line(port="443"),
        line(at_ms=-1),
        line(at_ms=1.5),
        line(at_ms=1 << 60),
        line(data="%%%"),
        line(data=["YQ=="]),
        line(host=None),
        line(is_readable="yes"),
        line(kind=["connection"]),
    ]
    read = read_records([*nonsense, line()])
    assert len(read.exchanges) == 1
    (gap,) = read.gaps
    assert gap.reason == f"sinkhole: {len(nonsense)} records could not be read"
    assert gap.is_blocking


def test_half_of_a_character_is_no_trap_for_who_writes_it() -> None:
    (one,) = read_records([line(host="a\ud800b")]).exchanges
    assert one.host.encode() == "a\ufffdb".encode()


def test_more_records_than_are_read_is_a_gap() -> None:
    (gap,) = read_records(b'{"kind":"ready"}' for _ in range(MAX_RECORDS + 1)).gaps
    assert gap.is_blocking


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)
KINDS = st.sampled_from(["connection", "datagram", "opened", "dns", "mode", "note", "ready"])
RECORDS = st.builds(
    lambda kind, changes: json.dumps(SENT | {"kind": kind} | changes).encode(),
    KINDS,
    st.dictionaries(st.sampled_from([*SENT, "reason", "mode", "name", "type"]), VALUES),
)


@given(st.lists(st.binary(max_size=60) | RECORDS, max_size=8))
def test_no_lines_raise_and_each_is_read_or_counted(lines: list[bytes]) -> None:
    read = read_records(lines)
    assert hash((read.exchanges, read.lookups))
    for lookup in read.lookups:
        assert lookup.at_ms >= 0
        lookup.name.encode()
    for exchange in read.exchanges:
        (exchange.host + exchange.target).encode()
        assert exchange.size_bytes >= len(exchange.data)
        assert 0 <= exchange.port <= 65_535
