"""Each catalogued crate has a sample of real code, and each marked line of it gives its fact.

A sample is `<crate>.rs`: complete code that compiles against the crate named in its first line
(`//! dependency: name = "1.2.3"`, more lines for more crates). `//~ net.send https://x.invalid`
at the end of a line promises a fact of that kind and subject there, `//~ net.send` one of any
subject; several are parted by `;`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from analyzer.model import Fact, Span
from analyzer.pipeline import analyze
from analyzer.rules.ruleset import RuleSet, load_ruleset
from analyzer.rules.samples import sample_source
from analyzer.rules.schema import Sample
from analyzer.signatures import default_folder
from analyzer.toml import read_toml

HERE = Path(__file__).parent
RULESET = load_ruleset()
NO_RULES = RuleSet(RULESET.rules[:1], RULESET.signatures)
CATALOGUES = sorted(one.stem for one in (default_folder() / "apis").glob("*.toml"))
SAMPLES = sorted(HERE.glob("*.rs"))


def facts_of(text: str) -> tuple[Fact, ...]:
    dependencies = "\n".join(re.findall(r"(?m)^//! dependency: (.+)$", text))
    manifest = f'[package]\nname = "sample"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\n{dependencies}\n'
    code = re.sub(r"\s*//~.*", "", text)
    sample = Sample("sample", is_match=True, files=(("src/lib.rs", code), ("Cargo.toml", manifest)))
    return analyze(sample_source(sample, RULESET), ruleset=NO_RULES).facts


def promises(text: str) -> list[tuple[int, str, str]]:
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        for one in line.partition("//~")[2].split(";"):
            kind, _, subject = one.strip().partition(" ")
            if kind:
                rows.append((number, kind, subject))
    return rows


@pytest.mark.parametrize("name", CATALOGUES)
def test_each_catalogued_crate_has_a_sample(name: str) -> None:
    assert (HERE / f"{name}.rs").is_file()


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_each_marked_line_gives_its_fact(path: Path) -> None:
    text = path.read_text()
    found = {
        (one.where.line, str(one.kind), subject)
        for one in facts_of(text)
        if isinstance(one.where, Span)
        for subject in (one.subject, "")
    }

    assert promises(text)
    assert [one for one in promises(text) if one not in found] == []


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_stands_for_a_catalogue_and_its_version(path: Path) -> None:
    table = read_toml((default_folder() / "apis" / f"{path.stem}.toml").read_bytes(), name="x")

    assert path.stem in CATALOGUES
    assert table["crate"] == "std" or re.search(r"(?m)^//! dependency: ", path.read_text())
