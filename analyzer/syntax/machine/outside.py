"""What the bounded interpreter need not attempt: deeds, whose results come from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.model import FactKind
from analyzer.syntax.outline import Node, Outline, Scope

if TYPE_CHECKING:
    from analyzer.syntax.code import CrateCode

_LONGEST = 64
_DEEDS = frozenset({FactKind.PROCESS_SPAWN, FactKind.NET_CONNECT, FactKind.NET_SEND})


def acts(code: CrateCode, outline: Outline, node: Node, scope: Scope) -> bool:
    """Whether a chain of methods begins with a program or a connection."""
    function = node.child_by_field_name("function")
    for _ in range(_LONGEST):
        inner = function.child_by_field_name("value") if function is not None else None
        if inner is None:
            break
        function = inner.child_by_field_name("function")
    if function is None or function.type != "scoped_identifier":
        return False
    path = code.callee(outline, function, scope)
    api = code.apis.get("::".join(path)) if path is not None else None
    return api is not None and not _DEEDS.isdisjoint(api.facts)
