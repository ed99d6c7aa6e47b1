"""Any manifest, however odd, gives a Manifest: no exception, and nothing outside what it said."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from analyzer.limits import DEFAULT_LIMITS
from analyzer.manifest import read_manifest
from analyzer.model import CrateRef, Manifest, SourceFile, SourceTree

WORDS = (
    "package project name version edition build lib bin test path proc-macro proc_macro crate-type "
    "dependencies dev_dependencies build-dependencies target workspace features profile patch "
    "autobins metabuild links authors 2015 2021 src/lib.rs build.rs ../x std"
).split()
TEXTS = st.sampled_from(WORDS) | st.text(max_size=8).filter(str.isprintable)
VALUES = st.recursive(
    st.booleans() | st.integers(-5, 5) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def toml(value: object) -> str:
    if isinstance(value, dict):
        return (
            "{"
            + ", ".join(
                f"{json.dumps(k, ensure_ascii=False)} = {toml(v)}" for k, v in value.items()
            )
            + "}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def read(data: bytes) -> Manifest:
    files = [
        SourceFile(one, b"") for one in ("Cargo.toml", "build.rs", "src/lib.rs", "src/main.rs")
    ]
    files[0] = SourceFile("Cargo.toml", data)
    return read_manifest(SourceTree(CrateRef("a", "1.0.0"), tuple(files)), limits=DEFAULT_LIMITS)


@given(st.dictionaries(TEXTS, VALUES, max_size=6))
def test_any_values_give_a_manifest_that_hashes(document: dict[str, object]) -> None:
    text = "".join(
        f"{json.dumps(key, ensure_ascii=False)} = {toml(value)}\n"
        for key, value in document.items()
    )
    manifest = read(text.encode())
    assert hash(manifest) == hash(read(text.encode()))
    assert bool(manifest.gaps) is not isinstance(
        document.get("package", document.get("project")), dict
    )


@given(st.binary(max_size=200))
def test_any_bytes_give_a_manifest(data: bytes) -> None:
    assert read(data).targets


@given(
    st.lists(st.sampled_from([*WORDS, "[", "]", "[[", "]]", "=", ".", '"', "\n", "{", "}", "'"]))
)
def test_any_tokens_give_a_manifest(tokens: list[str]) -> None:
    assert isinstance(read("".join(tokens).encode()), Manifest)
