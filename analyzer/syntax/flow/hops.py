"""The way that a value took, as it is drawn: one hop a line, from the source to the sink."""

from __future__ import annotations

from typing import NamedTuple

from analyzer.syntax.flow.sinks import shown_at
from analyzer.syntax.outline import Node, Outline

_HOPS = 24


class Step(NamedTuple):
    """One place on the way, as a byte range of a file."""

    file: str
    start: int
    end: int


def hops(trail: list[tuple[Outline, Node]], sink: tuple[Outline, Node]) -> tuple[Step, ...]:
    """From the source to the sink, one hop a line."""
    found: list[Step] = []
    lines: list[tuple[str, int]] = []
    for outline, node in (*trail, sink):
        start = shown_at(node)
        line = (outline.path, outline.data.count(b"\n", 0, start))
        if not lines or lines[-1] != line:
            found.append(Step(outline.path, start, node.end_byte))
            lines.append(line)
    return tuple(found[: _HOPS - 1] + found[-1:]) if len(found) > _HOPS else tuple(found)
