from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.registry.semver import is_partial, is_prerelease, precedence, without_build

numbers = st.integers(0, 2**64 - 1)
words = st.from_regex(r"[0-9]*[A-Za-z-][0-9A-Za-z-]{0,5}", fullmatch=True)
before = st.lists(st.one_of(st.integers(0, 10**9).map(str), words), max_size=4).map(".".join)
build = st.lists(st.from_regex(r"[0-9A-Za-z-]{1,6}", fullmatch=True), max_size=3).map(".".join)


@st.composite
def versions(draw: st.DrawFn) -> str:
    core = ".".join(str(draw(numbers)) for _ in range(3))
    ahead, after = draw(before), draw(build)
    return core + (f"-{ahead}" if ahead else "") + (f"+{after}" if after else "")


def test_order_is_that_of_the_specification() -> None:
    order = [
        "0.0.1",
        "0.9.9",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
        "1.0.0+build",
        "1.9.0",
        "1.10.0",
        "18446744073709551615.0.0",
    ]
    keys = [precedence(one) for one in order]
    assert None not in keys
    assert [order[keys.index(one)] for one in sorted(keys, key=lambda key: key or ())] == order


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1.2",
        "v1.2.3",
        "=1.2.3",
        "1.2.3.4",
        "01.2.3",
        "1.2.03",
        "1.2.3-",
        "1.2.3-01",
        "1.2.3-a..b",
        "1.2.3+",
        "1.2.3+a_b",
        " 1.2.3",
        "1.2.3\n",
        "1.2.٣",
        "18446744073709551616.0.0",
        "1.2.3-" + "a" * 300,
        "9" * 5000 + ".0.0",
    ],
)
def test_what_is_no_version_has_no_key(text: str) -> None:
    assert precedence(text) is None


@given(versions())
def test_every_version_has_a_key_and_equals_itself(version: str) -> None:
    assert precedence(version) is not None
    assert precedence(version) == precedence(version)


@given(versions(), versions())
def test_only_equal_texts_have_equal_keys(one: str, other: str) -> None:
    assert (precedence(one) == precedence(other)) == (one == other)


@given(versions(), versions())
def test_pre_releases_come_before_their_release(one: str, other: str) -> None:
    release = without_build(one).partition("-")[0]
    if is_prerelease(one):
        assert (precedence(one) or ()) < (precedence(release) or ())
    assert is_prerelease(f"{release}-0+a")
    assert not is_prerelease(f"{release}+a-b")


@given(st.text(max_size=40))
def test_no_text_makes_it_fail(text: str) -> None:
    precedence(text)
    is_partial(text)


def test_partial_versions_are_one_or_two_numbers() -> None:
    assert [is_partial(one) for one in ("1", "1.2", "1.2.3", "1.", "", "x", "1-a")] == [
        True,
        True,
        False,
        False,
        False,
        False,
        False,
    ]
