"""Which features of which locked package are on, and who turned them on (threat model E10).

Cargo may keep the features of build-time code and of the rest apart; here a feature that anybody
turns on is on: too much is looked at rather than too little.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from analyzer.model import Dependency, DependencyKind, PackageInfo


@dataclass(slots=True)
class Switches:
    """The features of one package. `on`: name to whoever turned it on first, empty for itself.

    `is_open`: it is not known what asks for it, so all may be on. `asked_for`: values such as
    `dep/feature` that were asked for by hand.
    """

    info: PackageInfo | None
    on: dict[str, str] = field(default_factory=dict)
    is_open: bool = False
    asked_for: tuple[str, ...] = ()
    _table: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._table = dict(self.info.features) if self.info is not None else {}

    def turn_on(self, name: str, by: str) -> bool:
        """Turn a feature on, with all it implies; whether that was new."""
        is_new = False
        pending = [name]
        while pending:
            one = pending.pop()
            if one not in self.on:
                self.on[one] = by
                is_new = True
                values = self._table.get(one, ())
                pending += [each for each in values if "/" not in each and ":" not in each]
        return is_new

    def open(self) -> bool:
        """Turn on whatever there is; whether that was new."""
        is_new = not self.is_open
        self.is_open = True
        for name in self._table:
            self.turn_on(name, "")
        return is_new

    def asked(self) -> tuple[frozenset[str], Mapping[str, tuple[str, ...]]]:
        """Keys of optional dependencies that are switched on; features asked of each key."""
        keys = {one for one in self.on if one not in self._table}
        asked: dict[str, list[str]] = {}
        values = [value for name in self.on for value in self._table.get(name, ())]
        for value in (*values, *self.asked_for):
            key, slash, feature = value.removeprefix("dep:").partition("/")
            plain = key.rstrip("?")
            if slash:
                asked.setdefault(plain, []).append(feature)
            if value.startswith("dep:") or (slash and not key.endswith("?")):
                keys.add(plain)
        return frozenset(keys), {key: tuple(rows) for key, rows in asked.items()}

    def needs(self, *, is_root: bool) -> Iterator[tuple[Dependency, tuple[str, ...]]]:
        """Dependencies that are switched on, each with the features asked of it."""
        if self.info is None:
            return
        keys, asked = self.asked()
        for one in self.info.dependencies:
            if one.kind is DependencyKind.DEV and not is_root:
                continue
            if one.is_optional and one.key not in keys and not self.is_open:
                continue
            wanted = (*one.features, *asked.get(one.key, ()))
            yield one, (*(("default",) if one.has_defaults else ()), *wanted)
