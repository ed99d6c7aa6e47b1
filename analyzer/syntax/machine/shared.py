"""What the parts of the bounded interpreter share: where code runs, closures, leaving a block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from analyzer.syntax.changes import SKIPPED
from analyzer.syntax.machine.values import Stuck
from analyzer.syntax.outline import Node, Outline, Scope


class Machine(Protocol):
    """What methods need of the interpreter."""

    def call(self, function: object, *arguments: object, given: tuple[object, ...] = ()) -> object:
        """Call a closure or a function value, with generic arguments where they are `given`."""

    def weigh(self, *values: object) -> None:
        """Count the work of reading these values whole."""

    def hides(self) -> None:
        """Note that something was computed that the source does not show."""

    def step(self, count: int = 1) -> None:
        """Count work.

        :raises Stuck: when the budget is spent.
        """


class Asked(dict[str, object]):
    """The names of a frame, which notes what it is asked for."""

    def __init__(self, names: Mapping[str, object], asked: set[str]) -> None:
        super().__init__(names)
        self._asked = asked

    def __contains__(self, name: object) -> bool:
        """Whether the frame has a name."""
        self._asked.add(str(name))
        return super().__contains__(name)

    def __getitem__(self, name: str) -> object:
        """What stands under a name in the frame."""
        self._asked.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: object = None) -> object:
        """As a mapping does it."""
        self._asked.add(name)
        return super().get(name, default)


@dataclass(slots=True)
class Environment:
    """Names of one block, where its code stands, and the block around it.

    `is_lazy`: the code around `span` was not run; what it lacks is looked up in the source, once
    for each state that a local was in.
    """

    outline: Outline
    scope: Scope
    names: dict[str, object]
    outer: Environment | None = None
    is_lazy: bool = False
    span: tuple[int, int] = (0, 0)
    looked_up: dict[tuple[str, int, int], object] = field(default_factory=dict)

    def holder(self, name: str) -> Environment | None:
        """The innermost environment that has a name."""
        one: Environment | None = self
        while one is not None and name not in one.names:
            one = one.outer
        return one

    def inner(self) -> Environment:
        """A block inside."""
        return Environment(self.outline, self.scope, {}, self, looked_up=self.looked_up)

    def root(self) -> Environment:
        """The outermost block that is run."""
        one = self
        while one.outer is not None:
            one = one.outer
        return one


@dataclass(frozen=True, slots=True)
class Closure:
    """A closure with what it closes over."""

    node: Node
    around: Environment

    @property
    def takes(self) -> int:
        """How many arguments it takes."""
        listed = self.node.child_by_field_name("parameters")
        return len(inner_nodes(listed)) if listed is not None else 0


class Leaving(Exception):  # control flow of the interpreted code
    """`break`, `continue` or `return`, with what it carries."""

    def __init__(self, kind: str, value: object = (), label: str = "") -> None:
        super().__init__(kind)
        self.kind, self.value, self.label = kind, value, label


class Interpreting(Machine, Protocol):
    """What control flow and expressions need of the interpreter."""

    def eval(self, node: Node, env: Environment) -> object:
        """The value of an expression or statement."""

    def name(self, name: str, node: Node, env: Environment) -> object:
        """A local, a parameter or an item."""

    def path(self, segments: tuple[str, ...], node: Node, env: Environment) -> object:
        """What a path names: a constant's value, or a function by its path."""

    def callee(self, node: Node, env: Environment) -> object:
        """A call's function: a closure, or a path."""

    def shape(self, node: Node, env: Environment) -> tuple[str, str]:
        """The type that a struct expression or pattern names, and its variant."""

    def fields(self, node: Node, env: Environment) -> Mapping[str, str]:
        """The types of the fields of what a struct expression names."""

    def default(self, node: Node, env: Environment) -> object:
        """The derived default of the type that a struct expression names."""

    def method(self, name: str, value: object, arguments: list[object]) -> object:
        """Call a method."""

    def packaged(self, name: str, path: str, env: Environment) -> object:
        """The content of a packaged file that `include_str!` or `include_bytes!` names."""

    def variable(self, name: str) -> str:
        """The value of a compile-time variable that cargo sets."""

    def absent(self, outline: Outline) -> None:
        """Note that a list of this file was cut out, and is needed."""

    def decode(self, receiver: Node, env: Environment, data: object) -> object:
        """`ENGINE.decode(data)` of a decoding crate."""


def child(node: Node, name: str) -> Node:
    """A named field of a node.

    :raises Stuck: if it has none.
    """
    found = node.child_by_field_name(name)
    if found is None:
        raise Stuck
    return found


def inner_nodes(node: Node) -> list[Node]:
    """Named children without comments, attributes, labels and `mut`."""
    return [
        one
        for one in node.named_children
        if one.type not in SKIPPED and one.type not in ("label", "mutable_specifier")
    ]
