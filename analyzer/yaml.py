"""The one YAML reader: plain nodes with their lines, within bounds; no object of any tag is made.

Events are read one by one, so that depth and number are limited before anything is built; an alias
is the node it names, never a copy, so that a bomb of aliases weighs what its text weighs. Who walks
the nodes must count steps, since they form a graph without circles, not a tree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from analyzer.errors import YamlError

_MAX_SIZE_BYTES = 256 * 1024
_MAX_EVENTS = 100_000
_MAX_DEPTH = 64
_MAX_MERGES = 8


@dataclass(frozen=True, slots=True, eq=False)
class YamlNode:
    """A text (`text`), a list (`items`) or a mapping (`pairs`); lines count from 1."""

    line: int
    end_line: int
    tag: str = ""
    text: str = ""
    items: tuple[YamlNode, ...] = ()
    pairs: tuple[tuple[YamlNode, YamlNode], ...] = ()

    def get(self, *path: str) -> YamlNode:
        """The node at the end of a path of keys, an empty node if there is none."""
        node = self
        for key in path:
            node = node._one(key, _MAX_MERGES)
        return node

    def _one(self, key: str, merges: int) -> YamlNode:
        for name, value in reversed(self.pairs):  # of two equal keys most readers keep the last
            if name.text == key:
                return value
        for name, value in self.pairs:
            if name.text == "<<" and merges:
                for one in value.items or (value,):
                    found = one._one(key, merges - 1)
                    if found is not NOTHING:
                        return found
        return NOTHING

    def named(self) -> Iterator[tuple[str, YamlNode]]:
        """Key and value of each pair, those of merged mappings included."""
        for name, value in self.pairs:
            if name.text != "<<":
                yield name.text, value
            else:
                for one in value.items or (value,):
                    yield from ((x.text, y) for x, y in one.pairs if x.text != "<<")

    def __bool__(self) -> bool:
        """Whether anything stands here."""
        return bool(self.text or self.items or self.pairs)


NOTHING = YamlNode(0, 0)


def read_yaml(data: bytes, *, name: str) -> tuple[YamlNode, ...]:
    """The documents of a file; `name` stands in errors.

    Raises YamlError for what is no YAML, is over a bound, or holds itself.
    """
    if len(data) > _MAX_SIZE_BYTES:
        raise YamlError(f"{name}: over {_MAX_SIZE_BYTES} bytes")
    try:
        text = data.decode("utf-8-sig")
        return _Builder(name).documents(text)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise YamlError(f"{name}:{line}: not UTF-8 text") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark is not None else 1
        raise YamlError(f"{name}:{line}: {error.problem or 'not YAML'}") from None
    except yaml.YAMLError:
        raise YamlError(f"{name}: holds characters that YAML does not allow") from None


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not been read."""

    anchor: str
    tag: str
    line: int
    is_map: bool
    inside: list[YamlNode]


class _Builder:
    def __init__(self, name: str) -> None:
        self._name = name
        self._anchors: dict[str, YamlNode] = {}
        self._open: list[_Open] = []
        self._done: list[YamlNode] = []

    def documents(self, text: str) -> tuple[YamlNode, ...]:
        for number, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
            line = (event.start_mark.line if event.start_mark else 0) + 1
            if number > _MAX_EVENTS or len(self._open) > _MAX_DEPTH:
                raise YamlError(f"{self._name}:{line}: nested too deeply, or too large")
            self._take(event, line)
        return tuple(self._done)

    def _take(self, event: yaml.Event, line: int) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self._anchors.clear()
        elif isinstance(event, yaml.ScalarEvent):
            mark = event.end_mark
            end = mark.line + (mark.column > 0) if mark is not None else line
            node = YamlNode(line, max(line, end), event.tag or "", event.value)
            self._add(node, event.anchor or "")
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise YamlError(f"{self._name}:{line}: an alias of nothing, or of itself")
            self._add(self._anchors[event.anchor], "")
        elif isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
            is_map = isinstance(event, yaml.MappingStartEvent)
            self._anchors.pop(event.anchor or "", None)
            self._open.append(_Open(event.anchor or "", event.tag or "", line, is_map, []))
        elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            one = self._open.pop()
            inside = tuple(one.inside)
            if one.is_map:
                pairs = tuple(zip(inside[::2], inside[1::2], strict=True))
                node = YamlNode(one.line, line, one.tag, pairs=pairs)
            else:
                node = YamlNode(one.line, line, one.tag, items=inside)
            self._add(node, one.anchor)

    def _add(self, node: YamlNode, anchor: str) -> None:
        if anchor:
            self._anchors[anchor] = node
        (self._open[-1].inside if self._open else self._done).append(node)
