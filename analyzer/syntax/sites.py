"""Uses of catalogued APIs, and who calls whom: the questions that call facts are made of.

Where an argument comes from a parameter, the function is looked at once more for each of its
callers (a frame), so that a helper that takes the program, the path or the host hides nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import NamedTuple

from analyzer.signatures import Api
from analyzer.syntax.builders import Place, made_in, root
from analyzer.syntax.callers import Callers, Function
from analyzer.syntax.code import CrateCode
from analyzer.syntax.expansion import Macro
from analyzer.syntax.fields import has_receiver, parameters
from analyzer.syntax.loops import LOOP_FRAMES, Frame, items_around
from analyzer.syntax.macro_values import macro_value
from analyzer.syntax.mentions import Mention, Mentions
from analyzer.syntax.outline import Call, Node, Outline, Scope
from analyzer.syntax.query import arguments_of
from analyzer.syntax.values import ONE_OF, UNKNOWN_VALUE, Hole, Value

_WRITING = ("write", "writeln")
_FRAMES = 16
WORLD_FRAMES = LOOP_FRAMES * (_FRAMES + 1)
"""Frames of one world: callers and items of loops."""
_CALLERS = 12
_FRAME_DEPTH = 4


class Site(NamedTuple):
    """One use of a catalogued API. `origin` is the call that made the receiver, as a byte range.

    `frame` numbers the caller that parameters were taken from, 0 for none.
    `receiver` is the folded receiver of a method; `is_mention`: named without being called;
    `is_guess`: the receiver's type is not known and only the method's name speaks. `behind`: where
    `origin` is a call of an own function, the calls in it that may have made the builder, each
    with the calls between.
    """

    api: Api
    arguments: tuple[Value, ...]
    receiver: Value
    file: str
    owner: str
    start: int
    end: int
    origin: tuple[int, int]
    is_mention: bool = False
    is_guess: bool = False
    frame: int = 0
    behind: tuple[tuple[Place, ...], ...] = ()


class Sites:
    """Call questions over one crate's code."""

    def __init__(self, code: CrateCode, is_test: Callable[[str, int], bool]) -> None:
        """`is_test` as for `Callers`."""
        self._code, self._apis = code, code.apis
        self.callers = Callers(code, is_test)
        self._frames_of: dict[Function, tuple[Frame, ...]] = {}
        self._asked_for: dict[Function, set[str]] = {}
        self._methods, self._last_names = code.apis.methods, code.apis.last_names
        self._mentions = Mentions(code)

    def all(self) -> Iterator[Site]:
        """Every use of a catalogued API in the crate."""
        for outline in self._code.outlines.values():
            imported = self._imported(outline)
            found: dict[int, list[tuple[Call, list[Site]]]] = {}
            for call in outline.calls:
                if self._is_candidate(outline, call):
                    self._code.asking = outline.owner(call.scope.function)
                    sites = self._in_loops(outline, call, {})
                    if sites:
                        found.setdefault(call.scope.function, []).append((call, sites))
            for function, rows in found.items():
                self._code.asking = outline.owner(function)
                yield from self._with_frames(outline, function, rows)
            for one in self._mentions.of(outline, imported):
                yield self._mentioned(outline, one)
            yield from self._macro_sites(outline)

    def _with_frames(
        self, outline: Outline, function: int, rows: list[tuple[Call, list[Site]]]
    ) -> Iterator[Site]:
        """The sites of one function as written, and again for each caller that says more."""
        plain = [site for _, sites in rows for site in sites]
        frames: tuple[Frame, ...] = ()
        if function >= 0 and any(_asks(site) for site in plain):
            frames = self._frames((outline.path, function), 0)
        if not frames or not self._is_private(outline, function, len(frames)):
            yield from plain
        for number, frame in enumerate(frames, 1):
            for call, _ in rows:
                for site in self._in_loops(outline, call, frame):
                    yield site._replace(frame=number * LOOP_FRAMES + site.frame)

    def _in_loops(self, outline: Outline, call: Call, frame: Frame) -> list[Site]:
        """The sites of a call; in a loop over a known list, once for each of its items."""
        plain = list(self._site(outline, call, frame))
        if not plain or call.scope.function < 0 or not any(_asks(site) for site in plain):
            return plain
        found: list[Site] = []
        around = items_around(self._code, outline, call.node.start_byte, call.scope, frame)
        for number, items in enumerate(around, 1):
            found += (
                site._replace(frame=site.frame + number)
                for site in self._site(outline, call, {**frame, **items})
            )
        return found or plain

    def _is_private(self, outline: Outline, function: int, frames: int) -> bool:
        """Whether the callers we know are all there can be."""
        node = outline.functions[function].node
        is_open = any(one.type == "visibility_modifier" for one in node.children)
        callers = () if is_open else self.callers.of((outline.path, function))
        return not is_open and len(callers) <= min(frames, _CALLERS)

    # Callers -----------------------------------------------------------------------------------

    def frames(self, function: Function) -> tuple[Frame, ...]:
        """What a function's parameters may be, a frame for each caller that knows something."""
        return self._frames(function, 0)

    def _frames(self, function: Function, depth: int) -> tuple[Frame, ...]:
        """The same, `depth` callers away; asks under a name of its own, for all who need it."""
        asker, name = self._code.asking, f"frames {function[0]} {function[1]}"
        self._code.ask_with(name)
        self._code.asking = name
        try:
            return self._worked_out(function, depth)
        finally:
            self._code.asking = asker

    def _worked_out(self, function: Function, depth: int) -> tuple[Frame, ...]:
        if function in self._frames_of or depth >= _FRAME_DEPTH:
            for one in self._asked_for.get(function, ()):
                self._code.want(caller=one)
            return self._frames_of.get(function, ())
        self._frames_of[function] = ()
        node = self._code.outlines[function[0]].functions[function[1]].node
        own_name = self._code.outlines[function[0]].functions[function[1]].name
        asked = self._asked_for[function] = {own_name.rstrip("!")}
        self._code.want(caller=own_name.rstrip("!"))
        names = parameters(self._code.outlines[function[0]], node)
        frames: list[Frame] = list(self._macro_frames(function, node))
        is_asked = bool(names) or has_receiver(node)
        for outline, called in self.callers.of(function)[:_CALLERS] if is_asked else ():
            scope = called.scope
            outer = (
                self._frames((outline.path, scope.function), depth + 1)
                if scope.function >= 0
                else ()
            )
            asked |= self._asked_for.get((outline.path, scope.function), set())
            for frame in self._given(outline, called, names, outer or ({},)):
                if frame and frame not in frames and len(frames) < _FRAMES:
                    frames.append(frame)
        self._frames_of[function] = tuple(frames)
        return self._frames_of[function]

    def _given(
        self, outline: Outline, call: Call, names: list[str], outer: tuple[Frame, ...]
    ) -> Iterator[Frame]:
        """What one call gives these parameters; in a loop over a known list, item by item."""
        nodes = arguments_of(call.node)
        if call.receiver is not None:
            nodes, names = [call.receiver, *nodes], ["self", *names]
        for around in outer:
            fold = functools.partial(self._folded, outline, nodes, call.scope, around)
            several = plain = self._code.evaluator.in_worlds(fold)
            if any(one.is_unknown for one in plain[0]) and call.scope.function >= 0:
                several = [
                    self._folded(outline, nodes, call.scope, {**around, **items})
                    for items in items_around(
                        self._code, outline, call.node.start_byte, call.scope, around
                    )
                ] or several
            for values in several:
                pairs = zip(names, values, strict=False)
                yield {name: value for name, value in pairs if not value.is_unknown}

    def _macro_frames(self, function: Function, node: Node) -> Iterator[Frame]:
        """What each invocation of an own macro gives its parameters."""
        if node.type != "macro_definition":
            return
        outline = self._code.outlines[function[0]]
        for given in self._code.macro_arguments.given(outline, function[1]):
            values = {
                name: self._code.evaluator.value(one.outline, one.node, one.scope)
                for name, one in given.items()
            }
            yield {name: value for name, value in values.items() if not value.is_unknown}

    # Sites -------------------------------------------------------------------------------------

    def _imported(self, outline: Outline) -> frozenset[str]:
        """Local names that a `use` of this file binds to something catalogued."""
        uses = self._code.names.uses(outline.path)
        return frozenset(alias for alias, target in uses if target[-1] in self._last_names)

    def _is_candidate(self, outline: Outline, call: Call) -> bool:
        """Whether a call could mean something catalogued, from its last name alone."""
        name = call.name
        if call.receiver is not None:
            return name in self._methods
        if name in self._last_names or name in self._other_names or not name:
            return True
        is_held = name in outline.held_functions or self._is_local(outline, call)
        if call.function.type == "identifier" and is_held:
            return True
        before = call.function.end_byte - len(name.encode()) - 1
        return outline.data[before : before + 1] == b"$"  # a parameter of an own macro

    @staticmethod
    def _is_local(outline: Outline, call: Call) -> bool:
        function = call.scope.function
        return function >= 0 and call.name in outline.functions[function].bindings

    @functools.cached_property
    def _other_names(self) -> frozenset[str]:
        """Names that some `use` gives to what has a catalogued name."""
        renamed = self._code.names.renamed
        return self._code.names.holding_functions | frozenset(
            alias for name in self._last_names & set(renamed) for alias in renamed[name]
        )

    def _site(self, outline: Outline, call: Call, frame: Frame) -> Iterator[Site]:
        """A call as it is seen in each world that differs in what it is given."""
        look = functools.partial(self._sites_in_world, outline, call, frame)
        seen: list[Site] = []
        for world, sites in enumerate(self._code.evaluator.in_worlds(look)):
            for site in sites:
                if site not in seen:
                    seen.append(site)
                    yield site._replace(frame=world * WORLD_FRAMES)

    def _sites_in_world(self, outline: Outline, call: Call, frame: Frame) -> list[Site]:
        return list(self._site_as_written(outline, call, frame))

    def _site_as_written(self, outline: Outline, call: Call, frame: Frame) -> Iterator[Site]:
        node, scope, function = call.node, call.scope, call.function
        listed = node.child_by_field_name("arguments")
        if listed is None:
            return
        if call.receiver is not None:
            yield from self._method_site(outline, (node, function, listed), scope, frame)
            return
        path = self._code.callee(outline, function, scope)
        api = self._apis.get("::".join(path)) if path else None
        if api is None:
            if path and path[0].startswith("@") and path[-1] in self._last_names:
                for one in path[1:-1]:
                    self._code.want(declaration=one)
            return
        arguments = self._values(outline, listed, scope, frame)
        receiver, origin = UNKNOWN_VALUE, (node.start_byte, node.end_byte)
        if api.is_method and arguments:
            receiver, arguments = arguments[0], arguments[1:]
            origin = self._origin(outline, listed.named_children[0], scope)
        yield self._make(outline, (api, node, origin), scope, arguments, receiver)

    def _make(
        self,
        outline: Outline,
        what: tuple[Api, Node, tuple[int, int]],
        scope: Scope,
        arguments: tuple[Value, ...] = (),
        receiver: Value = UNKNOWN_VALUE,
    ) -> Site:
        api, node, origin = what
        owner = outline.owner(scope.function)
        start, end = node.start_byte, node.end_byte
        return Site(api, arguments, receiver, outline.path, owner, start, end, origin)

    def _values(
        self, outline: Outline, listed: Node, scope: Scope, frame: Frame
    ) -> tuple[Value, ...]:
        rows = [one for one in listed.named_children[:12] if not one.type.endswith("comment")]
        return tuple(self._folded(outline, rows, scope, frame))

    def _folded(
        self, outline: Outline, nodes: list[Node], scope: Scope, frame: Frame
    ) -> list[Value]:
        return [self._code.evaluator.value(outline, one, scope, frame) for one in nodes]

    def _method_site(
        self, outline: Outline, nodes: tuple[Node, Node, Node], scope: Scope, frame: Frame
    ) -> Iterator[Site]:
        node, function, listed = nodes
        receiver, field = (function.child_by_field_name(one) for one in ("value", "field"))
        if receiver is None or field is None:
            return
        candidates = self._methods.get(outline.text(field))
        if not candidates:
            return
        owner = self._code.kinds.of(outline, receiver, scope)
        api = self._code.kinds.method_api(owner, outline.text(field))
        is_guess = False
        if api is None:
            loose = [one for one in candidates if one.is_loose]
            if not loose or owner.startswith("@"):
                return
            api, is_guess = loose[0], True
        start = field.start_byte
        site = self._make(
            outline,
            (api, node, self._origin(outline, receiver, scope)),
            scope,
            self._values(outline, listed, scope, frame),
            self._code.evaluator.value(outline, receiver, scope, frame),
        )
        behind = self._behind(outline, api, receiver, scope)
        yield site._replace(start=start, is_guess=is_guess, behind=behind)

    def _origin(self, outline: Outline, node: Node, scope: Scope) -> tuple[int, int]:
        """The call at the bottom of a builder chain, through one or more local variables."""
        return root(outline, node, scope).span

    def _behind(
        self, outline: Outline, api: Api, node: Node, scope: Scope
    ) -> tuple[tuple[Place, ...], ...]:
        """The calls of own functions that may have made what a builder's method adds to."""
        if not api.adds:
            return ()
        return tuple(made_in(self._code, outline, root(outline, node, scope), scope))

    def _mentioned(self, outline: Outline, one: Mention) -> Site:
        start, end = one.node.start_byte, one.node.end_byte
        site = self._make(outline, (one.api, one.node, (start, end)), one.scope, one.arguments)
        return site._replace(is_mention=one.is_unasked, frame=one.frame)

    def _written(self, outline: Outline, macro: Macro) -> Iterator[Site]:
        """`write!` to something whose `write_fmt` is catalogued: a stream, a file."""
        start, end = macro.node.start_byte, macro.node.end_byte
        scope = outline.scope_at(start, end)
        first = macro.arguments[0]
        owner = self._code.kinds.of(outline, first, scope)
        api = self._apis.get(f"{owner}::write_fmt") if owner else None
        if api is not None:
            text = macro_value(self._code.evaluator, outline, macro, scope, ({}, 0))
            receiver = self._code.evaluator.value(outline, first, scope)
            origin = self._origin(outline, first, scope)
            yield self._make(outline, (api, macro.node, origin), scope, (text,), receiver)

    def _macro_sites(self, outline: Outline) -> Iterator[Site]:
        """Catalogued macros: arguments are what stands between the commas."""
        for macro in outline.macros.values():
            if macro.name in _WRITING and len(macro.arguments) > 1:
                yield from self._written(outline, macro)
            if f"{macro.name}!" not in self._last_names:
                continue
            api, scope = self._code.macro(outline, macro)
            if api is not None:
                arguments = tuple(
                    self._code.evaluator.value(outline, one, scope) for one in macro.arguments[:12]
                )
                at = (macro.node.start_byte, macro.node.end_byte)
                yield self._make(outline, (api, macro.node, at), scope, arguments)


def _asks(site: Site) -> bool:
    """Whether some part of a site is not known from its function alone."""
    values = (*site.arguments, *((site.receiver,) if site.api.subject == "receiver" else ()))
    return any(
        ONE_OF in one.derivation or Hole() in one.parts for value in values for one in value.flat()
    )
