"""What is read out of the compiler's own listing."""

from __future__ import annotations

import functools

from hypothesis import given
from hypothesis import strategies as st

from analyzer.model import Fact, FactKind, Phase, Span
from analyzer.signatures import Signatures, load_signatures
from sandbox.compiled import read_listing

ROOT = "/home/u/.cargo/registry/src/index-1/x-1.0.0"
_LISTING = f"""
fn go() -> () {{
        _2 = std::process::Command::new::<&str>(const "id") -> [return: bb1]; // scope 0 at {ROOT}/src/a.rs:7:13: 7:36
        _1 = std::process::Command::status(copy _2) -> [return: bb2]; // scope 0 at {ROOT}/src/a.rs:7:13: 7:45
        _9 = <std::net::TcpStream as std::io::Write>::write_all(move _8) -> [return: bb3]; // scope 0 at {ROOT}/src/b.rs:2:5: 2:9
                                         // + const_: Const {{ ty: fn(&str) -> u8 {{std::fs::read::<&str>}}, val: Value(std::fs::read::<&str>) }}
"""


@functools.cache
def signatures() -> Signatures:
    return load_signatures()


def read(text: str) -> tuple[Fact, ...]:
    data = text.encode("utf-8", "surrogatepass")
    return tuple(read_listing("x.mir", data, signatures(), ROOT, phase=Phase.LIBRARY))


def test_a_call_is_told_with_its_place_in_the_package() -> None:
    spawn = next(one for one in read(_LISTING) if one.kind is FactKind.PROCESS_SPAWN)
    assert (spawn.api, spawn.owner) == ("std::process::Command::new", "go")
    assert spawn.where == Span("src/a.rs", 7, 13)


def test_a_trait_method_is_told_by_its_receiver() -> None:
    assert any(one.kind is FactKind.NET_SEND for one in read(_LISTING))


def test_a_function_taken_as_a_value_is_told() -> None:
    assert any(one.api == "std::fs::read" for one in read(_LISTING))


def test_what_a_build_script_wrote_is_named_so() -> None:
    text = _LISTING.replace(f"{ROOT}/src/a.rs", "/w/target/debug/build/x-0a/out/g.rs")
    spawn = next(one for one in read(text) if one.kind is FactKind.PROCESS_SPAWN)
    assert spawn.where == Span("{out}/g.rs", 7, 13)


def test_generics_inside_generics_do_not_hide_a_name() -> None:
    text = (
        "        _1 = std::env::vars_os::<std::vec::Vec<std::option::Option<u8>>>() -> [return: b];"
    )
    assert [one.kind for one in read(text)] == [FactKind.ENV_READ_ALL]


@given(st.text(max_size=300))
def test_no_listing_breaks_the_reader(text: str) -> None:
    for one in read(text):
        assert one.api
