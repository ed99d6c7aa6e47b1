"""What is kept of a folded value never stands in for another frame's."""

from __future__ import annotations

from analyzer.syntax.memory import DEPTH, LIMIT, Known, Memory
from analyzer.syntax.values import Value, constant

KEY = ("src/lib.rs", 1, 2)
NAME = {"name": constant("a")}


def known(*names: str, value: Value | None = None, worlds: int = 1, depth: int = 0) -> Known:
    return Known(value or constant("x"), worlds, frozenset(names), depth, is_asking=False)


def test_what_asks_nothing_of_a_frame_holds_in_all() -> None:
    memory = Memory(2)
    memory.keep(KEY, memory.kept(NAME), 0, known("other"))
    assert memory.find(KEY, ({}, 9), 1) == memory.find(KEY, (NAME, 3), 0) == known("other")


def test_what_asks_for_a_name_holds_in_equal_frames_alone() -> None:
    memory = Memory(1)
    memory.keep(KEY, memory.kept(NAME), 0, known("name"))
    assert memory.find(KEY, (memory.kept({"name": constant("a")}), 5), 0) == known("name")
    assert memory.find(KEY, (memory.kept({"name": constant("b")}), 0), 0) is None
    assert memory.find(KEY, ({}, 0), 0) is None


def test_what_differs_by_world_is_asked_for_in_each() -> None:
    memory = Memory(2)
    memory.keep(KEY, {}, 0, known(worlds=2))
    assert memory.find(KEY, ({}, 0), 0) is not None
    assert memory.find(KEY, ({}, 0), 1) is None


def test_what_met_a_limit_is_asked_for_again_from_elsewhere() -> None:
    memory = Memory(1)
    memory.keep(KEY, {}, 0, known(DEPTH, depth=20))
    assert memory.find(KEY, ({}, 20), 0) is not None
    assert memory.find(KEY, ({}, 2), 0) is None
    other = ("src/lib.rs", 3, 4)
    memory.keep(other, {}, 0, known(LIMIT))
    assert memory.find(other, ({}, 0), 0) is not None
    memory.begin()
    assert memory.find(other, ({}, 0), 0) is None
