"""Entering own functions and closures, for the bounded interpreter."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from analyzer.syntax.machine.control import matches
from analyzer.syntax.machine.generics import bind, bind_given, bind_held, constants
from analyzer.syntax.machine.shared import (
    Closure,
    Environment,
    Interpreting,
    Leaving,
    child,
    inner_nodes,
)
from analyzer.syntax.machine.tables import as_declared
from analyzer.syntax.machine.values import Stuck, plain, typed
from analyzer.syntax.names import Item
from analyzer.syntax.outline import Node, Outline

if TYPE_CHECKING:
    from analyzer.syntax.code import CrateCode


class Entering(Interpreting):
    """The part of the interpreter that runs what has parameters."""

    _code: CrateCode

    @abstractmethod
    def eval(self, node: Node, env: Environment) -> object:
        """The value of an expression or statement."""

    def enter(
        self,
        own: Item,
        arguments: list[object],
        receiver: object = None,
        *,
        given: tuple[object, ...] = (),
    ) -> object:
        """Run an own function, with its generic arguments where they are `given`.

        :raises Stuck: if it was cut out, is asynchronous or needs what is not known.
        """
        outline = self._code.outlines[own.file]
        body, listed = child(own.node, "body"), child(own.node, "parameters")
        env = Environment(outline, outline.scope_at(body.start_byte, body.end_byte), {})
        left = list(arguments)
        for one in inner_nodes(listed):
            if one.type == "self_parameter":
                env.names["self"] = receiver if receiver is not None else left.pop(0)
            elif one.type == "parameter":
                value = typed(left.pop(0), outline.text(child(one, "type")))
                if isinstance(value, list) and child(one, "type").type == "array_type":
                    value = self._copied(value)
                if not matches(self, child(one, "pattern"), value, env):
                    raise Stuck
        self._code.want_body(outline, own.node)
        bind_given(constants(outline, own.node), given, env)
        self._bind_of(outline, env.scope.function, env)
        result = self._body(body, env)
        kind = own.node.child_by_field_name("return_type")
        return as_declared(plain(result), outline.text(kind)) if kind is not None else result

    def _bind_of(self, outline: Outline, function: int, env: Environment) -> None:
        """Bind the constants of the generics that code of a function stands under."""
        one = outline.functions[function] if function >= 0 else None
        if one is None or one.kind != "function_item":
            return
        listed = one.node.child_by_field_name("parameters")
        if names := constants(outline, one.node):
            bind(self, listed, names, env)
        if one.impl is not None and (names := constants(outline, one.impl)):
            bind(self, listed, names, env)
            if (held := env.names.get("self")) is not None:
                bind_held(self, self._code, one.impl, plain(held), env)

    def _copied(self, value: list[object]) -> list[object]:
        self.weigh(value)
        return list(value)

    def _closure(self, closure: Closure, arguments: tuple[object, ...]) -> object:
        env = closure.around.inner()
        listed = closure.node.child_by_field_name("parameters")
        names = inner_nodes(listed) if listed is not None else []
        for one, value in zip(names, arguments, strict=True):
            pattern, kind = one, None
            if one.type == "parameter":
                pattern, kind = child(one, "pattern"), env.outline.text(child(one, "type"))
            if not matches(self, pattern, typed(value, kind) if kind else value, env):
                raise Stuck
        return self._body(child(closure.node, "body"), env)

    def _body(self, node: Node, env: Environment) -> object:
        """The value of a function's body, or what it returned before its end."""
        try:
            return self.eval(node, env)
        except Leaving as leaving:
            if leaving.kind != "return":
                raise Stuck from None
            return leaving.value
