"""What a manifest still says when all that tools obey is taken out of it."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.errors import TomlError
from sandbox.neutral import Neutral, neutral

_HEAD = '[package]\nname = "a"\nversion = "1.0.0"\n'


def made(text: str, *, has_dev: bool = True) -> tuple[dict[str, object], Neutral]:
    found = neutral((_HEAD + text).encode(), has_dev=has_dev)
    return tomllib.loads(found.text), found


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('workspace = "../.."\n', "package.workspace"),
        ("[workspace]\nmembers = ['x']\n", "workspace"),
        ("[patch.crates-io]\nb = { path = '/x' }\n", "patch"),
        ("[replace]\n'b:1.0.0' = { path = '/x' }\n", "replace"),
        ("[profile.dev]\nopt-level = 3\n", "profile"),
        ("[lints]\nworkspace = true\n", "lints"),
        ("license.workspace = true\n", "package.license"),
    ],
)
def test_what_reaches_out_is_taken_out_and_told(text: str, name: str) -> None:
    document, found = made(text)
    assert document == {"package": {"name": "a", "version": "1.0.0"}}
    assert found.dropped == (name,)


@pytest.mark.parametrize("table", ["dependencies", "build-dependencies", "dev-dependencies"])
@pytest.mark.parametrize("head", ["", "target.'cfg(unix)'."])
def test_sources_are_taken_from_dependencies_everywhere(table: str, head: str) -> None:
    text = f"[{head}{table}]\nb = {{ version = '1', path = '/x', registry = 'own' }}\n"
    document, found = made(text)
    assert "'/x'" not in found.text
    assert "own" not in found.text
    assert found.dropped == (f"{table}.b.path", f"{table}.b.registry")
    assert '"1"' in found.text
    assert document


def test_a_dependency_with_no_version_goes_whole() -> None:
    document, found = made("[dependencies]\nb = { git = 'https://c.invalid/b', rev = 'x' }\n")
    assert document["dependencies"] == {}
    assert "dependencies.b" in found.dropped


def test_old_names_of_tables_hide_nothing() -> None:
    document, _ = made("[dev_dependencies]\nb = { version = '1', path = '/x' }\n")
    assert document["dev-dependencies"] == {"b": {"version": "1"}}


def test_dependencies_of_tests_are_left_out_on_request() -> None:
    text = "[dev-dependencies]\nb = '1'\n[target.x.dev-dependencies]\nc = '1'\n"
    document, _ = made(text, has_dev=False)
    assert document == {"package": {"name": "a", "version": "1.0.0"}, "target": {"x": {}}}


def test_what_cargo_needs_stays() -> None:
    text = "[features]\nx = ['dep:b']\n[dependencies]\nb = { version = '1', optional = true }\n"
    document, found = made(text)
    assert document["features"] == {"x": ["dep:b"]}
    assert document["dependencies"] == {"b": {"version": "1", "optional": True}}
    assert found.dropped == ()


@pytest.mark.parametrize("data", [b"", b"[package", b"package = 1\n", b"\xff"])
def test_what_is_no_manifest_is_a_toml_error(data: bytes) -> None:
    with pytest.raises(TomlError):
        neutral(data, has_dev=True)


_VALUES = st.recursive(
    st.text(max_size=5) | st.integers(0, 9) | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["path", "git", "version", "workspace"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
_KEYS = st.sampled_from(
    ["dependencies", "dev_dependencies", "target", "patch", "workspace", "build-dependencies"]
)


@given(st.dictionaries(_KEYS, st.dictionaries(st.text(max_size=3), _VALUES, max_size=3)))
def test_any_shape_of_tables_gives_a_manifest_without_paths(
    tables: dict[str, dict[str, object]],
) -> None:
    import tomli_w

    data = tomli_w.dumps({"package": {"name": "a"}, **tables}).encode()
    document = tomllib.loads(neutral(data, has_dev=True).text)
    assert not {"patch", "workspace"} & document.keys()
    for kind in ("dependencies", "dev-dependencies", "build-dependencies"):
        for row in document.get(kind, {}).values():
            assert not isinstance(row, dict) or not {"path", "git"} & row.keys()
