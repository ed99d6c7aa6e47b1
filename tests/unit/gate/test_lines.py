"""Byte edits of index files: what is held is yanked, all else stays as it came."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.registry.index import parse_index
from gate.lines import edited, etag, yanked

SHA = "ab" * 32


def line(version: str, **fields: object) -> bytes:
    row = {"name": "foo", "vers": version, "deps": [], "cksum": SHA, "features": {}}
    return json.dumps(row | fields).encode()


@pytest.mark.parametrize(
    "raw",
    [
        b'{"vers":"1.0.0"}',
        b' { "yanked" : null , "vers":"1.0.0"} \r',
        b'{"vers":"1.0.0","\\u0079anked":false}',
        b'{"deps":[{"yanked":false}],"vers":"1.0.0","x":"}\\"yanked\\""}',
        b'{"vers":"1.0.0","yanked":true}',
        b'{"yanked":false}',
    ],
)
def test_a_line_becomes_yanked_and_keeps_its_other_fields(raw: bytes) -> None:
    before, after = json.loads(raw), json.loads(yanked(raw))
    before.pop("yanked", None)
    assert after.pop("yanked") is True
    assert after == before


@given(
    st.dictionaries(
        st.text(min_size=1).filter(lambda one: one != "yanked"),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=8,
        ),
        min_size=1,
    ),
    st.sampled_from([None, False, True, ...]),
    st.booleans(),
)
def test_any_object_becomes_yanked_by_an_edit_of_one_place(
    row: dict[str, object], flag: object, is_ascii: bool
) -> None:
    whole = row if flag is ... else row | {"yanked": flag}
    try:
        raw = json.dumps(whole, ensure_ascii=is_ascii).encode()
    except UnicodeEncodeError:
        return
    done = yanked(raw)
    assert json.loads(done) == row | {"yanked": True}
    assert len(done) - len(raw) in (-1, 0, len(', "yanked":true') - 1, len(',"yanked":true'))


def test_only_held_lines_change() -> None:
    data = b"\n".join(
        [line("1.0.0", yanked=False), line("1.1.0", pubtime="2026-01-02T03:04:05Z"), b""]
    )
    done = edited(data, parse_index(data, "foo"), {"1.1.0"})
    first, second, rest = done.split(b"\n")
    assert first == line("1.0.0", yanked=False)
    assert json.loads(second)["yanked"] is True
    assert json.loads(second)["pubtime"] == "2026-01-02T03:04:05Z"
    assert rest == b""


def test_nothing_held_means_the_very_bytes() -> None:
    data = line("1.0.0", v=2, features2={"a": []}, rust_version="1.60", unknown=[1]) + b"\n"
    assert edited(data, parse_index(data, "foo"), ()) is data


def test_versions_that_differ_in_build_metadata_are_held_together() -> None:
    data = line("1.0.0+a") + b"\n" + line("1.0.0+b", cksum="cd" * 32) + b"\n"
    done = edited(data, parse_index(data, "foo"), {"1.0.0+a"})
    assert done.count(b'"yanked":true') == 2


@pytest.mark.parametrize(
    "odd",
    [
        line("2.0.0", cksum="no"),
        line("2.0.0", v=9),
        line("2.0.0", name="bar"),
        b'{"name":"foo","vers":"2.0.0"',
        b"\xff\xfe",
        line("2.0.0")[:-1] + b', "vers": "3.0.0"}',
    ],
)
def test_a_line_that_is_not_plain_is_left_out(odd: bytes) -> None:
    data = b"\n".join([line("1.0.0"), odd, line("1.1.0"), b""])
    done = edited(data, parse_index(data, "foo"), ())
    assert done == b"\n".join([line("1.0.0"), line("1.1.0"), b""])


def test_a_version_with_two_checksums_is_left_out_altogether() -> None:
    data = b"\n".join([line("1.0.0"), line("2.0.0"), line("2.0.0", cksum="cd" * 32), b""])
    assert edited(data, parse_index(data, "foo"), ()) == line("1.0.0") + b"\n"


def test_the_validator_is_of_the_served_bytes() -> None:
    assert etag(b"a") != etag(b"b")
    assert etag(b"a").startswith('"')
