from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.config import DEFAULT_INDEX, DEFAULT_SOURCES
from analyzer.errors import UsageError
from analyzer.registry.targets import (
    ArchiveTarget,
    CrateTarget,
    FolderTarget,
    parse_target,
    read_targets,
)

SUM = "ab" * 32


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a package called serde, an archive and a lock file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "serde").mkdir()
    for name in ("serde/Cargo.toml", "serde/Cargo.lock", "demo-1.0.0.crate"):
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("serde", CrateTarget("serde")),
        (" serde ", CrateTarget("serde")),
        ("serde@1.0.0", CrateTarget("serde", "1.0.0")),
        ("serde@1", CrateTarget("serde", "1")),
        ("serde@1.0", CrateTarget("serde", "1.0")),
        ("serde@1.0.0-rc.1+x", CrateTarget("serde", "1.0.0-rc.1+x")),
        ("pkg:cargo/serde", CrateTarget("serde")),
        ("PKG:Cargo/serde@1.0.0", CrateTarget("serde", "1.0.0")),
        ("pkg://cargo/serde@1.0.0#src/lib.rs", CrateTarget("serde", "1.0.0")),
        ("pkg:cargo/se%72de@1.0.0%2Bx", CrateTarget("serde", "1.0.0+x")),
        ("pkg:cargo/serde@1.0.0?arch=any&os=", CrateTarget("serde", "1.0.0")),
        (f"pkg:cargo/a@1.0.0?checksum=sha1:00,sha256:{SUM}", CrateTarget("a", "1.0.0", "", SUM)),
        (
            "pkg:cargo/a?repository_url=sparse%2Bhttps%3A%2F%2Fr.invalid%2Findex%2F",
            CrateTarget("a", "", "sparse+https://r.invalid/index/"),
        ),
        ("pkg:cargo/a?repository_url=r.invalid/x", CrateTarget("a", "", "https://r.invalid/x")),
        ("serde/", FolderTarget(Path("serde"))),
        ("./serde", FolderTarget(Path("serde"))),
        (".", FolderTarget(Path())),
        ("serde/Cargo.toml", FolderTarget(Path("serde"))),
        ("demo-1.0.0.crate", ArchiveTarget(Path("demo-1.0.0.crate"))),
        ("./demo-1.0.0.crate", ArchiveTarget(Path("demo-1.0.0.crate"))),
    ],
)
def test_target_is_what_the_text_says(here: Path, text: str, target: object) -> None:
    assert parse_target(text) == target


def test_a_plain_name_is_the_registrys_crate_whatever_lies_here(here: Path) -> None:
    assert (here / "serde/Cargo.toml").exists()
    assert parse_target("serde") == CrateTarget("serde")


@pytest.mark.parametrize("url", sorted({*DEFAULT_SOURCES, DEFAULT_INDEX}))
def test_the_default_registry_in_any_spelling_is_no_other_registry(url: str) -> None:
    assert parse_target(f"pkg:cargo/serde?repository_url={url}") == CrateTarget("serde")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no crate"),
        ("-", "no crate name"),
        ("ser de", "no crate name"),
        ("serde@", "no version"),
        ("serde@^1", "no version"),
        ("serde@latest", "no version"),
        ("serde@1.2.3@4", "no version"),
        ("s\x1b[31m", "names no crate"),
        ("a" * 5000, "names no crate"),
        ("./nothing", "no such file or folder"),
        ("gone.crate", "no such file or folder"),
        ("~nobody-of-this-name/x", "no such user"),
        ("serde/Cargo.lock", "is a lock file"),
        ("/dev/null", "neither a file nor a folder"),
        ("pkg:npm/left-pad", "only pkg:cargo"),
        ("pkg:cargo/", "only pkg:cargo"),
        ("pkg:cargo/group/serde", "only pkg:cargo"),
        ("pkg:cargo/%2e%2e", "no crate name"),
        ("pkg:cargo/a%ff", "not UTF-8"),
        ("pkg:cargo/serde@", "no version"),
        ("pkg:cargo/serde@1.0.0?checksum=sha256:12", "64 hexadecimal digits"),
        ("pkg:cargo/serde@1.0.0?vcs_url=git%2Bhttps://g.invalid/x", "names other bytes"),
    ],
)
def test_what_names_nothing_is_one_line_of_usage_error(here: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        parse_target(text)
    assert str(caught.value).isprintable()


@given(st.text(max_size=30))
def test_any_text_is_a_target_or_a_usage_error(text: str) -> None:
    with contextlib.suppress(UsageError):
        parse_target(text)


def test_targets_are_read_one_a_line_with_comments() -> None:
    lines = ["# ours\n", "\n", "serde@1.0.0  # pinned\n", "pkg:cargo/a#src\n", "  tokio\r\n"]
    assert read_targets(lines) == (
        CrateTarget("serde", "1.0.0"),
        CrateTarget("a"),
        CrateTarget("tokio"),
    )


def test_an_odd_line_is_named_by_its_number() -> None:
    with pytest.raises(UsageError, match=r"line 2: .*no version"):
        read_targets(["serde\n", "serde@x\n"])
