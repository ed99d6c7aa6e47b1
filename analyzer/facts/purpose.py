"""What a manifest says the crate is for, as far as that is something narrow.

Whoever imitates a crate for numbers or logs takes its words along, and does something beside them.
An author writes these words freely, so they only ever add to something; none lowers anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from analyzer.facts.view import CrateView
from analyzer.model import Fact, FactKind, Field

_LIST = "narrow-purposes"
_WORD = re.compile(r"[a-z0-9][a-z0-9-]*")
_MOST_WORDS = 64


def facts(view: CrateView) -> Iterator[Fact]:
    """A `manifest.purpose` for each word of the list; `api` says where it stands."""
    purposes = view.signatures.indicators.get(_LIST)
    if purposes is None:
        return
    manifest, seen = view.manifest, set[str]()
    said = (
        ("categories", manifest.categories),
        ("keywords", manifest.keywords),
        ("description", _words(manifest.description)),
    )
    for field, words in said:
        for one in words:
            entry = purposes.match(one)
            if entry is not None and entry.value not in seen:
                seen.add(entry.value)
                where = Field("Cargo.toml", f"package.{field}")
                yield Fact(FactKind.MANIFEST_PURPOSE, entry.value, where, api=field)


def _words(text: str) -> tuple[str, ...]:
    return tuple(one[0] for one in islice(_WORD.finditer(text.lower()), _MOST_WORDS))
