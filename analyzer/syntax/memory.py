"""What was folded before, and where it holds: in every frame, or in one.

A value is kept with the names that were asked of the frame on the way to it. In a frame that has
none of them it is the same, so most of an own function is folded once for all its callers. Whoever
reads a frame while folding notes the name in `Evaluator.names`, found or not.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from analyzer.syntax.values import Value

Frame = Mapping[str, Value]
State = tuple[Frame, int]
Key = tuple[str, int, int]
_MOST_FRAMED = 200_000
NESTED = 4
"""So often an expression is entered from inside itself, as in an own function that calls itself."""
LIMIT, DEPTH = "", "\0"
"""In place of names: a value is made of itself here, or so far down that more was not asked for.
With `LIMIT` stand the keys of what is made of itself: once the first of them is folded, it holds
everywhere. Past `DEPTH` less is known than from further up, never other things.
"""
Name = str | Key
"""What a value hangs on: names of the frame, and limits."""


class Known(NamedTuple):
    """A folded value; `worlds` differ in it; `names` were asked of the frame. `is_asking`:
    something was missing that had been cut out.
    """

    value: Value
    worlds: int
    names: AbstractSet[Name]
    depth: int
    is_asking: bool


class Memory:
    """All of one crate."""

    def __init__(self, worlds: int) -> None:
        self._plain: list[dict[Key, Known]] = [{} for _ in range(worlds)]
        self._frames: dict[tuple[tuple[str, Value], ...], Frame] = {}
        self._kept: set[int] = set()
        self._framed: dict[tuple[int, int, Key], Known] = {}  # in a frame that is kept
        self._passing: dict[int, tuple[Frame, dict[tuple[int, Key], Known]]] = {}

    def begin(self) -> None:
        """Another value is asked for: what met a limit on the way to the last is let go."""
        self._passing = {}
        if len(self._framed) > _MOST_FRAMED:
            self._frames, self._kept, self._framed = {}, set(), {}

    def kept(self, frame: Frame) -> Frame:
        """The frame, or an equal one that has been met: both share what is folded in them."""
        if not frame or id(frame) in self._kept:
            return frame
        found = self._frames.setdefault(tuple(frame.items()), frame)
        self._kept.add(id(found))
        return found

    def find(self, key: Key, state: State, world: int) -> Known | None:
        """What is known of an expression in a frame, at a depth, and in a world."""
        known = self._of_world(key, state, world)
        if known is None and world:
            known = self._of_world(key, state, 0)  # without a choice it is the same in all
            known = known if known is not None and known.worlds == 1 else None
        return known

    def _of_world(self, key: Key, state: State, world: int) -> Known | None:
        frame, depth = state
        known = self._plain[world].get(key)
        if frame and (known is None or not frame.keys().isdisjoint(known.names)):
            known = self._framed.get((id(frame), world, key))
        if known is not None and (known.depth <= depth or DEPTH not in known.names):
            return known
        passing = self._passing.get(id(frame) if frame else 0)
        return passing[1].get((world, key)) if passing is not None else None

    def keep(self, key: Key, frame: Frame, world: int, known: Known) -> None:
        """Remember a value for as long, and in as many frames, as it holds."""
        is_lasting = LIMIT not in known.names
        world = world if known.worlds > 1 else 0
        if is_lasting and frame.keys().isdisjoint(known.names):
            self._plain[world][key] = known
        elif is_lasting and id(frame) in self._kept:
            self._framed[id(frame), world, key] = known
        else:
            around = self._passing.setdefault(id(frame) if frame else 0, (frame, {}))
            around[1][world, key] = known


def closed(names: set[Name], key: Key) -> None:
    """Take a limit out of what a value hangs on: what is made of itself has been folded."""
    if key in names:
        names.discard(key)
        if not any(isinstance(one, tuple) for one in names):
            names.discard(LIMIT)
