from __future__ import annotations

import pytest

from analyzer.errors import YamlError
from analyzer.yaml import NOTHING, read_yaml


def read(text: str) -> object:
    return read_yaml(text.encode(), name="x.yml")[0]


def test_nodes_know_their_lines_and_plain_texts_stay_texts() -> None:
    root = read_yaml(b"on: push\nlist:\n  - yes\n  - |\n    a\n    b\n", name="x.yml")[0]
    first, block = root.get("list").items
    assert (root.get("on").text, first.text, first.line) == ("push", "yes", 3)
    assert (block.line, block.end_line, block.text) == (4, 6, "a\nb\n")


def test_merged_mappings_are_looked_into() -> None:
    root = read_yaml(b"a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\n", name="x.yml")[0]
    assert (root.get("b", "x").text, root.get("b", "y").text) == ("1", "3")
    assert root.get("b", "none") is NOTHING


def test_a_bomb_of_aliases_weighs_what_its_text_weighs() -> None:
    text = "a0: &a0 [x, x]\n" + "".join(
        f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}, *a{i - 1}, *a{i - 1}]\n" for i in range(1, 60)
    )
    root = read_yaml(text.encode(), name="x.yml")[0]
    assert root.get("a59").items[0] is root.get("a58")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "- " * 5_000 + "x",
        "a: &a [*a]\n",
        "a: *nothing\n",
        "a: [1\nb: 2\n",
        "a: \x01\n",
        "x: [" + "a," * 110_000 + "]",
        "#" * 300_000,
    ],
)
def test_what_is_hostile_or_broken_is_an_error(text: str) -> None:
    with pytest.raises(YamlError, match=r"^x\.yml"):
        read(text)


def test_no_object_of_a_tag_is_made() -> None:
    root = read_yaml(b"a: !!python/object/apply:os.abort []\n", name="x.yml")[0]
    assert root.get("a").tag.endswith("os.abort")
