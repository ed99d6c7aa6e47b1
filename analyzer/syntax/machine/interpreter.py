"""A bounded interpreter for side-effect-free code on constants: own decoders, loops, closures.

It runs where folding finds no text: from an expression, through the locals it names, into own
functions. Anything that the outside world could answer (files, variables, networks, time), and
anything unknown, ends the attempt. Steps are counted per attempt and per crate, sizes too.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from analyzer.syntax.machine.around import local
from analyzer.syntax.machine.changing import CHANGES
from analyzer.syntax.machine.decoders import decoded
from analyzer.syntax.machine.defaults import derived
from analyzer.syntax.machine.entering import Entering
from analyzer.syntax.machine.expressions import EXPRESSIONS
from analyzer.syntax.machine.functions import FUNCTIONS
from analyzer.syntax.machine.numbers import NUMBERS
from analyzer.syntax.machine.options import OPTIONS
from analyzer.syntax.machine.orders import ORDERINGS, ORDERS, is_ordering
from analyzer.syntax.machine.outside import acts
from analyzer.syntax.machine.parts import PARTS
from analyzer.syntax.machine.readers import ENGINES, READERS, Sink, opened
from analyzer.syntax.machine.rows import ENDS, ROWS, Method, drawn
from analyzer.syntax.machine.shared import Asked, Closure, Environment, Leaving, child
from analyzer.syntax.machine.tables import TABLES, Table, as_declared
from analyzer.syntax.machine.texts import TEXTS
from analyzer.syntax.machine.values import (
    NOTHING,
    WIDTHS,
    Char,
    Number,
    Record,
    Row,
    Span,
    Stuck,
    from_value,
    octets,
    plain,
    raw,
    to_value,
)
from analyzer.syntax.machine.variants import declared, filled_by, shape, without_fields
from analyzer.syntax.names import Item
from analyzer.syntax.outline import Node, Outline, Scope
from analyzer.syntax.paths import path_segments
from analyzer.syntax.values import UNKNOWN_VALUE, Value, constant

if TYPE_CHECKING:
    from analyzer.syntax.code import CrateCode

MAX_DEPTH = 90
MAX_SIZE = 200_000
_METHOD_TYPES = frozenset(
    "str char String iter Iterator slice Vec Option Result array ToString ToOwned".split()
)
"""Types whose methods are also called by their paths."""
_KEPT = frozenset("unwrap expect clone to_owned as_ref as_mut ok borrow into copied".split())
"""Methods that give an own value back as it is."""
COMPUTED = "computed"
"""The step of a derivation that says: bytes or characters were calculated."""
_ENDS = (
    *(Stuck, Leaving, LookupError, ValueError, TypeError, AttributeError, OverflowError),
    *(RuntimeError, StopIteration),
)
"""What ends an attempt: hostile code is free to give a method what it cannot take."""


class Interpreter(Entering):
    """Attempts over one crate."""

    def __init__(self, code: CrateCode, *, max_steps: int, max_steps_per_attempt: int) -> None:
        self._code = code
        self._total, self._per_attempt = max_steps, max_steps_per_attempt
        self._left = self._depth = 0
        self._is_hidden = False
        self._items: dict[tuple[str, int], object] = {}
        self._failed: dict[tuple[str, int, int], set[str]] = {}
        self.names = set[str]()  # what the last attempt asked of its frame
        self.is_exhausted = False

    def attempt(
        self, outline: Outline, node: Node, scope: Scope, frame: Mapping[str, Value]
    ) -> Value:
        """The value of an expression; unknown if anything that it needs is not constant."""
        key = (outline.path, node.start_byte, node.end_byte)
        self.names = names = set[str]()
        is_known = not frame and self._has_failed(outline.path, node)
        if self._total <= 0 or is_known or acts(self._code, outline, node, scope):
            self._failed[key] = names
            return UNKNOWN_VALUE
        self._left, self._depth, self._is_hidden = min(self._per_attempt, self._total), 0, False
        before = self._left
        env = Environment(outline, scope, Asked(_known(frame), names), None, is_lazy=True)
        env.span = (node.start_byte, node.end_byte)
        if node.type == "identifier" and outline.text(node) in env.names:
            return UNKNOWN_VALUE  # a parameter that was changed: only a whole call tells how
        try:
            self._bind_of(outline, scope.function, env)
            result = plain(self.eval(node, env))
            result = drawn(result) if isinstance(result, Row) else result
            return to_value(result, COMPUTED if self._is_hidden else "join of texts")
        except _ENDS:
            if not frame:
                self._failed[key] = names
            return UNKNOWN_VALUE
        finally:
            self._total -= before - self._left
            self.is_exhausted |= self._left <= 0

    def _has_failed(self, path: str, node: Node) -> bool:
        """Whether something that is needed first is known not to be constant."""
        first = node.child_by_field_name("function") or node.child_by_field_name("left")
        if first is not None and first.type in ("field_expression", "generic_function"):
            first = first.child_by_field_name("value") or first.child_by_field_name("function")
        listed = node.child_by_field_name("arguments")
        needed = [first, *(listed.named_children if listed is not None else ())]
        for one in needed:
            if one is not None and one.type == "reference_expression":
                one = one.child_by_field_name("value")  # noqa: PLW2901
            key = (path, one.start_byte, one.end_byte) if one is not None else None
            if key in self._failed:
                self.names |= self._failed[key]
                return True
        return False

    # What control flow, expressions and methods ask -------------------------------------------

    def step(self, count: int = 1) -> None:
        """Count work.

        :raises Stuck: when the budget of the attempt is spent.
        """
        self._left -= count
        if self._left <= 0:
            raise Stuck

    def weigh(self, *values: object) -> None:
        """Count the work of reading these values whole."""
        for one in map(plain, values):
            if isinstance(one, (str, list)):
                self.step(len(one) // 8)

    def hides(self) -> None:
        """Note that something was computed that the source does not show."""
        self._is_hidden = True

    def eval(self, node: Node, env: Environment) -> object:
        """The value of an expression or statement."""
        self.step()
        run = EXPRESSIONS.get(node.type)
        if run is None or self._depth > MAX_DEPTH:
            raise Stuck
        self._depth += 1
        try:
            return run(self, node, env)
        finally:
            self._depth -= 1

    def name(self, name: str, node: Node, env: Environment) -> object:
        """A local, a parameter or an item."""
        holder = env.holder(name)
        if holder is not None:
            return holder.names[name]
        root = env.root()
        if root.is_lazy:
            for row in root.outline.bindings(name, node.start_byte, root.scope.function):
                return local(self, row, name, node.start_byte, root)
        return self.path((name,), node, env)

    def path(self, segments: tuple[str, ...], node: Node, env: Environment) -> object:
        """What a path names: a constant's value, or a function by its path."""
        path = self._code.resolve(env.outline, segments, node.start_byte, env.scope.module)
        if path is None:
            if len(segments) > 1 or segments[0] in ("Some", "Ok"):
                return segments  # of the standard library's own types
            raise Stuck
        return self._held_by(path)

    def _held_by(self, path: tuple[str, ...]) -> object:
        """What stands behind a canonical path: a constant, a variant, a function by its path."""
        item = self._code.names.items.get(path) or self._code.names.of_trait(path)
        if item is None or item.kind in ("function_item", "struct_item"):
            made = without_fields(self, self._code, path)
            if made is None and item is None:
                self._code.item(path)  # asks for what may have been cut out
            return path if made is None else made
        if item.kind not in ("const_item", "static_item"):
            raise Stuck
        key = (item.file, item.node.start_byte)
        if key not in self._items:
            self._items[key] = self._constant(item)
        return self._items[key]

    def call(self, function: object, *arguments: object, given: tuple[object, ...] = ()) -> object:
        """Call a closure or a function value, with generic arguments where they are `given`."""
        self.step()
        self.weigh(*arguments)
        function = plain(function)
        if isinstance(function, Closure):
            return self._closure(function, arguments)
        if not isinstance(function, tuple):
            raise Stuck
        path: tuple[str, ...] = function
        known = FUNCTIONS.get("::".join(path[-2:])) or FUNCTIONS.get(path[-1])
        own = self._code.needed_function(path)
        if own is not None:
            return self.enter(own, list(arguments), given=given)
        if known is not None:
            return known(self, list(arguments))
        made = self._made(path, list(arguments))
        if made is not None:
            return made
        reader = opened(self, path, list(arguments)) if len(path) > 2 and arguments else None
        if reader is not None:
            return reader
        if len(path) > 1 and arguments and path[-2] not in ("File", "Command"):
            data = [one for one in arguments if isinstance(plain(one), (str, list, Row))]
            found = decoded(path, raw(data[-1])) if data else None
            if found is not None:
                self.hides()
                return octets(found)
            if path[-2] in WIDTHS or path[-2] in _METHOD_TYPES:
                return self.method(path[-1], arguments[0], list(arguments[1:]))
        raise Stuck

    def _made(self, path: tuple[str, ...], arguments: list[object]) -> Record | None:
        """What a variant, a tuple struct or a derived default makes; None for anything else."""
        if path[-1] == "default" and not arguments:
            return derived(self, self._code, path[:-1])
        return filled_by(self._code, path, arguments)

    def method(self, name: str, value: object, arguments: list[object]) -> object:
        """Call a method of a value that is not a changed text."""
        held = plain(value)
        self.weigh(held, *arguments)
        if isinstance(held, Record):
            own = self._code.needed_function(("@", held.path, name))
            if own is not None:
                return self.enter(own, arguments, value)
            if held.path == "GeneralPurpose" and name in ENGINES:
                return ENGINES[name](self, value, arguments)
            if name not in OPTIONS and name not in _KEPT:
                value = held = self._iterated(held, value)
        known = self._table(name, held)
        if known is None:
            rows = self._code.names.impls.get(name, [])
            if len(rows) != 1 or rows[0].kind != "function_item":
                raise Stuck
            return self.enter(rows[0], arguments, value)
        found = known(self, value, arguments)
        if isinstance(found, (str, list)) and len(found) > MAX_SIZE:
            raise Stuck
        return found

    def _iterated(self, held: Record, value: object) -> Row:
        """The elements of an own type with a `next`.

        :raises Stuck: if it has none.
        """
        following = self._code.needed_function(("@", held.path, "next"))
        if following is None:
            raise Stuck

        def elements() -> Iterator[object]:
            while (one := self.enter(following, [], value)) is not NOTHING:
                self.step()
                yield one

        return Row(elements())

    def packaged(self, name: str, path: str, env: Environment) -> object:
        """The content of a packaged file that `include_str!` or `include_bytes!` names.

        :raises Stuck: if it is outside the package or too long.
        """
        found = self._code.packaged(env.outline.path, constant(path))
        if not found.is_constant:
            raise Stuck
        data = found.text.encode("latin-1")
        self.step(len(data) // 8)
        return octets(data) if name == "include_bytes" else data.decode("utf-8", "replace")

    def variable(self, name: str) -> str:
        """The value of a compile-time variable that cargo sets.

        :raises Stuck: if it is another.
        """
        found = self._code.variable(name)
        if not found.is_constant:
            raise Stuck
        return found.text

    def absent(self, outline: Outline) -> None:
        """Note that a list of this file was cut out, and is needed."""
        self._code.want(table=outline.path)

    def decode(self, receiver: Node, env: Environment, data: object) -> object:
        """`ENGINE.decode(data)` of a decoding crate.

        :raises Stuck: if the receiver is none, or the data not in its encoding.
        """
        segments = path_segments(env.outline, receiver)
        path = self._code.resolve(env.outline, segments, receiver.start_byte, env.scope.module)
        found = decoded(path or segments, raw(data))
        if found is None:
            raise Stuck
        self.hides()
        return octets(found)

    def callee(self, node: Node, env: Environment) -> object:
        """A call's function: a local closure, or a path."""
        segments = path_segments(env.outline, node)
        if not segments and node.type == "scoped_identifier":
            return ("", env.outline.text(child(node, "name")))  # of a type that has no path
        if len(segments) == 1:
            return self.name(segments[0], node, env)
        if segments[:1] == ("Self",):
            path = self._code.path(env.outline, segments, node.start_byte, env.scope)
            return self._held_by(path or segments)
        return self.path(segments, node, env)

    def shape(self, node: Node, env: Environment) -> tuple[str, str]:
        """The type that a struct expression or pattern names, and its variant."""
        return shape(self._code, self._named(node, env))

    def fields(self, node: Node, env: Environment) -> Mapping[str, str]:
        """The types of the fields of what a struct expression names."""
        return declared(self._code, self._named(node, env))

    def default(self, node: Node, env: Environment) -> object:
        """The default of the type that a struct expression names.

        :raises Stuck: if it is not known.
        """
        return self.call((*self._named(node, env), "default"))

    def _named(self, node: Node, env: Environment) -> tuple[str, ...]:
        segments = path_segments(env.outline, node)
        path = self._code.path(env.outline, segments, node.start_byte, env.scope)
        if not path:
            raise Stuck
        return path

    # Helpers ----------------------------------------------------------------------------------

    def _table(self, name: str, held: object) -> Method | None:
        tables: tuple[Mapping[str, Method], ...]
        if is_ordering(held):
            tables = (ORDERINGS, NUMBERS)
        elif isinstance(held, Number):
            tables = (NUMBERS, CHANGES if name.startswith("rotate") else {}, TEXTS, ORDERS)
        elif isinstance(held, Table):
            tables = (TABLES, OPTIONS)
        elif isinstance(held, Sink):
            tables = (READERS, OPTIONS)
        elif isinstance(held, (Row, Span)):
            tables = (ROWS, ENDS, READERS, ORDERS, TEXTS)
        elif isinstance(held, list):
            tables = (CHANGES, ROWS if name != "map" else {}, ENDS, READERS, ORDERS, TEXTS)
        elif isinstance(held, Char):
            tables = (TEXTS,)
        else:
            tables = (TEXTS, CHANGES, ENDS, ROWS, ORDERS)
        return next((one[name] for one in (*tables, PARTS) if name in one), None)

    def _constant(self, item: Item) -> object:
        other = self._code.outlines[item.file]
        value = child(item.node, "value")
        scope = Scope(other.function_at(value.start_byte), len(other.data), item.scope.module, None)
        kind = item.node.child_by_field_name("type")
        found = plain(self.eval(value, Environment(other, scope, {}, is_lazy=True)))
        return as_declared(found, other.text(kind)) if kind is not None else found


def _known(frame: Mapping[str, Value]) -> dict[str, object]:
    """The parameters of a frame of which folding knows all."""
    names: dict[str, object] = {}
    for name, value in frame.items():
        with contextlib.suppress(Stuck):
            if value.items != ():  # an empty list may be one that was cut out
                names[name] = from_value(value)
    return names
