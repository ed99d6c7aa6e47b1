"""What the index tells of a release among its others: age, rhythm, yanks, what it newly takes up.

Subjects are classes of time, so that a fact changes only where its meaning does. Youth and odd
rhythm are everyday; rules ask for them together with what the code does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from analyzer.facts.view import CrateView
from analyzer.model import Fact, FactKind, Field
from analyzer.registry.history import history

_PUBTIME = Field("registry", "pubtime")


def facts(view: CrateView) -> Iterator[Fact]:
    """Facts of the kinds `registry.age` and `registry.yank`; no ages without times in the index."""
    found = history(view.ref, view.context)
    if found is None:
        return
    if found.odd_first:
        yield _age("odd", "first-version", found.odd_first)
    if found.age:
        yield _age(found.age, "version", found.published)
        yield _age(found.name_age, "name", found.first)
    if found.before and found.silence:
        yield _age(found.silence, "silence", found.before)
    if found.burst:
        yield _age("hour", "burst", *found.burst)
    for one in found.yanked_beside:
        yield Fact(FactKind.REGISTRY_YANK, "beside", Field("registry", "yanked"), data=(one,))
    for new in found.taken_up:
        api = "new-dependency" if _is_named(view, new.keys) else "new-dependency-unnamed"
        where = Field("registry", f"deps.{new.name}")
        data = (new.name, new.first_published)
        yield Fact(FactKind.REGISTRY_AGE, new.age, where, api=api, data=data)


def _is_named(view: CrateView, keys: Iterable[str]) -> bool:
    """Whether any source names one of these crates; a name in a comment counts, too."""
    words = [re.escape(one.replace("-", "_").encode()) for one in keys]
    if not words:
        return False
    pattern = re.compile(rb"(?<![A-Za-z0-9_])(?:%s)(?![A-Za-z0-9_])" % b"|".join(words))
    return any(one.path.endswith(".rs") and pattern.search(one.data) for one in view.tree.files)


def _age(subject: str, api: str, *data: str) -> Fact:
    return Fact(FactKind.REGISTRY_AGE, subject, _PUBTIME, api=api, data=data)
