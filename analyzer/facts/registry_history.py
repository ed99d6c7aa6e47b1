"""What the index tells of a release among its others: age, rhythm, yanks, what it newly takes up.

Subjects are classes of time, so that a fact changes only where its meaning does. Youth and odd
rhythm are everyday; rules ask for them together with what the code does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from analyzer.facts.view import CrateView
from analyzer.model import UNKNOWN, Fact, FactKind, Field, IndexEntry
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
_PUBTIME = Field("registry", "pubtime")


def facts(view: CrateView) -> Iterator[Fact]:
    """Facts of the kinds `registry.age` and `registry.yank`; none without times in the index."""
    entries = view.context.index_entries
    own = next((one for one in entries if one.version == view.ref.version), None)
    if own is None:
        return
    first = _first(entries)
    if first is not None and first.version.partition(".")[0] not in map(str, range(_ODD_MAJOR)):
        yield _age("odd", "first-version", first.version)
    if own.published:
        yield from _ages(view.context.as_of, own, first)
        yield from _rhythm(entries, own)
    yield from _taken_up(view, own)


def _ages(as_of: str, own: IndexEntry, first: IndexEntry | None) -> Iterator[Fact]:
    """How old version and name are on the day of the report."""
    if as_of:
        yield _age(age_class(days_between(own.published, as_of)), "version", own.published)
        if first is not None:
            yield _age(age_class(days_between(first.published, as_of)), "name", first.published)


def _rhythm(entries: tuple[IndexEntry, ...], own: IndexEntry) -> Iterator[Fact]:
    """Silence before this release, others within the hour, and whether those were yanked."""
    before = previous_entry(entries, own.version)
    if before is not None:
        yield _age(
            age_class(days_between(before.published, own.published)), "silence", before.version
        )
    near = [
        one
        for one in entries
        if one.published and abs(days_between(one.published, own.published)) <= _HOUR_DAYS
    ]
    if len(near) >= _BURST:
        yield _age("hour", "burst", *(one.version for one in near[:10]))
    for one in near:
        if one.is_yanked and one.version != own.version:
            where = Field("registry", "yanked")
            yield Fact(FactKind.REGISTRY_YANK, "beside", where, data=(one.version,))


def _taken_up(view: CrateView, own: IndexEntry) -> Iterator[Fact]:
    """Dependencies that the release before had not: how old their names were when it came out."""
    times = dict(view.context.first_published)
    for name in new_dependencies(view.context.index_entries, own.version):
        if name not in times:
            continue  # not asked for: neither this crate nor what it takes up is young
        first = times[name]
        subject = UNKNOWN
        if first and own.published:
            subject = age_class(days_between(first, own.published))
        keys = [one.key for one in own.dependencies if one.package == name]
        api = "new-dependency" if _is_named(view, keys) else "new-dependency-unnamed"
        where = Field("registry", f"deps.{name}")
        yield Fact(FactKind.REGISTRY_AGE, subject, where, api=api, data=(name, first or UNKNOWN))


def _is_named(view: CrateView, keys: Iterable[str]) -> bool:
    """Whether any source names one of these crates; a name in a comment counts, too."""
    words = [re.escape(one.replace("-", "_").encode()) for one in keys]
    if not words:
        return False
    pattern = re.compile(rb"(?<![A-Za-z0-9_])(?:%s)(?![A-Za-z0-9_])" % b"|".join(words))
    return any(one.path.endswith(".rs") and pattern.search(one.data) for one in view.tree.files)


def _first(entries: tuple[IndexEntry, ...]) -> IndexEntry | None:
    dated = (one for one in entries if one.published)
    return min(dated, key=lambda one: one.published, default=None)


def age_class(days: float) -> str:
    """`hour`, `day`, `week`, `month`, `quarter`, `year` or `older`; what lies ahead is an hour."""
    return next((name for most, name in _CLASSES if days <= most), "older")


def _age(subject: str, api: str, *data: str) -> Fact:
    return Fact(FactKind.REGISTRY_AGE, subject, _PUBTIME, api=api, data=data)
