from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.errors import SignatureError
from analyzer.rules.ruleset import load_ruleset, read_ruleset
from analyzer.rules.template import new_rule_text


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / "own" / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return folder


def test_shipped_rules_are_loaded_in_the_order_of_their_ids() -> None:
    ids = [one.id for one in load_ruleset().rules]

    assert len(ids) >= 15
    assert ids == sorted(ids)


def test_own_rules_join_the_shipped_ones_and_change_the_digest(tmp_path: Path) -> None:
    own = load_ruleset(extra=(write(tmp_path, "mine", new_rule_text("mine", "own")),))

    assert own.rule("mine") is not None
    assert own.digest != load_ruleset().digest


def test_rule_id_taken_by_a_shipped_rule_is_an_error(tmp_path: Path) -> None:
    text = new_rule_text("near-name", "own")

    with pytest.raises(SignatureError, match="already taken"):
        load_ruleset(extra=(write(tmp_path, "near-name", text),))


def test_unknown_indicator_list_is_an_error(tmp_path: Path) -> None:
    text = new_rule_text("mine", "own").replace("credential-paths", "credential-pats")

    with pytest.raises(SignatureError, match="credential-pats"):
        load_ruleset(extra=(write(tmp_path, "mine", text),))


def test_reading_for_the_linter_lists_every_broken_file(tmp_path: Path) -> None:
    write(tmp_path, "a", "id = [")
    write(tmp_path, "b", 'id = "c"')

    ruleset, errors = read_ruleset(extra=(tmp_path,))

    assert len(errors) == 2
    assert ruleset.rule("near-name") is not None


def test_missing_folder_of_own_rules_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SignatureError, match="no such folder"):
        load_ruleset(extra=(tmp_path / "nowhere",))
