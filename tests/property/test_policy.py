"""The reader of policies: whatever it is given, it answers with a policy or an error with its file."""

from __future__ import annotations

import contextlib
import json
import string
from pathlib import Path
from typing import Any

import jsonschema
from hypothesis import example, given
from hypothesis import strategies as st

import analyzer.report
from analyzer.errors import TomlError
from analyzer.model import Phase, Severity
from analyzer.policy import read
from analyzer.policy.known import known_text, read_known
from analyzer.policy.read import read_policy
from analyzer.policy.terms import Ability, Adoption, KnownCrate
from analyzer.score import CAPABILITY_NAMES

SCHEMAS = Path(analyzer.report.__path__[0]) / "schemas"
VALID = jsonschema.Draft202012Validator(json.loads((SCHEMAS / "policy-v1.json").read_text()))
KEYS = sorted({*read.POLICY_KEYS, *read.WAIVER_KEYS, *read.CHANGE_KEYS, *read.AGE_KEYS, "policy"})
WORDS = st.sampled_from([*KEYS, *Phase, *Severity, *CAPABILITY_NAMES, "observe", "deny", "1.0.0"])
SCALARS = st.one_of(st.booleans(), st.integers(), st.floats(), WORDS, st.text(max_size=20))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(WORDS, st.text(max_size=8)), inner, max_size=4),
    ),
    max_leaves=20,
)
TABLES = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6)


def toml(value: Any) -> str:
    """A value as inline TOML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(str(k))} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value).replace("\x7f", "\\u007f")


@given(st.binary(max_size=300))
@example(b"\xef\xbb\xbf[policy]\n")
@example(b"[[waiver]]\n\xff")
def test_any_bytes_are_a_policy_or_an_error_that_names_its_file(data: bytes) -> None:
    said = "p.toml"
    try:
        read_policy(data, name="p.toml")
    except TomlError as error:
        said = str(error)
    assert said.startswith("p.toml")


@given(TABLES, st.lists(TABLES, max_size=2))
def test_what_the_reader_takes_the_schema_takes(policy: Any, waivers: Any) -> None:
    """The schema may say less than the reader, never more."""
    text = f"policy = {toml(policy)}\nwaiver = {toml(waivers)}\n"
    with contextlib.suppress(TomlError):
        read_policy(text.encode("utf-8", "surrogatepass"), name="p.toml")
        VALID.validate({"policy": policy, "waiver": waivers})


NAMES = st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=20)
PHASES = st.lists(st.sampled_from(list(Phase)), unique=True, max_size=3).map(tuple)
ABILITIES = st.builds(Ability, st.sampled_from(CAPABILITY_NAMES), PHASES)
CRATES = st.builds(
    KnownCrate,
    NAMES,
    st.text(string.printable, min_size=1, max_size=20).filter(
        lambda one: one.isprintable() and bool(one.strip())
    ),
    st.text("0123456789abcdef", min_size=64, max_size=64),
    st.lists(ABILITIES, max_size=3).map(tuple),
)
TEXTS = st.text(min_size=1, max_size=40).filter(lambda one: one.isprintable() and one.strip() != "")


@given(st.lists(CRATES, max_size=4, unique_by=lambda one: (one.name, one.version)), TEXTS)
def test_files_of_known_crates_read_back(crates: list[KnownCrate], text: str) -> None:
    ordered = tuple(sorted(crates, key=lambda one: (one.name, one.version)))
    written = known_text(crates, head="x")
    assert read_known(written.encode(), name="k") == ordered
    adoption = Adoption(text, text, "2026-01-01", "2026-12-31")
    written = known_text(crates, head="x", adoption=adoption)
    found = read_known(written.encode(), name="k", is_baseline=True)
    assert [one.adoption for one in found] == [adoption] * len(crates)
