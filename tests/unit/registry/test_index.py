from __future__ import annotations

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.errors import UsageError
from analyzer.model import Dependency, DependencyKind, IndexEntry
from analyzer.registry.index import (
    RegistryConfig,
    check_name,
    download_url,
    index_path,
    parse_config,
    parse_index,
)

SUM = "ab" * 32


def line(**fields: object) -> bytes:
    row = {"name": "demo", "vers": "1.0.0", "deps": [], "cksum": SUM, "yanked": False}
    return json.dumps(row | fields).encode()


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a", "1/a"),
        ("Ab", "2/ab"),
        ("aBc", "3/a/abc"),
        ("abcd", "ab/cd/abcd"),
        ("Tokio-util_x", "to/ki/tokio-util_x"),
    ],
)
def test_index_path_comes_from_the_lower_cased_name(name: str, path: str) -> None:
    assert index_path(name) == path


@pytest.mark.parametrize(
    "name", ["", "1a", "-a", "a.b", "a/b", "../x", "a b", "é", "a\n", "a" * 65, "a%2f", "a\u212a"]
)
def test_odd_names_never_reach_a_url(name: str) -> None:
    with pytest.raises(UsageError, match="no crate name"):
        index_path(name)


@given(st.text(max_size=70))
def test_a_name_that_passes_holds_nothing_that_a_path_could_mean(name: str) -> None:
    try:
        check_name(name)
    except UsageError:
        return
    assert set(name) <= set(string.ascii_letters + string.digits + "-_")
    assert name[0] not in "-" + string.digits


def test_download_template_without_markers_gets_the_usual_end() -> None:
    entry = IndexEntry("Demo", "1.0.0+a", SUM)
    for template in ("https://r.invalid/dl", "https://r.invalid/dl/"):
        url = download_url(RegistryConfig(template), entry)
        assert url == "https://r.invalid/dl/Demo/1.0.0+a/download"


def test_every_marker_of_a_download_template_is_filled() -> None:
    template = "https://r.invalid/{prefix}/{lowerprefix}/{crate}/{version}/{sha256-checksum}"
    url = download_url(RegistryConfig(template), IndexEntry("DeMo", "1.0.0", SUM))
    assert url == f"https://r.invalid/De/Mo/de/mo/DeMo/1.0.0/{SUM}"


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"{}", b'{"dl": 1}', b'{"dl": "file:///etc/passwd"}', b"\xff", b"[" * 10**6],
)
def test_config_that_is_none_is_told_apart(data: bytes) -> None:
    assert parse_config(data) is None


def test_config_says_where_archives_are_and_whether_a_token_is_needed() -> None:
    data = b'{"dl": "https://r.invalid/dl", "api": null, "auth-required": true}'
    assert parse_config(data) == RegistryConfig("https://r.invalid/dl", needs_token=True)


def test_a_whole_line_is_read() -> None:
    dependencies = [
        {
            "name": "alias",
            "package": "real",
            "req": "^1",
            "kind": "build",
            "optional": True,
            "target": "cfg(unix)",
            "registry": "https://other.invalid/",
            "features": ["x"],
            "default_features": True,
        },
        {"name": "plain", "req": "*", "kind": None, "target": None, "package": None},
    ]
    data = line(
        deps=dependencies,
        features={"a": ["b"]},
        features2={"c": ["dep:real"]},
        v=2,
        links="z",
        rust_version="1.70",
        yanked=True,
        pubtime="2026-01-02T03:04:05Z",
    )
    file = parse_index(data, "demo")
    assert file.problems == ()
    assert file.entries == (
        IndexEntry(
            name="demo",
            version="1.0.0",
            checksum=SUM,
            is_yanked=True,
            published="2026-01-02T03:04:05Z",
            dependencies=(
                Dependency(
                    key="alias",
                    package="real",
                    requirement="^1",
                    kind=DependencyKind.BUILD,
                    is_optional=True,
                    target="cfg(unix)",
                    registry="https://other.invalid/",
                    features=("x",),
                ),
                Dependency(key="plain", package="plain", requirement="*"),
            ),
            features=(("a", ("b",)), ("c", ("dep:real",))),
            links="z",
            rust_version="1.70",
        ),
    )


def test_the_first_line_spells_the_name_for_all() -> None:
    lines = [line(name="Demo"), line(name="demo", vers="1.1.0"), line(name="Demo", vers="1.2.0")]
    file = parse_index(b"\n".join(lines), "dEMO")
    assert [(one.name, one.version) for one in file.entries] == [
        ("Demo", "1.0.0"),
        ("Demo", "1.2.0"),
    ]
    assert [one.version for one in file.problems] == ["1.1.0"]


@pytest.mark.parametrize(
    "requirement",
    ["*", "1", "^1.2", "~1.2.3", "=1.2.3-rc.1", ">= 0.3.0, < 0.5", "0.5.*", "1.x", "<=2", " 1 "],
)
def test_requirements_as_crates_write_them_are_plain(requirement: str) -> None:
    file = parse_index(line(deps=[{"name": "x", "req": requirement}]), "demo")
    assert [one.dependencies[0].requirement for one in file.entries] == [requirement]


@pytest.mark.parametrize(
    ("target", "is_plain"),
    [
        ("x86_64-pc-windows-gnu", True),
        ('cfg(all(unix, not(target_os = "a)b")))', True),
        ("cfg(unix)", True),
        ("cfg(unix", False),
        ("cfg(unix))", False),
        ("cfg(unix) or cfg(windows)", False),
        ('cfg(a = ")', False),
        ("two words", False),
    ],
)
def test_targets_close_their_brackets(target: str, is_plain: bool) -> None:
    file = parse_index(line(deps=[{"name": "x", "req": "1", "target": target}]), "demo")
    assert bool(file.entries) is is_plain


def test_absent_and_null_yanked_mean_false_as_in_cargo() -> None:
    row = json.loads(line())
    del row["yanked"]
    for data in (json.dumps(row).encode(), line(yanked=None)):
        assert [one.is_yanked for one in parse_index(data, "demo").entries] == [False]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[]", "not a JSON object"),
        (line(vers="1.0"), "no version"),
        (line(vers=1), "a number or list where a text belongs"),
        (line(cksum="ab"), "no sha256 checksum"),
        (line(cksum=None), "no sha256 checksum"),
        (line(cksum="zz" * 32), "no sha256 checksum"),
        (line(name="other"), "speaks of another crate"),
        (line(name="de-mo"), "speaks of another crate"),
        (line(v=3), "written in a format newer than this reader"),
        (line(yanked="false"), "`yanked` is neither true nor false"),
        (line(cksum=SUM.upper()), "no sha256 checksum"),
        (line(name="DEMO"), "speaks of another crate"),
        (line(pubtime="2026-01-02T03:04:05.123Z"), "odd publication time"),
        (line(pubtime="2026-02-30T03:04:05Z"), "odd publication time"),
        (line(rust_version="1.60-beta"), "odd `rust_version`"),
        (line(deps={}), "odd `deps`"),
        (line(deps=None), "odd `deps`"),
        (line(deps=["x"]), "odd dependency"),
        (line(deps=[{"name": "../x", "req": "1"}]), "odd dependency"),
        (line(deps=[{"name": "x", "req": "1", "kind": "odd"}]), "odd dependency"),
        (line(deps=[{"name": "x"}]), "odd dependency"),
        (line(deps=[{"name": "x", "req": "new"}]), "odd dependency"),
        (line(deps=[{"name": "..", "req": "1", "package": "x"}]), "odd dependency"),
        (line(deps=[{"name": "x", "req": "1", "target": "cfg("}]), "odd dependency"),
        (line(deps=[{"name": "x", "req": "1", "kind": "dev", "optional": True}]), "odd dependency"),
        (line(features=[]), "odd list of features"),
        (line(features={"a": "b"}), "odd list of features"),
        (line(links="\ud800"), "half a character"),
        (b'{"yanked": true, ' + line()[1:], "a key stands twice"),
        (line(deps=[])[:-1] + b', "x": ' + b"[" * 5000 + b"]" * 5000 + b"}", "not JSON"),
    ],
)
def test_a_line_that_is_not_plain_is_a_stated_problem(data: bytes, reason: str) -> None:
    good = line(vers="0.9.0")
    file = parse_index(good + b"\n" + data + b"\n", "demo")
    assert [one.version for one in file.entries] == ["0.9.0"]
    assert [(one.line, one.reason) for one in file.problems] == [(2, reason)]


def test_the_last_of_two_equal_versions_counts_and_is_said() -> None:
    file = parse_index(line() + b"\n" + line(yanked=True), "demo")
    assert [(one.version, one.is_yanked) for one in file.entries] == [("1.0.0", True)]
    assert [one.reason for one in file.problems] == ["1.0.0 is listed twice; the last line counts"]


def test_versions_that_differ_in_build_metadata_only_are_two() -> None:
    # lz4-sys 1.0.1 and 1.0.1+1.7.5 are both in the public index.
    lines = [line(vers="1.0.1+b"), line(vers="1.0.1+a", cksum="cd" * 32), line(vers="1.0.1")]
    file = parse_index(b"\n".join(lines), "demo")
    assert [one.version for one in file.entries] == ["1.0.1+b", "1.0.1+a", "1.0.1"]
    assert file.problems == ()


def test_a_version_with_two_checksums_is_not_believed_at_all() -> None:
    file = parse_index(line() + b"\n" + line(cksum="cd" * 32), "demo")
    assert file.entries == ()
    assert [(one.version, one.reason) for one in file.problems] == [
        ("1.0.0", "listed twice, with two checksums")
    ]


def test_equal_dependencies_of_many_versions_are_one_value() -> None:
    deps = [{"name": "x", "req": "^1"}]
    data = b"\n".join(line(vers=f"1.0.{number}", deps=deps) for number in range(3))
    first, second, third = parse_index(data, "demo").entries
    assert first.dependencies[0] is second.dependencies[0] is third.dependencies[0]


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
keys = st.sampled_from(["name", "vers", "cksum", "deps", "features", "yanked", "v", "pubtime"])


@given(st.lists(st.dictionaries(keys, values, max_size=4), max_size=4))
def test_every_line_is_an_entry_or_a_problem(changes: list[dict[str, object]]) -> None:
    lines = [line(**({"vers": f"1.0.{number}"} | one)) for number, one in enumerate(changes)]
    file = parse_index(b"\n".join(lines), "demo")
    assert len(file.entries) + len({one.line for one in file.problems}) >= len(lines)
    for entry in file.entries:
        repr(entry).encode()


@given(st.binary(max_size=200))
def test_no_bytes_make_the_index_reader_fail(data: bytes) -> None:
    parse_index(data, "demo")
    parse_config(data)
