"""What a text for an interpreter will do: hosts asked, files read and written, programs run.

Functions are data (`signatures/programs.toml`, `[script.<name>]`). Whatever is called with an
address asks for it, by whatever name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from analyzer.model import UNKNOWN, Fact, FactKind
from analyzer.program_table import Program
from analyzer.signatures import Signatures
from analyzer.syntax.scripting import ScriptCall, script_calls

_ADDRESS = re.compile(r"(?:https?|ftp|wss?)://[^\s\"'<>`\\]+")
_SENDING = re.compile(r"(?i)(?:^|[._])(?:post|put|patch|send\w*|upload\w*)(?:_?form)?$")
_DATA = frozenset({"data", "json", "files", "body"})
_PLAIN = frozenset({"print", "puts", "console.log", "echo", "format", "log", "join"})
_WRITING = re.compile(r"^[waxr]?b?[wax+]")
_WHOLE = re.compile(
    r"\bos\.environ\b(?!\s*(?:\[|\.(?:get|pop|setdefault|update|copy)\b))"
    r"|\bprocess\.env\b(?!\s*[.\[])|\bENV\.(?:to_h|each|map|inspect|to_a)\b|[%@]ENV\b"
)


def interpreted(base: Fact, text: str, signatures: Signatures) -> Iterator[Fact]:
    """Facts of a text that `base` hands to an interpreter."""
    calls = script_calls(text)
    for one in calls:
        row = signatures.programs.get(f"script:{one.name.lower()}") or signatures.programs.get(
            f"script:{re.split(r'[.:>]', one.name.lower())[-1]}"
        )
        address = next((found[0] for x in one.values if (found := _ADDRESS.match(x))), "")
        if address and one.name.lower() not in _PLAIN:
            kind = FactKind.NET_SEND if _sends(one) else FactKind.NET_CONNECT
            yield replace(base, kind=kind, subject=address, data=one.values)
        if row is not None:
            yield from _told(base, one, row, has_address=bool(address))
    if _WHOLE.search(text):
        yield replace(base, kind=FactKind.ENV_READ_ALL, subject="*")


def _sends(call: ScriptCall) -> bool:
    is_named = _SENDING.search(call.name) is not None or not _DATA.isdisjoint(call.keywords)
    return is_named or any("post" in one.lower()[:8] for one in call.values[1:])


def _told(base: Fact, call: ScriptCall, row: Program, *, has_address: bool) -> Iterator[Fact]:
    """What the table says of a function, about the arguments that it names."""
    kind = FactKind(row.role)
    subject = _argument(call, row, "subject")
    if kind is FactKind.FILE_READ and len(call.values) > 1 and _WRITING.match(call.values[1]):
        kind = FactKind.FILE_WRITE  # `open(path, "wb")`
    if kind.startswith("net.") or (has_address and kind is FactKind.FILE_READ):
        kind = FactKind.NET_CONNECT
        subject = "" if has_address else subject
    is_code = kind is FactKind.CODE_EXECUTE_MEMORY
    if subject or is_code:
        yield replace(base, kind=kind, subject=subject or UNKNOWN, data=call.values)
    output = _argument(call, row, "output")
    if output:
        yield replace(base, kind=FactKind.FILE_WRITE, subject=output, data=call.values)


def _argument(call: ScriptCall, row: Program, option: str) -> str:
    for one in row.options.get(option, ()):
        if one.isdigit() and int(one) < len(call.values) and call.values[int(one)]:
            return call.values[int(one)]
    return ""
