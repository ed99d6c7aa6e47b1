"""Maps and sets for the bounded interpreter, in the order of their keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from analyzer.syntax.machine.rows import Method
from analyzer.syntax.machine.shared import Machine
from analyzer.syntax.machine.values import NOTHING, Number, Row, Stuck, comparable, plain, typed

MAPS = frozenset({"HashMap", "BTreeMap", "HashSet", "BTreeSet", "FxHashMap", "IndexMap"})
"""Types that `Table` stands for."""


@dataclass(slots=True)
class Table:
    """A map: keys as they compare, with the key and the value; a set's values are nothing.

    The order of a hashed map is nobody's to know: what goes over it sees the order of its keys.
    """

    rows: dict[object, tuple[object, object]] = field(default_factory=dict)

    @staticmethod
    def of(pairs: Iterable[object]) -> Table:
        """A map of pairs, or a set of anything else."""
        found = Table()
        for one in map(plain, pairs):
            key, value = one if isinstance(one, tuple) and len(one) == 2 else (one, ())
            found.put(key, value)
        return found

    def put(self, key: object, value: object) -> object:
        """Store a value; what was there before."""
        old = self.rows.get(_key(key))
        self.rows[_key(key)] = (plain(key), plain(value))
        return old[1] if old is not None else NOTHING

    def get(self, key: object) -> object:
        """The value of a key, or nothing."""
        found = self.rows.get(_key(key))
        return found[1] if found is not None else NOTHING

    def pairs(self) -> list[tuple[object, object]]:
        """All keys and values, by key."""
        return [self.rows[one] for one in sorted(self.rows)]  # type: ignore[type-var]


def as_declared(value: object, kind: str) -> object:
    """A value as a declaration has it: a number of its type, a collected map, a text."""
    name = kind.partition("<")[0].rpartition("::")[2].strip()
    if name in MAPS and isinstance(value, (list, Row)):
        return Table.of(value)
    return typed(value, kind)


def _key(value: object) -> object:
    found = comparable(plain(value))
    return tuple(found) if isinstance(found, list) else found


def _table(value: object) -> Table:
    value = plain(value)
    if isinstance(value, Table):
        return value
    raise Stuck


def _iterated(_: Machine, value: object, _given: list[object]) -> object:
    found = _table(value).pairs()
    return Row(iter([one[0] if one[1] == () else one for one in found]))


def _put(_: Machine, value: object, given: list[object]) -> object:
    return _table(value).put(given[0], given[1] if len(given) > 1 else ())


def _removed(_: Machine, value: object, given: list[object]) -> object:
    found = _table(value).rows.pop(_key(given[0]), None)
    return found[1] if found is not None else NOTHING


def _extended(_: Machine, value: object, given: list[object]) -> object:
    several = plain(given[0])
    if not isinstance(several, (list, Row)):
        raise Stuck
    _table(value).rows.update(Table.of(several).rows)
    return ()


TABLES: Mapping[str, Method] = {
    "insert": _put,
    "get": lambda _m, value, given: _table(value).get(given[0]),
    "remove": _removed,
    "extend": _extended,
    "contains_key": lambda _m, value, given: _key(given[0]) in _table(value).rows,
    "contains": lambda _m, value, given: _key(given[0]) in _table(value).rows,
    "len": lambda _m, value, _g: Number(len(_table(value).rows), "usize"),
    "is_empty": lambda _m, value, _g: not _table(value).rows,
    **dict.fromkeys(("iter", "into_iter", "drain"), _iterated),
    **dict.fromkeys(
        ("values", "into_values"),
        lambda _m, value, _g: Row(iter([one for _, one in _table(value).pairs()])),
    ),
    **dict.fromkeys(
        ("keys", "into_keys"),
        lambda _m, value, _g: Row(iter([one for one, _ in _table(value).pairs()])),
    ),
    "cloned": lambda _m, value, _g: value,
    "clone": lambda _m, value, _g: Table(dict(_table(value).rows)),
}
"""Methods of maps and sets."""
