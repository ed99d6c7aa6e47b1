"""What a recorded build did, in the words and the order that every report for people shares.

No format by itself. All texts that leave here are raw: each format escapes them for its channel.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from analyzer.model import Fact, Moment, Observation, ObservedProcess, Payload, Report, Stage

QUIET = "The build did nothing that builds do not always do."
_DEEPEST = 12
_ROW_BYTES = 16
_HEX = re.compile(r"(?:[0-9a-f]{2})*")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that was seen: a fact with its moment."""

    fact: Fact
    where: Moment


def events(report: Report) -> tuple[Event, ...]:
    """What was seen, stage by stage in the order in which they ran, each by its time."""
    found = [Event(one, one.where) for one in report.facts if isinstance(one.where, Moment)]
    stages = report.observation.stages if report.observation is not None else ()
    order = {one.name: number for number, one in reversed(list(enumerate(stages)))}
    last = len(order)
    return tuple(
        sorted(
            found,
            key=lambda one: (
                order.get(one.where.stage, last),
                one.where.at_ms,
                one.where.sequence,
            ),
        )
    )


def time_text(at_ms: int) -> str:
    """A time as `+1.2 s` from the run's start; empty where none is known."""
    return f"+{at_ms / 1000:.1f} s" if at_ms else ""


def moment_text(where: Moment) -> str:
    """A moment as `build, +1.2 s`."""
    return ", ".join(one for one in (where.stage, time_text(where.at_ms)) if one)


def outcome_text(one: Stage) -> str:
    """How a stage ended."""
    if one.outcome != "ended":
        return one.outcome
    return "ended well" if one.code == 0 else f"ended with code {one.code}"


def took_text(one: Stage) -> str:
    """How long a stage took, and how much the processors worked."""
    return f"{one.took_ms / 1000:.1f} s, {one.cpu_ms / 1000:.1f} s of CPU"


def about(one: Observation) -> tuple[tuple[str, str], ...]:
    """What kind of run it was, as names and values."""
    return (
        ("Machine", f"{one.profile} ({one.toolchain})"),
        ("Image", one.image),
        ("Changed by us", ", ".join(one.altered)),
    )


def payload_text(one: Payload) -> str:
    """Where a payload went, how much, and what came back."""
    size = f"{one.size_bytes:,} bytes"
    closed = "" if one.is_readable else ", not readable"
    answer = f"; answered: {one.answer}" if one.answer else ""
    return f"{one.endpoint} ({one.protocol}), {size}{closed}{answer}"


def tree(one: Observation) -> Iterator[tuple[int, ObservedProcess]]:
    """The processes below those that started them, with their depth; stage by stage.

    A process that becomes another program stands again, below the one that started it.
    """
    below: dict[int, list[int]] = {}
    latest: dict[tuple[str, int], int] = {}
    for number, process in enumerate(one.processes):
        parent = latest.get((process.stage, process.parent), -1)
        below.setdefault(parent, []).append(number)
        latest[process.stage, process.pid] = number
    pending = [(0, number) for number in reversed(below.get(-1, []))]
    while pending:
        depth, number = pending.pop()
        yield min(depth, _DEEPEST), one.processes[number]
        pending += [(depth + 1, child) for child in reversed(below.get(number, []))]


def dump(data: str) -> Iterator[tuple[str, str, str]]:
    """Hex digits as rows of offset, bytes, and what of them is plain text.

    None for what is no hex: a report may come from a worker that a crate has taken over.
    """
    if not _HEX.fullmatch(data):
        return
    whole = bytes.fromhex(data)
    for start in range(0, len(whole), _ROW_BYTES):
        row = whole[start : start + _ROW_BYTES]
        shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        yield f"{start:04x}", row.hex(" "), shown
