"""What index lines tell of one release among its others, on a day: all that a judge asks of them.

Two sets of index lines with equal histories give equal facts, so that a new release of a crate, or
a new day, is no reason to read an old release again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analyzer.model import UNKNOWN, Context, CrateRef, IndexEntry
from analyzer.registry.context import days_between, new_dependencies, previous_entry

_CLASSES = (
    (1 / 24, "hour"),
    (1, "day"),
    (7, "week"),
    (30, "month"),
    (90, "quarter"),
    (365, "year"),
)
"""The first class whose days are not yet over; `older` behind the last."""
_HOUR_DAYS = 1 / 24
_BURST = 3
_ODD_MAJOR = 9


@dataclass(frozen=True, slots=True)
class TakenUp:
    """A dependency that the release before had not: how old its name was when this came out."""

    name: str
    age: str
    first_published: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class History:
    """One release. Ages are classes of time (`age_class`), empty where the index has no times.

    `first`: time of the name's first release; `odd_first`: that release, if its number is unusually
    high. `silence` goes back to the release `before`. `burst`: releases within the hour, if they
    are many; `yanked_beside`: those of them that were yanked.
    """

    published: str
    is_yanked: bool
    odd_first: str = ""
    age: str = ""
    first: str = ""
    name_age: str = ""
    before: str = ""
    silence: str = ""
    burst: tuple[str, ...] = ()
    yanked_beside: tuple[str, ...] = ()
    taken_up: tuple[TakenUp, ...] = ()


def history(ref: CrateRef, context: Context) -> History | None:
    """The history of a release; None where the index has no line for it."""
    entries = context.index_entries
    own = next((one for one in entries if one.version == ref.version), None)
    if own is None:
        return None
    dated = [one for one in entries if one.published]
    first = min(dated, key=lambda one: one.published, default=None)
    is_odd = first is not None and _major(first) not in map(str, range(_ODD_MAJOR))
    taken_up = tuple(_taken_up(entries, own, dict(context.first_published)))
    odd = first.version if first is not None and is_odd else ""
    if not own.published:
        return History("", own.is_yanked, odd, taken_up=taken_up)
    before = previous_entry(entries, own.version)
    near = [one for one in dated if abs(days_between(one.published, own.published)) <= _HOUR_DAYS]
    day = context.as_of
    return History(
        published=own.published,
        is_yanked=own.is_yanked,
        odd_first=odd,
        age=age_class(days_between(own.published, day)) if day else "",
        first=first.published if first is not None and day else "",
        name_age=age_class(days_between(first.published, day)) if first and day else "",
        before=before.version if before else "",
        silence=age_class(days_between(before.published, own.published)) if before else "",
        burst=tuple(one.version for one in near[:10]) if len(near) >= _BURST else (),
        yanked_beside=tuple(
            one.version for one in near if one.is_yanked and one.version != own.version
        ),
        taken_up=taken_up,
    )


def age_class(days: float) -> str:
    """`hour`, `day`, `week`, `month`, `quarter`, `year` or `older`; what lies ahead is an hour."""
    return next((name for most, name in _CLASSES if days <= most), "older")


def _major(entry: IndexEntry) -> str:
    return entry.version.partition(".")[0]


def _taken_up(
    entries: tuple[IndexEntry, ...], own: IndexEntry, times: Mapping[str, str]
) -> list[TakenUp]:
    found = []
    for name in new_dependencies(entries, own.version) if times else ():
        if name not in times:
            continue  # not asked for: neither this crate nor what it takes up is young
        first = times[name]
        age = UNKNOWN
        if first and own.published:
            age = age_class(days_between(first, own.published))
        keys = tuple(one.key for one in own.dependencies if one.package == name)
        found.append(TakenUp(name, age, first or UNKNOWN, keys))
    return found
