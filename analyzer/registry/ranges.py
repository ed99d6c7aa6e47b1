"""Version ranges as advisories mean them: by full precedence, so that pre-releases are covered.

This is not how cargo resolves (there `<2` leaves `1.5.0-rc.1` out): a weakness that was there
before 1.5 is in 1.5's release candidates as well. The rules are those of the
`rustsec` crate (`osv/unaffected_range.rs`) and of the OSV schema (evaluation of events).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass

from analyzer.registry.semver import Key, precedence, without_build

_NUMBER = r"(?:0|[1-9]\d{0,18})"
_COMPARATOR = re.compile(
    rf"\s*(<=|>=|<|>|=|\^|~|)\s*({_NUMBER})(?:\.({_NUMBER}))?(?:\.({_NUMBER}))?"
    r"(-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?\s*",
    re.ASCII,
)
_MAX_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Range:
    """Versions from `start` to `end`; an empty text is no bound. `has_*`: the bound belongs to it.

    Build metadata never counts.
    """

    start: str = ""
    end: str = ""
    has_start: bool = True
    has_end: bool = False

    def covers(self, version: str) -> bool:
        """Whether a version lies inside; False for a text that is no version."""
        key = _key(version)
        if key is None:
            return False
        low, high = _key(self.start), _key(self.end)
        above = low is None or key > low or (self.has_start and key == low)
        return above and (high is None or key < high or (self.has_end and key == high))


ALL = Range()


def parse_requirement(text: str) -> Range:
    """The range of a requirement such as `>= 1.2, < 2.0.0-rc.1`, `^0.3`, `= 1.0.0` or `*`.

    Raises ValueError for what the `rustsec` crate refuses, too: more than one bound on a side.
    """
    if len(text) > _MAX_LENGTH:
        raise ValueError("a requirement of absurd length")
    if text.strip() == "*":
        return ALL
    bounds = [_bounds(one, text) for one in text.split(",")]
    starts = [one for one in bounds if one.start]
    ends = [one for one in bounds if one.end]
    if len(starts) > 1 or len(ends) > 1 or (len(bounds) > 1 and _is_closed(bounds)):
        raise ValueError(f"{text!r}: more than one bound on a side")
    start = starts[0] if starts else ALL
    end = ends[0] if ends else ALL
    return Range(start.start, end.end, start.has_start, end.has_end)


def ranges_of_events(events: Iterable[tuple[str, str]]) -> tuple[Range, ...]:
    """Ranges of an OSV list of (`introduced`, `fixed` or `last_affected`, version) events.

    `introduced` of `0` means from the beginning. Raises ValueError for anything else.
    """
    found: list[Range] = []
    start: str | None = None
    for kind, version in sorted(events, key=_event_order):
        if kind == "introduced":
            if start is None:
                start = "" if version == "0" else version
        elif start is not None:
            found.append(Range(start, version, has_end=kind == "last_affected"))
            start = None
    if start is not None:
        found.append(Range(start))
    return tuple(found)


_EVENTS = ("introduced", "last_affected", "fixed")


def _event_order(event: tuple[str, str]) -> tuple[int, Key | tuple[()], int]:
    kind, version = event
    key = _key(version)
    if kind not in _EVENTS or (key is None and version != "0"):
        raise ValueError(f"{kind} {version!r} is no event of a version")
    # A fix ends what came before it; what is introduced by the same version begins anew after it.
    return (0, (), 0) if key is None else (1, key, 1 if kind == "introduced" else 0)


def _is_closed(bounds: list[Range]) -> bool:
    return any(one.start and one.end for one in bounds)


def _bounds(text: str, whole: str) -> Range:
    """The range of one comparator."""
    match = _COMPARATOR.fullmatch(text)
    if match is None or (match[5] and not match[4]):
        raise ValueError(f"{whole!r} is no requirement")
    numbers = [int(one) for one in match.group(2, 3, 4) if one is not None]
    version = _spelled(numbers, match[5] or "")
    if precedence(version) is None:
        raise ValueError(f"{whole!r} is no requirement")
    if match[1] in ("^", "~", ""):
        return Range(version, _next(numbers, is_tilde=match[1] == "~"))
    return {
        "<": Range("", version),
        "<=": Range("", version, has_end=True),
        ">": Range(version, has_start=False),
        ">=": Range(version),
        "=": Range(version, version, has_end=True),
    }[match[1]]


def _spelled(numbers: list[int], before: str = "") -> str:
    major, minor, patch = (*numbers, 0, 0)[:3]
    return f"{major}.{minor}.{patch}{before}"


def _next(numbers: list[int], *, is_tilde: bool) -> str:
    """The first version that `^` or `~` leaves out; `-0` is the lowest pre-release of all."""
    major, *rest = numbers
    if is_tilde:
        bumped = [major, rest[0] + 1] if rest else [major + 1]
    elif major or not rest:
        bumped = [major + 1]
    elif rest[0] or len(rest) == 1:
        bumped = [0, rest[0] + 1]
    else:
        bumped = [0, 0, rest[1] + 1]
    return _spelled(bumped, "-0")


@functools.lru_cache(maxsize=4096)
def _key(version: str) -> Key | None:
    return precedence(without_build(version))
