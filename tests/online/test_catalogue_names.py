"""Every catalogued name exists in the sources of the crate versions that its file says were read."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from analyzer.config import load_settings
from analyzer.errors import CratescopeError
from analyzer.limits import DEFAULT_LIMITS
from analyzer.registry.fetch import Registry
from analyzer.registry.targets import CrateTarget
from analyzer.signatures import default_folder
from analyzer.toml import read_toml
from analyzer.unpack import unpack

pytestmark = [pytest.mark.online, pytest.mark.enable_socket]

APIS = default_folder() / "apis"
KINDS = re.compile(
    r"\b(?:struct|enum|trait|type|mod|union|use|const|static|fn|macro_rules\s*!|macro|as)\b"
)
BREAKS = re.compile(r"[;{}()]")
WORD = re.compile(r".?\w|\w.?")
USED = frozenset(",;(!<}")


def checked() -> dict[str, list[str]]:
    """Crate versions by catalogue file."""
    found = {}
    for path in sorted(APIS.glob("*.toml")):
        versions = read_toml(path.read_bytes(), name=path.name).get("checked")
        if isinstance(versions, list):
            found[path.stem] = [str(one) for one in versions]
    return found


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """All Rust of each checked version as one text."""
    cache = {"CRATESCOPE_CACHE_DIR": str(tmp_path_factory.mktemp("cache"))}
    targets = [CrateTarget(*one.split("@")) for versions in checked().values() for one in versions]
    texts: dict[str, str] = {}
    with Registry(load_settings(os.environ | cache), DEFAULT_LIMITS) as registry:
        for target, _, source in registry.fetch_all(targets):
            assert not isinstance(source, CratescopeError), source
            tree = unpack(source, limits=DEFAULT_LIMITS)
            texts[f"{target.name}@{target.version}"] = "\n".join(
                one.data.decode("utf-8", "replace")
                for one in tree.files
                if one.path.endswith(".rs")
            )
    return texts


def missing(path: Path, text: str) -> list[str]:
    """Entries of a catalogue file that the text declares nowhere."""
    table = read_toml(path.read_bytes(), name=path.name)
    words = set(re.findall(r"\w+", text))
    lost = []
    for section in ("api", "method", "macro"):
        entries = table.get(section, {})
        for owner, names in entries.items() if isinstance(entries, dict) else ():
            kind = owner.rpartition("::")[2]
            if kind[:1].isupper() and kind not in words:
                lost.append(owner)
            lost += [f"{owner}::{one}" for one in names if not _declares(text, words, one)]
    return lost


def _declares(text: str, words: set[str], name: str) -> bool:
    """Declared under one of Rust's keywords, re-exported, or made by a macro from its bare name."""
    if name not in words:
        return False
    start = text.find(name)
    while start >= 0:
        end = start + len(name)
        before = BREAKS.split(text[max(0, start - 300) : start])[-1]
        is_word = WORD.fullmatch(text[max(0, start - 1) : start] + text[end : end + 1]) is None
        if is_word and (text[end : end + 40].lstrip()[:1] in USED or KINDS.search(before)):
            return True
        start = text.find(name, end)
    return False


@pytest.mark.parametrize("name", sorted(checked()))
def test_every_entry_is_declared_in_some_version_that_was_read(
    name: str, sources: Mapping[str, str]
) -> None:
    text = "\n".join(sources[one] for one in checked()[name])

    assert missing(APIS / f"{name}.toml", text) == []


def test_every_catalogue_but_the_standard_library_says_what_was_read() -> None:
    assert {one.stem for one in APIS.glob("*.toml")} - set(checked()) == {"std"}
