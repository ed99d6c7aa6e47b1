"""One spelling for each thing; all others are nothing."""

from __future__ import annotations

import pytest

from gate.paths import Asked, archive_of, name_of

SHA = "ab" * 32


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("1/a", "a"),
        ("2/ab", "ab"),
        ("3/a/abc", "abc"),
        ("se/rd/serde", "serde"),
        ("a-/b_/a-b_c", "a-b_c"),
    ],
)
def test_an_index_path_names_its_crate(path: str, name: str) -> None:
    assert name_of(path) == name


@pytest.mark.parametrize(
    "path",
    [
        *(
            "",
            "a",
            "serde",
            "se/rd/serde/",
            "/se/rd/serde",
            "se//rd/serde",
            "SE/RD/SERDE",
            "se/rd/Serde",
        ),
        *(
            "se/rd/sard",
            "se/xx/serde",
            "2/abc",
            "3/b/abc",
            "1/1",
            "se/rd/serde?x",
            "se/rd/serde%00",
        ),
        *(
            "../rd/serde",
            "se/../serde",
            "se/rd/..",
            "se%2frd%2fserde",
            "se/rd/ser+de",
            "se/rd/serdé",
        ),
        "a" * 200,
        "aa/aa/" + "a" * 65,
    ],
)
def test_any_other_index_path_is_nothing(path: str) -> None:
    assert name_of(path) is None


def test_an_archive_path_names_a_release() -> None:
    assert archive_of(f"Foo_bar/1.2.3-rc.1+b.2/{SHA}.crate") == Asked(
        "Foo_bar", "1.2.3-rc.1+b.2", SHA
    )


@pytest.mark.parametrize(
    "path",
    [
        f"foo/1.2/{SHA}.crate",
        f"foo/01.2.3/{SHA}.crate",
        f"foo/1.2.3/{SHA.upper()}.crate",
        f"foo/1.2.3/{SHA}",
        f"foo/1.2.3/{SHA}.crate/",
        f"foo/1.2.3%2bx/{SHA}.crate",
        f"../1.2.3/{SHA}.crate",
        f"foo/../{SHA}.crate",
        f"foo/1.2.3/{SHA[:-1]}.crate",
        f"foo//1.2.3/{SHA}.crate",
        f"foo/1.2.3/{SHA}.crate\n",
        f"{'f' * 65}/1.2.3/{SHA}.crate",
        f"foo/1.2.3-{'a' * 300}/{SHA}.crate",
    ],
)
def test_any_other_archive_path_is_nothing(path: str) -> None:
    assert archive_of(path) is None
